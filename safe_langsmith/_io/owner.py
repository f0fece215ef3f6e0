"""What both of the SDK's clients, `Client` and `AsyncClient`, say about themselves, whatever the version."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import cache
from typing import Any

from safe_langsmith._core.clean import HIDDEN
from safe_langsmith._core.variables import shown

from .refusals import CREDENTIAL_HEADERS, plain_headers

API_KEY = "x-api-key"


def endpoint_of(client: Any) -> str:
    """Returns the base URL of the API."""
    return str(getattr(client, "api_url", None) or client._api_url).rstrip("/")


def headers_of(client: Any) -> Mapping[str, Any]:
    """Returns the headers that the client sends. They hold the key."""
    own = getattr(client, "_headers", None)
    # The oldest async clients keep them in their httpx client only.
    headers: Mapping[str, Any] = own if own is not None else client._client.headers
    return headers


def shown_client(said: str, client: Any) -> str:
    """Returns what a client says of itself, without a password in its endpoint, or a key in its place.

    Args:
        said: What the SDK's client says.
        client: The client.
    """
    try:
        endpoint = endpoint_of(client)
    except AttributeError:  # Private in async clients.
        return said
    return said.replace(endpoint, shown("endpoint", endpoint) or HIDDEN) if endpoint else said


def key_of(client: Any) -> str | None:
    """Returns the API key that the client sends."""
    return plain_headers(headers_of(client)).get(API_KEY) or None


def values_of(client: Any) -> dict[str, str | None]:
    """Returns the endpoint, the API key and the workspace that the client was made with."""
    # Asked for before the headers, which every request needs but the constructor need not look through.
    key = client.api_key if hasattr(type(client), "api_key") else key_of(client)
    return {"endpoint": endpoint_of(client), "api_key": key, "workspace_id": workspace_of(client)}


def is_own_credential(client: Any, sent: Mapping[str, str], caller_headers: Mapping[str, Any]) -> bool:
    """Whether a request goes for the client's own credential, and not for another that a call or a copy brings.

    Args:
        client: The SDK's client.
        sent: The headers of the request, by lower-case name.
        caller_headers: The headers that the call itself sets.
    """
    own = plain_headers(headers_of(client))
    # What a session adds, such as a gateway's password, is added to all requests and tells nothing.
    told = {*own, *plain_headers(caller_headers)} & set(CREDENTIAL_HEADERS)
    return all((sent.get(name) or None) == (own.get(name) or None) for name in told)


def workspace_of(client: Any) -> str | None:
    """Returns the workspace that the client names."""
    return getattr(client, "workspace_id", None) or None


def is_async(client: Any) -> bool:
    """Whether it is an `AsyncClient`: those have no session of `requests`."""
    return not hasattr(client, "session")


def can_name_a_workspace(client: Any) -> bool:
    """Whether the client has a workspace to set; async clients do from langsmith 0.9.8 on."""
    return hasattr(type(client), "workspace_id")


def is_unnamed(client: Any) -> bool:
    """Whether the user has named no workspace for the client; one that was chosen for them may be chosen again."""
    return workspace_of(client) in (None, client._safeguard.chosen_workspace)


@cache
def sdk_copies_workspace() -> bool:
    """Whether the SDK copies the client's workspace into the headers that a call sets for another key.

    Before langsmith 0.14.16 it does, and such a header cannot be told from a wish; later ones add it while sending.
    """
    import langsmith.client

    try:
        copied = langsmith.client._apply_auth_overrides(
            {"X-Tenant-Id": "copied"},
            api_key="another",
            service_key=None,
            tenant_id=None,
            authorization=None,
            cookie=None,
            fallback_api_key=None,
        )
    except (AttributeError, TypeError):
        return True
    return has_tenant(copied)


def replicas_take_auth() -> bool:
    """Whether the SDK's replicas have an `auth`, in which they name a workspace; older ones have a key and no more."""
    # Not imported: in a forked process that may wait for ever. And without it, nothing has been sent to a replica.
    run_trees = sys.modules.get("langsmith.run_trees")
    return run_trees is None or hasattr(run_trees, "AuthHeaders")


def has_tenant(headers: Mapping[str, Any]) -> bool:
    """Whether headers name a workspace, in whichever case."""
    return any(str(name).lower() == "x-tenant-id" for name in headers)


def without_tenant(headers: Mapping[str, Any]) -> dict[str, Any]:
    """Returns headers that name no workspace, in whichever case."""
    return {name: value for name, value in headers.items() if str(name).lower() != "x-tenant-id"}


def name_workspace(api: Any, workspace_id: str | None) -> None:
    """Makes a generated client name a workspace.

    Args:
        api: The generated client. From langsmith 0.14.12 on it asks the client that it belongs to, and nothing is done.
        workspace_id: The workspace, or `None` to name none.
    """
    if hasattr(api, "tenant_id") and not hasattr(api, "_header_provider"):
        api.tenant_id = workspace_id
        # One in here would win, also over what a copy is made for.
        custom = getattr(api, "_custom_headers", {})
        if has_tenant(custom):
            api._custom_headers = without_tenant(custom)
