"""Routes: what serves an authorized request, with which stored records. A new endpoint is a `Route`."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from safe_langsmith.testing import error_formats
from safe_langsmith.testing.accounts import Key, Workspace
from safe_langsmith.testing.authorization import Grant
from safe_langsmith.testing.faults import Reply
from safe_langsmith.testing.payloads import Operation, json_object
from safe_langsmith.testing.recorded import RecordedRequest

Record = dict[str, Any]

_INGESTED = frozenset({"runs", "feedback"})


class WorkspaceStore:
    """The records of one workspace, by collection and ID. Its users hold the lock of the `Store`."""

    def __init__(self) -> None:
        self._collections: dict[str, dict[str, Record]] = {}
        self._received: list[Iterable[Operation]] = []

    def collection(self, name: str) -> dict[str, Record]:
        """Return the records of a collection by ID, oldest first. The caller may change them."""
        if name in _INGESTED:
            self._decode_received()
        return self._collections.setdefault(name, {})

    def ingest(self, operations: Iterable[Operation]) -> None:
        """Accept runs and feedback. They are decoded when a collection is read, so that ingesting is quick."""
        self._received.append(operations)

    def _decode_received(self) -> None:
        received, self._received = self._received, []
        for operation in (operation for operations in received for operation in operations):
            # A patch may arrive before its post, so the two merge. An empty field of a patch changes nothing.
            record = self._collections.setdefault(operation.collection, {}).setdefault(operation.id, {})
            fields = without_empty(operation.fields)
            record.update({**fields, **record} if operation.is_first else fields)
            record["id"] = operation.id


class Store:
    """The records of all workspaces."""

    def __init__(self) -> None:
        self.lock: AbstractContextManager[bool] = threading.Lock()
        self._stores: dict[str, WorkspaceStore] = {}

    def of(self, id: str) -> WorkspaceStore:
        """Return the records of a workspace. The caller holds the lock."""
        return self._stores.setdefault(id, WorkspaceStore())

    def copy(self, workspace: Workspace, collection: str) -> list[Record]:
        """Return copies of the records in a collection, oldest first."""
        with self.lock:
            # Records are JSON, for which this is the quickest deep copy.
            copies: list[Record] = json.loads(json.dumps(list(self.of(workspace.id).collection(collection).values())))
        return copies


@dataclass(frozen=True)
class AuthorizedRequest:
    """An authorized request, as a route's handler gets it.

    Attributes:
        request: The request.
        path: Its canonical path: without the base path, and without the `/api/v1` that some clients add.
        grant: The key and the workspace.
        store: The records of the workspace, or of the organization if the path is outside of workspaces.
        segments: The segments of the path that match a `*` of the route, such as an ID.
    """

    request: RecordedRequest
    path: str
    grant: Grant
    store: WorkspaceStore
    segments: tuple[str, ...]

    @property
    def workspace(self) -> Workspace:
        """The workspace that the request runs in.

        Raises:
            LookupError: If the path is outside of workspaces.
        """
        if self.grant.workspace is None:
            raise LookupError(f"{self.path} is outside of workspaces")
        return self.grant.workspace

    @property
    def key(self) -> Key:
        """The key that authorized the request.

        Raises:
            LookupError: If the path needs none.
        """
        if self.grant.key is None:
            raise LookupError(f"{self.path} needs no key")
        return self.grant.key

    @cached_property
    def all_parameters(self) -> dict[str, list[str]]:
        """The query parameters, each with all its values."""
        return parse_qs(self.request.query)

    @cached_property
    def parameters(self) -> dict[str, str]:
        """The query parameters, each with its last value."""
        return {name: values[-1] for name, values in self.all_parameters.items()}

    @cached_property
    def body(self) -> Record | None:
        """The JSON object in the body, or `None` if there is none."""
        return json_object(self.request.body)

    def collection(self, name: str) -> dict[str, Record]:
        """Return the stored records of a collection by ID, oldest first. The handler may change them."""
        return self.store.collection(name)

    def not_found(self, text: str = error_formats.NOT_FOUND) -> Reply:
        """Return a 404 in the format of the backend that serves the path."""
        return error_formats.error(self.path, 404, text)

    def unprocessable(self, text: str = "Input should be a valid dictionary") -> Reply:
        """Return the response to a body that is not valid."""
        return Reply(422, {"detail": [{"loc": ["body"], "msg": text, "type": "value_error"}]})


class Route(NamedTuple):
    """An endpoint. The server authorizes a request before it looks for the route, and calls one handler at a time.

    Attributes:
        method: The HTTP method.
        path: The canonical path, in which `*` matches any one segment.
        handler: The function that returns the reply.
    """

    method: str
    path: str
    handler: Callable[[AuthorizedRequest], Reply]

    def match(self, segments: list[str]) -> tuple[str, ...] | None:
        """Return the segments that match a `*`, or `None` if the path does not match."""
        pattern = self.path.split("/")
        if len(pattern) != len(segments):
            return None
        pairs = list(zip(pattern, segments, strict=True))
        if any(part not in ("*", segment) for part, segment in pairs):
            return None
        return tuple(segment for part, segment in pairs if part == "*")


def without_empty(fields: Record) -> Record:
    """Return `fields` without those that are `None`."""
    return {name: value for name, value in fields.items() if value is not None}
