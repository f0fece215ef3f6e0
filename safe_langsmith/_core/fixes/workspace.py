"""Fixes for a workspace that is missing, wrong or not an ID."""

from __future__ import annotations

from dataclasses import replace

from safe_langsmith._core.bypasses import EXPORTER, GENERATED, INTEGRATION, LITELLM, OTLP, PYO3, SANDBOX
from safe_langsmith._core.endpoints import TENANT_HEADER
from safe_langsmith._core.evidence import Evidence
from safe_langsmith._core.fixes.shared import (
    BYOC_URL,
    ID_TO_FILL_IN,
    SCOPES_URL,
    correct_dotenv,
    how_to_set,
    ids_meant,
    in_shell,
    is_replica,
    name_workspace,
    new_key,
    one_source,
    pass_header_through,
    replace_workspace,
    set_data_plane,
    set_key,
    settings_url,
    show_variables,
    take_newer,
)
from safe_langsmith._core.model import GET_SETTINGS
from safe_langsmith._core.summary import naming
from safe_langsmith._core.variables import VARIABLES
from safe_langsmith._core.workspaces import id_meant_by
from safe_langsmith.actions import (
    AskSomebody,
    PassArgument,
    PassHeader,
    RunCommand,
    SetVariable,
    UnsetVariable,
)
from safe_langsmith.diagnosis import Action, Diagnosis, Fix, Workspace


def workspace_required(e: Evidence) -> list[Fix]:
    if e.target.workspace_id:
        # Before any refusal, the client itself works, and only requests that bypass it lack the workspace.
        bypassed = _name_for_bypasses(e) if e.target.bypasses and e.request is None else [pass_header_through()]
        return [*bypassed, _single_workspace_key(e)]
    found = e.reachable
    if not found:
        why = "No workspace is listed for this key." if e.workspaces == () else "This key could not list them."
        detail = f"{why} IDs are in the web UI, under Settings > Workspaces."
        return [_name_it(e, detail, ID_TO_FILL_IN), _single_workspace_key(e)]
    named = e.naming(found[0])
    detail = f"{named.origin.name or named.origin} names {found[0].name}." if named else ""
    if is_replica(e) and len(found) > 1 and not named:
        detail += f" Or use {_listed(found[1:])}."
    # If there is one workspace, the sentence of the diagnosis has the first of them.
    untold = e.unreached[1:] if len(found) == 1 else e.unreached
    detail += "".join(f" {naming(other)}, which this key does not reach." for other in untold)
    if (e.unreached or e.configuration.files_unread) and len(found) == 1 and e.target.resolves_workspace:
        detail += " None was chosen for you."
    elif e.request is None and len(found) == 1 and not named:
        detail += _found_by_itself(e)
    fixes = [*_take_newer(e), *_set_as_well(e)]
    if any(other.origin.kind == "dotenv" for other in e.unreached):
        fixes += correct_dotenv(e)
    # At a shell, the line that sets the variable is the same.
    if not (in_shell(e) and SetVariable("LANGSMITH_WORKSPACE_ID", found[0].id) in [fix.action for fix in fixes]):
        fixes.append(_name_it(e, detail.lstrip(), *ids_meant(e)))
    if e.target.primary and not in_shell(e) and not e.target.is_installed:
        fixes.append(
            Fix(
                "Or name it once for the whole process",
                f"Set the variable before the client is created.{how_to_set(e)}",
                action=SetVariable("LANGSMITH_WORKSPACE_ID", found[0].id, ids_meant(e)[1:]),
                step=2,
            )
        )
    if e.data_plane:
        detail = f"The workspaces have one of their own, {e.data_plane}. The endpoint in use is {e.target.endpoint}."
        title = "And use the address of the workspaces' data plane"
        fixes.append(Fix(title, detail, action=set_data_plane(e), url=BYOC_URL, step=3))
    return [*fixes, *_name_for_bypasses(e), _single_workspace_key(e)]


def _found_by_itself(e: Evidence) -> str:
    """Return a sentence on whether a client finds the only workspace itself, or nothing if this one does not."""
    if in_shell(e):
        return " A SafeClient finds it by itself when a request is refused; langsmith.Client does not."
    return " This client finds it by itself when a request is refused." if e.target.resolves_workspace else ""


def _name_it(e: Evidence, detail: str, *workspace_ids: str) -> Fix:
    url = SCOPES_URL if e.workspaces else settings_url(e, "workspaces")
    return Fix("Name the workspace you mean", detail, action=name_workspace(e, *workspace_ids), url=url, step=2)


def _set_as_well(e: Evidence) -> list[Fix]:
    """Return the fixes for variables that name one of the workspaces but that the client does not read."""
    return [
        Fix(
            "Set LANGSMITH_WORKSPACE_ID as well",
            f"{other.origin.name} names {workspace.name}, but the client does not read it. Other programs may, so keep "
            f"it.{how_to_set(e)}",
            action=SetVariable("LANGSMITH_WORKSPACE_ID", workspace.id),
            step=2,
        )
        for other, workspace in e.meanings
        if other.origin.kind == "unread-variable"
    ]


def _name_for_bypasses(e: Evidence) -> list[Fix]:
    workspace = e.target.workspace or "<workspace id>"
    actions: dict[str, Action] = {
        OTLP.name: SetVariable("OTEL_EXPORTER_OTLP_HEADERS", f"x-api-key=<key>,{TENANT_HEADER}={workspace}"),
        SANDBOX.name: PassHeader(TENANT_HEADER, workspace, "sandbox"),
        PYO3.name: UnsetVariable(("LANGSMITH_USE_PYO3_CLIENT",)),
        # Up to 1.44, the exporter lets explicit headers, which these have, replace OTEL_EXPORTER_OTLP_HEADERS.
        INTEGRATION.name: PassHeader(TENANT_HEADER, workspace, "processor"),
        EXPORTER.name: PassHeader(TENANT_HEADER, workspace, "exporter"),
        GENERATED.name: SetVariable("LANGSMITH_TENANT_ID", workspace),
        LITELLM.name: SetVariable("LANGSMITH_TENANT_ID", workspace),
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
    fixes = [*_take_newer(e), _name_reachable(e)]
    home = e.answers.get(GET_SETTINGS)
    if e.target.credential.kind == "personal" and e.target.workspace and not (home and home.forbidden):
        fixes.append(_name_none(e, "A personal token then uses its user's default workspace."))
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


def workspace_outdated(e: Evidence) -> list[Fix]:
    return [*_take_newer(e), _name_reachable(e), *show_variables(e)]


def _name_reachable(e: Evidence) -> Fix:
    reachable = e.reachable
    title = "Copy the ID of a workspace that this key belongs to"
    if reachable:
        named = e.naming(reachable[0])
        title = "Use a workspace that this key can access"
        if len(reachable) == 1 and e.listing and e.listing.lists_all:
            title = f'Use workspace "{reachable[0].name}", the only one that this key can access'
        if named:
            title = f"Use the workspace that {named.origin.variable or named.origin} names"
    return Fix(
        title,
        f"The ID that does not work comes from {e.target.workspace_origin}.",
        action=replace_workspace(e, *ids_meant(e)),
        url=settings_url(e, "workspaces"),
        step=2,
    )


def _name_none(e: Evidence, why: str) -> Fix:
    by_header = e.target.workspace_origin.kind in ("header", "client-header")
    return Fix(
        "Or name no workspace, to use the default of the key",
        why,
        action=None if by_header else name_workspace(e, ""),
        step=2,
    )


def _take_newer(e: Evidence) -> list[Fix]:
    """Return the fix if the environment or `.env` now names a workspace that would work, or nothing."""
    newer = e.newer_workspace
    return [take_newer(newer)] if newer else []


def workspace_id_malformed(e: Evidence) -> list[Fix]:
    origin, reachable, meant = e.target.workspace_origin, e.reachable, e.workspace_meant
    valid_ids = "" if reachable else " It is in the web UI, under Settings > Workspaces."
    title, works = "Give the workspace's ID, a UUID", meant.id if meant else id_meant_by(e.target.workspace_id)
    if meant:
        title = f"Give the ID of {meant.name}"
    give = Fix(
        title,
        f"{e.target.workspace_shown} from {origin} is not one.{valid_ids}",
        action=replace_workspace(e, *((works,) if works else ids_meant(e))),
        url=settings_url(e, "workspaces"),
        step=2,
    )
    needs_none = "A personal token needs none, nor does a service key that was created for one workspace."
    fixes = [*_take_newer(e), give, _name_none(e, needs_none)]
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
