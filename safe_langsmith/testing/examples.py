"""Examples in bulk: created, changed and deleted many at a time."""

from __future__ import annotations

import json
from typing import Any

from safe_langsmith.testing import payloads, resources
from safe_langsmith.testing.accounts import now
from safe_langsmith.testing.calls import Call, Route
from safe_langsmith.testing.replies import Reply
from safe_langsmith.testing.store import Record, present


def _create(call: Call) -> Reply:
    rows = _rows(call)
    if rows is None:
        return call.unprocessable("Input should be a valid list")
    created = [resources.new(call.workspace, "examples", row) for row in rows]
    call.holdings.collection("examples").update({example["id"]: example for example in created})
    return Reply(200, created)


def _update(call: Call) -> Reply:
    rows = _rows(call)
    if rows is None:
        return call.unprocessable("Input should be a valid list")
    changed = _change(call, rows)
    return Reply(200, {"message": f"{len(changed)} examples updated", "example_ids": changed, "count": len(changed)})


def _create_in_dataset(call: Call) -> Reply:
    dataset = call.names[0]
    if dataset not in call.holdings.collection("datasets"):
        return call.not_found("Dataset not found")
    rows = [{**row, "dataset_id": dataset} for row in _multipart(call)]
    created = [resources.new(call.workspace, "examples", row) for row in rows]
    call.holdings.collection("examples").update({example["id"]: example for example in created})
    return _counted([example["id"] for example in created])


def _update_in_dataset(call: Call) -> Reply:
    if call.names[0] not in call.holdings.collection("datasets"):
        return call.not_found("Dataset not found")
    return _counted(_change(call, _multipart(call)))


def _delete_softly(call: Call) -> Reply:
    deleted = _delete(call, call.query.get("example_ids", []))
    return Reply(200, {"message": f"{len(deleted)} examples deleted"})


def _delete_for_good(call: Call) -> Reply:
    ids = (call.body or {}).get("example_ids")
    if not isinstance(ids, list):
        return call.unprocessable("Field required: example_ids")
    return _counted(_delete(call, ids))


def _delete(call: Call, ids: list[Any]) -> list[str]:
    examples = call.holdings.collection("examples")
    return [id for id in ids if examples.pop(id, None) is not None]


def _change(call: Call, rows: list[Record]) -> list[str]:
    """Changes the examples that exist and returns their ids."""
    examples = call.holdings.collection("examples")
    known = [row for row in rows if row.get("id") in examples]
    for row in known:
        examples[row["id"]].update(present(row), modified_at=now())
    return [row["id"] for row in known]


def _multipart(call: Call) -> list[Record]:
    """Returns the examples in a body that has a part for each and further ones for its inputs and outputs."""
    rows: dict[str, Record] = {}
    for part in payloads.parts(call.received):
        id, _, field = part.name.partition(".")
        if field not in ("", "inputs", "outputs"):
            continue  # Attachments are not kept.
        value = json.loads(part.content)
        rows.setdefault(id, {"id": id}).update({field: value} if field else value)
    return list(rows.values())


def _rows(call: Call) -> list[Record] | None:
    try:
        rows = json.loads(call.received.body)
    except ValueError:
        return None
    return rows if isinstance(rows, list) and all(isinstance(row, dict) for row in rows) else None


def _counted(ids: list[str]) -> Reply:
    return Reply(200, {"example_ids": ids, "count": len(ids), "as_of": now()})


ROUTES: tuple[Route, ...] = (
    ("POST", "/examples/bulk", _create),
    ("PATCH", "/examples/bulk", _update),
    ("DELETE", "/examples", _delete_softly),
    ("POST", "/v1/platform/datasets/examples/delete", _delete_for_good),
    ("POST", "/v1/platform/datasets/*/examples", _create_in_dataset),
    ("PATCH", "/v1/platform/datasets/*/examples", _update_in_dataset),
)
