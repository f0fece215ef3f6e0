"""Decodes request bodies: JSON, forms and the three ways in which runs arrive."""

from __future__ import annotations

import importlib
import io
import json
import re
from collections.abc import Iterable, Iterator
from email.message import Message
from typing import Any, NamedTuple
from uuid import uuid4

from safe_langsmith.testing.received import RecordedRequest

# What the SDK writes, without anything quoted or encoded in it.
_PLAIN = re.compile(r'form-data; name="([^"\\]*)"(?:; filename="([^"\\]*)")?')


class Part(NamedTuple):
    """One part of a multipart body."""

    name: str
    filename: str | None
    content: bytes


class Operation(NamedTuple):
    """Something to store.

    Attributes:
        collection: The collection it goes to.
        id: Its id.
        fields: Its fields.
        is_first: Whether it is what a run begins with, so that what it leaves empty has been told meanwhile, if at all.
    """

    collection: str
    id: str
    fields: dict[str, Any]
    is_first: bool = False


def json_object(body: bytes) -> dict[str, Any] | None:
    """Returns the JSON object in `body`, or `None` where it holds none."""
    try:
        value = json.loads(body)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def parts(received: RecordedRequest) -> Iterator[Part]:
    """Yields the parts of a multipart body; none where it cannot be decoded."""
    boundary = _header("content-type", received.headers.get("content-type", "")).get_param("boundary")
    body = _decompressed(received)
    if not isinstance(boundary, str) or body is None:
        return
    # The first delimiter has no line break before it, every other one does.
    for section in (b"\r\n" + body).split(b"\r\n--" + boundary.encode())[1:]:
        head, found, content = section.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        if not found:
            continue
        for line in head.decode("utf-8", "replace").split("\r\n"):
            name, _, value = line.partition(":")
            if name.lower() == "content-disposition":
                yield Part(*_disposition(value.strip()), content)


def _disposition(value: str) -> tuple[str, str | None]:
    """Returns the name and the file name of a part."""
    plain = _PLAIN.fullmatch(value)
    if plain is not None:
        return plain[1], plain[2]
    # Right in every case and slow, which counts where a body has hundreds of parts.
    name = "Content-Disposition"
    disposition = _header(name, value)
    return str(disposition.get_param("name", header=name)), disposition.get_filename()


def run_operations(received: RecordedRequest, path: str) -> Iterable[Operation]:
    """Returns the runs and feedback that a request to one of the ingest endpoints carries.

    Those in a multipart body are decoded only as they are taken.

    Args:
        received: The request.
        path: Its canonical path.
    """
    if path == "/runs/multipart":
        return _multipart_operations(received)
    body = json_object(received.body) or {}
    if path == "/runs/batch":
        runs = [*(body.get("post") or ()), *(body.get("patch") or ())]
        return [_run(run) for run in runs if isinstance(run, dict)]
    id = path.removeprefix("/runs").strip("/")
    return [_run({**body, "id": id} if id else body)] if body else []


def _multipart_operations(received: RecordedRequest) -> Iterator[Operation]:
    for part in parts(received):
        operation, _, rest = part.name.partition(".")
        id, _, field = rest.partition(".")
        try:
            value = json.loads(part.content)
        except ValueError:
            continue
        if operation == "feedback" and isinstance(value, dict):
            yield Operation("feedback", id, value)
        elif operation in ("post", "patch"):
            if field:
                yield Operation("runs", id, {field: value}, operation == "post")
            elif isinstance(value, dict):
                yield Operation("runs", id, value, operation == "post")


def _run(run: dict[str, Any]) -> Operation:
    return Operation("runs", str(run.get("id") or uuid4()), run)


def _header(name: str, value: str) -> Message:
    message = Message()
    message[name] = value
    return message


def _decompressed(received: RecordedRequest) -> bytes | None:
    if received.headers.get("content-encoding", "").lower() != "zstd":
        return received.body
    try:
        zstandard = importlib.import_module("zstandard")
    except ImportError:
        return None
    try:
        # The SDK streams, so the frames do not tell their size.
        stream = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(received.body), read_across_frames=True)
        return bytes(stream.read())
    except zstandard.ZstdError:
        return None
