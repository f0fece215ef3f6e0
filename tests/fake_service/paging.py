"""Pages as the generated clients request them: a document, or a stream of events."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from safe_langsmith.testing import AuthorizedRequest, Reply
from safe_langsmith.testing.endpoints import Record
from safe_langsmith.testing.resources import page_by_cursor


def items(
    call: AuthorizedRequest,
    records: Sequence[Record],
    query: Mapping[str, Any],
    show: Callable[[Record], Record] = dict,
) -> Reply:
    """Return a page, as a stream if the client accepts one.

    Args:
        call: The request.
        records: All records.
        query: The parameters that select the page.
        show: A function that returns a record as it is sent.
    """
    part, cursor = page_by_cursor(records, query, "page_size")
    page = [show(record) for record in part]
    if "text/event-stream" in call.request.headers.get("accept", ""):
        return _stream(page, cursor)
    return Reply(200, {"items": page, "next_cursor": cursor})


def _stream(page: Sequence[Record], cursor: str | None) -> Reply:
    """Return the page as events, each of which is a JSON Patch of the document."""
    patches = [
        {"op": "add", "path": "", "value": {"items": [], "next_cursor": None}},
        *({"op": "add", "path": "/items/-", "value": item} for item in page),
        {"op": "replace", "path": "/next_cursor", "value": cursor},
    ]
    events = [f"event: data\ndata: {json.dumps([patch])}\n\n" for patch in patches]
    return Reply(200, "".join(events) + "event: end\ndata: {}\n\n", "text/event-stream")
