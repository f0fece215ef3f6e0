"""Send a probe over the client's own `requests` session, or over its own httpx client.

Both use the same settings as the client's own requests (proxies, certificates, session headers, authentication), leave
the session or client unchanged, follow no redirect, send once, and read a bounded body until a deadline.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import inspect
import re
import socket
import ssl
import threading
import time
import zlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from concurrent.futures import Future, InvalidStateError
from concurrent.futures import TimeoutError as NotInTime
from typing import Any, NamedTuple, TypeVar

from safe_langsmith._core.endpoints import TENANT_HEADER
from safe_langsmith._core.redaction import bare_url

LARGEST_BODY = 8_000_000
_CHUNK = 65_536
_PACKING = "gzip"
_MOST_CAUSES = 10
# As http.client and httpcore word it. Only refusals count: with 5xx, the proxy failed.
_TUNNEL_REFUSED = re.compile(r"Tunnel connection failed: (4[0-9]{2}\b[ -~]{0,80})")
_PROXYS_STATUS = re.compile(r"(4[0-9]{2}\b[ -~]{0,80})")

T = TypeVar("T")

# Set in a copy of the context that is then thrown away, so that no interrupt can leave it set.
_nested: contextvars.ContextVar[bool] = contextvars.ContextVar("safe_langsmith_nested", default=False)


class RawResponse(NamedTuple):
    """The response to a probe.

    Attributes:
        status: The HTTP status, or `None` if no response came.
        content_type: The response's content type.
        body: Its body, at most `LARGEST_BODY` bytes and a chunk.
        error: The error in a few words, or `None`.
        late: Whether the deadline passed before all of it was there.
        proxy_refusal: The status and the words in which a proxy refused to connect, or `None`.
    """

    status: int | None = None
    content_type: str = ""
    body: bytes = b""
    error: str | None = None
    late: bool = False
    proxy_refusal: str | None = None


LATE = RawResponse(late=True)


class PreparedProbe:
    """One GET to send. Its `repr` shows nothing of the headers: tracebacks show locals, and the headers hold the key.

    Args:
        url: The URL.
        headers: The headers. If they name no workspace, none is sent.
    """

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        """Hold the request."""
        self.url = url
        self.headers = headers

    def __repr__(self) -> str:
        """Show the URL without user information."""
        return f"PreparedProbe({bare_url(self.url)!r})"


class RequestsTransport:
    """Sends probes over a `requests` session.

    Args:
        session: The client's session, which is left unchanged.
    """

    def __init__(self, session: Any) -> None:
        """Hold the session."""
        self._session = session

    def get(self, probe: PreparedProbe, until: float) -> RawResponse:
        """Send one GET, once, and block until the response or the deadline."""
        try:
            return self._sending(probe, until).result(max(0.0, until - time.monotonic()))
        except NotInTime:
            return LATE

    async def get_async(self, probe: PreparedProbe, until: float) -> RawResponse:
        """Send one GET, once, without blocking the loop."""
        sending = asyncio.wrap_future(self._sending(probe, until))
        try:
            await asyncio.wait((sending,), timeout=max(0.0, until - time.monotonic()))
            return sending.result() if sending.done() else LATE
        finally:
            # The thread may outlive the loop. Calling a closed loop raises.
            sending.cancel()

    def _sending(self, probe: PreparedProbe, until: float) -> Future[RawResponse]:
        # In a thread, because a socket's timeout is not a deadline: names are resolved without one, each address gets a
        # whole one, and a server that sends a byte a second never exceeds one.
        session = self._session
        return in_thread(lambda: _send(session, probe, until))


class AsyncTransport:
    """Sends probes over the httpx (or httpx2) client of an `AsyncClient`.

    Args:
        client: The httpx client, which is left unchanged.
    """

    def __init__(self, client: Any) -> None:
        """Hold the client."""
        self._client = client

    async def get_async(self, probe: PreparedProbe, until: float) -> RawResponse:
        """Send one GET, once. Cancelling the task cancels the request."""
        left = _left(until)
        # A task of its own has a context of its own. Before Python 3.12, asyncio.wait_for() would lose a cancellation
        # of the caller that comes together with the response.
        sending = asyncio.ensure_future(_send_async(self._client, probe, until))
        try:
            await asyncio.wait((sending,), timeout=left)
        except asyncio.CancelledError:
            await _cancel(sending)
            raise
        if sending.done():
            return sending.result()
        await _cancel(sending)
        return LATE


async def _cancel(task: asyncio.Task[RawResponse]) -> None:
    """Cancel a request, and wait until it has given its connection back: the loop may end next."""
    if task.cancel():
        await asyncio.wait((task,))


def is_nested() -> bool:
    """Return whether this code runs inside a probe or the user's callable, whose own 403s are not handled again."""
    return _nested.get()


def run_nested(work: Callable[[], T]) -> T:
    """Call the user's code without handling the 403s of its own requests: they raise the SDK's exception."""
    context = contextvars.copy_context()
    context.run(_nested.set, True)
    return context.run(work)


def in_thread(work: Callable[[], T]) -> Future[T]:
    """Call a function in a new daemon thread, in the caller's context, and return its future result.

    A thread that is late is left alone. It is a daemon, so it does not delay the interpreter's exit. It is not one of
    an event loop's own threads, which resolve host names.

    Args:
        work: The function.
    """
    future: Future[T] = Future()
    context = contextvars.copy_context()

    def run() -> None:
        # The caller may have cancelled the future; then setting its result raises.
        with contextlib.suppress(InvalidStateError):
            try:
                result = context.run(work)
            except BaseException as error:
                future.set_exception(error)
            else:
                future.set_result(result)

    try:
        threading.Thread(target=run, name="safe-langsmith", daemon=True).start()
    except RuntimeError:
        # The interpreter is shutting down and starts no thread any more.
        run()
    return future


def describe_network_error(error: BaseException) -> str:
    """Return the class of a network error, and its reason if that is known.

    The error's own text is not used: it may hold anything, a password in a proxy's URL among others.

    Args:
        error: The exception of `requests`, httpx or httpx2.
    """
    name = type(error).__name__
    return next((f"{name}, {reason}" for kind, reason in _REASONS if _was_caused_by(kind, error)), name)


_REASONS: tuple[tuple[type[BaseException], str], ...] = (
    (socket.gaierror, "the host's name is not known here"),
    (ssl.SSLCertVerificationError, "its certificate is not trusted here"),
    (ssl.SSLError, "no TLS connection"),
    (ConnectionRefusedError, "the connection was refused"),
)


def describe_proxy_refusal(error: BaseException) -> str | None:
    """Return the status and words, such as "403 Forbidden", with which a proxy refused to connect, or `None`.

    Args:
        error: The exception of `requests`, httpx or httpx2.
    """
    for cause in _causes(error):
        is_proxys = type(cause).__name__ == "ProxyError"
        found = _TUNNEL_REFUSED.match(str(cause)) or (_PROXYS_STATUS.match(str(cause)) if is_proxys else None)
        if found:
            return found[1]
    return None


def _was_caused_by(kind: type[BaseException], error: BaseException) -> bool:
    return any(isinstance(cause, kind) for cause in _causes(error))


def _causes(error: BaseException) -> list[BaseException]:
    """Return an exception with those that caused it."""
    waiting: list[object] = [error]
    seen: list[BaseException] = []
    while waiting and len(seen) < _MOST_CAUSES:
        current = waiting.pop(0)
        if isinstance(current, BaseException) and current not in seen:
            seen.append(current)
            # urllib3 passes the cause on as an argument, and as a reason.
            waiting += [current.__cause__, current.__context__, getattr(current, "reason", None), *current.args]
    return seen


def _send(session: Any, probe: PreparedProbe, until: float) -> RawResponse:
    import requests

    _nested.set(True)
    try:
        clone = _clone_session(session)
        prepared = clone.prepare_request(requests.Request("GET", probe.url, headers=dict(probe.headers)))
        if TENANT_HEADER not in probe.headers:
            prepared.headers.pop(TENANT_HEADER, None)
        settings = clone.merge_environment_settings(probe.url, {}, True, None, None)
        left = _left(until)
        response = clone.send(prepared, timeout=(left, left), allow_redirects=False, **settings)
        try:
            body = bytearray()
            for chunk in _chunks(response):
                body += chunk
                if time.monotonic() > until:
                    return LATE
                if len(body) > LARGEST_BODY:
                    break
            return RawResponse(response.status_code, response.headers.get("Content-Type") or "", bytes(body))
        finally:
            response.close()
    except Exception as error:  # Network errors, and any that the user's adapter or authentication object raises.
        return _failed(error, until)


async def _send_async(client: Any, probe: PreparedProbe, until: float) -> RawResponse:
    _nested.set(True)
    try:
        clone = object.__new__(type(client))
        clone.__dict__.update(client.__dict__)
        # Cookies and hooks of its own, so that none of the user's is changed or called.
        clone.cookies, clone.event_hooks = client.cookies, {}
        headers = {**probe.headers, "Accept-Encoding": _PACKING}
        request = clone.build_request("GET", probe.url, headers=headers, timeout=_left(until))
        if TENANT_HEADER not in probe.headers:
            request.headers.pop(TENANT_HEADER, None)
        response = await clone.send(request, stream=True, follow_redirects=False)
        try:
            body = bytearray()
            async for chunk in _unpacked(response):
                body += chunk
                if time.monotonic() > until:
                    return LATE
                if len(body) > LARGEST_BODY:
                    break
            return RawResponse(response.status_code, response.headers.get("Content-Type") or "", bytes(body))
        finally:
            await response.aclose()
    except Exception as error:  # As above.
        return _failed(error, until)


async def _unpacked(response: Any) -> AsyncIterator[bytes]:
    """Yield an httpx body as it comes in. httpx itself would unpack gigabytes at once if a few bytes say so."""
    # A transport of the user's that makes up responses has read them already.
    if response.is_stream_consumed or response.headers.get("Content-Encoding", "identity") == "identity":
        async for chunk in response.aiter_bytes():
            yield chunk
        return
    unpacking = zlib.decompressobj(zlib.MAX_WBITS | 16)
    async for chunk in response.aiter_raw():
        yield unpacking.decompress(chunk, LARGEST_BODY + 1)


def _chunks(response: Any) -> Iterator[bytes]:
    """Yield a `requests` body as it comes in, if urllib3 can do that: a full chunk may never be full."""
    raw = response.raw
    # An adapter or a session of the user's may have read it already, or may have made it up.
    untouched = getattr(response, "_content", None) is False and hasattr(getattr(raw, "_fp", None), "read1")
    read1: Any = getattr(raw, "read1", None)
    if not untouched or read1 is None or "decode_content" not in inspect.signature(read1).parameters:
        yield from response.iter_content(_CHUNK)
        return
    while chunk := read1(_CHUNK, decode_content=True):
        yield chunk


def _failed(error: Exception, until: float) -> RawResponse:
    # A socket's timeout ends with the deadline, and either may come first.
    if time.monotonic() >= until:
        return LATE
    return RawResponse(error=describe_network_error(error), proxy_refusal=describe_proxy_refusal(error))


def _left(until: float) -> float:
    return max(0.1, until - time.monotonic())


def _clone_session(session: Any) -> Any:
    """Return a copy of a session with the same connections, which stores no cookie in it and calls no hook of it."""
    from requests.cookies import RequestsCookieJar
    from requests.hooks import default_hooks

    # Not copy.copy(): a session's pickling support would leave out the attributes of a subclass.
    clone = object.__new__(type(session))
    clone.__dict__.update(session.__dict__)
    clone.adapters = {prefix: _without_retries(adapter) for prefix, adapter in session.adapters.items()}
    clone.cookies = RequestsCookieJar()
    for cookie in session.cookies:
        clone.cookies.set_cookie(cookie)
    clone.hooks = default_hooks()
    return clone


def _without_retries(adapter: Any) -> Any:
    """Return a copy of an adapter that shares its connections but sends once and obeys no `Retry-After`."""
    from requests.adapters import HTTPAdapter
    from urllib3.util.retry import Retry

    if not isinstance(adapter, HTTPAdapter) or adapter.max_retries.total == 0:
        return adapter
    # Not copy.copy(): an adapter's pickling support would build a new pool, without the attributes of a subclass.
    clone = object.__new__(type(adapter))
    clone.__dict__.update(adapter.__dict__)
    clone.max_retries = Retry(0, read=False)
    return clone
