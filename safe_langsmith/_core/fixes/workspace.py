"""Fixes for a workspace that is missing, wrong or not an ID."""

from __future__ import annotations

from dataclasses import replace

from safe_langsmith._core.endpoints import TENANT_HEADER
from safe_langsmith._core.fixes.shared import (
    BYOC_URL,
    ID_TO_FILL_IN,
    SCOPES_URL,
    how_to_set,
    in_shell,
    name_workspace,
    new_key,
    one_source,
    pass_header_through,
    replace_workspace,
    set_data_plane,
    set_key,
    settings_url,
)
from safe_langsmith._core.model import OTLP, PYO3, SANDBOX, Evidence
from safe_langsmith._core.variables import VARIABLES
from safe_langsmith.actions import (
    AskSomebody,
    CreateClient,
    PassArgument,
    PassHeader,
    RunCommand,
    SetVariable,
    UnsetVariable,
)
from safe_langsmith.diagnosis import Action, Diagnosis, Fix, Workspace


def workspace_required(e: Evidence) -> list[Fix]:
    found = e.workspaces or ()
    if e.target.workspace_id:
        # Before any refusal, the client itself works, and only requests that bypass it lack the workspace.
        bypassed = _name_for_bypasses(e) if e.target.bypasses and e.request is None else [pass_header_through()]
        return [*bypassed, _single_workspace_key(e)]
    if not found:
        why = "No workspace is listed for this key." if e.workspaces == () else "This key could not list them."
        detail = f"{why} IDs are in the web UI, under Settings > Workspaces."
        return [_name_it(e, detail, ID_TO_FILL_IN), _single_workspace_key(e)]
    others = "; ".join(f"{w.id} for {w.name}" for w in found[1:4])
    more = f" and {len(found) - 4} more above" if len(found) > 4 else ""
    detail = f"The line below names {found[0].name}."
    detail += f" Or use {others}{more}." if others else ""
    if e.request is None and len(found) == 1:
        detail += " A SafeClient finds it by itself when a request is refused; langsmith.Client does not."
    fixes = [*_create_client(e, found), *_rename_ignored_variables(e)]
    # At a shell, the renamed variable is the same line.
    if not (in_shell(e) and SetVariable("LANGSMITH_WORKSPACE_ID", found[0].id) in [fix.action for fix in fixes]):
        fixes.append(_name_it(e, detail, found[0].id))
    if e.target.primary and not in_shell(e):
        fixes.append(
            Fix(
                "Or name it once for the whole process",
                f"Set the variable before the client is created.{how_to_set(e)}",
                action=SetVariable("LANGSMITH_WORKSPACE_ID", found[0].id),
                step=2,
            )
        )
    if e.data_plane:
        detail = f"The workspaces have one of their own, {e.data_plane}. The endpoint in use is {e.target.endpoint}."
        title = "And use the address of the workspaces' data plane"
        fixes.append(Fix(title, detail, action=set_data_plane(e), url=BYOC_URL, step=3))
    return [*fixes, *_name_for_bypasses(e), _single_workspace_key(e)]


def _name_it(e: Evidence, detail: str, workspace_id: str) -> Fix:
    url = SCOPES_URL if e.workspaces else settings_url(e, "workspaces")
    return Fix("Name the workspace you mean", detail, action=name_workspace(e, workspace_id), url=url, step=2)


def _rename_ignored_variables(e: Evidence) -> list[Fix]:
    """Return the fixes for variables that name one of the workspaces but that the SDK does not read."""
    others = [(other, e.listed(other.value)) for other in e.configuration["workspace_id"].others]
    return [
        Fix(
            f"Rename {other.origin.name} to LANGSMITH_WORKSPACE_ID",
            f"It names {workspace.name}, and the SDK does not read it.{how_to_set(e)}",
            action=SetVariable("LANGSMITH_WORKSPACE_ID", workspace.id),
            step=2,
        )
        for other, workspace in others
        if other.origin.kind == "unread-variable" and workspace
    ]


def _name_for_bypasses(e: Evidence) -> list[Fix]:
    workspace = e.target.workspace or "<workspace id>"
    actions: dict[str, Action] = {
        OTLP.name: SetVariable("OTEL_EXPORTER_OTLP_HEADERS", f"x-api-key=<key>,{TENANT_HEADER}={workspace}"),
        SANDBOX.name: PassHeader(TENANT_HEADER, workspace, "sandbox"),
        PYO3.name: UnsetVariable(("LANGSMITH_USE_PYO3_CLIENT",)),
    }
    return [
        Fix(
            f"Name the workspace for {bypass.name}, too",
            f"These requests do not go through the client: {bypass.lacks}.",
            action=actions[bypass.name],
            step=2,
        )
        for bypass in e.target.bypasses
        if bypass.is_certain
    ]


def workspace_not_accessible(e: Evidence) -> list[Fix]:
    home = next((a.resolved for q, a in e.answers.items() if q.workspace_id is None and a.resolved), None)
    reachable = e.workspaces or ((home,) if home else ())
    title, works = "Copy the ID of a workspace that this key belongs to", ""
    if reachable:
        title, works = "Name a workspace that this key reaches", f"These would work: {_listed(reachable)}. "
    fixes = [
        *_create_client(e, reachable),
        Fix(
            title,
            f"{works}The ID that does not work comes from {e.target.workspace_origin}.",
            action=replace_workspace(e, reachable[0].id if reachable else ID_TO_FILL_IN),
            url=settings_url(e, "workspaces"),
            step=2,
        ),
    ]
    listings = [answer for answer in e.answers.values() if answer.workspaces is not None]
    if not any(e.target.workspace in one for answer in listings for one in (answer.organizations, answer.deleted)):
        if e.target.credential.kind == "personal" and e.target.workspace:
            request = AskSomebody(f"Please add me to the LangSmith workspace {e.target.workspace}.")
            title = "Or ask an admin of that workspace to add you"
            fixes.append(Fix(title, "Then the key reaches it.", action=request))
        fixes.append(
            Fix(
                "Or use a key that reaches it",
                "An admin of that workspace can create one.",
                action=set_key(e),
                url=settings_url(e, "apikeys"),
                step=1,
            )
        )
    return [*fixes, *one_source(e)]


def _create_client(e: Evidence, reachable: tuple[Workspace, ...]) -> list[Fix]:
    """Return the fix if the environment now names a workspace that would work, or nothing."""
    return [
        Fix(
            "Create a new client",
            f"{drift.now.origin} now names {drift.now.value}, which this key reaches.",
            action=CreateClient(clear_cache=True),
            step=4,
        )
        for drift in e.configuration.unintended_drift
        if drift.setting == "workspace_id" and any(w.id == drift.now.value for w in reachable) and not drift.dotenv_path
    ]


def workspace_id_malformed(e: Evidence) -> list[Fix]:
    reachable, origin = e.workspaces or (), e.target.workspace_origin
    valid_ids = (
        f"This key reaches: {_listed(reachable)}" if reachable else "It is in the web UI, under Settings > Workspaces"
    )
    fixes = [
        Fix(
            "Give the workspace's ID, a UUID",
            f"{e.target.workspace_shown} from {origin} is not one. {valid_ids}.",
            action=replace_workspace(e, reachable[0].id if reachable else ID_TO_FILL_IN),
            url=settings_url(e, "workspaces"),
            step=2,
        ),
        Fix(
            "Or remove the workspace ID",
            "A personal token needs none, nor does a service key that was created for one workspace.",
            action=None if origin.kind in ("header", "client-header") else name_workspace(e, ""),
            step=2,
        ),
    ]
    if e.refused_without_workspace:
        title = "And create a new key, or use the endpoint where this one was created: it is refused, too"
        fixes.append(new_key(e, title))
    return fixes


def _listed(workspaces: tuple[Workspace, ...]) -> str:
    return "; ".join(f"{w.id} ({w.name})" for w in workspaces[:4]) + ("; ..." if len(workspaces) > 4 else "")


def _single_workspace_key(e: Evidence) -> Fix:
    return Fix(
        "Or use a key that belongs to one workspace",
        "A service key created for one workspace needs no workspace ID.",
        action=set_key(e),
        url=settings_url(e, "apikeys"),
        step=1,
    )


def update_langsmith_first(e: Evidence, fixes: list[Fix]) -> list[Fix]:
    """Return the fixes; if the SDK's client cannot name a workspace, put its update before those that name one."""
    naming = [number for number, fix in enumerate(fixes) if _names_workspace(fix.action)]
    if e.target.names_workspaces or not naming:
        return fixes
    update = Fix(
        "Update langsmith before you name a workspace",
        "Its asynchronous client can name one from langsmith 0.9.8 on; the installed version is older.",
        action=RunCommand(("python", "-m", "pip", "install", "--upgrade", "langsmith")),
        step=2,
    )
    return [*fixes[: naming[0]], update, *fixes[naming[0] :]]


def _names_workspace(action: Action | None) -> bool:
    return isinstance(action, PassArgument | SetVariable) and action.name in (
        "workspace_id",
        *VARIABLES["workspace_id"],
    )


def body_not_replayable(diagnosis: Diagnosis, workspace: Workspace, kept: bool) -> Diagnosis:
    """Return the diagnosis of a call whose workspace was found, but whose body could not be sent a second time.

    Args:
        diagnosis: The diagnosis of the refusal.
        workspace: The workspace that was found.
        kept: Whether the client uses it from now on.
    """
    why = "This call's body is a stream that can be read only once, so it was not sent a second time."
    if kept:
        fix = Fix("Call again", f'The client now uses workspace "{workspace.name}". {why}', step=2)
    else:
        detail = f'The key needs workspace "{workspace.name}". {why}'
        action = PassHeader(TENANT_HEADER, workspace.id)
        fix = Fix("Call again, and name the workspace", detail, action=action, step=2)
    return replace(diagnosis, fixes=(fix, *diagnosis.fixes))


def chooser_declined(diagnosis: Diagnosis, reason: str) -> Diagnosis:
    """Return the diagnosis with the reason why `resolve_workspace` chose no workspace, in the check of the workspace.

    Args:
        diagnosis: The diagnosis of the refusal.
        reason: Why there is no choice.
    """
    checks = [
        replace(check, detail=f"{reason}; {check.detail}") if check.step == 2 else check for check in diagnosis.checks
    ]
    return replace(diagnosis, checks=tuple(checks))
