"""What to do where neither key nor workspace is at fault."""

from __future__ import annotations

from safe_langsmith._core.endpoints import can_be_sent_to, region_of, ui_url
from safe_langsmith._core.fixes.actions import argument, endpoint_line, harmless, other_regions, plane_line, reach
from safe_langsmith._core.fixes.shared import (
    BYOC_URL,
    DOCS,
    REGIONS_URL,
    SELF_HOSTED_URL,
    STATUS_URL,
    let_the_header_through,
    look_at_the_variables,
    look_on_the_way,
    one_source,
)
from safe_langsmith._core.model import Evidence
from safe_langsmith._core.permissions import DOCS_URL as PERMISSIONS_URL
from safe_langsmith._core.permissions import Requirement
from safe_langsmith._core.responses import AGENT_SERVER
from safe_langsmith._core.summary import place, principal, request, within_sentence
from safe_langsmith.diagnosis import Fix, Workspace


def permission_denied(e: Evidence) -> list[Fix]:
    needed = e.facts.requirement
    listed = e.place.permissions if e.place else None
    has_it = e.lacks_permission is None if needed and listed is not None else None
    policy = Fix(
        "Look for an access policy",
        "Policies on tags can deny, for one project or dataset alone, what a role allows.",
        None,
        f"{DOCS}/abac",
    )
    if has_it and not e.facts.body.permission:
        return [_call_again(), policy, _support(e)]
    lacking = e.lacks_permission
    if needed and lacking and lacking != needed.permission:
        needed = Requirement(lacking, ())
    fixes = [_ask_for(e, needed)]
    # Workspaces whose listed permissions lack it are ruled out.
    others = [w for w in e.workspaces or () if w != e.place and _may_allow(w, needed)]
    if e.data_plane:
        detail = f"The workspace has one of its own, {e.data_plane}. The endpoint in use is {e.facts.endpoint}."
        fixes.append(Fix("Or use the address of the workspace's data plane", detail, plane_line(e), BYOC_URL, step=3))
    if e.facts.workspace_id is None and others:
        used = f"No workspace was named, so {place(e) or 'the default one of the key'} was used."
        fixes.append(Fix("Or, if you meant another workspace, name it", used, argument(e, others[0].id), step=2))
    return fixes if has_it is False else [*fixes, _call_again(), policy]


def _call_again() -> Fix:
    return Fix(
        "Call again in a minute",
        "A refusal can be a passing fault of the service, and a role that was changed just now takes a while.",
        None,
        STATUS_URL,
    )


def _ask_for(e: Evidence, needed: Requirement | None) -> Fix:
    of_organization = bool(needed and needed.permission.startswith("organization:"))
    where = "the organization" if of_organization else place(e) or "the workspace"
    role = f"a role {f'with {needed.permission}' if needed else f'that allows {request(e)}'}"
    whom = "me" if e.facts.credential.kind in ("personal", "oauth") else within_sentence(principal(e))
    roles = f" The built-in roles that carry it: {', '.join(needed.roles)}." if needed and needed.roles else ""
    return Fix(
        f"Ask an admin of {where} for {role}",
        f"Roles are changed under Settings > Members and roles.{roles} A change can take a minute to take effect.",
        f"Please give {whom} {harmless(role)}\nin the LangSmith {'organization' if of_organization else _meant(e)}.",
        PERMISSIONS_URL,
    )


def _meant(e: Evidence) -> str:
    """The workspace, in a line to copy."""
    if e.place:
        return f'workspace "{harmless(e.place.name)}" ({e.place.id})'
    return f"workspace {harmless(e.facts.workspace_shown)}" if e.facts.workspace_id else "workspace"


def _may_allow(workspace: Workspace, needed: Requirement | None) -> bool:
    return needed is None or workspace.permissions is None or needed.permission in workspace.permissions


def feature_unavailable(e: Evidence) -> list[Fix]:
    return [
        Fix(
            "Ask an organization admin about the feature, the plan or the usage that the server names",
            f"It says that {e.facts.body.unavailable}, so neither another key nor another workspace of the same "
            "organization will help. Admins find features, plan and usage under Settings.",
            f'LangSmith refuses {harmless(request(e))}:\n"{harmless(e.facts.body.message or "")}"',
            f"{ui_url(e.facts.endpoint)}/settings",
        ),
        _support(e),
    ]


def blocked_upstream(e: Evidence) -> list[Fix]:
    fixes = [
        Fix(
            "Try the endpoint from a terminal on the same machine",
            "An answer in JSON means that the way is open, at least for this question; HTML shows who answers instead.",
            reach(e),
        ),
        look_on_the_way(e, "Find what stands between this machine and LangSmith"),
    ]
    if e.facts.redirected_to and e.facts.credential.kind not in ("oauth", "missing"):
        fixes.append(
            Fix(
                f"Make a new key, unless {e.facts.redirected_to} is yours",
                "The SDK followed a redirect there. The libraries under it take Authorization off on the way to "
                "another host, but not X-API-Key: the key went along.",
                None,
                f"{ui_url(e.facts.endpoint)}/settings",
                step=5,
            )
        )
    if e.facts.method == "POST" and "/runs" in (e.facts.path or ""):
        fixes.append(
            Fix(
                "Or see whether it is what the traces carry",
                "Firewalls have refused traces for HTML or images in them, and let others pass. To trace without them:",
                "LANGSMITH_HIDE_INPUTS=true\nLANGSMITH_HIDE_OUTPUTS=true",
            )
        )
    return fixes


def wrong_endpoint(e: Evidence) -> list[Fix]:
    source = e.facts.settings["endpoint"].source
    fixes = []
    api, plane = e.api_elsewhere, e.data_plane
    if api:
        fixes.append(
            Fix(
                "Use the API's address",
                f"The endpoint in use comes from {source}.",
                endpoint_line(e, api),
                REGIONS_URL if region_of(api) else SELF_HOSTED_URL,
                step=3,
            )
        )
    elif plane:
        fixes.append(
            Fix(
                "Use the address of the workspace's data plane",
                f"It takes keys of its own workspaces only. The endpoint in use comes from {source}.",
                plane_line(e),
                BYOC_URL,
                step=3,
            )
        )
        if e.facts.method and not (e.place and e.place.permissions):
            fixes.append(_ask_for(e, e.facts.requirement))
    else:
        fixes.append(
            Fix(
                "Use the address of LangSmith's API",
                f"The endpoint in use comes from {source}. The API of an instance of your own is at its address with "
                "/api/v1, that of LangSmith's cloud is at the one of your region.",
                other_regions(e) if _is_surely_another(e) else None,
                REGIONS_URL,
                step=3,
            )
        )
        if can_be_sent_to(e.facts.endpoint):
            fixes.append(look_on_the_way(e, "Or find what stands in front of LangSmith"))
    return [*fixes, *one_source(e)]


def _is_surely_another(e: Evidence) -> bool:
    return (
        not can_be_sent_to(e.facts.endpoint)
        or bool(e.facts.body.speaker)
        or any(answer.service == AGENT_SERVER for answer in e.answers.values())
    )


def undetermined(e: Evidence) -> list[Fix]:
    if e.header_lost:
        return [let_the_header_through(), _support(e)]
    unknown = any(answer.inconclusive and answer.asked for answer in e.answers.values())
    if any(not answer.asked for answer in e.answers.values()) and not unknown and e.facts.method:
        let_ask = Fix("Let the client ask", "Make it with probe=True, and call again. Its questions only read.")
    else:
        let_ask = None
    again = "Call again when the endpoint answers" if unknown else "Call again in a minute"
    if any(not answer.asked for answer in e.answers.values()) and e.facts.method is None:
        return [Fix("Let the client ask", "Make it with probe=True. Its questions only read.")]
    why = "A refusal can be a passing fault of the service."
    if e.facts.method is None:
        source = e.facts.settings["endpoint"].source
        address = "" if source == "default" else f" (it comes from {source})"
        why = (
            f"The line below shows JSON as soon as it does. Until then look at the address{address}, at the network, "
            "and at HTTPS_PROXY and NO_PROXY, and do not replace the key."
        )
    fixes = [
        Fix(
            again,
            why,
            reach(e),
            STATUS_URL if region_of(e.facts.endpoint) else None,
        ),
        look_at_the_variables(),
    ]
    if e.facts.workspace_id is None and not e.workspaces and not unknown:
        fixes.append(
            Fix(
                "Name the workspace, if the key serves several",
                "The id is in the web UI, under Settings > Workspaces.",
                argument(e, "<the id from Settings>"),
                f"{ui_url(e.facts.endpoint)}/settings/workspaces",
                step=2,
            )
        )
    nobody = any(answer.inconclusive and answer.status is None for answer in e.answers.values())
    fixes = [let_ask, *fixes] if let_ask else fixes
    return fixes if nobody and e.facts.method is None else [*fixes, _support(e)]


def _support(e: Evidence) -> Fix:
    names_it = "names the request and " if e.facts.request_id else ""
    return Fix(
        "Ask LangSmith's support",
        f"Send this text; it {names_it}holds no secret.",
        None,
        "https://support.langchain.com",
    )
