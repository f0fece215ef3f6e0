"""What to do where neither key nor workspace is at fault."""

from __future__ import annotations

from safe_langsmith._core.evidence import Evidence
from safe_langsmith._core.hosts import api_instead_of_ui, ui_url
from safe_langsmith._core.permissions import DOCS_URL as PERMISSIONS_URL
from safe_langsmith._core.permissions import Requirement
from safe_langsmith._core.summary import place
from safe_langsmith.diagnosis import Fix, Workspace

from .common import DOCS, REGIONS_URL, argument, look_at_the_variables, look_on_the_way


def permission_denied(e: Evidence) -> list[Fix]:
    needed = e.facts.requirement
    listed = e.place.permissions if e.place else None
    has_it = needed.permission in listed if needed and listed is not None else None
    policy = Fix(
        "Look for an access policy",
        "Policies on tags can deny, for one project or dataset alone, what a role allows.",
        None,
        f"{DOCS}/abac",
    )
    if has_it and not e.facts.body.permission:
        return [policy, Fix("Call again in a minute", "A role that was changed just now takes a while."), _support(e)]
    fixes = [_ask_for(needed, place(e) or "the workspace")]
    # Workspaces whose listed permissions lack it are ruled out.
    others = [w for w in e.workspaces or () if w != e.place and _may_allow(w, needed)]
    if e.facts.workspace_id is None and others:
        used = f"No workspace was named, so {place(e) or 'the default one of the key'} was used."
        fixes.append(Fix("Or, if you meant another workspace, name it", used, argument(e, others[0].id), step=2))
    return fixes if has_it is False else [*fixes, policy]


def _ask_for(needed: Requirement | None, where: str) -> Fix:
    roles = f" The built-in roles that carry it: {', '.join(needed.roles)}." if needed and needed.roles else ""
    return Fix(
        f"Ask an admin of {where} for a role {f'with {needed.permission}' if needed else 'that allows this'}",
        f"Roles are changed under Settings > Members and roles.{roles} A change can take a minute to take effect.",
        None,
        PERMISSIONS_URL,
    )


def _may_allow(workspace: Workspace, needed: Requirement | None) -> bool:
    return needed is None or workspace.permissions is None or needed.permission in workspace.permissions


def feature_unavailable(e: Evidence) -> list[Fix]:
    return [
        Fix(
            "Ask an organization admin to enable it, or check the plan",
            "The server names a plan or a feature, so neither another key nor another workspace of the same "
            "organization will help.",
            None,
            f"{ui_url(e.facts.endpoint)}/settings",
        ),
        _support(e),
    ]


def blocked_upstream(e: Evidence) -> list[Fix]:
    return [
        look_on_the_way(e, "Find what stands between this machine and LangSmith"),
        Fix(
            "Try the endpoint from a terminal on the same machine",
            "An answer in JSON means that nothing blocks the way; HTML shows who answers instead.",
            f"curl -sS -i {e.facts.endpoint}/info",
        ),
    ]


def wrong_endpoint(e: Evidence) -> list[Fix]:
    endpoint = api_instead_of_ui(e.facts.endpoint)
    return [
        Fix(
            "Use the API's address",
            f"The endpoint in use comes from {e.facts.settings['endpoint'].source}.",
            f"LANGSMITH_ENDPOINT={endpoint}" if endpoint else None,
            REGIONS_URL,
            step=3,
        )
    ]


def undetermined(e: Evidence) -> list[Fix]:
    unknown = any(answer.failed for answer in e.answers.values())
    again = "Call again when the endpoint answers" if unknown else "Call again in a minute"
    if any(not answer.asked for answer in e.answers.values()) and e.facts.method is None:
        return [Fix("Let the client ask", "Make it with probe=True. Its questions only read.")]
    fixes = [
        Fix(
            again,
            "A refusal can be a passing fault of the service: https://status.smith.langchain.com",
            f"curl -sS -i {e.facts.endpoint}/info",
        ),
        look_at_the_variables(),
    ]
    if e.facts.workspace_id is None and not e.workspaces:
        fixes.append(
            Fix(
                "Name the workspace, if the key serves several",
                "The id is in the web UI, under Settings > Workspaces.",
                argument(e, "<the id from Settings>"),
                f"{ui_url(e.facts.endpoint)}/settings/workspaces",
                step=2,
            )
        )
    return [*fixes, _support(e)]


def _support(e: Evidence) -> Fix:
    request_id = f" Name request {e.facts.request_id}." if e.facts.request_id else ""
    return Fix(
        "Ask LangSmith's support",
        f"Send this text; it holds no secret.{request_id}",
        None,
        "https://support.langchain.com",
    )
