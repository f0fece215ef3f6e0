"""The endpoints of the fake server: the service itself, projects, datasets, examples, feedback and queues."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar
from uuid import uuid4

from safe_langsmith._core.permissions import permissions_of
from safe_langsmith.testing import payloads
from safe_langsmith.testing.accounts import Accounts, Workspace, now
from safe_langsmith.testing.endpoints import AuthorizedRequest, Record, Route, without_empty
from safe_langsmith.testing.faults import Reply

_T = TypeVar("_T")

_PAGE_SIZE = 100
_COLLECTIONS = ("sessions", "datasets", "examples", "feedback", "annotation-queues")
_NAMED = frozenset({"sessions", "datasets", "annotation-queues"})
_UNIQUE = frozenset({"sessions", "datasets"})
# Query parameter, and the field that it selects by.
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
_INFO: dict[str, Any] = {
    "version": "0.16.20",
    "batch_ingest_config": {
        "use_multipart_endpoint": True,
        "size_limit_bytes": 20971520,
        "size_limit": 100,
        "scale_up_qsize_trigger": 1000,
        "scale_up_nthreads_limit": 16,
        "scale_down_nempty_trigger": 4,
    },
    # Without these, the SDK warns that the server is old.
    "instance_flags": {"zstd_compression_enabled": True, "dataset_examples_multipart_enabled": True},
}


# --- The service, and the workspaces of a key -----------------------------------------------------------------------


def service_info(overrides: Mapping[str, Any]) -> Record:
    """Return the body of `GET /info`. A mapping is merged into the default mapping of the same name."""
    merged = dict(_INFO)
    for name, value in overrides.items():
        default = merged.get(name)
        merged[name] = {**default, **value} if isinstance(default, dict) and isinstance(value, Mapping) else value
    return merged


def service_routes(accounts: Accounts, info: Record) -> tuple[Route, ...]:
    """Return the endpoints about the service and the workspaces.

    Args:
        accounts: The workspaces and keys.
        info: The body of `GET /info`.
    """

    def list_workspaces(call: AuthorizedRequest) -> Reply:
        key = call.key
        with_deleted = call.parameters.get("include_deleted", "").lower() in ("true", "1")
        rows = [
            _shown_workspace(workspace, role, key.permissions_listed)
            for workspace, role in accounts.memberships(key)
            if with_deleted or not workspace.deleted
        ]
        return Reply(200, rows)

    return (
        Route("GET", "/info", lambda _: Reply(200, info)),
        Route("GET", "/workspaces", list_workspaces),
        Route("GET", "/settings", _settings),
    )


def _shown_workspace(workspace: Workspace, role: str, permissions_listed: bool) -> Record:
    return {
        "id": workspace.id,
        "organization_id": workspace.organization_id,
        "display_name": workspace.name,
        "created_at": workspace.created_at,
        "is_personal": False,
        "is_deleted": workspace.deleted,
        "tenant_handle": None,
        "data_plane_url": workspace.data_plane_url,
        "read_only": False,
        "role_id": None,
        "role_name": f"WORKSPACE_{role.upper()}",
        "permissions": list(permissions_of(role)) if permissions_listed else None,
    }


def _settings(call: AuthorizedRequest) -> Reply:
    workspace = call.workspace
    return Reply(
        200,
        {
            "id": workspace.id,
            "display_name": workspace.name,
            "created_at": workspace.created_at,
            "tenant_handle": None,
        },
    )


# --- Lists of records -----------------------------------------------------------------------------------------------


def new_record(call: AuthorizedRequest, collection: str, fields: Record) -> Record:
    """Store `fields` as a record, with the fields that LangSmith adds, and return it."""
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
    record = {**defaults, **without_empty(fields), "tenant_id": call.workspace.id}
    call.collection(collection)[record["id"]] = record
    return record


def select(call: AuthorizedRequest, collection: str) -> list[Record]:
    """Return the records of a collection that the query selects, as they are sent, oldest first."""
    wanted = {field: call.all_parameters[name] for name, field in _FILTERS.items() if name in call.all_parameters}
    part = call.parameters.get("name_contains", "").lower()
    metadata = payloads.json_object(call.parameters.get("metadata", "").encode()) or {}
    return [
        _shown(call, collection, record)
        for record in call.collection(collection).values()
        if all(str(record.get(field)) in values for field, values in wanted.items())
        and part in str(record.get("name", "")).lower()
        and metadata.items() <= _metadata(record).items()
    ]


def page(items: Sequence[_T], query: Mapping[str, Any]) -> Sequence[_T]:
    """Return the part of `items` that `limit` and `offset` select."""
    start = _number(query.get("offset"), 0)
    return items[start : start + _number(query.get("limit"), _PAGE_SIZE)]


def page_by_cursor(items: Sequence[_T], query: Mapping[str, Any], size: str) -> tuple[Sequence[_T], str | None]:
    """Return the part of `items` that `cursor` and the parameter named `size` select, and the next cursor."""
    start = _number(query.get("cursor"), 0)
    end = start + _number(query.get(size), _PAGE_SIZE)
    return items[start:end], str(end) if end < len(items) else None


def _number(value: object, default: int) -> int:
    text = str(value)
    return int(text) if text.isdecimal() else default


def _shown(call: AuthorizedRequest, collection: str, record: Record) -> Record:
    """Return a record as it is sent, with the fields that are not stored."""
    if collection == "feedback":
        return {"run_id": None, "trace_id": None, **record}
    if collection == "datasets":
        examples = call.collection("examples").values()
        return {**record, "example_count": sum(example.get("dataset_id") == record["id"] for example in examples)}
    return record


def _metadata(record: Record) -> Record:
    return record.get("metadata") or (record.get("extra") or {}).get("metadata") or {}


def _collection(call: AuthorizedRequest) -> str:
    return call.path.split("/")[1]


def _list(call: AuthorizedRequest) -> Reply:
    return Reply(200, page(select(call, _collection(call)), call.parameters))


def _create(call: AuthorizedRequest) -> Reply:
    return _save(call, call.body)


def _upload(call: AuthorizedRequest) -> Reply:
    parts = list(payloads.parts(call.request))
    form: Record = {part.name: part.content.decode("utf-8", "replace") for part in parts if part.filename is None}
    file_name = next((part.filename for part in parts if part.filename), None)
    return _save(call, {"name": file_name, **form} if parts else None)


def _save(call: AuthorizedRequest, fields: Record | None) -> Reply:
    collection = _collection(call)
    if fields is None:
        return call.unprocessable()
    if collection in _NAMED and not fields.get("name"):
        return call.unprocessable("Field required: name")
    if collection in _UNIQUE:
        records, name = call.collection(collection).values(), fields["name"]
        existing = next((record for record in records if record.get("name") == name), None)
        if existing is not None:
            if "upsert=true" not in call.request.query.lower():
                return Reply(409, {"detail": f"{name!r} already exists in this workspace."})
            existing.update({**fields, "id": existing["id"]})
            return Reply(200, _shown(call, collection, existing))
    return Reply(200, _shown(call, collection, new_record(call, collection, fields)))


def _read(call: AuthorizedRequest) -> Reply:
    record = call.collection(_collection(call)).get(call.segments[0])
    return _missing(call) if record is None else Reply(200, _shown(call, _collection(call), record))


def _update(call: AuthorizedRequest) -> Reply:
    record = call.collection(_collection(call)).get(call.segments[0])
    if record is None:
        return _missing(call)
    if call.body is None:
        return call.unprocessable()
    record.update(without_empty(call.body))
    return Reply(200, _shown(call, _collection(call), record))


def _delete(call: AuthorizedRequest) -> Reply:
    if call.collection(_collection(call)).pop(call.segments[0], None) is None:
        return _missing(call)
    return Reply(202, {"message": "Deleted"})


def _missing(call: AuthorizedRequest) -> Reply:
    return call.not_found(f"{_collection(call).rstrip('s').capitalize()} {call.segments[0]} not found")


# --- Examples of a dataset, in one multipart request -----------------------------------------------------------------


def change_examples(call: AuthorizedRequest, changes: Sequence[Record]) -> list[str]:
    """Change the examples that exist, and return their IDs."""
    examples = call.collection("examples")
    known = [change for change in changes if change.get("id") in examples]
    for change in known:
        examples[change["id"]].update(without_empty(change), modified_at=now())
    return [change["id"] for change in known]


def _create_examples(call: AuthorizedRequest) -> Reply:
    dataset = call.segments[0]
    if dataset not in call.collection("datasets"):
        return call.not_found("Dataset not found")
    created = [new_record(call, "examples", {**row, "dataset_id": dataset}) for row in _example_parts(call)]
    return example_count([example["id"] for example in created])


def _update_examples(call: AuthorizedRequest) -> Reply:
    if call.segments[0] not in call.collection("datasets"):
        return call.not_found("Dataset not found")
    return example_count(change_examples(call, _example_parts(call)))


def _example_parts(call: AuthorizedRequest) -> list[Record]:
    """Return the examples in a body that has one part for each, and further parts for its inputs and outputs."""
    rows: dict[str, Record] = {}
    for part in payloads.parts(call.request):
        id, _, field = part.name.partition(".")
        if field in ("", "inputs", "outputs"):  # The fake server does not store attachments.
            value = json.loads(part.content)
            rows.setdefault(id, {"id": id}).update({field: value} if field else value)
    return list(rows.values())


def example_count(ids: Sequence[str]) -> Reply:
    """Return the reply to a request that created, changed or deleted the examples `ids`."""
    return Reply(200, {"example_ids": ids, "count": len(ids), "as_of": now()})


ROUTES: tuple[Route, ...] = (
    Route("POST", "/datasets/upload", _upload),
    Route("POST", "/v1/platform/datasets/*/examples", _create_examples),
    Route("PATCH", "/v1/platform/datasets/*/examples", _update_examples),
    *(Route("GET", f"/{collection}", _list) for collection in _COLLECTIONS),
    *(Route("POST", f"/{collection}", _create) for collection in _COLLECTIONS),
    *(Route("GET", f"/{collection}/*", _read) for collection in _COLLECTIONS),
    *(Route("PATCH", f"/{collection}/*", _update) for collection in _COLLECTIONS),
    *(Route("DELETE", f"/{collection}/*", _delete) for collection in _COLLECTIONS),
)
