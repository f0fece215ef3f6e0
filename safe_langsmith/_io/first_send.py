"""What a call has to say from the start, once this library has chosen a workspace.

Each endpoint and key is a case of its own. So what cured a replica's refusal is named in its next requests at once, and
what was chosen for the client's own key is kept off the requests for other keys, onto which the SDK would put it.
"""

from __future__ import annotations

from typing import Any

from .owner import API_KEY, key_of, sdk_copies_workspace, without_tenant, workspace_of
from .refusals import fingerprint, plain_headers
from .second_send import caller_headers

_NONE: dict[str, Any] = {}


def with_chosen_workspace(client: Any, pathname: str, call: dict[str, Any]) -> dict[str, Any]:
    """Returns the keyword arguments of `request_with_retries` as they should be sent.

    Args:
        client: The client, which has chosen a workspace for itself or for a replica.
        pathname: The path or URL that is asked for.
        call: The keyword arguments as the SDK made them.
    """
    try:
        own_key = client.api_key
        below_own = not pathname.startswith("http") or pathname.startswith(f"{client.api_url}/")
        # Nearly every call ends here, so nothing else is computed before.
        if below_own and "request_kwargs" not in call and call.get("headers", _NONE).get(API_KEY, own_key) == own_key:
            return call
        given = caller_headers(call)
        if below_own and given.get(API_KEY, own_key) == own_key:
            return call
        sent = {**plain_headers(client._headers), **plain_headers(given)}
        identity, safeguard = fingerprint(sent), client._safeguard
        named = plain_headers(given).get("x-tenant-id")
        if named and not (named == safeguard.chosen_workspace and sdk_copies_workspace()):
            return call
        known = (
            workspace
            for (endpoint, key), workspace in tuple(safeguard.chosen_elsewhere.items())
            if key == identity and pathname.startswith(f"{endpoint}/")
        )
        chosen = next(known, None)
        if chosen is None and workspace_of(client) != safeguard.chosen_workspace:
            return call
        # requests sends no header whose value is None.
        return {**call, "headers": {**without_tenant(call.get("headers") or {}), "X-Tenant-Id": chosen}}
    except Exception:  # Whatever fails in here, the request goes as the SDK sends it.
        return call


def apart_from_chosen_workspace(client: Any, call: dict[str, Any]) -> dict[str, Any]:
    """Returns the keyword arguments of `_arequest_with_retries` as they should be sent.

    Args:
        client: The asynchronous client, which has chosen a workspace for itself.
        call: The keyword arguments as the SDK made them.
    """
    try:
        given = plain_headers(call.get("headers") or {})
        if given.get(API_KEY) in (None, key_of(client)) or "x-tenant-id" in given or "auth" in call:
            return call
        # httpx adds the client's headers to those of a call, whatever their value; what authenticates comes after that.
        return {**call, "auth": _drop_tenant}
    except Exception:  # Whatever fails in here, the request goes as the SDK sends it.
        return call


def _drop_tenant(request: Any) -> Any:
    request.headers.pop("X-Tenant-Id", None)
    return request
