"""Lists in the forms that the SDK pages through: by offset, by cursor, and streamed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from safe_langsmith.testing.calls import Call
from safe_langsmith.testing.replies import Reply
from safe_langsmith.testing.store import Record

_T = TypeVar("_T")

_SIZE = 100


def by_offset(items: Sequence[_T], asked: Mapping[str, Any]) -> Sequence[_T]:
    """Returns the part of `items` that `limit` and `offset` ask for."""
    start = _number(asked.get("offset"), 0)
    return items[start : start + _number(asked.get("limit"), _SIZE)]


def by_cursor(
    items: Sequence[_T], asked: Mapping[str, Any], size: str = "page_size"
) -> tuple[Sequence[_T], str | None]:
    """Returns the part of `items` that `cursor` and a parameter called as `size` ask for, and the next cursor."""
    start = _number(asked.get("cursor"), 0)
    end = start + _number(asked.get(size), _SIZE)
    return items[start:end], str(end) if end < len(items) else None


def items(
    call: Call, found: Sequence[Record], asked: Mapping[str, Any], show: Callable[[Record], Record] = dict
) -> Reply:
    """Returns the page that the generated clients ask for, as a document or, if they accept it, as a stream.

    Args:
        call: The request.
        found: The records to page through.
        asked: What it says about the page.
        show: Makes of a record what is answered.
    """
    part, cursor = by_cursor(found, asked)
    page = [show(record) for record in part]
    if "text/event-stream" in call.received.headers.get("accept", ""):
        return _stream(page, cursor)
    return Reply(200, {"items": page, "next_cursor": cursor})


def _stream(page: Sequence[Record], cursor: str | None) -> Reply:
    """Returns the page as events, each a JSON Patch of the document that grows from them."""
    patches = [
        {"op": "add", "path": "", "value": {"items": [], "next_cursor": None}},
        *({"op": "add", "path": "/items/-", "value": item} for item in page),
        {"op": "replace", "path": "/next_cursor", "value": cursor},
    ]
    events = [f"event: data\ndata: {json.dumps([patch])}\n\n" for patch in patches]
    return Reply(200, "".join(events) + "event: end\ndata: {}\n\n", "text/event-stream")


def _number(value: object, otherwise: int) -> int:
    text = str(value)
    return int(text) if text.isdecimal() else otherwise
