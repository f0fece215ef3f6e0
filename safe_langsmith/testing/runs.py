"""Runs: how clients send them, and how they read them with version 1 of the API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from safe_langsmith.testing import payloads
from safe_langsmith.testing.endpoints import AuthorizedRequest, Record, Route, WorkspaceStore
from safe_langsmith.testing.faults import Reply
from safe_langsmith.testing.resources import page_by_cursor

# Query parameter, and the field that it selects by.
_FILTERS = {
    "session": "session_id",
    "id": "id",
    "trace": "trace_id",
    "parent_run": "parent_run_id",
    "reference_example": "reference_example_id",
    "run_type": "run_type",
}


def select(runs: Sequence[Record], query: Mapping[str, Any], filters: Mapping[str, str]) -> list[Record]:
    """Return the runs that a query selects, newest first.

    Args:
        runs: The runs to select from, oldest first.
        query: The query. Its filter expressions and times are ignored.
        filters: The parameters that contain a value or a list of values, and the field of each.
    """
    wanted = {field: _values(query[name]) for name, field in filters.items() if query.get(name) is not None}
    failed = query.get("error", query.get("has_error"))
    return [
        run
        for run in reversed(runs)
        if all(str(run.get(field)).lower() in values for field, values in wanted.items())
        and query.get("is_root") in (None, run["parent_run_id"] is None)
        and failed in (None, bool(run.get("error")))
    ]


def completed(store: WorkspaceStore) -> list[Record]:
    """Return every run, with the fields that LangSmith adds, oldest first."""
    projects = {project["name"]: project["id"] for project in store.collection("sessions").values()}
    return [_complete(run, projects) for run in store.collection("runs").values()]


def _complete(run: Record, projects: Mapping[str, str]) -> Record:
    project = run.get("session_id") or projects.get(run.get("session_name", ""))
    # The dotted order has a time and an ID for each ancestor, and for the run itself.
    ancestors = [part.rpartition("Z")[2] for part in str(run.get("dotted_order", "")).split(".")[:-1]]
    return {
        "app_path": f"/o/-/projects/p/{project}/r/{run['id']}",
        "status": "error" if run.get("error") else "success" if run.get("end_time") else "pending",
        "trace_id": run["id"],
        "parent_run_id": None,
        "parent_run_ids": ancestors,
        # LangSmith stores attachments elsewhere and returns links to them.
        **{field: value for field, value in run.items() if field != "attachments"},
        "session_id": project,
    }


def _values(value: object) -> set[str]:
    return {str(one).lower() for one in (value if isinstance(value, list) else [value])}


def _ingest(call: AuthorizedRequest) -> Reply:
    call.store.ingest(payloads.run_operations(call.request, call.path))
    return Reply(202, {"message": "Runs accepted"})


def _query_runs(call: AuthorizedRequest) -> Reply:
    query = call.body or {}
    runs, cursor = page_by_cursor(select(completed(call.store), query, _FILTERS), query, "limit")
    return Reply(200, {"runs": runs, "cursors": {"next": cursor}, "parsed_query": None})


def _read_run(call: AuthorizedRequest) -> Reply:
    found = select(completed(call.store), {"id": call.segments[0]}, _FILTERS)
    return Reply(200, found[0]) if found else call.not_found(f"Run {call.segments[0]} not found")


ROUTES: tuple[Route, ...] = (
    Route("POST", "/runs", _ingest),
    Route("POST", "/runs/batch", _ingest),
    Route("POST", "/runs/multipart", _ingest),
    Route("PATCH", "/runs/*", _ingest),
    Route("POST", "/runs/query", _query_runs),
    Route("GET", "/runs/*", _read_run),
)
