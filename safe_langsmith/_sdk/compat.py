"""What both of the SDK's clients, `Client` and `AsyncClient`, say about themselves, whatever the version."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from typing import Any

from safe_langsmith._core.redaction import HIDDEN
from safe_langsmith._core.settings import shown
from safe_langsmith._sdk.http import CREDENTIAL_HEADERS, plain_headers

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
    return workspace_of(client) in (None, client._state.chosen_workspace)


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


# `httpx` and `httpx2` name theirs alike, and so do the generated clients of all versions.
_HTTP_ERRORS = frozenset({"HTTPStatusError", "APIStatusError"})


def is_http_error(error: BaseException | None) -> bool:
    """Whether an exception is one that an HTTP library, or a generated client, raises for an answer."""
    raised: Any = type(error)
    return bool(_is_http_error(raised))


@lru_cache(maxsize=100)
def _is_http_error(raised: type) -> bool:
    import requests

    return issubclass(raised, requests.HTTPError) or any(kind.__name__ in _HTTP_ERRORS for kind in raised.__mro__)


def response_of(error: BaseException | None) -> Any:
    """Returns the response that an exception of the SDK was raised for, or `None`.

    Only the exception itself and its direct cause and context are looked at: further down there may be an unrelated
    refusal that the user's code was just handling.
    """
    if error is None:
        return None
    for candidate in (error, error.__context__, error.__cause__):
        if candidate is not None and is_http_error(candidate):
            response = getattr(candidate, "response", None)
            if response is not None:
                return response
            # Older SDKs raise an HTTPError of their own without a response, and the one of requests behind it has it.
            return getattr(candidate.__cause__, "response", None)
    return None


def status_of(error: BaseException | None) -> int | None:
    """Returns the HTTP status that an exception of the SDK was raised for, or `None`."""
    return getattr(response_of(error), "status_code", None)


def drop_frames(error: BaseException | None, answered: Any) -> None:
    """Drops the frames of the SDK's exceptions for one answer: they hold headers with the key, and the whole body.

    Args:
        error: What the SDK raised.
        answered: What `response_of` returns of it.
    """
    while error is not None:
        error.__traceback__ = None
        behind = error.__cause__ or error.__context__
        known = is_http_error(behind) and getattr(behind, "response", None) in (None, answered)
        error = behind if known else None


_NAMESPACES = ("LANGSMITH", "LANGCHAIN")


def cached_variables() -> dict[str, str | None]:
    """Returns what the SDK's lookups of the environment have cached, by name without the namespace.

    Calling `get_env_var` would cache what it finds, so the cache is read from outside. A name that the SDK looked up
    with several defaults has the result that is none of them, if there is one. What `get_tracer_project` holds is
    under `"TRACER_PROJECT"`. Keys are among the values: do not show them.

    Returns:
        The results, or nothing where the SDK is not loaded or caches in another way.
    """
    utils = sys.modules.get("langsmith.utils")
    try:
        found: dict[str, str | None] = {}
        defaulted: dict[str, str | None] = {}
        for call, result in _calls(getattr(utils, "get_env_var", None)):
            asked = _asked(call)
            if asked and (result is None or isinstance(result, str)):
                name, default = asked
                (defaulted if result == default else found)[name] = result
        for _, project in _calls(getattr(utils, "get_tracer_project", None)):
            if project is None or isinstance(project, str):
                found["TRACER_PROJECT"] = project
        return {**defaulted, **found}
    except Exception:  # The layout of a cache is CPython's own: whatever it has become, this is only one more source.
        return {}


def _calls(function: object) -> Iterator[tuple[object, object]]:
    """The calls that an `lru_cache` holds, oldest first: the key of each, and its result.

    CPython names a cache's referents in one step and in this order: the cache's type, then for each call the key, the
    result and the type of the element that holds them, and then all else.
    """
    import gc

    if type(function).__qualname__ != "_lru_cache_wrapper":
        return
    referents = gc.get_referents(function)
    for key, result, element in zip(referents[1::3], referents[2::3], referents[3::3], strict=False):
        if not isinstance(element, type) or element.__name__ != "_lru_list_elem":
            return
        yield key, result


def _asked(call: object) -> tuple[str, str | None] | None:
    """The name and the default that a call of `get_env_var` gave, or `None` for one that looks in other namespaces."""
    parts = call if isinstance(call, tuple) else (call,)
    # A bare object() divides the positional arguments from the pairs of the others.
    mark = next((index for index, part in enumerate(parts) if type(part) is object), len(parts))
    given = dict(zip(("name", "default"), parts[:mark], strict=False))
    given.update(zip(parts[mark + 1 :: 2], parts[mark + 2 :: 2], strict=True))
    name, default = given.get("name"), given.get("default")
    if not isinstance(name, str) or not (default is None or isinstance(default, str)):
        return None
    return (name, default) if given.get("namespaces", _NAMESPACES) == _NAMESPACES else None
