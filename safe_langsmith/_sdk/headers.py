"""The workspace header of a first send, once this library has chosen a workspace.

A workspace is chosen for one endpoint and key. Requests of a replica that a workspace was found for name it from then
on. The one that was chosen for the client's own key is removed from requests for other keys, to which the SDK adds it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from safe_langsmith._core.endpoints import TENANT_HEADER, sends_runs
from safe_langsmith._log import boundary
from safe_langsmith._sdk.compat import (
    endpoint_of,
    headers_of,
    httpx_client_of,
    sdk_copies_workspace,
    workspace_of,
    write_endpoints_of,
)
from safe_langsmith._sdk.http import (
    CREDENTIAL_HEADERS,
    TENANT,
    fingerprint,
    has_tenant,
    netloc_of,
    normalize_url,
    plain_headers,
    with_tenant,
    without_tenant,
)
from safe_langsmith._sdk.replay import caller_headers

_NONE: dict[str, Any] = {}
_OF_EVERY_CALL = frozenset({"Accept", "Content-Type"})


def arguments_of_requests(client: Any, pathname: str, call: dict[str, Any]) -> dict[str, Any]:
    """Return the keyword arguments of `request_with_retries` with the workspace header that belongs there.

    Args:
        client: The client. This library has chosen a workspace for it or for one of its replicas.
        pathname: The path or URL of the call.
        call: The keyword arguments as the SDK made them.
    """
    # Nearly every call ends here, so nothing else is computed before.
    if pathname[:4] != "http" and "request_kwargs" not in call and call.get("headers", _NONE).keys() <= _OF_EVERY_CALL:
        return call
    with boundary():
        given, state = caller_headers(call), client._state
        if not is_for_another(client, pathname, given):
            return call
        named = plain_headers(given).get(TENANT)
        if named and not (named == state.auto_workspace and sdk_copies_workspace()):
            return call
        chosen = _chosen_for(client, pathname, given)
        if chosen is None and workspace_of(client) != state.auto_workspace:
            return call
        # requests sends no header whose value is None.
        return {**call, "headers": {**without_tenant(call.get("headers") or {}), TENANT_HEADER: chosen}}
    return call


def arguments_of_async(client: Any, endpoint: str, call: dict[str, Any]) -> dict[str, Any]:
    """Return the keyword arguments of `_arequest_with_retries` with the workspace header that belongs there.

    Args:
        client: The async client. This library has chosen a workspace for it.
        endpoint: The path or URL of the call.
        call: The keyword arguments as the SDK made them.
    """
    with boundary():
        given, httpx_client = call.get("headers") or {}, httpx_client_of(client)
        # httpx adds the client's headers to those of a call, and no value prevents it. Authentication runs after that,
        # so it can remove the header. If the user's own authentication runs there, it has to stay.
        authenticated = "auth" in call or httpx_client.auth is not None or "@" in endpoint
        authenticated = authenticated or httpx_client.base_url.userinfo
        if not authenticated and not has_tenant(given) and is_for_another(client, endpoint, given):
            return {**call, "auth": _remove_tenant}
    return call


def apply_to_options(api: Any, options: Any) -> None:
    """Put the workspace header that belongs there into the options of a generated client's request.

    Args:
        api: The intercepted generated client.
        options: The options, which are changed.
    """
    with boundary():
        client = api._safe_client()
        if not client._state.auto_workspace:
            return
        given = options.headers if isinstance(options.headers, Mapping) else {}
        named = plain_headers(given).get(TENANT) or api._named_workspace
        if named is not None:
            options.headers = with_tenant(given, named)
        elif api._is_for_another or is_for_another(client, options.url, given):
            types = sys.modules[type(options).__module__.removesuffix("._models") + "._types"]
            options.headers = {**without_tenant(given), TENANT_HEADER: types.Omit()}


def is_for_another(client: Any, url: str, given: Mapping[str, Any]) -> bool:
    """Return whether a call is not for the client's own endpoint and credential.

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
    own_headers, brought = plain_headers(headers_of(client)), plain_headers(given)
    return any(name in brought and brought[name] != own_headers.get(name) for name in CREDENTIAL_HEADERS)


def _is_below(url: str, base: str) -> bool:
    return url.startswith(f"{base}/") or normalize_url(url).startswith(f"{normalize_url(base).rstrip('/')}/")


def _chosen_for(client: Any, pathname: str, given: Mapping[str, Any]) -> str | None:
    identity = fingerprint({**plain_headers(headers_of(client)), **plain_headers(given)})
    url = normalize_url(pathname if pathname.startswith("http") else f"{endpoint_of(client)}/")
    found = (
        workspace_id
        for (endpoint, credential), workspace_id in tuple(client._state.auto_workspaces.items())
        if credential == identity and url.startswith(f"{endpoint}/")
    )
    return next(found, None)


def _remove_tenant(request: Any) -> Any:
    request.headers.pop(TENANT_HEADER, None)
    return request
