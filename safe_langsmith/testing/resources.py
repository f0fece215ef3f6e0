"""The resources that are lists of records: projects, datasets, examples, feedback and annotation queues."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from safe_langsmith.testing import pages, payloads
from safe_langsmith.testing.accounts import Workspace, now
from safe_langsmith.testing.calls import Call, Route
from safe_langsmith.testing.replies import Reply
from safe_langsmith.testing.store import Record, WorkspaceStore, present

_COLLECTIONS = ("sessions", "datasets", "examples", "feedback", "annotation-queues")
_NAMED = frozenset({"sessions", "datasets", "annotation-queues"})
_UNIQUE = frozenset({"sessions", "datasets"})
# Query parameter, and the field it is about.
_FILTERS = {
    "id": "id",
    "ids": "id",
    "name": "name",
    "dataset": "dataset_id",
    "reference_dataset": "reference_dataset_id",
    "run": "run_id",
    "key": "key",
    "data_type": "data_type",
}


def new(workspace: Workspace, collection: str, fields: Record) -> Record:
    """Returns a record to store: `fields`, and what LangSmith adds to them."""
    moment = now()
    defaults: Record = {"id": str(uuid4())}
    if collection == "sessions":
        defaults.update(start_time=moment, reference_dataset_id=None)
    elif collection == "annotation-queues":
        defaults.update(created_at=moment, updated_at=moment, queue_type="single", description=None)
    else:
        defaults.update(created_at=moment, modified_at=moment)
    if collection == "datasets":
        defaults.update(data_type="kv", session_count=0)
    return {**defaults, **present(fields), "tenant_id": workspace.id}


def shown(holdings: WorkspaceStore, collection: str, record: Record) -> Record:
    """Returns a record as it is answered, with what is not stored with it."""
    if collection == "feedback":
        return {"run_id": None, "trace_id": None, **record}
    if collection == "datasets":
        examples = holdings.collection("examples").values()
        return {**record, "example_count": sum(example.get("dataset_id") == record["id"] for example in examples)}
    return record


def select(call: Call, collection: str) -> list[Record]:
    """Returns the records of a collection that the query of `call` asks for, oldest first."""
    wanted = {field: call.query[name] for name, field in _FILTERS.items() if name in call.query}
    part = call.last.get("name_contains", "").lower()
    metadata = payloads.json_object(call.last.get("metadata", "").encode()) or {}
    return [
        shown(call.holdings, collection, record)
        for record in call.holdings.collection(collection).values()
        if all(str(record.get(field)) in values for field, values in wanted.items())
        and part in str(record.get("name", "")).lower()
        and metadata.items() <= _metadata(record).items()
    ]


def _list(call: Call) -> Reply:
    return Reply(200, pages.by_offset(select(call, _collection(call)), call.last))


def _create(call: Call) -> Reply:
    return _store(call, call.body)


def _upload(call: Call) -> Reply:
    found = list(payloads.parts(call.received))
    form: Record = {part.name: part.content.decode("utf-8", "replace") for part in found if part.filename is None}
    uploaded = next((part.filename for part in found if part.filename), None)
    return _store(call, {"name": uploaded, **form} if found else None)


def _store(call: Call, posted: Record | None) -> Reply:
    if posted is None:
        return call.unprocessable()
    collection = _collection(call)
    records = call.holdings.collection(collection)
    if collection in _NAMED and not posted.get("name"):
        return call.unprocessable("Field required: name")
    if collection in _UNIQUE and (same := _called(records, posted["name"])) is not None:
        if "upsert=true" not in call.received.query.lower():
            return Reply(409, {"detail": f"{posted['name']!r} already exists in this workspace."})
        same.update({**posted, "id": same["id"]})
        return Reply(200, shown(call.holdings, collection, same))
    record = new(call.workspace, collection, posted)
    records[record["id"]] = record
    return Reply(200, shown(call.holdings, collection, record))


def _read(call: Call) -> Reply:
    record = _named(call)
    return _missing(call) if record is None else Reply(200, shown(call.holdings, _collection(call), record))


def _update(call: Call) -> Reply:
    record = _named(call)
    if record is None:
        return _missing(call)
    if call.body is None:
        return call.unprocessable()
    record.update(present(call.body))
    return Reply(200, shown(call.holdings, _collection(call), record))


def _delete(call: Call) -> Reply:
    if _named(call) is None:
        return _missing(call)
    del call.holdings.collection(_collection(call))[call.names[0]]
    return Reply(202, {"message": "Deleted"})


def _called(records: dict[str, Record], name: str) -> Record | None:
    return next((record for record in records.values() if record.get("name") == name), None)


def _named(call: Call) -> Record | None:
    return call.holdings.collection(_collection(call)).get(call.names[0])


def _missing(call: Call) -> Reply:
    return call.not_found(f"{_collection(call).rstrip('s').capitalize()} {call.names[0]} not found")


def _collection(call: Call) -> str:
    return call.path.split("/")[1]


def _metadata(record: Record) -> dict[str, Any]:
    return record.get("metadata") or (record.get("extra") or {}).get("metadata") or {}


ROUTES: tuple[Route, ...] = (
    ("POST", "/datasets/upload", _upload),
    *(("GET", f"/{collection}", _list) for collection in _COLLECTIONS),
    *(("POST", f"/{collection}", _create) for collection in _COLLECTIONS),
    *(("GET", f"/{collection}/*", _read) for collection in _COLLECTIONS),
    *(("PATCH", f"/{collection}/*", _update) for collection in _COLLECTIONS),
    *(("DELETE", f"/{collection}/*", _delete) for collection in _COLLECTIONS),
)
