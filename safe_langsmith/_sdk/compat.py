"""Access to the SDK's private attributes, for every supported version."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import sys
import threading
from collections.abc import Mapping
from functools import cache, lru_cache
from types import FrameType
from typing import TYPE_CHECKING, Any, Protocol

from safe_langsmith._core.endpoints import TENANT_HEADER
from safe_langsmith._core.redaction import HIDDEN
from safe_langsmith._core.variables import shown
from safe_langsmith._sdk.http import API_KEY, CREDENTIAL_HEADERS, has_tenant, plain_headers, without_tenant

if TYPE_CHECKING:
    from safe_langsmith._recovery.state import ClientState


def is_creating_feedback() -> bool:
    """Return whether the SDK's `create_feedback` runs on this thread. It logs an exception before it raises it."""
    client = sys.modules.get("langsmith.client")
    code = getattr(getattr(getattr(client, "Client", None), "create_feedback", None), "__code__", None)
    frame: FrameType | None = inspect.currentframe()
    while frame is not None and frame.f_code is not code:
        frame = frame.f_back
    return frame is not None


class SupportsClient(Protocol):
    """The interface of `SafeClient` and `SafeAsyncClient` that this library's own code uses.

    Attributes:
        _state: This library's state of the client.
    """

    _state: ClientState


def endpoint_of(client: object) -> str:
    """Return the base URL of the API."""
    sdk: Any = client
    return str(getattr(sdk, "api_url", None) or sdk._api_url).rstrip("/")


def headers_of(client: object) -> Mapping[str, Any]:
    """Return the headers that the client sends. They hold the key."""
    sdk: Any = client
    own = getattr(sdk, "_headers", None)
    # The oldest async clients keep them in their httpx client only.
    headers: Mapping[str, Any] = own if own is not None else sdk._client.headers
    return headers


def session_of(client: object) -> Any:
    """Return the `requests` session of a sync client, or `None`: async clients have none."""
    return getattr(client, "session", None)


def is_async(client: object) -> bool:
    """Return whether the client is an `AsyncClient`."""
    return not hasattr(client, "session")


def httpx_client_of(client: object) -> Any:
    """Return the httpx client of an `AsyncClient`."""
    sdk: Any = client
    return sdk._client


def custom_headers_of(client: object) -> Mapping[str, Any]:
    """Return the headers that the user gave to the client."""
    return getattr(client, "_custom_headers", None) or {}


def write_endpoints_of(client: object) -> tuple[str, ...]:
    """Return the endpoints that the client sends runs to, as `api_urls` names them."""
    return tuple(str(url) for url in getattr(client, "_write_api_urls", None) or ())


def safe_repr(sdk_repr: str, client: object) -> str:
    """Return the SDK's `repr` for a safe client, without the password in the endpoint, or the key in its place.

    Args:
        sdk_repr: The `repr` of the SDK's client.
        client: The client.
    """
    # The SDK writes its own name for all subclasses.
    text = f"Safe{sdk_repr}" if sdk_repr.startswith(("Client ", "AsyncClient ")) else sdk_repr
    try:
        endpoint = endpoint_of(client)
    except AttributeError:  # Private in async clients.
        return text
    return text.replace(endpoint, shown("endpoint", endpoint) or HIDDEN) if endpoint else text


def key_of(client: object) -> str | None:
    """Return the API key of a client, or `None` if it has none, or a login in its place."""
    return values_of(client)["api_key"]


def values_of(client: object) -> dict[str, str | None]:
    """Return the endpoint, the API key and the workspace of a client."""
    sdk: Any = client
    # Every client pays for this when it is made, so its headers are searched only if it has no `api_key`.
    key = sdk.api_key if hasattr(type(sdk), "api_key") else plain_headers(headers_of(sdk)).get(API_KEY) or None
    return {"endpoint": endpoint_of(sdk), "api_key": key, "workspace_id": workspace_of(sdk)}


def uses_own_credential(client: object, sent: Mapping[str, str], caller_headers: Mapping[str, Any]) -> bool:
    """Return whether a request carries the client's own credential, and not another that a call or a copy brings.

    Args:
        client: The SDK's client.
        sent: The headers of the request, by lower-case name.
        caller_headers: The headers that the call itself sets.
    """
    return carries_credential_of(plain_headers(headers_of(client)), sent, caller_headers)


def carries_credential_of(own: Mapping[str, str], sent: Mapping[str, str], caller_headers: Mapping[str, Any]) -> bool:
    """Return whether a request carries the credential that is among some headers of a client.

    Args:
        own: The headers of the client, by lower-case name.
        sent: The headers of the request, by lower-case name.
        caller_headers: The headers that the call itself sets.
    """
    # The session adds its own headers, such as a gateway's password, to every request.
    relevant = {*own, *plain_headers(caller_headers)} & set(CREDENTIAL_HEADERS)
    if relevant - {"cookie"}:
        # Load balancers set cookies, too.
        relevant -= {"cookie"}
    return all((sent.get(name) or None) == (own.get(name) or None) for name in relevant)


def is_page(response: Any) -> bool:
    """Return whether a response is a web page, as a portal where one signs in answers in place of the API.

    Args:
        response: The response, or anything that stands in for one in a test.
    """
    # A mock counts each use of it.
    if not type(response).__module__.startswith(("requests.", "httpx")):
        return False
    return "html" in (response.headers.get("content-type") or "")


def has_another_key(own: Mapping[str, str], sent: Mapping[str, str], caller_headers: Mapping[str, Any]) -> bool:
    """Return whether a request has another key than a client, or a call's own headers another credential.

    Args:
        own: The headers of the client, by lower-case name.
        sent: The headers of the request, by lower-case name.
        caller_headers: The headers that the call itself sets.
    """
    names = ({*plain_headers(caller_headers)} & set(CREDENTIAL_HEADERS)) | {API_KEY}
    if own.get(API_KEY):
        # Load balancers set cookies, too.
        names -= {"cookie"}
    return any((sent.get(name) or None) != (own.get(name) or None) for name in names)


def workspace_of(client: object) -> str | None:
    """Return the workspace that the client names."""
    return getattr(client, "workspace_id", None) or None


def can_name_workspace(client: object) -> bool:
    """Return whether the client has a workspace to set; async clients do from langsmith 0.9.8 on."""
    return hasattr(type(client), "workspace_id")


def apply_workspace(client: object, workspace_id: str | None, keep_info: bool = False) -> None:
    """Set a client's workspace, and drop the values that the SDK cached without it.

    Args:
        client: The client. It may still be in its constructor, whose tracing thread sends the first request.
        workspace_id: The workspace, or `None` to name none.
        keep_info: Whether the user gave the client its `info`.
    """
    sdk: Any = client
    # The safe client's own attribute would take it for a workspace that the user names.
    sdk_class: Any = next(base for base in type(sdk).__mro__ if base.__module__.startswith("langsmith."))
    before = dict(headers_of(sdk))
    sdk_class.workspace_id.fset(sdk, workspace_id)
    if workspace_id is None and workspace_of(sdk) is not None:
        # An async client takes it from the environment then, which may have changed since the client was made.
        sdk_class.workspace_id.fset(sdk, "")
    # The SDK has computed them anew, without what the user has put among them.
    now: Any = httpx_client_of(sdk).headers if is_async(sdk) else sdk._headers
    now.update({name: value for name, value in without_tenant(before).items() if name not in now})
    for name in ("_langsmith_api", "_langsmith_api_sync"):
        name_workspace(getattr(sdk, name, None), workspace_id)
    if workspace_id is None:
        return
    info = getattr(sdk, "_info", None)
    # A refused GET /info leaves an empty one behind for the life of the client, which turns features off.
    if not keep_info and info is not None and info == type(info)():
        sdk._info = None
    sdk._settings = None
    if hasattr(type(sdk), "_tenant_id"):
        sdk._tenant_id = None
    cached = getattr(sdk, "_get_data_type_cached", None)
    if cached is not None:
        cached.cache_clear()


def name_workspace(api: object, workspace_id: str | None) -> None:
    """Make a generated client name a workspace.

    Args:
        api: The generated client. From langsmith 0.14.12 on it asks its client, and nothing needs to be done.
        workspace_id: The workspace, or `None` to name none.
    """
    generated: Any = api
    if hasattr(generated, "tenant_id") and not hasattr(generated, "_header_provider"):
        generated.tenant_id = workspace_id
        # A workspace among these headers would override the attribute, also on a copy that is made for another one.
        custom = getattr(generated, "_custom_headers", {})
        if has_tenant(custom):
            generated._custom_headers = without_tenant(custom)


@cache
def sdk_copies_workspace() -> bool:
    """Return whether the SDK copies the client's workspace into the headers that a call sets for another key.

    Before langsmith 0.14.16 it does, and nothing tells such a header from the user's. Later SDKs add it while sending.
    """
    import langsmith.client

    try:
        copied = langsmith.client._apply_auth_overrides(
            {TENANT_HEADER: "copied"},
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
    """Return whether the SDK's replicas have an `auth` that names a workspace; older ones have a key and no more."""
    # Not imported: in a forked process the import may never end. Without this module nothing was sent to a replica.
    run_trees = sys.modules.get("langsmith.run_trees")
    return run_trees is None or hasattr(run_trees, "AuthHeaders")


_CACHES = {
    "langsmith.utils": ("get_env_var", "get_tracer_project", "get_host_url"),
    "langsmith.run_trees": ("_parse_write_replicas_from_env_var",),
}


def clear_caches() -> None:
    """Clear the SDK's caches of environment variables."""
    for module, names in _CACHES.items():
        loaded = importlib.import_module(module)
        for name in names:
            clear = getattr(getattr(loaded, name, None), "cache_clear", None)
            if clear is not None:
                clear()


def tracing_is_on() -> bool:
    """Return whether the SDK sends what `@traceable` records: by the environment, or because the program says so."""
    import langsmith.utils

    is_enabled = getattr(langsmith.utils, "tracing_is_enabled", None)
    # It is "local" if nothing is sent.
    return is_enabled is not None and is_enabled() is True


def is_refreshing_prompts() -> bool:
    """Return whether the SDK's cache of prompts makes the call, in a thread or task of its own, to refresh itself."""
    try:
        task = asyncio.current_task()
    except RuntimeError:  # No event loop is running.
        task = None
    names = (threading.current_thread().name, task.get_name() if task else "")
    return "PromptCache-refresh" in names or "AsyncPromptCache-refresh" in names


def refresh_login(client: object) -> Any:
    """Have the SDK renew a profile's expired login; for an async client, return the awaitable that does it."""
    refresh = getattr(client, "_ensure_profile_auth", None)
    return refresh() if refresh is not None else None


# httpx and httpx2 name theirs alike, and so do the generated clients of all versions.
_HTTP_ERRORS = frozenset({"HTTPStatusError", "APIStatusError"})


def is_http_error(error: BaseException | None) -> bool:
    """Return whether an HTTP library, or a generated client, raised an exception for a response."""
    raised: Any = type(error)
    return bool(_is_http_error(raised))


@lru_cache(maxsize=100)
def _is_http_error(raised: type) -> bool:
    import requests

    return issubclass(raised, requests.HTTPError) or any(kind.__name__ in _HTTP_ERRORS for kind in raised.__mro__)


def response_of(error: BaseException | None) -> Any:
    """Return the response that an exception of the SDK was raised for, or `None`.

    Only the exception itself and its direct cause and context count: further down the chain there may be an unrelated
    403 that the user's code was just handling.
    """
    if error is None:
        return None
    for candidate in (error, error.__context__, error.__cause__):
        if candidate is not None and is_http_error(candidate):
            response = getattr(candidate, "response", None)
            if response is not None:
                return response
            # Older SDKs raise an HTTPError of their own without a response; the one of requests behind it has it.
            return getattr(candidate.__cause__, "response", None)
    return None


def status_of(error: BaseException | None) -> int | None:
    """Return the HTTP status that an exception of the SDK was raised for, or `None`."""
    return getattr(response_of(error), "status_code", None)


_RAISING_LIBRARIES = frozenset(
    "langsmith safe_langsmith requests httpx httpx2 urllib3 json simplejson "
    "charset_normalizer chardet codecs encodings".split()
)
_OF_SDK = ("langsmith.", "requests.models")


def was_raised_by_sdk(error: BaseException) -> bool:
    """Return whether the SDK's own frame raised an exception, and not code of the user's that the SDK called.

    The SDK calls the user's callbacks while it handles a response, and what they raise has that response behind it.

    Args:
        error: The exception.
    """
    if isinstance(error, AttributeError):
        # The SDK calls `.get` of the body, whatever that is. A callback that is not written in Python leaves no frame.
        return (
            error.name == "get"
            and _was_raised_in(error)
            and _called_no_user(error)
            and _is_body(error.obj, response_of(error))
        )
    if isinstance(error, RecursionError):
        # The parser of a body that is nested too deep.
        return _called_no_user(error)
    return _was_raised_in(error) and _called_no_user(error)


def _is_body(value: object, response: Any) -> bool:
    body = response.json()
    return type(value) is type(body) and value == body


def _was_raised_in(error: BaseException) -> bool:
    step = error.__traceback__
    while step is not None and step.tb_next is not None:
        step = step.tb_next
    return step is None or str(step.tb_frame.f_globals.get("__name__", "")).startswith(_OF_SDK)


def _called_no_user(error: BaseException) -> bool:
    """Return whether the frames from the SDK's on are its own and those of the libraries that it uses."""
    step, names = error.__traceback__, []
    while step is not None:
        names.append(str(step.tb_frame.f_globals.get("__name__", "")).partition(".")[0])
        step = step.tb_next
    first = next((at for at, name in enumerate(names) if name == "langsmith"), len(names))
    return all(name in _RAISING_LIBRARIES for name in names[first:])


def drop_frames(error: BaseException | None, response: Any) -> None:
    """Drop the frames of the SDK's exceptions for one response: they hold headers with the key, and the whole body.

    Args:
        error: The exception that the SDK raised.
        response: The response it was raised for.
    """
    while error is not None:
        error.__traceback__ = None
        behind = error.__cause__ or error.__context__
        related = is_http_error(behind) and getattr(behind, "response", None) in (None, response)
        error = behind if related else None
