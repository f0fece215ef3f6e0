"""The endpoints that only the SDK's generated clients use, mostly version 2 of the API."""

from __future__ import annotations

from typing import Any

from safe_langsmith.testing import AuthorizedRequest, Reply, Route, resources, runs
from safe_langsmith.testing.endpoints import Record

from .agents import project_of
from .paging import items

# Query parameter, and the field that it selects by.
_FILTERS = {
    "project_ids": "session_id",
    "project_id": "session_id",
    "ids": "id",
    "trace_id": "trace_id",
    "reference_examples": "reference_example_id",
    "run_type": "run_type",
}
_DEFAULT_SELECTS = ("ID",)


def _runs(call: AuthorizedRequest) -> list[Record]:
    query = dict(call.body or {})
    dataset = query.get("reference_dataset_id")
    if dataset is not None:
        sessions = call.collection("sessions").values()
        query["project_ids"] = [session["id"] for session in sessions if session["reference_dataset_id"] == dataset]
    return _select(call, query)


def _run(call: AuthorizedRequest) -> Record | None:
    return next(iter(_select(call, {"ids": call.segments[0]})), None)


def _select(call: AuthorizedRequest, query: Record) -> list[Record]:
    completed = runs.completed(call.store)
    for run in completed:
        if run["session_id"] is None and run.get("address"):
            run["session_id"] = project_of(call.store, run["address"])
    return runs.select(completed, query, _FILTERS)


def _shown(run: Record, selects: Any) -> Record:
    """Return the selected properties of a run, in the names and values of version 2."""
    metadata = (run.get("extra") or {}).get("metadata") or {}
    renamed = {
        "run_type": str(run.get("run_type", "")).upper() or None,
        "status": run["status"].upper(),
        "project_id": run["session_id"],
        "is_root": run["parent_run_id"] is None,
        "metadata": metadata,
        "thread_id": _thread(run),
    }
    names = [str(name).lower() for name in selects or _DEFAULT_SELECTS]
    return {name: renamed.get(name, run.get(name)) for name in names}


def _thread(run: Record) -> str | None:
    metadata = (run.get("extra") or {}).get("metadata") or {}
    return next((metadata[name] for name in ("session_id", "thread_id", "conversation_id") if name in metadata), None)


def _query_runs(call: AuthorizedRequest) -> Reply:
    query = call.body or {}
    return items(call, _runs(call), query, lambda run: _shown(run, query.get("selects")))


def _query_traces(call: AuthorizedRequest) -> Reply:
    query = call.body or {}
    roots = [run for run in _runs(call) if run["parent_run_id"] is None]
    return items(call, roots, query, lambda run: {"root_run": _shown(run, query.get("selects"))})


def _query_threads(call: AuthorizedRequest) -> Reply:
    threads: dict[str, list[Record]] = {}
    for run in _runs(call):
        thread = _thread(run)
        if thread is not None and run["parent_run_id"] is None:
            threads.setdefault(thread, []).append(run)
    found = [
        {"thread_id": id, "count": len(turns), "first_trace_id": turns[-1]["id"], "last_trace_id": turns[0]["id"]}
        for id, turns in threads.items()
    ]
    return items(call, found, call.body or {})


def _read_run(call: AuthorizedRequest) -> Reply:
    run = _run(call)
    return call.not_found() if run is None else Reply(200, _shown(run, call.all_parameters.get("selects")))


def _url(call: AuthorizedRequest) -> Reply:
    run, host = _run(call), call.request.headers.get("host", "")
    return call.not_found() if run is None else Reply(200, {"url": f"http://{host}{run['app_path']}"})


def _datasets(call: AuthorizedRequest) -> Reply:
    return items(call, resources.select(call, "datasets"), call.parameters)


def _sessions(call: AuthorizedRequest) -> Reply:
    found = resources.select(call, "sessions")
    return items(call, found, call.parameters, lambda session: {"type": "PROJECT", **session})


def _no_items(call: AuthorizedRequest) -> Reply:
    return items(call, [], {})


def _no_boxes(call: AuthorizedRequest) -> Reply:
    # Older clients read `sandboxes`, newer ones `items`.
    return Reply(200, {"items": [], "sandboxes": [], "next_cursor": None, "offset": 0})


def _no_evaluators(call: AuthorizedRequest) -> Reply:
    return Reply(200, {"evaluators": [], "total": 0})


def _no_rules(call: AuthorizedRequest) -> Reply:
    return Reply(200, [])


ROUTES = (
    Route("POST", "/v2/runs/query", _query_runs),
    Route("GET", "/v2/runs/rules", _no_items),
    Route("GET", "/v2/runs/*", _read_run),
    Route("GET", "/v2/runs/*/url", _url),
    Route("POST", "/v2/traces/query", _query_traces),
    Route("POST", "/v2/threads/query", _query_threads),
    Route("GET", "/v2/datasets", _datasets),
    Route("GET", "/v2/sessions", _sessions),
    Route("GET", "/v2/sandboxes/boxes", _no_boxes),
    Route("GET", "/v1/platform/evaluators", _no_evaluators),
    Route("GET", "/runs/rules", _no_rules),
)
