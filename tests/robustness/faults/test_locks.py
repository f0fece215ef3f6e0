"""A lock that somebody else holds, or that nobody will ever let go: whoever is refused waits a bounded time."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from faults.judging import faults_of, outcome_of, plain_outcome
from faults.stage import SCENARIOS, Stage

from safe_langsmith._probe import cache as ledger

ALL = ["denied", "healed", "direct, healed", "generated, healed", "generated async, healed", "async, healed"]


@pytest.fixture
def short_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """All that is waited for is the second that waiting for somebody else may take longer than asking."""
    monkeypatch.setattr("safe_langsmith._probe.driver.DEADLINE", -0.95)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Any]]:
    """Makes a thread take the lock of every case, and keep it until the test is over."""
    over, taken = threading.Event(), threading.Event()
    made = ledger.KeyStateCache.case

    def take(lock: Any) -> None:
        lock.acquire()
        taken.set()
        over.wait(10)
        lock.release()

    threads: list[threading.Thread] = []

    def case(self: ledger.KeyStateCache, *args: str) -> ledger.Case:
        found = made(self, *args)
        if not threads:
            threads.append(threading.Thread(target=take, args=(found.lock,)))
            threads[0].start()
            taken.wait(10)
        return found

    monkeypatch.setattr(ledger.KeyStateCache, "case", case)
    yield lambda: threads
    over.set()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize("name", ALL)
def test_of_a_case_by_another_thread(name: str, stage: Stage, held: Callable[[], Any], short_wait: None) -> None:
    scenario = SCENARIOS[name]
    if not scenario.exists:
        pytest.skip("the installed SDK has no such call")
    plain = plain_outcome(scenario, stage)
    stage.reset()
    client = scenario.open(stage, getattr(stage, scenario.key), True)
    found = outcome_of(scenario, stage, client)
    scenario.close(stage, client)

    # It was not waited for.
    assert held()[0].is_alive()
    assert list(faults_of(found, plain, scenario, stage)) == []
    assert found.is_told
    # Who may not ask says so, and does not guess.
    assert [probe for probe in found.error.probes if isinstance(probe.status, int)] == []


@pytest.mark.parametrize("name", ["denied", "healed"])
def test_of_a_case_by_a_thread_that_ended(name: str, stage: Stage, short_wait: None) -> None:
    scenario = SCENARIOS[name]
    plain = plain_outcome(scenario, stage)
    stage.reset()
    client = scenario.open(stage, getattr(stage, scenario.key), True)
    outcome_of(scenario, stage, client)
    (case,) = ledger.CACHE._cases.values()
    case.__init__(ledger.time.monotonic)  # type: ignore[misc]
    ended = threading.Thread(target=case.lock.acquire)
    ended.start()
    ended.join()
    scenario.close(stage, client)
    # A client of its own, for one that was told before needs no lock to say the same again.
    client = scenario.open(stage, getattr(stage, scenario.key), True)
    stage.server.clear_requests()
    found = outcome_of(scenario, stage, client)
    scenario.close(stage, client)

    assert list(faults_of(found, plain, scenario, stage)) == []
    assert found.is_told


PROGRAM = """
import os, signal, sys, threading, warnings

from langsmith.utils import LangSmithError

import safe_langsmith._recovery.handler
from safe_langsmith import ForbiddenDiagnosis, SafeClient
from safe_langsmith._probe import cache as ledger
from safe_langsmith.testing import FakeLangSmith

warnings.simplefilter("ignore", DeprecationWarning)  # Of forking with threads around, which this is about.
signal.alarm(40)
server = FakeLangSmith()
acme = server.add_organization("Acme")
workspace = acme.add_workspace("Research")
viewer = acme.add_personal_key(default=workspace, role="Viewer")


def is_told():
    # A client of its own, for one that was told before needs no lock to say the same again.
    client = SafeClient(api_url=server.url, api_key=viewer, auto_batch_tracing=False)
    try:
        client.create_project("p")
    except ForbiddenDiagnosis as error:
        return error.cause == "permission-denied"
    finally:
        client.session.close()
    return False


assert is_told()
case = next(iter(ledger.CACHE._cases.values()))
lock = {"of the case": case.lock, "of the ledger": ledger.CACHE._guard}[sys.argv[1]]
taken, over = threading.Event(), threading.Event()


def hold():
    with lock:
        taken.set()
        over.wait()


threading.Thread(target=hold, daemon=True).start()
taken.wait()
child = os.fork()
if child == 0:
    signal.alarm(4)  # Less than anybody would wait for a lock.
    os._exit(0 if is_told() else 7)
_, status = os.waitpid(child, 0)
os._exit(os.waitstatus_to_exitcode(status))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")
@pytest.mark.parametrize("lock", ["of the case", "of the ledger"])
def test_across_a_fork(lock: str) -> None:
    ended = subprocess.run([sys.executable, "-c", PROGRAM, lock], capture_output=True, text=True, timeout=60)

    assert (ended.returncode, ended.stderr) == (0, "")
