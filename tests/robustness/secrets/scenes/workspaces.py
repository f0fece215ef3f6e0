"""What is wrong with the workspace, or with what is allowed there."""

from __future__ import annotations

from ..stage import NOWHERE, Scene, Stage, scene


@scene
def a_missing_workspace(stage: Stage) -> Scene:
    return stage.scene(stage.org.add_service_key(workspaces=None), ends="retried")


@scene
def a_second_refusal(stage: Stage) -> Scene:
    return stage.scene(stage.org.add_service_key(workspaces=None, role="Viewer"))


@scene
def several_workspaces(stage: Stage) -> Scene:
    stage.org.add_workspace("Support")
    return stage.scene(stage.org.add_service_key(workspaces=None))


@scene
def a_wrong_workspace(stage: Stage) -> Scene:
    return stage.scene(stage.org.add_service_key(workspaces=None), options={"workspace_id": NOWHERE})


@scene
def a_role_that_does_not_allow_it(stage: Stage) -> Scene:
    return stage.scene(stage.viewer())


@scene
def a_data_plane_elsewhere(stage: Stage) -> Scene:
    elsewhere = stage.make_server()
    workspace = stage.org.add_workspace("Abroad", data_plane_url=elsewhere.url)
    return stage.scene(stage.org.add_personal_key(default=workspace), elsewhere=elsewhere)
