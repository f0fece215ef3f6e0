"""What a call has to say from the start, once this library has chosen a workspace.

Each endpoint and key is a case of its own. So what cured a replica's refusal is named in its next requests at once, and
what was chosen for the client's own key is kept off the requests for others, onto which the SDK would put it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from safe_langsmith._sdk.compat import endpoint_of, headers_of, sdk_copies_workspace, without_tenant, workspace_of
from safe_langsmith._sdk.http import CREDENTIAL_HEADERS, fingerprint, netloc_of, normalize_url, plain_headers
from safe_langsmith._sdk.replay import caller_headers

_NONE: dict[str, Any] = {}
_RUNS = re.compile(r"/runs(?:/batch|/multipart|/[0-9a-f-]{36})?$")
_HARMLESS = frozenset({"Accept", "Content-Type"})


def with_chosen_workspace(client: Any, pathname: str, call: dict[str, Any]) -> dict[str, Any]:
    """Returns the keyword arguments of `request_with_retries` as they should be sent.

    Args:
        client: The client, which has chosen a workspace for itself or for a replica.
        pathname: The path or URL that is asked for.
        call: The keyword arguments as the SDK made them.
    """
    try:
        # Nearly every call ends here, so nothing else is computed before.
        if pathname[:4] != "http" and "request_kwargs" not in call and call.get("headers", _NONE).keys() <= _HARMLESS:
            return call
        given, safeguard = caller_headers(call), client._state
        if not is_for_another(client, pathname, given):
            return call
        named = plain_headers(given).get("x-tenant-id")
        if named and not (named == safeguard.chosen_workspace and sdk_copies_workspace()):
            return call
        chosen = _chosen_elsewhere(client, pathname, given)
        if chosen is None and workspace_of(client) != safeguard.chosen_workspace:
            return call
        # requests sends no header whose value is None.
        return {**call, "headers": {**without_tenant(call.get("headers") or {}), "X-Tenant-Id": chosen}}
    except Exception:  # Whatever fails in here, the request goes as the SDK sends it.
        return call


def apart_from_chosen_workspace(client: Any, endpoint: str, call: dict[str, Any]) -> dict[str, Any]:
    """Returns the keyword arguments of `_arequest_with_retries` as they should be sent.

    Args:
        client: The asynchronous client, which has chosen a workspace for itself.
        endpoint: The path or URL that is asked for.
        call: The keyword arguments as the SDK made them.
    """
    try:
        given = call.get("headers") or {}
        # httpx adds the client's headers to those of a call, whatever their value; what authenticates comes after
        # that. Where something does so already, it has to stay.
        authenticated = "auth" in call or client._client.auth is not None or "@" in endpoint
        authenticated = authenticated or client._client.base_url.userinfo
        if authenticated or "x-tenant-id" in plain_headers(given) or not is_for_another(client, endpoint, given):
            return call
        return {**call, "auth": _drop_tenant}
    except Exception:  # Whatever fails in here, the request goes as the SDK sends it.
        return call


def is_for_another(client: Any, url: str, given: Mapping[str, Any]) -> bool:
    """Whether a call is not for the client's own endpoint and credential.

    Args:
        client: The SDK's client.
        url: The path or URL that is asked for.
        given: The headers that the call itself sets.
    """
    if url.startswith("http") and not _is_below(url, endpoint_of(client)):
        others = (str(base) for base in getattr(client, "_write_api_urls", None) or ())
        # Another path of the same host may be one of the same API; of a write endpoint, or a replica, it is not.
        same_host = netloc_of(url) == netloc_of(endpoint_of(client))
        if not same_host or _RUNS.search(url) or any(_is_below(url, base) for base in others):
            return True
    own_headers, brought = plain_headers(headers_of(client)), plain_headers(given)
    return any(name in brought and brought[name] != own_headers.get(name) for name in CREDENTIAL_HEADERS)


def _is_below(url: str, base: str) -> bool:
    return url.startswith(f"{base}/") or normalize_url(url).startswith(f"{normalize_url(base).rstrip('/')}/")


def _chosen_elsewhere(client: Any, pathname: str, given: Mapping[str, Any]) -> str | None:
    identity = fingerprint({**plain_headers(headers_of(client)), **plain_headers(given)})
    url = normalize_url(pathname if pathname.startswith("http") else f"{endpoint_of(client)}/")
    found = (
        workspace_id
        for (endpoint, credential), workspace_id in tuple(client._state.chosen_elsewhere.items())
        if credential == identity and url.startswith(f"{endpoint}/")
    )
    return next(found, None)


def _drop_tenant(request: Any) -> Any:
    request.headers.pop("X-Tenant-Id", None)
    return request
