"""What workspaces hold: projects, datasets, examples, feedback and runs, in memory."""

from __future__ import annotations

import copy
import threading
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

from safe_langsmith.testing import dialects, payloads
from safe_langsmith.testing.directory import Workspace, now
from safe_langsmith.testing.received import Received
from safe_langsmith.testing.replies import Reply

Record = dict[str, Any]

_COLLECTIONS = frozenset({"sessions", "datasets", "examples", "feedback"})
_NAMED = frozenset({"sessions", "datasets"})


class Store:
    """Everything stored, by workspace and collection; a collection is called as its path is."""

    def __init__(self) -> None:
        """Starts empty."""
        self._lock = threading.Lock()
        self._records: dict[tuple[str, str], dict[str, Record]] = {}

    def all(self, workspace: Workspace, collection: str) -> list[Record]:
        """Returns copies of what `workspace` holds in `collection`, oldest first."""
        with self._lock:
            return copy.deepcopy(list(self._collection(workspace, collection).values()))

    def answer(self, received: Received, path: str, workspace: Workspace) -> Reply:
        """Does what an authorized request asks for.

        Args:
            received: The request.
            path: Its canonical path.
            workspace: The workspace it runs in.
        """
        collection, _, id = path.strip("/").partition("/")
        with self._lock:
            if collection == "runs":
                return self._ingest(received, path, workspace)
            if path == "/datasets/upload" and received.method == "POST":
                return self._create(received, workspace, "datasets", _form(received))
            if collection not in _COLLECTIONS or "/" in id:
                return dialects.refusal(path, 404, dialects.NOT_FOUND)
            if id:
                return self._one(received, path, workspace, collection, id)
            if received.method == "GET":
                return self._list(received, workspace, collection)
            if received.method == "POST":
                return self._create(received, workspace, collection, payloads.json_object(received.body))
            return dialects.refusal(path, 404, dialects.NOT_FOUND)

    def _collection(self, workspace: Workspace, collection: str) -> dict[str, Record]:
        return self._records.setdefault((workspace.id, collection), {})

    def _ingest(self, received: Received, path: str, workspace: Workspace) -> Reply:
        posted = received.method == "POST" and path in ("/runs", "/runs/batch", "/runs/multipart")
        patched = received.method == "PATCH" and path.count("/") == 2
        if not (posted or patched):
            return dialects.refusal(path, 404, dialects.NOT_FOUND)
        for operation in payloads.run_operations(received, path):
            # A patch may overtake its post, so both merge; what a patch leaves empty it does not change.
            record = self._collection(workspace, operation.collection).setdefault(operation.id, {})
            record.update({name: value for name, value in operation.fields.items() if value is not None})
            record["id"] = operation.id
        return Reply(202, {"message": "Runs accepted"})

    def _list(self, received: Received, workspace: Workspace, collection: str) -> Reply:
        query = {name: values[-1] for name, values in parse_qs(received.query).items()}
        records = [
            record
            for record in self._collection(workspace, collection).values()
            if query.get("name") in (None, record.get("name"))
            and query.get("name_contains", "") in str(record.get("name", ""))
            and query.get("dataset") in (None, record.get("dataset_id"))
        ]
        offset, limit = _number(query.get("offset"), 0), _number(query.get("limit"), 100)
        return Reply(200, copy.deepcopy(records[offset : offset + limit]))

    def _create(self, received: Received, workspace: Workspace, collection: str, posted: Record | None) -> Reply:
        if posted is None:
            return _unprocessable("Input should be a valid dictionary")
        records = self._collection(workspace, collection)
        if collection in _NAMED:
            if not posted.get("name"):
                return _unprocessable("Field required: name")
            same = next((record for record in records.values() if record["name"] == posted["name"]), None)
            if same is not None:
                if "upsert=true" not in received.query.lower():
                    return Reply(409, {"detail": f"{posted['name']!r} already exists in this workspace."})
                same.update({**posted, "id": same["id"]})
                return Reply(200, copy.deepcopy(same))
        record = {**_defaults(collection), **{name: value for name, value in posted.items() if value is not None}}
        record["tenant_id"] = workspace.id
        records[record["id"]] = record
        return Reply(200, copy.deepcopy(record))

    def _one(self, received: Received, path: str, workspace: Workspace, collection: str, id: str) -> Reply:
        records = self._collection(workspace, collection)
        if id not in records:
            return dialects.refusal(path, 404, f"{collection.rstrip('s').capitalize()} {id} not found")
        if received.method == "DELETE":
            del records[id]
            return Reply(202, {"message": "Deleted"})
        if received.method == "PATCH":
            changes = payloads.json_object(received.body)
            if changes is None:
                return _unprocessable("Input should be a valid dictionary")
            records[id].update({name: value for name, value in changes.items() if value is not None})
        elif received.method != "GET":
            return dialects.refusal(path, 404, dialects.NOT_FOUND)
        return Reply(200, copy.deepcopy(records[id]))


def _defaults(collection: str) -> Record:
    created: Record = {"id": str(uuid4())}
    if collection == "sessions":
        return {**created, "start_time": now(), "reference_dataset_id": None}
    if collection == "datasets":
        return {**created, "data_type": "kv", "created_at": now(), "example_count": 0, "session_count": 0}
    return {**created, "created_at": now()}


def _form(received: Received) -> Record | None:
    found = list(payloads.parts(received))
    form: Record = {part.name: part.content.decode("utf-8", "replace") for part in found if part.filename is None}
    uploaded = next((part.filename for part in found if part.filename), None)
    return {"name": uploaded, **form} if found else None


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text is not None and text.isdecimal() else otherwise


def _unprocessable(message: str) -> Reply:
    return Reply(422, {"detail": [{"loc": ["body"], "msg": message, "type": "value_error"}]})
