"""Send a refused request again: the same request, byte for byte, with another workspace, or not at all.

The first send may use up a call's arguments. A file or stream is then at its end, and a generator is empty, so a second
send would deliver an empty body or lose a filter, and the server would accept it. The client may change, too: the
program may set another key, endpoint or workspace while the server is asked which workspace is meant. So the request
that is about to go out is compared with the one that was refused, after the SDK, the session and the user's
authentication have done their part. If they differ in more than the workspace, `NotSent` is raised and nothing is sent.
"""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from safe_langsmith._log import boundary, log_failure
from safe_langsmith._sdk.http import (
    TENANT,
    ForbiddenResponse,
    Headers,
    fingerprint,
    is_requests_session,
    normalize_url,
    plain_headers,
    with_tenant,
)

Rewind = Callable[[], bool]
"""Puts a body back to where it was before the first send; returns whether that was possible."""

_PLAIN = (bytes, str, int, float, bool, type(None))
_FEW_BYTES = 65_536
_REPLAYABLE = (bytes, str, type(None), Mapping, list, tuple)


class NotSent(BaseException):
    """The second request would not have been the refused one, so it was not sent.

    The SDK and HTTP libraries wrap or retry what derives from `Exception`.
    """

    def __init__(self, changed: bool) -> None:
        """Say why.

        Args:
            changed: Whether the client has changed: its endpoint, its credentials, or the workspace that is named for
                it. Otherwise the first send has used up the arguments.
        """
        super().__init__()
        self.changed = changed


class ExpectedRequest:
    """The second request as it has to be. It is compared once, just before the request leaves.

    Args:
        forbidden: The response to the first send, which knows its request.
        workspace_id: The workspace that the second request names.
        may_send: Returns whether this library may still choose the workspace: the user may have named one meanwhile.

    Attributes:
        may_have_left: Whether the request may have left. Until then, whatever fails has prevented the second send.
    """

    def __init__(self, forbidden: ForbiddenResponse, workspace_id: str, may_send: Callable[[], bool]) -> None:
        """Hold what the first request was."""
        self.workspace_id = workspace_id
        self.may_have_left = False
        self._first: ForbiddenResponse | None = forbidden
        self._may_send = may_send

    def __repr__(self) -> str:
        """Show nothing: the first request holds the key."""
        return "ExpectedRequest()"

    def compare(self, request: Any, headers_may_follow: bool = False) -> None:
        """Compare a request that is about to be sent; once: what follows it, such as a redirect, is not compared.

        Args:
            request: The prepared request, of `requests`, httpx or httpx2.
            headers_may_follow: Whether an adapter may still add headers. Then it is compared once more.

        Raises:
            NotSent: If it differs from the refused one in more than the workspace.
        """
        first = self._first
        if first is None:
            return
        if not headers_may_follow:
            self._first = None
        try:
            self._compare(first, request, headers_may_follow)
            self.may_have_left = True
        except Exception as failure:
            # What cannot be compared is not sent.
            log_failure(failure)
            raise NotSent(changed=False) from None

    def _compare(self, first: ForbiddenResponse, request: Any, headers_may_follow: bool) -> None:
        headers, cookies = plain_headers(request.headers), first.cookies_set
        if headers_may_follow:
            headers = Headers({**first.headers, **headers})
        if headers.get(TENANT) != self.workspace_id or not self._may_send():
            raise NotSent(changed=True)
        if first.prepared is None:
            return
        if fingerprint(headers, cookies) != fingerprint(first.headers, cookies):
            raise NotSent(changed=True)
        # The query is made of the call's arguments, and the rest of the URL is not.
        place, _, query = normalize_url(str(request.url)).partition("?")
        first_place, _, first_query = first.url.partition("?")
        if place != first_place or request.method != first.prepared.method:
            raise NotSent(changed=True)
        if query != first_query or not _is_same_body(_body_of(first.prepared), _body_of(request)):
            raise NotSent(changed=False)

    def forget(self) -> None:
        """Compare nothing any more, and hold nothing."""
        self._first, self._may_send = None, bool

    async def compare_async(self, request: Any) -> None:
        """Do what `compare` does, as a hook of httpx."""
        self.compare(request)


class Overlay:
    """A client some of whose attributes are replaced, so that one call of the SDK's code uses these.

    Args:
        client: The client.
        replaced: The attributes.
    """

    def __init__(self, client: object, **replaced: Any) -> None:
        """Replace the attributes."""
        self.__dict__.update(replaced, _overlaid=client)

    def __getattr__(self, name: str) -> Any:
        """Return the client's own attribute."""
        return getattr(self._overlaid, name)

    def __repr__(self) -> str:
        """Return the client's own `repr`."""
        return repr(self._overlaid)

    @property  # type: ignore[misc] # the type of `object`'s own attribute can be written to
    def __class__(self) -> Any:
        """The client's class, which `super()` and `isinstance` ask for."""
        return type(self._overlaid)


def copy_of(sender: Any) -> Any:
    """Return a copy of a session, an adapter or an httpx client that shares its connections and cookies.

    Args:
        sender: The session, adapter or client.
    """
    # Not copy.copy(): pickling support of `requests` leaves out the attributes of subclasses, and builds new pools.
    clone = object.__new__(type(sender))
    clone.__dict__.update(sender.__dict__)
    return clone


def comparing_session(session: Any, expected: ExpectedRequest) -> Any:
    """Return a copy of a `requests` session that compares its first request before it sends it.

    Args:
        session: The session, which is left unchanged. Other objects are returned unchanged.
        expected: The request to compare with.
    """
    if not is_requests_session(session):
        expected.may_have_left = True
        return session
    clone = copy_of(session)
    # A subclass of the session may add headers in its `send`, and one of the adapter, too.
    clone.__dict__["get_adapter"] = partial(_comparing_adapter, session.get_adapter, expected)
    if "send" in session.__dict__:
        clone.__dict__["send"] = partial(_compare_and_send, session.send, expected)
    return clone


def comparing_client(client: Any, expected: ExpectedRequest) -> Any:
    """Return a copy of an async httpx client that compares its first request before it sends it.

    Args:
        client: The client, which is left unchanged.
        expected: The request to compare with.
    """
    clone, hooks = copy_of(client), client.event_hooks
    # The user's hooks may change the request, too.
    clone.event_hooks = {**hooks, "request": [*hooks.get("request", ()), expected.compare_async]}
    return clone


def capture_body(call: Mapping[str, Any]) -> Rewind:
    """Return a function that rewinds the body of a call that is about to be sent.

    Args:
        call: The keyword arguments of `request_with_retries`.
    """
    if "data" not in call and "request_kwargs" not in call:
        # Nearly every call that reads: a boundary takes as long as all else that a successful call pays for.
        return _nothing_to_rewind
    # A body may be any object. One that cannot tell its position must not fail a call that succeeds.
    with boundary():
        nested = call.get("request_kwargs")
        streams = [
            holder["data"]
            for holder in ((call, nested) if nested else (call,))
            if "data" in holder and not _is_replayable(holder["data"])
        ]
        if not streams:
            return _nothing_to_rewind
        rewinds = [_rewind_of(stream) for stream in streams]
        return lambda: all(rewind() for rewind in rewinds)
    return _cannot_rewind


def arguments_for(
    call: Mapping[str, Any], url: str, workspace_id: str, prepared: Any, rewind: Rewind
) -> dict[str, Any] | None:
    """Return the keyword arguments of `request_with_retries` for the second send, or `None` if there can be none.

    The query and the body that were sent take the place of the arguments that they were made of.

    Args:
        call: The keyword arguments of the first send.
        url: The URL of the call without the query that its arguments add.
        workspace_id: The workspace to name.
        prepared: The request as it was first sent, or `None` if that is not known.
        rewind: What `capture_body` returned before the first send.
    """
    outer, nested = dict(call), dict(call.get("request_kwargs") or {})
    headers = caller_headers(call)
    if prepared is None:
        used = [holder.get(name) for holder in (outer, nested) for name in ("params", "data", "json", "files")]
        if not (all(map(_is_plain, used)) and rewind()):
            return None
    else:
        if any(holder.pop("params", None) is not None for holder in (nested, outer)):
            own = urlsplit(normalize_url(url)).query
            outer["params"] = urlsplit(prepared.url).query.removeprefix(own).removeprefix("&" if own else "")
        if isinstance(prepared.body, (bytes, str)):
            for holder in (outer, nested):
                for name in ("data", "json", "files"):
                    holder.pop(name, None)
            outer["data"] = prepared.body
            if "Content-Type" in prepared.headers:
                headers["Content-Type"] = prepared.headers["Content-Type"]
        elif not rewind():
            return None
    nested.pop("headers", None)
    if "request_kwargs" in outer:
        outer["request_kwargs"] = nested
    # The SDK's methods pass snapshots of the client's headers, which override the client's own: so the id goes in here.
    # The first send has used the call's attempts, so the second is a single one.
    return {**outer, "headers": with_tenant(headers, workspace_id), "stop_after_attempt": 1}


def caller_headers(call: Mapping[str, Any]) -> dict[str, Any]:
    """Return the headers that a call's arguments set, merged as the SDK merges them."""
    nested = call.get("request_kwargs") or {}
    return {**(nested.get("headers") or {}), **(call.get("headers") or {})}


def _is_replayable(body: Any) -> bool:
    # requests reads what has a `read`, whatever else it is.
    return isinstance(body, _REPLAYABLE) and not hasattr(body, "read")


def _rewind_of(stream: Any) -> Rewind:
    if isinstance(stream, (bytearray, memoryview)):
        # The program may write into it before the second send.
        content = bytes(stream)
        return lambda: bytes(stream) == content
    if hasattr(stream, "fields") and hasattr(stream, "boundary_value"):
        return _restart_of(stream)
    if not _is_file(stream):
        # An object of the user's need not give the same bytes again, whatever its `seek` says.
        return _cannot_rewind
    try:
        position, state = stream.tell(), _state_of(stream)
    except (AttributeError, TypeError, OSError, ValueError):  # A generator, a pipe or a closed file.
        return _cannot_rewind

    def rewind() -> bool:
        # If it fails, the body cannot be sent again, and the diagnosis says so.
        with boundary():
            if _state_of(stream) == state:
                stream.seek(position)
                return True
        return False

    return rewind


def _is_file(stream: Any) -> bool:
    # The SDK has streams of its own. A subclass of the user's may give fewer bytes the second time.
    module = type(stream).__module__
    return module in ("io", io.BytesIO.__module__, "tempfile") or module.startswith("langsmith.")


def _state_of(stream: Any) -> Any:
    """Return what changes if somebody else writes to a file, or to the bytes in memory of one."""
    if isinstance(stream, io.BytesIO):
        # The SDK's own are of megabytes. For these, the length stands for the content.
        content = stream.getbuffer()
        return bytes(content) if content.nbytes <= _FEW_BYTES else content.nbytes
    with contextlib.suppress(OSError, ValueError, AttributeError):
        status = os.fstat(stream.fileno())
        return status.st_size, status.st_mtime_ns
    return None


def _restart_of(encoder: Any) -> Rewind:
    """Return how to restart a `MultipartEncoder`, in which langsmith before 0.12 sends large batches of runs."""

    def rewind() -> bool:
        with boundary():
            fields = encoder.fields
            contents = [field[1][1] for field in (fields.items() if isinstance(fields, Mapping) else fields)]
            if not all(isinstance(content, (bytes, str)) for content in contents):
                return False
            encoder.__init__(fields, boundary=encoder.boundary_value)
            return True
        return False

    return rewind


def _nothing_to_rewind() -> bool:
    return True


def _cannot_rewind() -> bool:
    return False


def has_known_body(prepared: Any) -> bool:
    """Return whether the body of an httpx request is known; that of a stream is gone with the first send."""
    try:
        return isinstance(prepared.content, bytes)
    except (AttributeError, RuntimeError):  # RequestNotRead is a RuntimeError.
        return False


def _body_of(request: Any) -> Any:
    """Return the body of a prepared request: bytes, text, `None`, or the stream that it is read from."""
    if hasattr(request, "body"):
        return request.body
    return request.content if has_known_body(request) else request.stream


def _is_same_body(first: Any, second: Any) -> bool:
    if isinstance(first, (bytes, str)) and isinstance(second, (bytes, str)):
        return _as_bytes(first) == _as_bytes(second)
    return first is second


def _as_bytes(body: bytes | str) -> bytes:
    return body.encode("utf-8") if isinstance(body, str) else body


def _is_plain(argument: Any) -> bool:
    """Return whether an argument is the same after a send."""
    if isinstance(argument, Mapping):
        return all(map(_is_plain, argument.values()))
    return isinstance(argument, _PLAIN) or (isinstance(argument, (list, tuple)) and all(map(_is_plain, argument)))


class _ComparingAdapter:
    """An adapter of a session that compares a request and has another adapter send it."""

    def __init__(self, adapter: Any, expected: ExpectedRequest, headers_may_follow: bool = False) -> None:
        self._adapter = adapter
        self._expected = expected
        self._headers_may_follow = headers_may_follow

    def __getattr__(self, name: str) -> Any:
        return getattr(self._adapter, name)

    def send(self, request: Any, **options: Any) -> Any:
        self._expected.compare(request, self._headers_may_follow)
        return self._adapter.send(request, **options)


def _comparing_adapter(get_adapter: Callable[..., Any], expected: ExpectedRequest, url: str) -> Any:
    adapter = get_adapter(url=url)
    if not isinstance(adapter, HTTPAdapter):
        return _ComparingAdapter(adapter, expected)
    once = copy_of(adapter)
    # The SDK's own would send a request four times. The first send has used the call's attempts.
    once.max_retries = Retry(0, read=False)
    if type(adapter).send is HTTPAdapter.send and type(adapter).add_headers is HTTPAdapter.add_headers:
        return _ComparingAdapter(once, expected)
    # This one may add headers. The `send` of its parent calls `add_headers` after everything else, if it gets there.
    once.__dict__["add_headers"] = partial(_add_and_compare, adapter.add_headers, expected)
    return _ComparingAdapter(once, expected, headers_may_follow=True)


def _add_and_compare(add_headers: Callable[..., Any], expected: ExpectedRequest, request: Any, **options: Any) -> None:
    add_headers(request, **options)
    expected.compare(request)


def _compare_and_send(send: Callable[..., Any], expected: ExpectedRequest, request: Any, **options: Any) -> Any:
    expected.compare(request)
    return send(request, **options)
