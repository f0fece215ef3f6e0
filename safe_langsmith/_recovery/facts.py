"""Collect the facts that an investigation starts with: of the refused request, and of this machine."""

from __future__ import annotations

import time
from dataclasses import replace

from safe_langsmith._core.endpoints import sends_runs
from safe_langsmith._core.model import Configuration, EarlierRefusal, Facts, ForbiddenRequest, TargetFacts
from safe_langsmith._core.needs import TRACING, Need, needs_of
from safe_langsmith._core.origins import Origin
from safe_langsmith._core.permissions import requirement
from safe_langsmith._core.redaction import bare_url
from safe_langsmith._core.variables import shown
from safe_langsmith._recovery.state import ClientState
from safe_langsmith._recovery.target import Target
from safe_langsmith._sdk.bypasses import bypasses_in_use
from safe_langsmith._sdk.calls.base import InterceptedCall
from safe_langsmith._sdk.compat import can_name_workspace, is_async, replicas_take_auth, tracing_is_on, values_of
from safe_langsmith._sdk.http import ForbiddenResponse
from safe_langsmith._sdk.identity import takes_proxies_of_environment

_REPLICA = Origin("replica")
_CALL = Origin("call")
_HEADERS = Origin("argument", "headers")


def collect_facts(
    call: InterceptedCall, forbidden: ForbiddenResponse, target: Target, state: ClientState, reads_files: bool = True
) -> Facts:
    """Return the facts of a refused call, or of a client that is checked before any call is refused.

    This reads the environment and, unless told otherwise, the `.env` file and the login profile.

    Args:
        call: The call.
        forbidden: The response to it.
        target: The endpoint and key of the call.
        state: The state of the client.
        reads_files: Whether it may read files, for which an event loop would have to wait.
    """
    configuration = _configuration(call, forbidden, target, state, reads_files)
    facts = TargetFacts(
        endpoint=shown("endpoint", target.endpoint) or "",
        credential=forbidden.credential,
        workspace_id=target.workspace_id,
        workspace_origin=configuration["workspace_id"].origin,
        inherited_workspace=target.inherited_workspace,
        primary=target.primary,
        replicas_take_auth=replicas_take_auth(),
        bypasses=bypasses_in_use(call.client, look_closely=call.error is None),
        interface=call.interface or ("async" if is_async(call.client) else "python"),
        names_workspaces=can_name_workspace(call.client),
        # A client of the SDK's own has no state, and finds nothing.
        resolves_workspace=hasattr(call.client, "_state") and state.resolve_workspace is True,
        is_installed=state.is_installed,
    )
    request = _request(forbidden, target) if call.error is not None else None
    successes = state.successes(call.client) if target.primary else None
    needs: tuple[Need, ...] = ()
    earlier: tuple[EarlierRefusal, ...] = ()
    if request is None:
        needs = call.needs if call.needs is not None else _needed_by_default(configuration)
        earlier = _earlier(call, target, state)
    return Facts(facts, configuration, request, successes, call.regions, needs, earlier)


def _needed_by_default(configuration: Configuration) -> tuple[Need, ...]:
    """Return what tracing needs, if it is on and the client's own endpoint and key are the ones that it uses."""
    return needs_of(TRACING) if tracing_is_on() and not configuration.related_variables.replicas else ()


def _earlier(call: InterceptedCall, target: Target, state: ClientState) -> tuple[EarlierRefusal, ...]:
    """Return the requests that were refused before, and of which no later success is known."""
    named = None if call.needs is None else {need.permission for need in call.needs}
    found = []
    for request, age in target.key_state.refusals(target.workspace_id):
        needed = request.body.permission or getattr(requirement(request.method, request.path), "permission", None)
        since = state.wrote_at is not None and time.monotonic() - state.wrote_at < age
        if (named is None or needed in named) and not (since and sends_runs(request.path, request.method)):
            found.append(EarlierRefusal(request, int(age) // 60))
    return tuple(found)


def _request(forbidden: ForbiddenResponse, target: Target) -> ForbiddenRequest:
    url = bare_url(forbidden.url)
    return ForbiddenRequest(
        method=forbidden.method or "",
        path=url.removeprefix(bare_url(target.base)),
        url=url,
        request_id=forbidden.request_id,
        body=forbidden.body,
        redirected_to=forbidden.redirected_to,
    )


def _configuration(
    call: InterceptedCall, forbidden: ForbiddenResponse, target: Target, state: ClientState, reads_files: bool
) -> Configuration:
    in_use = {
        "endpoint": target.configured_endpoint,
        "api_key": forbidden.api_key,
        "workspace_id": target.workspace_id,
    }
    of_another_key = _REPLICA if sends_runs(forbidden.url, forbidden.method or "") else _CALL
    of_client = values_of(call.client)
    differing = [] if target.primary else [name for name, value in in_use.items() if value != of_client[name]]
    origins = dict.fromkeys(differing, of_another_key)
    if target.workspace_origin is not None:
        origins["workspace_id"] = target.workspace_origin
    found = state.configuration(in_use, origins, reads_files)
    if not takes_proxies_of_environment(call.sender, target.endpoint):
        found = replace(found, related_variables=replace(found.related_variables, proxies=()))
    key = found["api_key"]
    if forbidden.credential.kind != "missing":
        if key.origin.kind in ("default", "assignment") and state.has_own_credential:
            key = key._replace(origin=_HEADERS)
        if forbidden.api_key is None:
            key = key._replace(value=forbidden.credential.masked)
    found = found.with_settings({"api_key": key})
    if target.primary:
        return found
    workspace = found["workspace_id"]
    if of_another_key == _REPLICA and workspace.origin.kind == "header":
        found = found.with_settings({"workspace_id": workspace._replace(origin=_REPLICA)})
    # The environment configures the client, not its replicas.
    found = found.with_settings({name: found[name]._replace(others=()) for name in in_use})
    return replace(found, drift=(), warnings=(), misread=(), read_errors=(), profile=None, files_unread=False)
