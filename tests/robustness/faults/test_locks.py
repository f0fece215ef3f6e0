"""A lock that another thread holds, perhaps for ever, delays a refused call for a bounded time only."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest

from safe_langsmith._core.model import GET_INFO
from safe_langsmith._probe import cache

from .judging import judged
from .stage import SCENARIOS, Stage

ALL = ["denied", "retried", "direct, retried", "generated, retried", "generated async, retried", "async, retried"]


@pytest.fixture
def hung(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another thread sends every probe, and gets no answer while the test runs."""
    flights: list[cache.Flight] = []
    other = threading.Thread(target=lambda: flights.append(cache.Flight()))
    other.start()
    other.join()
    monkeypatch.setattr(cache.KeyState, "fetch", lambda self, request, flight: flights[0])
    # Leaves only the extra second for which a caller waits for another one.
    monkeypatch.setattr("safe_langsmith._probe.driver.DEADLINE", -0.95)


@pytest.mark.parametrize("name", ALL)
def test_a_probe_of_another_thread_is_waited_for_only_so_long(name: str, stage: Stage, hung: None) -> None:
    found, faults = judged(SCENARIOS[name], stage)

    assert faults == []
    assert found.is_told
    assert found.error.probes == ()


def test_a_probe_whose_sender_was_lost_is_sent_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    state, lost = cache.KeyStateCache().state("https://a", "k"), cache.Flight()
    assert state.fetch(GET_INFO, lost) is lost
    assert state.fetch(GET_INFO, cache.Flight()) is lost

    lost.started -= cache.LOST_AFTER
    anew = cache.Flight()

    assert state.fetch(GET_INFO, anew) is anew


PROGRAM = """
import os, signal, sys, threading, warnings

from langsmith.utils import LangSmithError

import safe_langsmith._recovery.handler
from safe_langsmith import ForbiddenDiagnosis, SafeClient
from safe_langsmith._probe import cache
from safe_langsmith.testing import FakeLangSmith

warnings.simplefilter("ignore", DeprecationWarning)  # Of forking with threads around, which this is about.
signal.alarm(40)
server = FakeLangSmith()
acme = server.add_organization("Acme")
workspace = acme.add_workspace("Research")
viewer = acme.add_personal_key(default=workspace, role="Viewer")


def is_told():
    client = SafeClient(api_url=server.url, api_key=viewer, auto_batch_tracing=False)
    try:
        client.create_project("p")
    except ForbiddenDiagnosis as error:
        return error.cause == "permission-denied"
    finally:
        client.session.close()
    return False


assert is_told()
state = next(iter(cache.CACHE._states.values()))
lock = {"of a key state": state._lock, "of the cache": cache.CACHE.lock}[sys.argv[1]]
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
@pytest.mark.parametrize("lock", ["of a key state", "of the cache"])
def test_a_child_does_not_wait_for_a_lock_of_its_parent(lock: str) -> None:
    ended = subprocess.run([sys.executable, "-c", PROGRAM, lock], capture_output=True, text=True, timeout=60)

    assert (ended.returncode, ended.stderr) == (0, "")
