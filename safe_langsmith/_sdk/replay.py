"""Send a call of `request_with_retries` again: with the same body, byte for byte, and another workspace.

The first send reads a file or stream to its end, and a second one would then deliver an empty body, which the server
accepts. So the stream's position is captured before the first send and restored before the second.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from safe_langsmith._log import boundary
from safe_langsmith._sdk.http import with_tenant

Rewind = Callable[[], bool]
"""Puts a body back to where it was before the first send; returns whether that was possible."""

_REPLAYABLE = (bytes, str, type(None), bytearray, memoryview, Mapping, list, tuple)


def capture_body(call: Mapping[str, Any]) -> Rewind:
    """Return a function that rewinds the body of a call that is about to be sent.

    Args:
        call: The keyword arguments of `request_with_retries`.
    """
    # A body may be any object. One that cannot tell its position must not fail a call that succeeds.
    with boundary():
        nested = call.get("request_kwargs")
        streams = [
            holder["data"]
            for holder in ((call, nested) if nested else (call,))
            if "data" in holder and not isinstance(holder["data"], _REPLAYABLE)
        ]
        if not streams:
            return _nothing_to_rewind
        rewinds = [_rewind_of(stream) for stream in streams]
        return lambda: all(rewind() for rewind in rewinds)
    return _cannot_rewind


def arguments_for(call: Mapping[str, Any], workspace_id: str, prepared: Any, rewind: Rewind) -> dict[str, Any] | None:
    """Return the keyword arguments of the second send, or `None` if the body cannot be sent twice.

    Args:
        call: The keyword arguments of the first send.
        workspace_id: The workspace to name.
        prepared: The request as it was first sent, or `None` if that is not known.
        rewind: What `capture_body` returned before the first send.
    """
    outer, nested = dict(call), dict(call.get("request_kwargs") or {})
    headers = caller_headers(call)
    if outer.get("files") or nested.get("files"):
        # requests has read the files to their end, with a boundary that it draws anew for each send. The body that it
        # made of them is in the prepared request.
        body = getattr(prepared, "body", None)
        if not isinstance(body, (bytes, str)):
            return None
        for holder in (outer, nested):
            holder.pop("files", None)
            holder.pop("data", None)
        outer["data"] = body
        headers["Content-Type"] = prepared.headers["Content-Type"]
    elif not rewind():
        return None
    nested.pop("headers", None)
    if "request_kwargs" in outer:
        outer["request_kwargs"] = nested
    # The SDK's methods pass snapshots of the client's headers, which override the client's own: so the id goes in here.
    return {**outer, "headers": with_tenant(headers, workspace_id)}


def caller_headers(call: Mapping[str, Any]) -> dict[str, Any]:
    """Return the headers that a call's arguments set, merged as the SDK merges them."""
    nested = call.get("request_kwargs") or {}
    return {**(nested.get("headers") or {}), **(call.get("headers") or {})}


def _rewind_of(stream: Any) -> Rewind:
    if hasattr(stream, "fields") and hasattr(stream, "boundary_value"):
        return _restart_of(stream)
    try:
        position = stream.tell()
    except (AttributeError, TypeError, OSError, ValueError):  # A generator, a pipe or a closed file.
        return _cannot_rewind

    def rewind() -> bool:
        # If it fails, the body cannot be sent again, and the diagnosis says so.
        with boundary():
            stream.seek(position)
            return True
        return False

    return rewind


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
