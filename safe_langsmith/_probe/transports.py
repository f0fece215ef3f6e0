"""The ways to the endpoint: each asks as the client's own requests go, and leaves the client as it was."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import socket
import ssl
import threading
import time
import zlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from concurrent.futures import Future, InvalidStateError, TimeoutError
from typing import Any, NamedTuple, Protocol, TypeVar

_MOST_LINKS = 10
_REASONS: tuple[tuple[type[BaseException], str], ...] = (
    (socket.gaierror, "the host's name is not known here"),
    (ssl.SSLCertVerificationError, "its certificate is not trusted here"),
    (ssl.SSLError, "no TLS connection"),
    (ConnectionRefusedError, "the connection was refused"),
)


def describe_network_error(error: BaseException) -> str:
    """Returns the name of a network error, and what is behind it where that is known.

    Args:
        error: What `requests`, or either httpx, raised.
    """
    name = type(error).__name__
    return next((f"{name}, {reason}" for kind, reason in _REASONS if _is_behind(kind, error)), name)


def _is_behind(kind: type[BaseException], error: BaseException) -> bool:
    waiting: list[object] = [error]
    seen: list[object] = []
    while waiting and len(seen) < _MOST_LINKS:
        current = waiting.pop(0)
        if isinstance(current, kind):
            return True
        if isinstance(current, BaseException) and current not in seen:
            seen.append(current)
            # urllib3 hands on what it met as an argument, and as a reason.
            waiting += [current.__cause__, current.__context__, getattr(current, "reason", None), *current.args]
    return False


TOO_LATE = "not all of it came in time"
LARGEST_BODY = 8_000_000
_CHUNK = 65_536
_PACKING = "gzip"
_TENANT = "X-Tenant-Id"


T = TypeVar("T")
_SLICE = 0.1


def outcome(future: Future[T], seconds: float, is_lost: Callable[[], bool] = lambda: False) -> T | None:
    """Returns the result of a future, or `None` where there is none in time; then it is cancelled.

    Args:
        future: The future.
        seconds: How long to wait at most.
        is_lost: Whether nobody is there any more who could give a result, or be told that it is not wanted.

    Raises:
        CancelledError: If it was cancelled by somebody else.
    """
    until = time.monotonic() + seconds
    while not is_lost():
        left = until - time.monotonic()
        # Not concurrent.futures.wait(), which does not notice that a future is cancelled while it waits.
        try:
            return future.result(max(0.0, min(_SLICE, left)))
        except TimeoutError:
            if left <= _SLICE:
                future.cancel()
                return None
    return None


def in_thread(do: Callable[[], T]) -> Future[T]:
    """Does something in a thread of its own, and returns its future result, which can be cancelled at any time.

    A socket's timeout is no deadline: names are resolved without one, each address is tried with a whole one, and a
    server that sends a byte a second never exceeds one. So the thread is left alone where it is late; what it does must
    bound itself by socket timeouts. It is a daemon, so it holds up nobody's exit.

    Args:
        do: What to do. It must not need the calling thread, and must not raise.
    """
    future: Future[T] = Future()

    def give() -> None:
        result = do()
        # Who was cancelled wants none.
        with contextlib.suppress(InvalidStateError):
            future.set_result(result)

    def work() -> None:
        # A traceback printed by the thread would show what it worked on.
        with contextlib.suppress(BaseException):
            give()
        future.cancel()

    try:
        threading.Thread(target=work, name="safe-langsmith-probe", daemon=True).start()
    except RuntimeError:
        # The interpreter is shutting down and starts no thread any more; the socket timeouts have to do. An interrupt
        # that comes meanwhile is the caller's.
        give()
    return future


T = TypeVar("T")


class RawResponse(NamedTuple):
    """What came back.

    Attributes:
        status: The HTTP status, or `None` where none came.
        content_type: The answer's content type.
        body: Its body, as far as it was read.
        error: The name of what went wrong, or `None`.
    """

    status: int | None = None
    content_type: str = ""
    body: bytes = b""
    error: str | None = None


class ProbeTransport(Protocol):
    """A way to the endpoint.

    Attributes:
        needs_thread: The thread without which no answer comes, or `None`.
        loop: The event loop without which no answer comes, or `None`.
    """

    needs_thread: int | None
    loop: asyncio.AbstractEventLoop | None

    def get(self, url: str, headers: Mapping[str, str], until: float) -> Future[RawResponse]:
        """Sends one GET, once, and follows no redirect. Raises nothing; cancelling the future gives up waiting.

        Args:
            url: The URL.
            headers: The headers. Where they name no workspace, none is named.
            until: When to give up, on the monotonic clock.
        """
        ...


class RequestsTransport:
    """Over a `requests` session: its proxies, certificates, adapters and headers.

    Args:
        session: The client's session.
    """

    needs_thread: int | None = None
    loop: asyncio.AbstractEventLoop | None = None

    def __init__(self, session: Any) -> None:
        """Changes nothing in the session."""
        self._session = session

    def get(self, url: str, headers: Mapping[str, str], until: float) -> Future[RawResponse]:
        """Sends from a thread of its own, because a socket's timeout is no deadline."""
        session = self._session
        return in_thread(lambda: _ask_session(session, url, headers, until))


class AsyncTransport:
    """Over the httpx client of an `AsyncClient`, on the event loop that met the refusal.

    Args:
        client: The `AsyncClient` of httpx or httpx2.
        loop: The running loop. It must not be waiting for the answer itself.
    """

    def __init__(self, client: Any, loop: asyncio.AbstractEventLoop) -> None:
        """Changes nothing in the client. To be called on the loop's thread."""
        self._client = client
        self.loop: asyncio.AbstractEventLoop | None = loop
        self._loop = loop
        self.needs_thread: int | None = threading.get_ident()

    def get(self, url: str, headers: Mapping[str, str], until: float) -> Future[RawResponse]:
        """Sends from the loop; cancelling the future cancels the request."""
        asking = _ask_async(self._client, url, headers, until)
        try:
            return asyncio.run_coroutine_threadsafe(asking, self._loop)
        except RuntimeError as error:  # The loop was closed meanwhile.
            asking.close()
            closed: Future[RawResponse] = Future()
            closed.set_result(RawResponse(error=type(error).__name__))
            return closed


def _ask_session(session: Any, url: str, headers: Mapping[str, str], until: float) -> RawResponse:
    import requests

    try:
        twin = _clone_session(session)
        prepared = twin.prepare_request(requests.Request("GET", url, headers=dict(headers)))
        if _TENANT not in headers:
            prepared.headers.pop(_TENANT, None)
        way = twin.merge_environment_settings(url, {}, True, None, None)
        left = _left(until)
        response = twin.send(prepared, timeout=(left, left), allow_redirects=False, **way)
        try:
            body = bytearray()
            for chunk in _chunks(response):
                body += chunk
                if time.monotonic() > until:
                    return RawResponse(error=TOO_LATE)
                if len(body) > LARGEST_BODY:
                    break
            return RawResponse(response.status_code, response.headers.get("Content-Type") or "", bytes(body))
        finally:
            response.close()
    except Exception as error:
        return RawResponse(error=describe_network_error(error))


async def _ask_async(client: Any, url: str, headers: Mapping[str, str], until: float) -> RawResponse:
    try:
        twin = object.__new__(type(client))
        twin.__dict__.update(client.__dict__)
        # Its own cookies and hooks, so that none of the user's is changed or called.
        twin.cookies, twin.event_hooks = client.cookies, {}
        packed = {"Accept-Encoding": _PACKING}
        request = twin.build_request("GET", url, headers={**headers, **packed}, timeout=_left(until))
        if _TENANT not in headers:
            request.headers.pop(_TENANT, None)
        response = await twin.send(request, stream=True, follow_redirects=False)
        try:
            body = bytearray()
            async for chunk in _unpacked(response):
                body += chunk
                if time.monotonic() > until:
                    return RawResponse(error=TOO_LATE)
                if len(body) > LARGEST_BODY:
                    break
            return RawResponse(response.status_code, response.headers.get("Content-Type") or "", bytes(body))
        finally:
            await response.aclose()
    except Exception as error:
        return RawResponse(error=describe_network_error(error))


async def _unpacked(response: Any) -> AsyncIterator[bytes]:
    """The body of an httpx response as it comes in. httpx would unpack gigabytes at once where a few bytes say so."""
    # What a transport of the user's made up is at hand already.
    if response.is_stream_consumed or response.headers.get("Content-Encoding", "identity") == "identity":
        async for chunk in response.aiter_bytes():
            yield chunk
        return
    unpacking = zlib.decompressobj(zlib.MAX_WBITS | 16)
    async for chunk in response.aiter_raw():
        yield unpacking.decompress(chunk, LARGEST_BODY + 1)


def _chunks(response: Any) -> Iterator[bytes]:
    """The body of a `requests` response as it comes in, where urllib3 can do that: a full chunk may never be full."""
    raw = response.raw
    # An adapter or a session of the user's may have read it already, or may have made it up.
    untouched = getattr(response, "_content", None) is False and hasattr(getattr(raw, "_fp", None), "read1")
    read1: Any = getattr(raw, "read1", None)
    if not untouched or read1 is None or "decode_content" not in inspect.signature(read1).parameters:
        yield from response.iter_content(_CHUNK)
        return
    while chunk := read1(_CHUNK, decode_content=True):
        yield chunk


def _left(until: float) -> float:
    return max(0.1, until - time.monotonic())


def _clone_session(session: Any) -> Any:
    """A copy of a session that goes the same way, and leaves no cookie and calls no hook of the user's."""
    from requests.cookies import RequestsCookieJar
    from requests.hooks import default_hooks

    # Not copy.copy(): a session's pickling support would leave out what a subclass put into it.
    twin = object.__new__(type(session))
    twin.__dict__.update(session.__dict__)
    twin.adapters = {prefix: _without_retries(adapter) for prefix, adapter in session.adapters.items()}
    twin.cookies = RequestsCookieJar()
    for cookie in session.cookies:
        twin.cookies.set_cookie(cookie)
    twin.hooks = default_hooks()
    return twin


def _without_retries(adapter: Any) -> Any:
    """A copy of an adapter that shares its connections but sends once and obeys no `Retry-After`."""
    from requests.adapters import HTTPAdapter
    from urllib3.util.retry import Retry

    if not isinstance(adapter, HTTPAdapter) or adapter.max_retries.total == 0:
        return adapter
    # Not copy.copy(): an adapter's pickling support would build a new pool, without what a subclass put into it.
    twin = object.__new__(type(adapter))
    twin.__dict__.update(adapter.__dict__)
    twin.max_retries = Retry(0, read=False)
    return twin
