"""What to do about a workspace that is missing, wrong or no id."""

from __future__ import annotations

from safe_langsmith._core.endpoints import ui_url
from safe_langsmith._core.fixes.actions import CLEAR_CACHE, HOW_TO_SET, argument, in_place_of, key_line, plane_line
from safe_langsmith._core.fixes.shared import BYOC_URL, SCOPES_URL, let_the_header_through, new_key, one_source
from safe_langsmith._core.model import Evidence
from safe_langsmith._core.settings import variable_in
from safe_langsmith.diagnosis import Fix, Workspace


def workspace_required(e: Evidence) -> list[Fix]:
    found = e.workspaces or ()
    if e.facts.workspace_id and e.facts.bypasses and e.facts.method is None:
        return [*_ways_round(e), _single_workspace_key(e)]
    if e.facts.workspace_id:
        return [let_the_header_through(), _single_workspace_key(e)]
    if not found:
        return [
            Fix(
                "Name the workspace you mean",
                (
                    "No workspace is listed for this key. "
                    if e.workspaces == ()
                    else "They could not be listed with this key. "
                )
                + "Ids are in the web UI, under Settings > Workspaces.",
                argument(e, "<the id from Settings>"),
                f"{ui_url(e.facts.endpoint)}/settings/workspaces",
                step=2,
            ),
            _single_workspace_key(e),
        ]
    ways_round = _ways_round(e) if any(bypass.is_certain for bypass in e.facts.bypasses) else []
    others = "; ".join(f"{w.id} for {w.name}" for w in found[1:4])
    more = f" and {len(found) - 4} more above" if len(found) > 4 else ""
    detail = f"The line below names {found[0].name}."
    detail += f" Or use {others}{more}." if others else ""
    if e.facts.method is None and len(found) == 1:
        detail += " A SafeClient finds it by itself, with its first refused request; langsmith.Client does not."
    fixes = [
        *_made_anew(e, found),
        *_meant(e),
        Fix("Name the workspace you mean", detail, argument(e, found[0].id), SCOPES_URL, step=2),
    ]
    if e.facts.is_own:
        fixes.append(
            Fix(
                "Or name it once for the whole process",
                f"Set the variable before the client is made. {HOW_TO_SET}",
                f"LANGSMITH_WORKSPACE_ID={found[0].id}",
                step=2,
            )
        )
    if e.data_plane:
        detail = f"They have one of their own, {e.data_plane}. The endpoint in use is {e.facts.endpoint}."
        fixes.append(Fix("And use the address of the workspaces' data plane", detail, plane_line(e), BYOC_URL, step=3))
    return [*fixes, *ways_round, _single_workspace_key(e)]


def _meant(e: Evidence) -> list[Fix]:
    """What to do where a variable that the SDK does not read names one of the workspaces."""
    reachable = {workspace.id: workspace.name for workspace in e.workspaces or ()}
    return [
        Fix(
            f"Rename {name} to LANGSMITH_WORKSPACE_ID",
            f"It names {reachable[other.value or '']}, and the SDK does not read it. {HOW_TO_SET}",
            f"LANGSMITH_WORKSPACE_ID={other.value}",
            step=2,
        )
        for name in e.facts.related_variables.ignored.get("workspace_id", ())
        for other in e.facts.settings["workspace_id"].others
        if variable_in(other.source) == name and other.value in reachable
    ]


def _ways_round(e: Evidence) -> list[Fix]:
    return [
        Fix(
            f"Name the workspace for {bypass.name}, too",
            f"These requests do not go through the client: {bypass.lacks}.",
            bypass.way_round.replace("<workspace id>", e.facts.workspace or "<workspace id>"),
            step=2,
        )
        for bypass in e.facts.bypasses
        if bypass.is_certain
    ]


def workspace_not_accessible(e: Evidence) -> list[Fix]:
    home = next((a.resolved for q, a in e.answers.items() if q.workspace_id is None and a.resolved), None)
    reachable = e.workspaces or ((home,) if home else ())
    fixes = _made_anew(e, reachable)
    if reachable:
        fixes.append(
            Fix(
                "Name a workspace that this key reaches",
                f"These would work: {_listed(reachable)}. "
                f"The id that does not work comes from {e.facts.workspace_source}.",
                in_place_of(e, reachable[0].id),
                f"{ui_url(e.facts.endpoint)}/settings/workspaces",
                step=2,
            )
        )
    else:
        fixes.append(
            Fix(
                "Copy the id of a workspace that this key belongs to",
                f"The id that does not work comes from {e.facts.workspace_source}.",
                in_place_of(e, "<the id from Settings>"),
                f"{ui_url(e.facts.endpoint)}/settings/workspaces",
                step=2,
            )
        )
    listings = [answer for answer in e.answers.values() if answer.workspaces is not None]
    if not any(e.facts.workspace in answer.organizations | answer.deleted for answer in listings):
        fixes.append(
            Fix(
                "Or use a key that reaches it",
                "An admin of that workspace can create one.",
                key_line(e),
                f"{ui_url(e.facts.endpoint)}/settings/apikeys",
                step=1,
            )
        )
        if e.facts.credential.kind == "personal" and e.facts.workspace:
            asked = f"Please add me to the LangSmith workspace {e.facts.workspace}."
            fixes.insert(-1, Fix("Or ask an admin of that workspace to add you", "The key then reaches it.", asked))
    return [*fixes, *one_source(e)]


def _made_anew(e: Evidence, reachable: tuple[Workspace, ...]) -> list[Fix]:
    """What to do where the environment names a workspace by now that would work."""
    return [
        Fix(
            "Create the client anew",
            f"{drift.now.source} now names {drift.now.value}, which this key reaches.",
            f"{CLEAR_CACHE}\nclient = SafeClient()",
            step=4,
        )
        for drift in e.facts.unintended_drift
        if drift.setting == "workspace_id" and any(w.id == drift.now.value for w in reachable) and not drift.dotenv_path
    ]


def workspace_id_malformed(e: Evidence) -> list[Fix]:
    reachable = e.workspaces or ()
    where = (
        f"This key reaches: {_listed(reachable)}" if reachable else "It is in the web UI, under Settings > Workspaces"
    )
    fixes = [
        Fix(
            "Give the workspace's id, a UUID",
            f"{e.facts.workspace_shown} from {e.facts.workspace_source} is not one. {where}.",
            in_place_of(e, reachable[0].id if reachable else "<the id from Settings>"),
            f"{ui_url(e.facts.endpoint)}/settings/workspaces",
            step=2,
        ),
        Fix(
            "Or name none",
            "A personal token needs none, nor does a service key that was made for one workspace.",
            None if "X-Tenant-Id" in e.facts.workspace_source else argument(e, ""),
            step=2,
        ),
    ]
    if e.refused_without_workspace:
        fixes.append(
            new_key(e, "And create a new key, or use the endpoint where this one was made: it is refused, too")
        )
    return fixes


def _listed(workspaces: tuple[Workspace, ...]) -> str:
    return "; ".join(f"{w.id} ({w.name})" for w in workspaces[:4]) + ("; ..." if len(workspaces) > 4 else "")


def _single_workspace_key(e: Evidence) -> Fix:
    return Fix(
        "Or use a key that belongs to one workspace",
        "A service key created for one workspace needs no workspace id.",
        key_line(e),
        f"{ui_url(e.facts.endpoint)}/settings/apikeys",
        step=1,
    )
