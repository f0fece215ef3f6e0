"""The call path of the generated clients behind `client.runs`, `client.agents` and their like, sync and async.

A generated client's class becomes a subclass of itself that intercepts `request`, and stays so on its copies. Hooks and
transports of httpx are left alone: the SDK retries exceptions that they raise, and reports a connection error.
"""

from __future__ import annotations

import copy
import inspect
import weakref
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from functools import cache, partial
from typing import Any, Protocol, cast

from safe_langsmith._core.endpoints import TENANT_HEADER
from safe_langsmith._frames import clear_frames
from safe_langsmith._sdk.calls.base import InterceptedCall
from safe_langsmith._sdk.compat import SupportsClient, name_workspace, response_of
from safe_langsmith._sdk.headers import apply_to_options
from safe_langsmith._sdk.http import (
    API_KEY,
    TENANT,
    ForbiddenResponse,
    Headers,
    identity_headers,
    netloc_of,
    plain_headers,
    requested_url,
    with_tenant,
)
from safe_langsmith._sdk.replay import ExpectedRequest, has_known_body


class Handler(Protocol):
    """The handler of a failed call."""

    def intercept(self, make_call: Callable[[], InterceptedCall]) -> InterceptedCall | None:
        """Return the call if it is one to handle, else `None`."""
        ...

    def resolve(self, call: InterceptedCall) -> Any:
        """Return the response to the call's second send, or raise."""
        ...

    async def resolve_async(self, call: InterceptedCall) -> Any:
        """Do the same on an event loop."""
        ...


_expected: ContextVar[ExpectedRequest | None] = ContextVar("safe_langsmith_expected", default=None)
"""The second request as it has to be, while a generated client sends it."""


def _send_expected(send: Callable[[Any], Any], expected: ExpectedRequest, options: Any) -> Any:
    token = _expected.set(expected)
    try:
        return send(options)
    finally:
        _expected.reset(token)


async def _send_expected_async(send: Callable[[Any], Any], expected: ExpectedRequest, options: Any) -> Any:
    token = _expected.set(expected)
    try:
        return await send(options)
    finally:
        _expected.reset(token)


class GeneratedCall(InterceptedCall):
    """A request of a generated client.

    Args:
        api: The intercepted generated client.
        send: The generated client's own `request`, which takes the options.
        options: The options of the request.
        headers: The headers in the options before the first send, which takes some of them out.
        error: The exception that the generated client raised.
        own_headers: The client's headers when the call began.
    """

    def __init__(
        self, api: Any, send: Callable[[Any], Any], options: Any, headers: Any, error: Any, own_headers: Any
    ) -> None:
        """Hold the request.

        Raises:
            LookupError: If the safe client that the generated one belongs to is gone.
        """
        client: SupportsClient | None = api._safe_client()
        if client is None:
            raise LookupError("the client is gone")
        # If redirects were followed, the error's own request is the last one.
        requested = requested_url(response_of(error)) or str(getattr(getattr(error, "request", None), "url", ""))
        super().__init__(client, str(options.method).upper(), requested, error, own_headers=own_headers)
        if not api._is_for_another and netloc_of(self.endpoint) != netloc_of(str(api.base_url)):
            # The client had another endpoint when this generated client was made.
            self.endpoint = str(api.base_url)
        self.sibling_endpoints = (str(api.base_url),)
        self._api = api
        self._send = send
        self._options = options
        self._headers: Mapping[str, Any] = headers if isinstance(headers, Mapping) else {}

    @property
    def sender(self) -> Any:
        """The generated client's own httpx client: what a session adds to each request, it does not."""
        return self._api._client

    @property
    def adds_query(self) -> bool:
        """Whether the generated client was copied with parameters for each request."""
        return bool(getattr(self._api, "default_query", None))

    def sender_identity(self) -> Headers:
        """Return what the generated client adds to each request beside headers."""
        query = getattr(self._api, "default_query", None) or {}
        return Headers({**super().sender_identity(), **{f"query {name}": str(query[name]) for name in query}})

    @property
    def caller_headers(self) -> Mapping[str, Any]:
        """The headers that the call itself set, or the caller that made a copy of the client for it."""
        named = self._api._named_workspace
        brought = dict.fromkeys(self._api._brought, "what the copy was made with")
        return {**brought, **({TENANT_HEADER: named} if named else {}), **self._headers}

    def is_sdk_error(self, error: Exception) -> bool:
        """Return whether a generated client raises such for a response."""
        return getattr(error, "status_code", None) is not None

    def prepare(self, expected: ExpectedRequest, forbidden: ForbiddenResponse) -> bool:
        """Prepare a second send, and return whether the body can be sent twice."""
        if not has_known_body(forbidden.prepared):
            return False
        options = copy.copy(self._options)
        options.headers = with_tenant(self._headers, expected.workspace_id)
        # The first send has used the call's attempts, so the second is a single one.
        options.max_retries = 0
        self._send_again = partial(self._send_expected, self._send, expected, options)
        return True

    _send_expected = staticmethod(_send_expected)

    def workspace_applied(self, workspace_id: str) -> None:
        """Set the workspace on the generated client at hand, which may be a copy that the client does not know."""
        name_workspace(self._api, workspace_id)


class AsyncGeneratedCall(GeneratedCall):
    """A request of an async generated client."""

    _send_expected = staticmethod(_send_expected_async)
    again = InterceptedCall.again_async


def intercept_requests(api: Any, client: SupportsClient, handler: Handler) -> None:
    """Make a generated client handle its 403 responses.

    Args:
        api: The generated client. Anything that does not look like one is left as it is.
        client: The safe client that it belongs to, referred to weakly.
        handler: The handler of a failed call.
    """
    kind = type(api)
    if hasattr(kind, "_sdk_class") or not (hasattr(kind, "request") and hasattr(kind, "_prepare_options")):
        return
    api.__class__ = _intercepting(cast("Any", kind))
    api._safe_client = weakref.ref(client)
    api._handler = handler


@cache
def _intercepting(base: Any) -> Any:
    """Return the subclass of a generated client's class. It has one base: a second one would change the layout."""

    class Intercepting(base):  # type: ignore[misc] # the base is only known at run time
        _sdk_class = base
        _safe_client: Any = None
        _handler: Any = None
        _named_workspace: str | None = None
        _brought: frozenset[str] = frozenset()
        _is_for_another = False

        request = _request_async if inspect.iscoroutinefunction(base.request) else _request

        _prepare_request = _compare_async if inspect.iscoroutinefunction(base._prepare_request) else _compare

        copy = _copy
        with_options = _copy

    Intercepting.__module__, Intercepting.__name__ = base.__module__, base.__name__
    Intercepting.__qualname__ = base.__qualname__
    return Intercepting


def _copy(self: Any, **kwargs: Any) -> Any:
    made = self._sdk_class.copy(self, **kwargs)
    given = plain_headers({**(kwargs.get("default_headers") or {}), **(kwargs.get("set_default_headers") or {})})
    made._safe_client, made._handler = self._safe_client, self._handler
    made._named_workspace = kwargs.get("tenant_id") or given.get(TENANT) or self._named_workspace
    has_key = kwargs.get("api_key") is not None
    brought = set(identity_headers(given)) | ({API_KEY} if has_key else set())
    made._brought = self._brought | brought
    made._is_for_another = self._is_for_another or bool(brought or kwargs.get("base_url"))
    return made


def _compare(self: Any, request: Any) -> None:
    prepare = getattr(self._sdk_class, "_prepare_request", None)
    if prepare is not None:
        prepare(self, request)
    expected = _expected.get()
    if expected is not None:
        expected.compare(request)


async def _compare_async(self: Any, request: Any) -> None:
    prepare = getattr(self._sdk_class, "_prepare_request", None)
    if prepare is not None:
        await prepare(self, request)
    expected = _expected.get()
    if expected is not None:
        expected.compare(request)


def _request(self: Any, cast_to: Any, options: Any, **kwargs: Any) -> Any:
    try:
        try:
            own_headers = apply_to_options(self, options)
            headers = options.headers
            try:
                return self._sdk_class.request(self, cast_to, options, **kwargs)
            except Exception as error:
                # Notebooks and pytest leave out frames with this name.
                __tracebackhide__ = True
                send = partial(self._sdk_class.request, self, cast_to, **kwargs)
                make_call: Any = partial(GeneratedCall, self, send, options, headers, error, own_headers)
                call = self._handler.intercept(make_call)
                if call is None:
                    raise
            # Outside the except clause, so that an exception raised here does not get the SDK's as its context.
            return self._handler.resolve(call)
        finally:
            # They may hold a key, and a traceback shows this frame.
            options = headers = own_headers = make_call = call = None
    except BaseException:
        # An interrupt may have come just before that.
        options = headers = own_headers = make_call = call = None
        clear_frames()
        raise


async def _request_async(self: Any, cast_to: Any, options: Any, **kwargs: Any) -> Any:
    try:
        try:
            own_headers = apply_to_options(self, options)
            headers = options.headers
            try:
                return await self._sdk_class.request(self, cast_to, options, **kwargs)
            except Exception as error:
                # Notebooks and pytest leave out frames with this name.
                __tracebackhide__ = True
                send = partial(self._sdk_class.request, self, cast_to, **kwargs)
                call = self._handler.intercept(
                    partial(AsyncGeneratedCall, self, send, options, headers, error, own_headers)
                )
                if call is None:
                    raise
            # Outside the except clause, so that an exception raised here does not get the SDK's as its context.
            return await self._handler.resolve_async(call)
        finally:
            # They may hold a key, and a traceback shows this frame.
            options = headers = own_headers = make_call = call = None
    except BaseException:
        # An interrupt may have come just before that.
        options = headers = own_headers = make_call = call = None  # noqa: F841 # see above
        clear_frames()
        raise
