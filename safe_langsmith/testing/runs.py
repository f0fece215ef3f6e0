"""Runs: how they come in, and how the first version of the API reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from safe_langsmith.testing import agents, pages, payloads
from safe_langsmith.testing.calls import Call, Route
from safe_langsmith.testing.replies import Reply
from safe_langsmith.testing.store import Record, WorkspaceStore

# Parameter of a query, and the field it is about.
_FILTERS = {
    "session": "session_id",
    "id": "id",
    "trace": "trace_id",
    "parent_run": "parent_run_id",
    "reference_example": "reference_example_id",
    "run_type": "run_type",
}


def select(holdings: WorkspaceStore, asked: Mapping[str, Any], filters: Mapping[str, str]) -> list[Record]:
    """Returns the runs a query asks for, newest first.

    Args:
        holdings: What the workspace holds.
        asked: The query. What it says in LangSmith's filter language, or about times, is not looked at.
        filters: The parameters that name a field's value or a list of such, and the field each is about.
    """
    wanted = {field: _values(asked[name]) for name, field in filters.items() if asked.get(name) is not None}
    failed = asked.get("error", asked.get("has_error"))
    return [
        run
        for run in reversed(completed(holdings))
        if all(str(run.get(field)).lower() in values for field, values in wanted.items())
        and asked.get("is_root") in (None, run["parent_run_id"] is None)
        and failed in (None, bool(run.get("error")))
    ]


def completed(holdings: WorkspaceStore) -> list[Record]:
    """Returns every run with what LangSmith adds to what was sent, oldest first."""
    projects = {project["name"]: project["id"] for project in holdings.collection("sessions").values()}
    return [_complete(holdings, run, projects) for run in holdings.collection("runs").values()]


def _complete(holdings: WorkspaceStore, run: Record, projects: Mapping[str, str]) -> Record:
    project = run.get("session_id") or projects.get(run.get("session_name", ""))
    if project is None and run.get("address"):
        project = agents.project_at(holdings, run["address"])
    ended = "error" if run.get("error") else "success" if run.get("end_time") else "pending"
    # The dotted order is a time and an id for each ancestor and the run itself.
    ancestors = [part.rpartition("Z")[2] for part in str(run.get("dotted_order", "")).split(".")[:-1]]
    return {
        "app_path": f"/o/-/projects/p/{project}/r/{run['id']}",
        "status": ended,
        "trace_id": run["id"],
        "parent_run_id": None,
        "parent_run_ids": ancestors,
        # LangSmith keeps attachments elsewhere, and tells the links to them.
        **{field: value for field, value in run.items() if field != "attachments"},
        "session_id": project,
    }


def _ingest(call: Call) -> Reply:
    call.holdings.accept(payloads.run_operations(call.received, call.path))
    return Reply(202, {"message": "Runs accepted"})


def _query(call: Call) -> Reply:
    asked = call.body or {}
    page, cursor = pages.by_cursor(select(call.holdings, asked, _FILTERS), asked, "limit")
    return Reply(200, {"runs": page, "cursors": {"next": cursor}, "parsed_query": None})


def _read(call: Call) -> Reply:
    found = select(call.holdings, {"id": call.names[0]}, _FILTERS)
    return Reply(200, found[0]) if found else call.not_found(f"Run {call.names[0]} not found")


def _values(given: object) -> set[str]:
    return {str(value).lower() for value in (given if isinstance(given, list) else [given])}


ROUTES: tuple[Route, ...] = (
    ("POST", "/runs", _ingest),
    ("POST", "/runs/batch", _ingest),
    ("POST", "/runs/multipart", _ingest),
    ("PATCH", "/runs/*", _ingest),
    ("POST", "/runs/query", _query),
    ("GET", "/runs/*", _read),
)
