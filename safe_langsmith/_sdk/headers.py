"""The workspace header of a first send, once this library has chosen a workspace.

A workspace is chosen for one endpoint and one identity: the key and whatever else tells one caller from another. The
client names the workspace that was chosen for its own. It is removed from requests of others, to which the SDK adds it,
and dropped when the client's own identity changes. Requests of a replica, or of a call whose headers bring an identity
of its own, name the workspace that was found for it, if `request_with_retries` sends them.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from safe_langsmith._core.endpoints import TENANT_HEADER, sends_runs
from safe_langsmith._log import boundary
from safe_langsmith._sdk.compat import (
    custom_headers_of,
    endpoint_of,
    headers_of,
    httpx_client_of,
    is_async,
    sdk_copies_workspace,
    workspace_of,
    write_endpoints_of,
)
from safe_langsmith._sdk.http import (
    CREDENTIAL_HEADERS,
    TENANT,
    fingerprint,
    has_tenant,
    identity_headers,
    netloc_of,
    normalize_url,
    plain_headers,
    with_tenant,
    without_tenant,
)
from safe_langsmith._sdk.identity import (
    adds_identity,
    identity_of,
    own_headers,
    runs_code_of_user,
    sender_of,
    session_identity,
    settings_hash,
)
from safe_langsmith._sdk.replay import Overlay, caller_headers, copy_of

_NONE: dict[str, Any] = {}
_OF_EVERY_CALL = frozenset({"Accept", "Content-Type"})
_IDENTIFYING = frozenset({"auth", "cert", "cookies", "proxies"})
"""Arguments of the HTTP libraries that give one call an identity of its own."""


def arguments_of_requests(client: Any, pathname: str, call: dict[str, Any]) -> dict[str, Any]:
    """Return the keyword arguments of `request_with_retries` with the workspace header that belongs there.

    Args:
        client: The client. This library has chosen a workspace for it or for one of its replicas.
        pathname: The path or URL of the call.
        call: The keyword arguments as the SDK made them.
    """
    with boundary():
        state = client._state
        dropped = drop_if_identity_changed(client)
        # Nearly every call ends here, so nothing else is computed before.
        of_client = pathname[:4] != "http" and "request_kwargs" not in call and call.keys().isdisjoint(_IDENTIFYING)
        if of_client and call.get("headers", _NONE).keys() <= _OF_EVERY_CALL:
            return call
        given = caller_headers(call)
        named = plain_headers(given).get(TENANT)
        is_ours = named is not None and named in (dropped, state.auto_workspace) and _is_copied(given)
        # A header that the user gave to the client or the session is meant for every request.
        of_user = has_tenant(custom_headers_of(client)) or has_tenant(sender_of(client).headers)
        # So is a workspace that the user named for the client, but on calls with another key.
        named_by_user = workspace_of(client) not in (None, state.auto_workspace)
        if (named and not is_ours) or of_user or (named_by_user and not _brings_credential(client, given)):
            return call
        identifies = not _IDENTIFYING.isdisjoint({*call, *(call.get("request_kwargs") or _NONE)})
        if not (identifies or is_for_another(client, pathname, given)):
            return _naming(call, None) if dropped is not None and named == dropped else call
        chosen = None if identifies else _chosen_for(client, pathname, given)
        if chosen is None and workspace_of(client) != state.auto_workspace:
            return call
        return _naming(call, chosen)
    return call


def client_for(client: Any, endpoint: str, call: Mapping[str, Any]) -> Any:
    """Return the async client that sends a call: itself, or an overlay that names no workspace.

    Args:
        client: The async client. This library has chosen a workspace for it.
        endpoint: The path or URL of the call.
        call: The keyword arguments of `_arequest_with_retries`.
    """
    with boundary():
        drop_if_identity_changed(client)
        given = call.get("headers") or {}
        if client._state.auto_workspace is None or has_tenant(given):
            return client
        if not _IDENTIFYING.isdisjoint(call) or is_for_another(client, endpoint, given):
            # httpx adds the client's headers to those of a call, and no value prevents it.
            httpx_client = copy_of(httpx_client_of(client))
            httpx_client.headers = without_tenant(httpx_client.headers)
            return Overlay(client, _client=httpx_client)
    return client


def apply_to_options(api: Any, options: Any) -> Any:
    """Put the workspace header that belongs there into the options of a generated client's request.

    Args:
        api: The intercepted generated client.
        options: The options, which are changed.

    Returns:
        The headers of the safe client now, or `None` if they cannot be known.
    """
    with boundary():
        client = api._safe_client()
        _name_in_options(api, client, options)
        return headers_of(client)
    return None


def _name_in_options(api: Any, client: Any, options: Any) -> None:
    drop_if_identity_changed(client)
    if not client._state.auto_workspace:
        return
    given = options.headers if isinstance(options.headers, Mapping) else {}
    named = plain_headers(given).get(TENANT) or api._named_workspace
    if named is not None:
        options.headers = with_tenant(given, named)
    elif api._is_for_another or _has_own_identity(api, client) or is_for_another(client, options.url, given):
        types = sys.modules[type(options).__module__.removesuffix("._models") + "._types"]
        options.headers = {**without_tenant(given), TENANT_HEADER: types.Omit()}


def _brings_credential(client: Any, given: Mapping[str, Any]) -> bool:
    own, brought = own_headers(client), plain_headers(given)
    return any(brought.get(name) not in (None, own.get(name)) for name in CREDENTIAL_HEADERS)


def is_for_another(client: Any, url: str, given: Mapping[str, Any]) -> bool:
    """Return whether a call is not for the client's own endpoint and identity.

    Args:
        client: The SDK's client.
        url: The path or URL of the call.
        given: The headers that the call itself sets.
    """
    if url.startswith("http") and not _is_below(url, endpoint_of(client)):
        # Another path of the same host may belong to the same API; one of a write endpoint, or of a replica, does not.
        same_host = netloc_of(url) == netloc_of(endpoint_of(client))
        if not same_host or sends_runs(url) or any(_is_below(url, base) for base in write_endpoints_of(client)):
            return True
    own, brought = own_headers(client), identity_headers(plain_headers(given))
    return any(value != own.get(name) for name, value in brought.items())


def drop_if_identity_changed(client: Any) -> str | None:
    """Drop the client's workspace if it was chosen for another identity than the client has now, and return it.

    Args:
        client: The client.
    """
    state = client._state
    chosen: str | None = state.auto_workspace
    if chosen is None:
        return None
    with boundary():
        settings = settings_hash(client)
        if state.auto_settings == settings:
            return None
        # A header of the session names a workspace for the user, and the client's own would override it.
        is_named = not is_async(client) and has_tenant(sender_of(client).headers)
        if state.auto_identity == identity_of(client) and not is_named:
            state.auto_settings = settings
            return None
    # Also if it cannot be computed.
    state.drop_auto_workspace(client)
    return chosen


def _naming(call: dict[str, Any], workspace_id: str | None) -> dict[str, Any]:
    # requests sends no header whose value is None.
    nested = call.get("request_kwargs")
    if nested and has_tenant(nested.get("headers") or _NONE):
        call = {**call, "request_kwargs": {**nested, "headers": without_tenant(nested["headers"])}}
    return {**call, "headers": {**without_tenant(call.get("headers") or _NONE), TENANT_HEADER: workspace_id}}


def _is_copied(given: Mapping[str, Any]) -> bool:
    """Return whether a call's headers are a copy of the client's, as many of the SDK's methods pass them."""
    return sdk_copies_workspace() or any(name.lower() == "user-agent" for name in given)


def _has_own_identity(api: Any, client: Any) -> bool:
    """Return whether a generated client's requests have another identity: it has a session of its own."""
    if adds_identity(sender_of(client)) or not _has_own_sender(api, client):
        return True
    of_api = {**plain_headers(api._client.headers), **plain_headers(headers_of(client))}
    return identity_headers(of_api) != own_headers(client)


def _has_own_sender(api: Any, client: Any) -> bool:
    """Return whether a generated client sends as the client's own ones do, and not through what a copy was given."""
    own: list[Any] = [getattr(client, name, None) for name in ("_langsmith_api", "_langsmith_api_sync")]
    made = [each for each in own if type(each) is type(api)]
    return not made or any(api._client is each._client and api.default_query == each.default_query for each in made)


def _is_below(url: str, base: str) -> bool:
    return url.startswith(f"{base}/") or normalize_url(url).startswith(f"{normalize_url(base).rstrip('/')}/")


def _chosen_for(client: Any, pathname: str, given: Mapping[str, Any]) -> str | None:
    if adds_identity(sender_of(client)) or runs_code_of_user(sender_of(client)):
        # They add a credential when the request is sent, so nobody knows yet for whom it will be.
        return None
    identity = fingerprint(
        {**own_headers(client), **plain_headers(given)}, of_session=session_identity(sender_of(client))
    )
    url = normalize_url(pathname if pathname.startswith("http") else f"{endpoint_of(client)}/")
    found = (
        workspace_id
        for (endpoint, credential), workspace_id in tuple(client._state.auto_workspaces.items())
        if credential == identity and url.startswith(f"{endpoint}/")
    )
    return next(found, None)
