"""Fixes for refusals that neither the key nor the workspace causes."""

from __future__ import annotations

from safe_langsmith._core.endpoints import can_be_sent_to, region_of, sends_runs
from safe_langsmith._core.fixes.shared import (
    BYOC_URL,
    DOCS,
    ID_TO_FILL_IN,
    REGIONS_URL,
    SELF_HOSTED_URL,
    STATUS_URL,
    call_again,
    find_proxy,
    harmless,
    in_shell,
    name_workspace,
    one_source,
    pass_header_through,
    reach_endpoint,
    set_data_plane,
    set_endpoint,
    set_other_region,
    settings_url,
    show_variables,
)
from safe_langsmith._core.model import Evidence
from safe_langsmith._core.permissions import DOCS_URL as PERMISSIONS_URL
from safe_langsmith._core.permissions import Requirement
from safe_langsmith._core.responses import AGENT_SERVER
from safe_langsmith._core.summary import place, principal, request, within_sentence
from safe_langsmith.actions import AskSomebody, SetVariable, Steps
from safe_langsmith.diagnosis import Fix


def permission_denied(e: Evidence) -> list[Fix]:
    needed, lacking = e.requirement, e.lacks_permission
    listed = e.place.permissions if e.place else None
    has_it = lacking is None if needed and listed is not None else None
    policy = Fix(
        "Look for an access policy",
        "A policy on tags can deny, for a single project or dataset, what a role allows.",
        url=f"{DOCS}/abac",
    )
    if has_it and not e.body.permission:
        return [_call_again(e), policy, _support(e)]
    if needed and lacking and lacking != needed.permission:
        needed = Requirement(lacking, ())
    fixes = [_ask_for(e, needed)]
    if e.data_plane:
        title = "Or use the address of the workspace's data plane"
        detail = f"The workspace has one of its own, {e.data_plane}. The endpoint in use is {e.target.endpoint}."
        fixes.append(Fix(title, detail, action=set_data_plane(e), url=BYOC_URL, step=3))
    # Workspaces whose listed permissions lack it are ruled out.
    other = e.another_workspace(needed.permission if needed else None)
    if e.target.workspace_id is None and other:
        title = "Or, if you meant another workspace, name it"
        used = f"No workspace was named, so {place(e) or 'the default one of the key'} was used."
        fixes.append(Fix(title, used, action=name_workspace(e, other.id), step=2))
    return fixes if has_it is False else [*fixes, _call_again(e), policy]


def _call_again(e: Evidence) -> Fix:
    return Fix(
        f"{call_again(e)} in a minute",
        "The service may have refused because of a temporary error, and a role that was just changed takes a while.",
        url=STATUS_URL,
    )


def _ask_for(e: Evidence, needed: Requirement | None) -> Fix:
    of_organization = bool(needed and needed.permission.startswith("organization:"))
    scope = "the organization" if of_organization else place(e) or "the workspace"
    role = f"a role {f'with {needed.permission}' if needed else f'that allows {request(e)}'}"
    grantee = "me" if e.target.credential.kind in ("personal", "oauth") else within_sentence(principal(e))
    roles = f" These built-in roles have it: {', '.join(needed.roles)}." if needed and needed.roles else ""
    there = "organization" if of_organization else _workspace_in_message(e)
    return Fix(
        f"Ask an admin of {scope} for {role}",
        f"Roles are changed under Settings > Members and roles.{roles} A change can take a minute to take effect.",
        action=AskSomebody(f"Please give {grantee} {harmless(role)}\nin the LangSmith {there}."),
        url=PERMISSIONS_URL,
    )


def _workspace_in_message(e: Evidence) -> str:
    if e.place:
        return f'workspace "{harmless(e.place.name)}" ({e.place.id})'
    return f"workspace {harmless(e.target.workspace_shown)}" if e.target.workspace_id else "workspace"


def feature_unavailable(e: Evidence) -> list[Fix]:
    return [
        Fix(
            "Ask an organization admin about the feature, the plan or the usage that the server names",
            f"It says that {e.body.unavailable}, so neither another key nor another workspace of the same "
            "organization will help. Admins find features, plan and usage under Settings.",
            action=AskSomebody(f'LangSmith refuses {harmless(request(e))}:\n"{harmless(e.body.message or "")}"'),
            url=settings_url(e, "").rstrip("/"),
        ),
        _support(e),
    ]


def blocked_upstream(e: Evidence) -> list[Fix]:
    fixes = [
        Fix(
            "Try the endpoint from a terminal on the same machine",
            "JSON means that LangSmith can be reached, at least for this request. HTML shows who answers instead.",
            action=reach_endpoint(e),
        ),
        find_proxy(e, "Find what stands between this machine and LangSmith"),
    ]
    refused = e.request
    if refused and refused.redirected_to and e.target.credential.kind not in ("oauth", "missing"):
        fixes.append(
            Fix(
                f"Make a new key, unless {refused.redirected_to} is yours",
                "The SDK followed a redirect to that host. The HTTP library removes Authorization from a request to "
                "another host, but not X-API-Key, so that host received the key.",
                url=settings_url(e, "").rstrip("/"),
                step=5,
            )
        )
    if refused and sends_runs(refused.path, refused.method):
        fixes.append(
            Fix(
                "Or find out whether the content of the traces is refused",
                "Some firewalls refuse traces that contain HTML or images, but accept others. To trace without it:",
                action=Steps(
                    (SetVariable("LANGSMITH_HIDE_INPUTS", "true"), SetVariable("LANGSMITH_HIDE_OUTPUTS", "true"))
                ),
            )
        )
    return fixes


def wrong_endpoint(e: Evidence) -> list[Fix]:
    comes_from = f"The endpoint in use comes from {e.configuration['endpoint'].origin}."
    fixes, api = [], e.api_elsewhere
    if api:
        url = REGIONS_URL if region_of(api) else SELF_HOSTED_URL
        fixes.append(Fix("Use the API's address", comes_from, action=set_endpoint(e, api), url=url, step=3))
    elif e.data_plane:
        title = "Use the address of the workspace's data plane"
        detail = f"It accepts only keys of its own workspaces. {comes_from}"
        fixes.append(Fix(title, detail, action=set_data_plane(e), url=BYOC_URL, step=3))
        if e.request and not (e.place and e.place.permissions):
            fixes.append(_ask_for(e, e.requirement))
    else:
        fixes.append(
            Fix(
                "Use the address of LangSmith's API",
                f"{comes_from} The API of a self-hosted instance is at the instance's address with /api/v1, that of "
                "LangSmith's cloud is at the address of your region.",
                action=set_other_region(e) if _is_surely_another(e) else None,
                url=REGIONS_URL,
                step=3,
            )
        )
        if not _is_surely_another(e):
            fixes.append(find_proxy(e, "Or find what stands in front of LangSmith"))
    return [*fixes, *one_source(e)]


def _is_surely_another(e: Evidence) -> bool:
    return (
        not can_be_sent_to(e.target.endpoint)
        or bool(e.body.speaker)
        or any(answer.service == AGENT_SERVER for answer in e.answers.values())
    )


def undetermined(e: Evidence) -> list[Fix]:
    if e.header_lost:
        return [pass_header_through(), _support(e)]
    failed = [answer for answer in e.answers.values() if answer.inconclusive and answer.asked]
    not_asked = any(not answer.asked for answer in e.answers.values())
    if not_asked and e.request is None:
        return [_allow_probes(e)]
    fixes = [_allow_probes(e)] if not_asked and not failed else []
    fixes += [_when_it_answers(e, bool(failed)), *show_variables(e)]
    if e.target.workspace_id is None and not e.workspaces and not failed:
        fixes.append(
            Fix(
                "Name the workspace, if the key serves several",
                "The ID is in the web UI, under Settings > Workspaces.",
                action=name_workspace(e, ID_TO_FILL_IN),
                url=settings_url(e, "workspaces"),
                step=2,
            )
        )
    no_response = any(answer.inconclusive and answer.status is None for answer in e.answers.values())
    return fixes if no_response and e.request is None else [*fixes, _support(e)]


def _allow_probes(e: Evidence) -> Fix:
    if in_shell(e):
        return Fix("Run this again without --offline", "It sends at most four different requests, which only read.")
    detail = "Create it with probe=True" + (", and call again" if e.request else "")
    return Fix("Let the client send its diagnostic requests", f"{detail}. They only read.")


def _when_it_answers(e: Evidence, has_failed: bool) -> Fix:
    why = "The service may have refused because of a temporary error."
    if e.request is None:
        origin = e.configuration["endpoint"].origin
        address = "" if origin.kind == "default" else f" (it comes from {origin})"
        why = (
            f"The line below shows JSON as soon as it does. Until then check the address{address}, the network, "
            "HTTPS_PROXY and NO_PROXY, and do not replace the key."
        )
    return Fix(
        f"{call_again(e)} {'when the endpoint answers' if has_failed else 'in a minute'}",
        why,
        action=reach_endpoint(e),
        url=STATUS_URL if region_of(e.target.endpoint) else None,
    )


def _support(e: Evidence) -> Fix:
    names_it = "names the request and " if e.request and e.request.request_id else ""
    return Fix(
        "Ask LangSmith's support", f"Send this text; it {names_it}holds no secret.", url="https://support.langchain.com"
    )
