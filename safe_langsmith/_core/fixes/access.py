"""Fixes for refusals that neither the key nor the workspace causes."""

from __future__ import annotations

from collections.abc import Sequence

from safe_langsmith._core.endpoints import can_be_sent_to, host_of, region_of, sends_runs
from safe_langsmith._core.evidence import Evidence
from safe_langsmith._core.fixes.shared import (
    BYOC_URL,
    DOCS,
    ID_TO_FILL_IN,
    REGIONS_URL,
    SELF_HOSTED_URL,
    STATUS_URL,
    act_on_words,
    ask_about_refusal,
    call_again,
    find_proxy,
    harmless,
    in_shell,
    name_workspace,
    new_key,
    one_source,
    pass_header_through,
    reach_endpoint,
    set_data_plane,
    set_endpoint,
    set_key,
    set_other_region,
    settings_url,
    show_variables,
)
from safe_langsmith._core.permissions import DOCS_URL as PERMISSIONS_URL
from safe_langsmith._core.permissions import Requirement, is_for_token_holders, owner_of_prompt, roles_with
from safe_langsmith._core.responses import AGENT_SERVER
from safe_langsmith._core.summary import joined, place, principal, request, within_sentence
from safe_langsmith.actions import AskSomebody, SetVariable, ShowVariables, Steps
from safe_langsmith.diagnosis import Fix, Workspace


def permission_denied(e: Evidence) -> list[Fix]:
    if e.request and is_for_token_holders(e.request.path):
        return [_another_token(), _call_again(e), _support(e)]
    needed, lacking = e.requirement, e.lacks_permission
    policy = Fix(
        "Look for an access policy",
        "A policy on tags can deny, for a single project or dataset, what a role allows.",
        url=f"{DOCS}/abac",
    )
    words = [] if e.body.permission else act_on_words(e)
    written_by_another = [find_proxy(e, "Or find out whether a proxy refused it")] if _may_be_another(e) else []
    if e.is_permitted:
        # If the answer names a permission that the role has, a temporary error is less likely.
        first = [policy, _call_again(e)] if e.body.permission else [_call_again(e), policy]
        return [*words, *first, *_private_prompt(e), *written_by_another, _support(e)]
    if needed and lacking and lacking != needed.permission:
        needed = Requirement(lacking, ())
    fixes = [*words, _ask_for(e, needed)]
    if e.data_plane:
        title = "Or use the address of the workspace's data plane"
        detail = f"The workspace has one of its own, {e.data_plane}. The endpoint in use is {e.target.endpoint}."
        fixes.append(Fix(title, detail, action=set_data_plane(e), url=BYOC_URL, step=3))
    # Workspaces whose listed permissions lack it are ruled out.
    # One that this machine names somewhere comes first.
    meant = next((w for _, w in e.meanings if w != e.place and _may_allow(w, needed)), None)
    other = meant or e.another_workspace(needed.permission if needed else None)
    if e.target.workspace_id is None and other:
        title = "Or, if you meant another workspace, name it"
        used = f"No workspace was named, so {place(e) or 'the default one of the key'} was used."
        fixes.append(Fix(title, used, action=name_workspace(e, other.id), step=2))
    if e.facts.successes and not any(answer.authorized for answer in e.answers.values()):
        why = "This one may be for tracing alone."
        fixes.append(Fix("Or use a key that may read", why, action=set_key(e), url=settings_url(e, "apikeys"), step=1))
    return [*fixes, *written_by_another] if lacking else [*fixes, *written_by_another, _call_again(e), policy]


def _may_allow(workspace: Workspace, needed: Requirement | None) -> bool:
    return needed is None or workspace.permissions is None or needed.permission in workspace.permissions


def _may_be_another(e: Evidence) -> bool:
    """Return whether the refusal has the form of LangSmith's errors, but words that LangSmith is not known to use."""
    body = e.body
    return body.form == "json" and not (body.is_bare or body.has_langsmiths_words)


def _private_prompt(e: Evidence) -> list[Fix]:
    owner = owner_of_prompt(e.request.path) if e.request else None
    if owner is None:
        return []
    detail = f'A private prompt can be used by its owner\'s organization alone. Here the owner is "{harmless(owner)}".'
    return [Fix("Or check who owns the prompt", detail)]


def _another_token() -> Fix:
    return Fix(
        "Use a new token or link",
        "The address holds a token that permits this by itself; no role matters. It may have expired, or what it is "
        "for was deleted. client.create_presigned_feedback_token() creates one for feedback.",
    )


def _call_again(e: Evidence) -> Fix:
    return Fix(
        f"{call_again(e)} in a minute",
        "The service may have refused because of a temporary error, and a role that was just changed takes a while.",
        url=STATUS_URL,
    )


def _ask_for(e: Evidence, needed: Requirement | None) -> Fix:
    of_organization = bool(needed and needed.permission.startswith("organization:"))
    scope = "the organization" if of_organization else place(e) or "the workspace"
    # A request that was refused may lack the first of several alone.
    names = joined([needed.permission, *(() if e.request else needed.also)]) if needed else ""
    role = f"a role {f'with {names}' if names else f'that allows {request(e)}'}"
    grantee = "me" if e.target.credential.kind in ("personal", "oauth") else within_sentence(principal(e))
    roles = _built_in(needed.roles if needed else ())
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
            action=ask_about_refusal(e, e.body.message or ""),
            url=settings_url(e, "").rstrip("/"),
        ),
        _support(e),
    ]


def _built_in(roles: Sequence[str]) -> str:
    """Return a sentence with the built-in roles that have a permission, or nothing."""
    if not roles:
        return ""
    names = " and ".join(roles)
    return f" The built-in roles {names} have it." if len(roles) > 1 else f" The built-in role {names} has it."


def blocked_upstream(e: Evidence) -> list[Fix]:
    if e.proxy_refusal:
        return _allow_in_proxy(e)
    if e.key_was_lost:
        return _let_key_arrive(e)
    if e.is_info_refused:
        fix = Fix(
            "Send this to whoever runs your proxy, firewall, VPN or gateway",
            "GET /info needs no key, and was refused as well. The headers of the answer show who refuses:",
            action=reach_endpoint(e),
        )
    else:
        fix = Fix(
            "Try the endpoint from a terminal on the same machine",
            "LangSmith answers with its version, as JSON, and needs no key for that. Any other answer shows who "
            "answers instead.",
            action=reach_endpoint(e),
        )
    fixes = [
        fix,
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
    # If LangSmith answers GET /info, what differs is the content of the refused request.
    is_about_content = e.is_at_cloud and e.body.form == "html" and e.is_langsmith_there
    return (
        [*_look_at_content(e, is_about_content), *fixes] if is_about_content else [*fixes, *_look_at_content(e, False)]
    )


def _look_at_content(e: Evidence, is_first: bool) -> list[Fix]:
    """Return how to find out whether the content of a request is refused, or nothing if it has none."""
    refused = e.request
    is_trace = refused is not None and sends_runs(refused.path, refused.method)
    if refused is None or not (is_first or is_trace):
        return []
    title = "Look at what was sent" if is_first else "Or find out whether the content of the traces is refused"
    if is_trace:
        detail = (
            "Firewalls, and LangSmith's own edge, refuse some traces that contain HTML or images. To trace without:"
        )
        hide = Steps((SetVariable("LANGSMITH_HIDE_INPUTS", "true"), SetVariable("LANGSMITH_HIDE_OUTPUTS", "true")))
        return [Fix(title, detail, action=hide)]
    what = 'The path holds "%2F", an escaped slash. ' if "%2f" in refused.path.lower() else ""
    detail = f"{what}LangSmith answers GET /info, so its edge, or a firewall, may refuse this request for its content: "
    return [Fix(title, f"{detail}HTML, scripts or escaped slashes. Try it with a short, plain text.")]


def _let_key_arrive(e: Evidence) -> list[Fix]:
    origin = e.configuration["api_key"].origin
    return [
        Fix(
            "Find what removes or changes X-API-Key on the way",
            "A proxy or gateway may not hand the header on, or put another key in its place. Its administrator can let "
            "it through; HTTPS_PROXY and NO_PROXY decide whether a proxy is used.",
            action=ShowVariables("proxies"),
        ),
        Fix(
            "Or check that the key is whole",
            f"{origin} holds {e.target.credential.masked}. Something may have changed it before it was sent.",
            url=settings_url(e, "apikeys"),
            step=3,
        ),
        *show_variables(e),
        new_key(e),
    ]


def _allow_in_proxy(e: Evidence) -> list[Fix]:
    host, proxies = host_of(e.target.endpoint), e.configuration.related_variables.proxies
    proxy = f"the proxy {proxies[0].address}" if proxies else "the proxy"
    source = f" {proxies[0].variable} names it." if proxies else ""
    request = f"Please allow HTTPS connections to {host} through {harmless(proxy)}."
    bypass = Fix(
        "Or go around the proxy, if this machine may",
        "Add the host to NO_PROXY, beside what it holds already.",
        action=SetVariable("NO_PROXY", host),
        step=3,
    )
    if (e.proxy_refusal or "").startswith("407"):
        title = f"Give {proxy} your user name and password"
        detail = (
            f"It answered CONNECT with {e.proxy_refusal}: it lets nobody through who does not say who they are.{source}"
        )
        address = f"http://<user>:<password>@{proxies[0].address if proxies else '<proxy>'}"
        action = SetVariable(proxies[0].variable if proxies else "HTTPS_PROXY", address)
        return [Fix(title, detail, action=action, step=3), bypass]
    return [
        Fix(
            f"Ask the administrator of {proxy} to allow {host}",
            f"It answered CONNECT with {e.proxy_refusal}, so no request reached LangSmith.{source}",
            action=AskSomebody(f"{request}\nIt answers {harmless(e.proxy_refusal or '')}."),
        ),
        bypass,
    ]


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
    if e.request is None and e.place and e.unlisted:
        return [_ask_about(e)]
    if not_asked and e.request is None:
        return [_allow_probes(e)]
    fixes = [_allow_probes(e)] if not_asked and not failed else []
    fixes += [_when_it_answers(e, bool(failed)), *show_variables(e)]
    if e.target.workspace_id is None and e.worked_without_workspace and e.reachable:
        action, why = name_workspace(e, e.reachable[0].id), "The key reaches workspaces, but has lost the one it used."
        fixes.append(Fix("Or name the workspace", why, action=action, url=settings_url(e, "workspaces"), step=2))
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


def _ask_about(e: Evidence) -> Fix:
    names = joined(need.permission for need in e.unlisted)
    role = f"its role, {e.place.role}," if e.place and e.place.role else "its role"
    key = within_sentence(principal(e))
    roles = roles_with(e.unlisted[0].permission) if len(e.unlisted) == 1 else ()
    known = _built_in(roles)
    return Fix(
        f"Ask an admin of {place(e)} whether {role} has {names}",
        f"Roles and their permissions are under Settings > Members and roles.{known} The key itself works.",
        action=AskSomebody(f"Does {harmless(key)} have {names}\nin the LangSmith {_workspace_in_message(e)}?"),
        url=PERMISSIONS_URL,
    )


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
