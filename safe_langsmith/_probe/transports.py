"""Send a probe over the client's own `requests` session, or over its own httpx client.

Both use the same settings as the client's own requests (proxies, certificates, session headers, authentication), leave
the session or client unchanged, follow no redirect, send once, and read a bounded body until a deadline.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import inspect
import os
import re
import socket
import ssl
import sys
import threading
import time
import zlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, InvalidStateError
from concurrent.futures import TimeoutError as NotInTime
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple, TypeVar

from safe_langsmith._core.endpoints import TENANT_HEADER
from safe_langsmith._core.redaction import bare_url
from safe_langsmith._log import raise_hidden_interrupt

LARGEST_BODY = 8_000_000
_CHUNK = 65_536
_ENCODING = "gzip"
_MOST_MEMBERS = 100
_DAMAGED = "an answer that was damaged on its way"
_MOST_CAUSES = 10
_IDLE = 0.5
# As http.client and httpcore word it. A redirect leads to a page where one signs in. With 5xx, the proxy failed.
_TUNNEL_REFUSED = re.compile(r"Tunnel connection failed: ([34][0-9]{2}\b[ -~]{0,80})")
_PROXYS_STATUS = re.compile(r"([34][0-9]{2}\b[ -~]{0,80})")

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
        is_own: Whether the probe had the headers of the refused request. The user's authentication may set others: a
            signature, or another user's.
        proxy_refusal: The status and the words in which a proxy refused to connect, or `None`.
    """

    status: int | None = None
    content_type: str = ""
    body: bytes = b""
    error: str | None = None
    late: bool = False
    is_own: bool = True
    proxy_refusal: str | None = None


LATE = RawResponse(late=True)


IsOfCaller = Callable[[Mapping[str, str]], bool]


class PreparedProbe:
    """One GET to send. Its `repr` shows nothing of the headers: tracebacks show locals, and the headers hold the key.

    Args:
        url: The URL.
        headers: The headers. If they name no workspace, none is sent.
        is_of_caller: Tells whether the headers of the probe, as it is sent, are of the caller that was refused.
    """

    def __init__(self, url: str, headers: Mapping[str, str], is_of_caller: IsOfCaller | None = None) -> None:
        """Hold the request."""
        self.url = url
        self.headers = headers
        self.is_of_caller = is_of_caller

    def __repr__(self) -> str:
        """Show the URL without user information."""
        return f"PreparedProbe({bare_url(self.url)!r})"


class RequestsTransport:
    """Sends probes over a `requests` session.

    Args:
        session: The client's session, which is left unchanged.
        is_own: Whether it sent the refused request itself. If not, a probe gets nothing of what it adds to requests.
    """

    def __init__(self, session: Any, is_own: bool = True) -> None:
        """Hold the session."""
        self._session = session
        self._is_own = is_own

    def get(self, probe: PreparedProbe, until: float) -> RawResponse:
        """Send one GET, once, and block until the response or the deadline."""
        try:
            return self._sending(probe, until).result(max(0.0, until - time.monotonic()))
        except NotInTime:
            return LATE

    def get_all(self, probes: Sequence[PreparedProbe], until: float) -> list[RawResponse]:
        """Send several at once, each once, and block until all responses or the deadline."""
        sending = [self._sending(probe, until) for probe in probes]
        found = []
        for each in sending:
            try:
                found.append(each.result(max(0.0, until - time.monotonic())))
            except NotInTime:
                found.append(LATE)
        return found

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
        try:
            # On this thread, because the user's authentication may know its user by the thread.
            send = _prepare(self._session, self._is_own, probe, until)
        except Exception as error:  # Any that the user's authentication object raises.
            raise_hidden_interrupt(error)
            failed: Future[RawResponse] = Future()
            failed.set_result(_failed(error, until))
            return failed
        # In a thread, because a socket's timeout is not a deadline: names are resolved without one, each address gets a
        # whole one, and a server that sends a byte a second never exceeds one.
        return in_thread(send)


class AsyncTransport:
    """Sends probes over the httpx (or httpx2) client of an `AsyncClient`.

    Args:
        client: The httpx client, which is left unchanged.
        is_own: Whether it sent the refused request itself. If not, a probe gets nothing of what it adds to requests.
    """

    def __init__(self, client: Any, is_own: bool = True) -> None:
        """Hold the client."""
        self._client = client
        self._is_own = is_own

    async def get_async(self, probe: PreparedProbe, until: float) -> RawResponse:
        """Send one GET, once. Cancelling the task cancels the request."""
        left = _left(until)
        # A task of its own has a context of its own. Before Python 3.12, asyncio.wait_for() would lose a cancellation
        # of the caller that comes together with the response.
        sending = asyncio.ensure_future(_send_async(self._client, self._is_own, probe, until))
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
    handled = sys.exc_info()[1]

    def run() -> None:
        _settle(future, lambda: context.run(work))

    try:
        threading.Thread(target=run, name="safe-langsmith", daemon=True).start()
    except RuntimeError as error:
        raise_hidden_interrupt(error, handled)
        # The interpreter is shutting down and starts no thread any more.
        run()
    return future


class Worker:
    """Calls functions one after another, in a daemon thread that ends when there is none left for a while.

    A hundred tasks that are refused at once would otherwise start a hundred threads.
    """

    def __init__(self) -> None:
        """Begin without a thread."""
        self.reset()

    def reset(self) -> None:
        """Forget all functions and the thread: a forked child does not have it."""
        # Reentrant, as the queue is: a signal handler may make a call while its own thread is in here.
        self._lock = threading.RLock()
        self._waiting: SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = SimpleQueue()
        self._thread: Future[None] | None = None

    def submit(self, work: Callable[[], T]) -> Future[T]:
        """Have a function called, in the caller's context, and return its future result.

        Args:
            work: The function. It is not called if the future is cancelled before its turn.
        """
        future: Future[T] = Future()
        context, caller = contextvars.copy_context(), threading.get_ident()
        self._waiting.put((future, lambda: context.run(work)))
        with self._lock:
            if self._thread is None or self._thread.done():
                self._thread = in_thread(lambda: self._call_all(caller))
        return future

    def _call_all(self, caller: int) -> None:
        # If no thread can be started, this is the caller's own.
        idle = 0 if threading.get_ident() == caller else _IDLE
        waiting = self._waiting
        while True:
            try:
                future, work = waiting.get(timeout=idle)
            except Empty:
                with self._lock:
                    if waiting.empty():
                        # After a reset, the thread is another one.
                        if waiting is self._waiting:
                            self._thread = None
                        return
                continue
            if future.set_running_or_notify_cancel():
                _settle(future, work)
            # While the thread waits for more, they would keep the caller's objects.
            del future, work


FILE_READER = Worker()
"""Reads the files of this machine for all event loops."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=FILE_READER.reset)


def _settle(future: Future[T], work: Callable[[], T]) -> None:
    # The caller may have cancelled the future; then setting its result raises.
    with contextlib.suppress(InvalidStateError):
        try:
            result = work()
        except BaseException as error:
            future.set_exception(error)
        else:
            future.set_result(result)


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


def _prepare(session: Any, is_own: bool, probe: PreparedProbe, until: float) -> Callable[[], RawResponse]:
    """Prepare a probe, and return the function that sends it."""
    import requests

    clone = _clone_session(session, is_own)
    request = requests.Request("GET", probe.url, headers=_sent_headers(probe))
    prepared = run_nested(lambda: clone.prepare_request(request))
    if TENANT_HEADER not in probe.headers:
        prepared.headers.pop(TENANT_HEADER, None)
    settings = clone.merge_environment_settings(probe.url, {}, True, None, None)
    return partial(_send, clone, prepared, settings, _is_own(prepared.headers, probe), until)


def _is_own(headers: Mapping[str, str], probe: PreparedProbe) -> bool:
    # The program may have changed its session since, or have other code add to it for each request.
    return probe.is_of_caller is None or probe.is_of_caller(headers)


def _send(clone: Any, prepared: Any, settings: Mapping[str, Any], is_own: bool, until: float) -> RawResponse:
    _nested.set(True)
    try:
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
            content_type = response.headers.get("Content-Type") or ""
            return RawResponse(response.status_code, content_type, bytes(body), is_own=is_own)
        finally:
            response.close()
    except Exception as error:  # Network errors, and any that the user's adapter or authentication object raises.
        raise_hidden_interrupt(error)
        return _failed(error, until)


async def _send_async(client: Any, is_own: bool, probe: PreparedProbe, until: float) -> RawResponse:
    _nested.set(True)
    try:
        clone = object.__new__(type(client))
        clone.__dict__.update(client.__dict__)
        # Cookies and hooks of its own, so that none of the user's is changed or called.
        clone.cookies, clone.event_hooks = client.cookies, {}
        if not is_own:
            clone.headers, clone.params, clone.auth, clone.cookies = {}, {}, None, None
        request = clone.build_request("GET", probe.url, headers=_sent_headers(probe), timeout=_left(until))
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
            content_type, is_own = response.headers.get("Content-Type") or "", _is_own(response.request.headers, probe)
            return RawResponse(response.status_code, content_type, bytes(body), is_own=is_own)
        finally:
            await response.aclose()
    except Exception as error:  # As above.
        raise_hidden_interrupt(error)
        return _failed(error, until)


def _sent_headers(probe: PreparedProbe) -> dict[str, str]:
    # In place of the encodings that the session or client accepts, some of which cannot be decoded to a bound.
    return {**probe.headers, "Accept-Encoding": _ENCODING}


async def _unpacked(response: Any) -> AsyncIterator[bytes]:
    """Yield an httpx body as it comes in."""
    # A transport of the user's that makes up responses has read and decoded them already.
    if response.is_stream_consumed:
        async for chunk in response.aiter_bytes():
            yield chunk
        return
    decoder = BoundedDecoder(response.headers.get("Content-Encoding"))
    async for chunk in response.aiter_raw():
        yield decoder.decode(chunk)
    decoder.finish()


def _chunks(response: Any) -> Iterator[bytes]:
    """Yield a `requests` body as it comes in."""
    read = _reader(response)
    # An adapter or a session of the user's may have read and decoded it already, or may have made it up.
    if read is None:
        yield from response.iter_content(_CHUNK)
        return
    decoder = BoundedDecoder(response.headers.get("Content-Encoding"))
    while chunk := read(_CHUNK, decode_content=False):
        yield decoder.decode(chunk)
    decoder.finish()


def _reader(response: Any) -> Any:
    """Return the method of a urllib3 response that reads without decoding, or `None` if the body is not urllib3's."""
    raw = response.raw
    if getattr(response, "_content", None) is not False:
        return None
    # `read` would wait for a full chunk, which may never be full. Before urllib3 2, there is nothing else.
    names = ("read1", "read") if hasattr(getattr(raw, "_fp", None), "read1") else ("read",)
    for name in names:
        read: Any = getattr(raw, name, None)
        with contextlib.suppress(TypeError, ValueError):
            if "decode_content" in inspect.signature(read).parameters:
                return read
    return None


class UnreadableBody(Exception):
    """The body of a response is in an encoding that was not asked for, or it is damaged."""


class BoundedDecoder:
    """Decodes a body that is compressed with gzip, or not at all.

    HTTP libraries decode a chunk to its end before they return, and a few kilobytes may stand for gigabytes.

    Args:
        encoding: The response's `Content-Encoding`.

    Raises:
        UnreadableBody: If it is another one.
    """

    def __init__(self, encoding: str | None) -> None:
        """Begin at the beginning of the body."""
        encoding = (encoding or "identity").strip().lower()
        if encoding not in ("identity", "gzip", "x-gzip"):
            raise UnreadableBody("an answer in an encoding that was not asked for")
        self._is_compressed = encoding != "identity"
        self._member: Any = None
        self._members = self._taken = 0

    def decode(self, chunk: bytes) -> bytes:
        """Return what a chunk stands for, up to `LARGEST_BODY` bytes and one.

        Args:
            chunk: The next bytes of the body.

        Raises:
            UnreadableBody: If they are not gzip, or if they are many and stand for nothing.
        """
        if not self._is_compressed:
            return chunk
        self._taken += len(chunk)
        decoded = bytearray()
        try:
            while chunk and len(decoded) <= LARGEST_BODY and self._members <= _MOST_MEMBERS:
                if self._member is None:
                    self._members += 1
                    self._member = zlib.decompressobj(zlib.MAX_WBITS | 16)
                decoded += self._member.decompress(chunk, LARGEST_BODY + 1 - len(decoded))
                chunk = self._member.unused_data
                if self._member.eof:
                    self._member = None
        except zlib.error:
            raise UnreadableBody(_DAMAGED) from None
        if self._taken > LARGEST_BODY or self._members > _MOST_MEMBERS:
            raise UnreadableBody("an answer that does not end")
        return bytes(decoded)

    def finish(self) -> None:
        """Check that the body has ended.

        Raises:
            UnreadableBody: If a part of it is missing.
        """
        if self._member is not None:
            raise UnreadableBody(_DAMAGED)


def _failed(error: Exception, until: float) -> RawResponse:
    # A socket's timeout ends with the deadline, and either may come first.
    if time.monotonic() >= until:
        return LATE
    reason = str(error) if isinstance(error, UnreadableBody) else describe_network_error(error)
    return RawResponse(error=reason, proxy_refusal=describe_proxy_refusal(error))


def _left(until: float) -> float:
    return max(0.1, until - time.monotonic())


def _clone_session(session: Any, is_own: bool) -> Any:
    """Return a copy of a session with the same connections, which stores no cookie in it and calls no hook of it.

    Args:
        session: The session.
        is_own: Whether the copy adds to requests what the session adds.
    """
    from requests.cookies import RequestsCookieJar
    from requests.hooks import default_hooks
    from requests.utils import default_headers

    # Not copy.copy(): a session's pickling support would leave out the attributes of a subclass.
    clone = object.__new__(type(session))
    clone.__dict__.update(session.__dict__)
    clone.adapters = {prefix: _without_retries(adapter) for prefix, adapter in session.adapters.items()}
    clone.cookies = RequestsCookieJar()
    if is_own:
        for cookie in session.cookies:
            clone.cookies.set_cookie(cookie)
    else:
        # Without an object that authenticates, `requests` would look for a password in .netrc.
        clone.headers, clone.params, clone.auth = default_headers(), {}, lambda request: request
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
