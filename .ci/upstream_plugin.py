"""A pytest plugin for `.ci/upstream`: puts the safe clients where the SDK's were, and writes down how each test ended.

`UPSTREAM_REPLACE` says whether it replaces anything, `UPSTREAM_RESULTS` where it writes. It replaces while it is
imported, before anything of the tests is.
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

PLAIN: dict[str, type] = {"Client": langsmith.Client, "AsyncClient": langsmith.AsyncClient}


def copies() -> list[tuple[str, str, str]]:
    """Lists the names of the SDK's clients in modules other than ours: which client, the module, and the name there."""
    return [
        (kind, module_name, name)
        for module_name, module in list(sys.modules.items())
        if module_name.partition(".")[0] != "safe_langsmith"
        for name, value in list(getattr(module, "__dict__", {}).items())
        for kind, plain in PLAIN.items()
        if value is plain
    ]


entered: Counter[str] = Counter()


def count_entries(safe: Any) -> None:
    """Counts the calls of the methods that all requests of the safe clients go through."""
    send, send_async = safe.SafeClient.request_with_retries, safe.SafeAsyncClient._arequest_with_retries

    @functools.wraps(send)
    def counted(self: Any, /, *args: Any, **kwargs: Any) -> Any:
        entered["SafeClient"] += 1
        return send(self, *args, **kwargs)

    @functools.wraps(send_async)
    async def counted_async(self: Any, /, *args: Any, **kwargs: Any) -> Any:
        entered["SafeAsyncClient"] += 1
        return await send_async(self, *args, **kwargs)

    safe.SafeClient.request_with_retries = counted
    safe.SafeAsyncClient._arequest_with_retries = counted_async


REPLACED: dict[str, type] = {}

if os.environ["UPSTREAM_REPLACE"] == "yes":
    import safe_langsmith

    REPLACED |= {"Client": safe_langsmith.SafeClient, "AsyncClient": safe_langsmith.SafeAsyncClient}
    count_entries(safe_langsmith)
    for kind, module_name, name in copies():
        setattr(sys.modules[module_name], name, REPLACED[kind])


def pytest_make_parametrize_id(val: object) -> str | None:
    """Keeps the ids of tests that get a client's class as a parameter."""
    return next((kind for kind, safe in REPLACED.items() if val is safe), None)


class Record:
    """What one run left behind."""

    def __init__(self) -> None:
        self.outcomes: dict[str, str] = {}
        self.explanations: dict[str, str] = {}
        self.entered: Counter[str] = Counter()
        self.plain: set[str] = set()

    def add(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        """Adds one phase of a test. It passed if it was called and nothing about it failed."""
        if report.failed:
            self.outcomes[report.nodeid] = "failed"
            self.explanations[report.nodeid] = report.longreprtext
        elif isinstance(report, pytest.CollectReport):
            return
        elif report.when == "call" or report.skipped:
            self.outcomes.setdefault(report.nodeid, report.outcome)
        for key, value in getattr(report, "user_properties", ()):
            if key == "entered":
                self.entered.update(value)
            elif key == "plain":
                self.plain.update(value)


record = Record()
left_over: list[str] = []


def pytest_collection_finish() -> None:
    """Notes who still holds one of the SDK's clients that were to be replaced, now that the tests are imported."""
    if REPLACED:
        left_over.extend(f"{module}.{name}" for _, module, name in copies())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Sends the counts along with a report, which is what gets from a worker to the process that writes."""
    report = yield
    report.user_properties += [("entered", dict(entered)), ("plain", list(left_over))]
    entered.clear()
    return report


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """Records a file that cannot be imported."""
    record.add(report)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Records one phase of a test."""
    record.add(report)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Writes it all down, once."""
    if not hasattr(session.config, "workerinput"):
        content = vars(record) | {"plain": sorted(record.plain)}
        Path(os.environ["UPSTREAM_RESULTS"]).write_text(json.dumps(content))
