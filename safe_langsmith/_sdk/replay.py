"""Sending a call of `request_with_retries` a second time: the same body, byte for byte, and another workspace.

A file or stream has been read to its end by the first send, and a naive second one would deliver an empty body, which
the server accepts. So its position is noted before the first send, and restored before the second.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from safe_langsmith._sdk.compat import without_tenant

Rewind = Callable[[], bool]
"""Puts a body back where it was before the first send; returns whether that was possible."""

_REPLAYABLE = (bytes, str, type(None), bytearray, memoryview, Mapping, list, tuple)


def note_position(call: Mapping[str, Any]) -> Rewind:
    """Returns how to put back the body of a call that is about to be sent.

    Args:
        call: The keyword arguments of `request_with_retries`.
    """
    try:
        nested = call.get("request_kwargs")
        streams = [
            holder["data"]
            for holder in ((call, nested) if nested else (call,))
            if "data" in holder and not isinstance(holder["data"], _REPLAYABLE)
        ]
        if not streams:
            return _nothing_to_rewind
        rewinds = [_position_of(stream) for stream in streams]
    except Exception:  # Anything may be given as a body; what it cannot do must not fail a call that would succeed.
        return _cannot_rewind
    return lambda: all(rewind() for rewind in rewinds)


def arguments_for(call: Mapping[str, Any], workspace_id: str, prepared: Any, rewind: Rewind) -> dict[str, Any] | None:
    """Returns the arguments of the second send, or `None` where the body cannot be sent twice.

    Args:
        call: The keyword arguments of the first send.
        workspace_id: The workspace to name.
        prepared: The request as it was first sent, or `None` where that is not known.
        rewind: Puts the body back.
    """
    outer, nested = dict(call), dict(call.get("request_kwargs") or {})
    headers = caller_headers(call)
    if outer.get("files") or nested.get("files"):
        # requests has read the files to their end and framed them with a boundary drawn anew for each send. What it
        # made of them is at hand.
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
    # Callers pass snapshots of the client's headers, which win over the client's own: so the id goes in here.
    headers = without_tenant(headers)
    nested.pop("headers", None)
    if "request_kwargs" in outer:
        outer["request_kwargs"] = nested
    return {**outer, "headers": {**headers, "X-Tenant-Id": workspace_id}}


def caller_headers(call: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the headers that a call's arguments set, merged as the SDK merges them."""
    nested = call.get("request_kwargs") or {}
    return {**(nested.get("headers") or {}), **(call.get("headers") or {})}


def _position_of(stream: Any) -> Rewind:
    if hasattr(stream, "fields") and hasattr(stream, "boundary_value"):
        return _fields_of(stream)
    try:
        position = stream.tell()
    except Exception:  # As above.
        return _cannot_rewind

    def rewind() -> bool:
        try:
            stream.seek(position)
        except Exception:  # As above: then the body cannot be sent again, and the user is told so.
            return False
        return True

    return rewind


def _fields_of(encoder: Any) -> Rewind:
    """How to begin anew with a `MultipartEncoder`, in which langsmith before 0.12 sends large batches of runs."""

    def rewind() -> bool:
        try:
            fields = encoder.fields
            contents = [field[1][1] for field in (fields.items() if isinstance(fields, Mapping) else fields)]
            if not all(isinstance(content, (bytes, str)) for content in contents):
                return False
            encoder.__init__(fields, boundary=encoder.boundary_value)
        except Exception:  # As above.
            return False
        return True

    return rewind


def _nothing_to_rewind() -> bool:
    return True


def _cannot_rewind() -> bool:
    return False
