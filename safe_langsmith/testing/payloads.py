"""Decoding of request bodies: JSON, multipart forms, and the three forms in which clients send runs."""

from __future__ import annotations

import importlib
import io
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple
from uuid import uuid4

from safe_langsmith.testing.recorded import RecordedRequest

_BOUNDARY = re.compile(r'boundary="?([^";]+)')
_DISPOSITION = re.compile(r'(?i:content-disposition):.*? name="([^"]*)"(?:.*? filename="([^"]*)")?')


class Part(NamedTuple):
    """One part of a multipart body."""

    name: str
    filename: str | None
    content: bytes


class Operation(NamedTuple):
    """A write to a stored record.

    Attributes:
        collection: The collection of the record.
        id: Its ID.
        fields: The fields to write.
        is_first: Whether this creates a run, so that fields which are stored already are newer.
    """

    collection: str
    id: str
    fields: dict[str, Any]
    is_first: bool = False


def json_object(body: bytes) -> dict[str, Any] | None:
    """Return the JSON object in `body`, or `None` if it is not one."""
    try:
        value = json.loads(body)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def parts(request: RecordedRequest) -> Iterator[Part]:
    """Yield the parts of a multipart body, or nothing if it cannot be decoded."""
    boundary = _BOUNDARY.search(request.headers.get("content-type", ""))
    body = _decompressed(request)
    if boundary is None or body is None:
        return
    # Every delimiter but the first follows a line break.
    for section in (b"\r\n" + body).split(b"\r\n--" + boundary[1].encode())[1:]:
        head, found, content = section.partition(b"\r\n\r\n")
        disposition = _DISPOSITION.search(head.decode("utf-8", "replace")) if found else None
        if disposition is not None:
            yield Part(disposition[1], disposition[2], content)


def run_operations(request: RecordedRequest, path: str) -> Iterable[Operation]:
    """Return the runs and feedback in a request to one of the ingest endpoints.

    A multipart body is decoded only when the result is iterated.

    Args:
        request: The request.
        path: Its canonical path.
    """
    if path == "/runs/multipart":
        return _multipart_operations(request)
    body = json_object(request.body) or {}
    if path == "/runs/batch":
        runs = [*(body.get("post") or ()), *(body.get("patch") or ())]
        return [_run(run) for run in runs if isinstance(run, dict)]
    id = path.removeprefix("/runs").strip("/")
    return [_run({**body, "id": id} if id else body)] if body else []


def _multipart_operations(request: RecordedRequest) -> Iterator[Operation]:
    for part in parts(request):
        operation, _, rest = part.name.partition(".")
        id, _, field = rest.partition(".")
        try:
            value = json.loads(part.content)
        except ValueError:
            continue
        if operation == "feedback" and isinstance(value, dict):
            yield Operation("feedback", id, value)
        elif operation in ("post", "patch") and (field or isinstance(value, dict)):
            yield Operation("runs", id, {field: value} if field else value, operation == "post")


def _run(run: dict[str, Any]) -> Operation:
    return Operation("runs", str(run.get("id") or uuid4()), run)


def _decompressed(request: RecordedRequest) -> bytes | None:
    if request.headers.get("content-encoding", "").lower() != "zstd":
        return request.body
    try:
        zstandard = importlib.import_module("zstandard")
    except ImportError:
        return None
    try:
        # The SDK compresses a stream, whose frames do not contain their size.
        stream = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(request.body), read_across_frames=True)
        return bytes(stream.read())
    except zstandard.ZstdError:
        return None
