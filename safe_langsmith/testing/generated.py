"""What only the SDK's generated clients ask for, the second version of the API above all."""

from __future__ import annotations

from typing import Any

from safe_langsmith.testing import pages, resources, runs
from safe_langsmith.testing.calls import Call, Route
from safe_langsmith.testing.replies import Reply
from safe_langsmith.testing.store import Record

# Parameter of a query, and the field it is about.
_FILTERS = {
    "project_ids": "session_id",
    "project_id": "session_id",
    "ids": "id",
    "trace_id": "trace_id",
    "reference_examples": "reference_example_id",
    "run_type": "run_type",
}
_NOTHING = ("ID",)


def _runs(call: Call) -> list[Record]:
    asked = dict(call.body or {})
    dataset = asked.get("reference_dataset_id")
    if dataset is not None:
        sessions = call.holdings.collection("sessions").values()
        asked["project_ids"] = [one["id"] for one in sessions if one["reference_dataset_id"] == dataset]
    return runs.select(call.holdings, asked, _FILTERS)


def _shown(run: Record, selects: Any) -> Record:
    """Returns the properties of a run that were selected, named and written as the second version does."""
    metadata = (run.get("extra") or {}).get("metadata") or {}
    renamed = {
        "run_type": str(run.get("run_type", "")).upper() or None,
        "status": run["status"].upper(),
        "project_id": run["session_id"],
        "is_root": run["parent_run_id"] is None,
        "metadata": metadata,
        "thread_id": _thread(run),
    }
    names = [str(name).lower() for name in selects or _NOTHING]
    return {name: renamed.get(name, run.get(name)) for name in names}


def _thread(run: Record) -> str | None:
    metadata = (run.get("extra") or {}).get("metadata") or {}
    return next((metadata[name] for name in ("session_id", "thread_id", "conversation_id") if name in metadata), None)


def _query_runs(call: Call) -> Reply:
    asked = call.body or {}
    return pages.items(call, _runs(call), asked, lambda run: _shown(run, asked.get("selects")))


def _query_traces(call: Call) -> Reply:
    asked = call.body or {}
    roots = [run for run in _runs(call) if run["parent_run_id"] is None]
    return pages.items(call, roots, asked, lambda run: {"root_run": _shown(run, asked.get("selects"))})


def _query_threads(call: Call) -> Reply:
    threads: dict[str, list[Record]] = {}
    for run in _runs(call):
        thread = _thread(run)
        if thread is not None and run["parent_run_id"] is None:
            threads.setdefault(thread, []).append(run)
    found = [
        {"thread_id": id, "count": len(turns), "first_trace_id": turns[-1]["id"], "last_trace_id": turns[0]["id"]}
        for id, turns in threads.items()
    ]
    return pages.items(call, found, call.body or {})


def _read_run(call: Call) -> Reply:
    found = runs.select(call.holdings, {"ids": call.names[0]}, _FILTERS)
    return Reply(200, _shown(found[0], call.query.get("selects"))) if found else call.not_found()


def _url(call: Call) -> Reply:
    found = runs.select(call.holdings, {"ids": call.names[0]}, _FILTERS)
    host = call.received.headers.get("host", "")
    return Reply(200, {"url": f"http://{host}{found[0]['app_path']}"}) if found else call.not_found()


def _datasets(call: Call) -> Reply:
    return pages.items(call, resources.select(call, "datasets"), call.last)


def _sessions(call: Call) -> Reply:
    found = resources.select(call, "sessions")
    return pages.items(call, found, call.last, lambda session: {"type": "PROJECT", **session})


def _no_items(call: Call) -> Reply:
    return pages.items(call, [], {})


def _no_boxes(call: Call) -> Reply:
    # Twice, under the name of today and the one of before.
    return Reply(200, {"items": [], "sandboxes": [], "next_cursor": None, "offset": 0})


def _no_evaluators(call: Call) -> Reply:
    return Reply(200, {"evaluators": [], "total": 0})


def _no_rules(call: Call) -> Reply:
    return Reply(200, [])


ROUTES: tuple[Route, ...] = (
    ("POST", "/v2/runs/query", _query_runs),
    ("GET", "/v2/runs/rules", _no_items),
    ("GET", "/v2/runs/*", _read_run),
    ("GET", "/v2/runs/*/url", _url),
    ("POST", "/v2/traces/query", _query_traces),
    ("POST", "/v2/threads/query", _query_threads),
    ("GET", "/v2/datasets", _datasets),
    ("GET", "/v2/sessions", _sessions),
    ("GET", "/v2/sandboxes/boxes", _no_boxes),
    ("GET", "/v1/platform/evaluators", _no_evaluators),
    ("GET", "/runs/rules", _no_rules),
)
