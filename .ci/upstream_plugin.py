"""A pytest plugin for `upstream.py`: put the safe clients in the place of the SDK's, and record how each test ended.

`UPSTREAM_RESULTS` names the file to write. If `UPSTREAM_REPLACE` is "yes", importing this module replaces the clients;
pytest imports it before the tests.
"""

from __future__ import annotations

import functools
import json
import os
import sys
from collections import Counter
from collections.abc import Generator
from pathlib import Path
from typing import Any

import langsmith
import langsmith.async_client
import pytest

SDK_CLIENTS: dict[str, type] = {"Client": langsmith.Client, "AsyncClient": langsmith.AsyncClient}
REPLACED: dict[str, type] = {}


def references() -> list[tuple[str, str, str]]:
    """List the references to the SDK's clients in modules other than ours: kind of client, module, and name."""
    return [
        (kind, module_name, name)
        for module_name, module in list(sys.modules.items())
        if module_name.partition(".")[0] != "safe_langsmith"
        for name, value in list(getattr(module, "__dict__", {}).items())
        for kind, client in SDK_CLIENTS.items()
        if value is client
    ]


# How often each worker called the methods that all requests of the safe clients pass through.
requests: Counter[str] = Counter()


def count_requests(safe: Any) -> None:
    """Wrap those methods."""
    send, send_async = safe.SafeClient.request_with_retries, safe.SafeAsyncClient._arequest_with_retries

    @functools.wraps(send)
    def counted(self: Any, /, *args: Any, **kwargs: Any) -> Any:
        requests["SafeClient"] += 1
        return send(self, *args, **kwargs)

    @functools.wraps(send_async)
    async def counted_async(self: Any, /, *args: Any, **kwargs: Any) -> Any:
        requests["SafeAsyncClient"] += 1
        return await send_async(self, *args, **kwargs)

    safe.SafeClient.request_with_retries = counted
    safe.SafeAsyncClient._arequest_with_retries = counted_async


if os.environ["UPSTREAM_REPLACE"] == "yes":
    import safe_langsmith

    REPLACED |= {"Client": safe_langsmith.SafeClient, "AsyncClient": safe_langsmith.SafeAsyncClient}
    count_requests(safe_langsmith)
    for kind, module_name, name in references():
        setattr(sys.modules[module_name], name, REPLACED[kind])


def pytest_make_parametrize_id(val: object) -> str | None:
    """Give a test that takes a client's class as a parameter the same id in both runs."""
    return next((kind for kind, safe in REPLACED.items() if val is safe), None)


results: dict[str, dict[str, Any]] = {"outcomes": {}, "requests": Counter(), "not_replaced": {}}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Attach the counts to the report: a report is what a worker sends to the process that writes the file."""
    report = yield
    report.user_properties.append(("requests", dict(requests)))
    requests.clear()
    return report


def pytest_collection_finish(session: pytest.Session) -> None:
    """Attach to each test the references to the SDK's clients that are left after all tests are imported."""
    left = {f"{module}.{name}": kind for kind, module, name in references()} if REPLACED else {}
    for item in session.items:
        item.user_properties.append(("not_replaced", left))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Record one phase of a test. A test passed if its call passed and no phase failed."""
    if report.failed:
        results["outcomes"][report.nodeid] = "failed"
    elif report.when == "call" or report.skipped:
        results["outcomes"].setdefault(report.nodeid, report.outcome)
    for key, value in report.user_properties:
        if key in results and isinstance(value, dict):
            results[key].update(value)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the file in the process that got all reports."""
    if not hasattr(session.config, "workerinput"):
        Path(os.environ["UPSTREAM_RESULTS"]).write_text(json.dumps(results))
