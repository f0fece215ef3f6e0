"""What workspaces hold, in memory: records by workspace, collection and id."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterable, Iterator
from typing import Any

from safe_langsmith.testing.accounts import Workspace
from safe_langsmith.testing.payloads import Operation

Record = dict[str, Any]

_INGESTED = frozenset({"runs", "feedback"})


class WorkspaceStore:
    """What one workspace holds. Only for who has the store's lock, as `Store.of` gives it."""

    def __init__(self) -> None:
        """Starts empty."""
        self._collections: dict[str, dict[str, Record]] = {}
        self._arrived: list[Iterable[Operation]] = []

    def collection(self, name: str) -> dict[str, Record]:
        """Returns the records of a collection by their ids, oldest first, to read and to change."""
        if name in _INGESTED:
            self._take_in()
        return self._collections.setdefault(name, {})

    def accept(self, operations: Iterable[Operation]) -> None:
        """Takes what was ingested, in the order of the calls; it is decoded when somebody looks.

        LangSmith, too, answers before it has looked, and a test that ingests much should not wait for this server.
        """
        self._arrived.append(operations)

    def _take_in(self) -> None:
        arrived, self._arrived = self._arrived, []
        for operation in (operation for operations in arrived for operation in operations):
            # A patch may overtake its post, so both merge; what a patch leaves empty it does not change.
            record = self._collections.setdefault(operation.collection, {}).setdefault(operation.id, {})
            fields = present(operation.fields)
            record.update({**fields, **record} if operation.is_first else fields)
            record["id"] = operation.id


class Store:
    """Everything stored; safe to use from several threads."""

    def __init__(self) -> None:
        """Starts empty."""
        self._lock = threading.Lock()
        self._holdings: dict[str, WorkspaceStore] = {}

    @contextlib.contextmanager
    def of(self, workspace: Workspace) -> Iterator[WorkspaceStore]:
        """Gives what `workspace` holds, and keeps everyone else out meanwhile."""
        with self._lock:
            yield self._holdings.setdefault(workspace.id, WorkspaceStore())

    def all(self, workspace: Workspace, collection: str) -> list[Record]:
        """Returns copies of what `workspace` holds in `collection`, oldest first."""
        with self.of(workspace) as holdings:
            # All of it arrived as JSON or could have, and this is the quickest deep copy of such.
            copies: list[Record] = json.loads(json.dumps(list(holdings.collection(collection).values())))
        return copies


def present(fields: Record) -> Record:
    """Returns `fields` without those that are empty."""
    return {name: value for name, value in fields.items() if value is not None}
