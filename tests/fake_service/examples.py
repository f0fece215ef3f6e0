"""Examples that are created, changed and deleted many at a time, in JSON."""

from __future__ import annotations

import json
from typing import Any

from safe_langsmith.testing import AuthorizedRequest, Reply, Route
from safe_langsmith.testing.endpoints import Record
from safe_langsmith.testing.resources import change_examples, example_count, new_record


def _create(call: AuthorizedRequest) -> Reply:
    rows = _rows(call)
    if rows is None:
        return call.unprocessable("Input should be a valid list")
    return Reply(200, [new_record(call, "examples", row) for row in rows])


def _update(call: AuthorizedRequest) -> Reply:
    rows = _rows(call)
    if rows is None:
        return call.unprocessable("Input should be a valid list")
    changed = change_examples(call, rows)
    return Reply(200, {"message": f"{len(changed)} examples updated", "example_ids": changed, "count": len(changed)})


def _soft_delete(call: AuthorizedRequest) -> Reply:
    deleted = _delete(call, call.all_parameters.get("example_ids", []))
    return Reply(200, {"message": f"{len(deleted)} examples deleted"})


def _hard_delete(call: AuthorizedRequest) -> Reply:
    ids = (call.body or {}).get("example_ids")
    if not isinstance(ids, list):
        return call.unprocessable("Field required: example_ids")
    return example_count(_delete(call, ids))


def _delete(call: AuthorizedRequest, ids: list[Any]) -> list[str]:
    examples = call.collection("examples")
    return [id for id in ids if examples.pop(id, None) is not None]


def _rows(call: AuthorizedRequest) -> list[Record] | None:
    try:
        rows = json.loads(call.request.body)
    except ValueError:
        return None
    return rows if isinstance(rows, list) and all(isinstance(row, dict) for row in rows) else None


ROUTES = (
    Route("POST", "/examples/bulk", _create),
    Route("PATCH", "/examples/bulk", _update),
    Route("DELETE", "/examples", _soft_delete),
    Route("POST", "/v1/platform/datasets/examples/delete", _hard_delete),
)
