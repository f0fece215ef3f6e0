"""Random programs do the same with our clients as with the SDK's, apart from what a 403 allows."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from safe_langsmith import SafeClient

from . import running
from .playing import OURS, available, make_program
from .server import Server

pytestmark = pytest.mark.slow

BLOCKS, PROGRAMS = 6, 15
MOST_REPORTS = 5


@pytest.fixture
def differential_server() -> Iterator[Server]:
    with running.machine() as server:
        yield server


@pytest.mark.parametrize(
    "block", [block if block < 2 else pytest.param(block, marks=pytest.mark.slow) for block in range(BLOCKS)]
)
def test_a_random_program_differs_only_where_a_403_allows_it(block, differential_server):
    counted: Counter[str] = Counter()
    reports = []
    for seed in range(block * PROGRAMS, (block + 1) * PROGRAMS):
        report = running.search(seed, differential_server, counted)
        reports += [report] if report else []
        if len(reports) == MOST_REPORTS:
            break
    assert not reports, "\n".join(["", *reports])
    # Enough happens for a difference to show.
    assert counted["retries"] > PROGRAMS / 10
    assert counted["diagnoses"] > PROGRAMS / 2


class AddsHeader(SafeClient):
    def request_with_retries(self, /, method, pathname, **kwargs):
        headers = {**(kwargs.pop("headers", None) or {}), "X-Another": "1"}
        return super().request_with_retries(method, pathname, headers=headers, **kwargs)


class SendsTwice(SafeClient):
    def request_with_retries(self, /, method, pathname, **kwargs):
        super().request_with_retries(method, pathname, **kwargs)
        return super().request_with_retries(method, pathname, **kwargs)


class NamesWorkspace(SafeClient):
    def request_with_retries(self, /, method, pathname, **kwargs):
        self.workspace_id = self.workspace_id or "11111111-1111-4111-8111-111111111111"
        return super().request_with_retries(method, pathname, **kwargs)


class RaisesAnother(SafeClient):
    def request_with_retries(self, /, method, pathname, **kwargs):
        try:
            return super().request_with_retries(method, pathname, **kwargs)
        except Exception as error:
            raise RuntimeError(str(error)) from error


class ReturnsAnother(SafeClient):
    def request_with_retries(self, /, method, pathname, **kwargs):
        response = super().request_with_retries(method, pathname, **kwargs)
        response.status_code = 299
        return response


class ChangesSession(SafeClient):
    def request_with_retries(self, /, method, pathname, **kwargs):
        self.session.max_redirects = 7
        return super().request_with_retries(method, pathname, **kwargs)


class LogsKey(SafeClient):
    def request_with_retries(self, /, method, pathname, **kwargs):
        logging.getLogger("safe_langsmith").debug("with %s", self.api_key)
        return super().request_with_retries(method, pathname, **kwargs)


BROKEN: dict[type[SafeClient], str] = {
    AddsHeader: "headers: ",
    SendsTwice: "the SDK does not",
    NamesWorkspace: "ours names 11111111",
    RaisesAnother: "RuntimeError",
    ReturnsAnother: "value: ",
    ChangesSession: "session, headers or environment",
    LogsKey: "a key in a log",
}


@pytest.mark.slow
@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.__name__)
def test_the_comparison_finds_what_a_broken_client_does(broken, differential_server):
    kinds: dict[str, Any] = {**OURS, "sync": broken}
    programs = [make_program(seed) for seed in range(400)]
    calling = [each for each in programs if any(step.name == "request_with_retries" for step in each.steps)]
    reports = (running.compare(each, differential_server, Counter(programs=1), kinds=kinds) for each in calling)
    assert any(BROKEN[broken] in fault for faults in reports for fault in faults)


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_programs_call_most_methods(kind):
    assert len(available(kind)) > {"sync": 90, "async": 35}[kind]


def test_a_seed_always_makes_the_same_program():
    assert str(make_program(7)) == str(make_program(7))
