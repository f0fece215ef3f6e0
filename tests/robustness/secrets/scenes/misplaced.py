"""A secret in the wrong place."""

from __future__ import annotations

from safe_langsmith.testing import Reply

from ....conftest import mint_canary
from ..leaks import secret_part
from ..stage import PASSWORD, Scene, Stage, scene


@scene
def a_password_in_the_endpoint(stage: Stage) -> Scene:
    url = stage.server.url.replace("://", f"://gateway:{PASSWORD}@")
    return stage.scene(stage.viewer(), PASSWORD, url=url)


@scene
def a_password_in_the_endpoint_that_is_echoed(stage: Stage) -> Scene:
    stage.server.fault("POST", None, Reply(403, {"detail": f"not you, {PASSWORD}"}), times=None)
    url = stage.server.url.replace("://", f"://gateway:{PASSWORD}@")
    return stage.scene(stage.viewer(), PASSWORD, url=url)


@scene
def a_token_as_user_name_in_the_endpoint(stage: Stage) -> Scene:
    stage.server.fault("POST", "/sessions", Reply(403, {"detail": f"{PASSWORD} may not"}), times=None)
    url = stage.server.url.replace("://", f"://{PASSWORD}@")
    return stage.scene(stage.viewer(), PASSWORD, url=url)


@scene
def a_key_in_the_endpoints_query(stage: Stage) -> Scene:
    stage.server.fault(None, None, Reply(403, {"detail": "Forbidden"}), times=None)
    return stage.scene(stage.viewer(), PASSWORD, url=f"{stage.server.url}/?token={PASSWORD}")


@scene
def a_key_in_the_endpoints_path(stage: Stage) -> Scene:
    stage.server.fault(None, None, Reply(403, {"detail": "Forbidden"}), times=None)
    other = mint_canary("lsv2_sk_")
    return stage.scene(stage.viewer(), secret_part(other), url=f"{stage.server.url}/{other}")


@scene
def a_key_for_the_endpoint(stage: Stage) -> Scene:
    other = mint_canary("lsv2_sk_")
    return stage.scene(stage.viewer(), secret_part(other), url=other, ends="as with the SDK")


@scene
def a_key_for_the_workspace(stage: Stage) -> Scene:
    key = stage.viewer()
    return stage.scene(key, options={"workspace_id": key}, ends="as with the SDK")


@scene
def a_key_for_the_workspace_that_is_refused(stage: Stage) -> Scene:
    stage.server = stage.make_server(malformed_workspace_status=403)
    stage.org = stage.server.add_organization("Acme")
    key = stage.org.add_personal_key(default=stage.org.add_workspace("Research"))
    other = mint_canary("sk-ant-")
    return stage.scene(key, other[7:], options={"workspace_id": other})


@scene
def a_key_for_the_project(stage: Stage) -> Scene:
    key, other = stage.viewer(), mint_canary("lsv2_sk_")
    stage.machine.setenv("LANGSMITH_PROJECT", other)
    stage.machine.setenv("LANGCHAIN_PROJECT", key)
    return stage.scene(key, secret_part(other))


@scene
def one_token_for_key_and_workspace_and_project(stage: Stage) -> Scene:
    """It has no shape by which it could be told from a name."""
    token = mint_canary("")
    stage.server.fault(None, None, Reply(403, {"detail": "Forbidden"}), times=None)
    stage.machine.setenv("LANGSMITH_PROJECT", token)
    return Scene(stage.server.url, token, (token,), options={"workspace_id": token})
