"""What fails around the library: the imports it makes, the user's logging, the bodies that it is given, threads."""

from __future__ import annotations

import builtins
import contextlib
import logging
import pickle
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from langsmith.utils import LangSmithError

from safe_langsmith import ForbiddenDiagnosis, SafeClient

from ...support.injection import Fault, Step, broken, forget_results, injected, steps_of
from .judging import faults_of, judged, outcome_of, plain_outcome
from .stage import SCENARIOS, Stage


class Importing:
    """Notes what the library's functions import, or makes one of it fail, as when the interpreter is shutting down."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, failing: tuple[str, str] | None = None) -> None:
        self.seen: set[tuple[str, str]] = set()
        self._failing = failing
        self._import = builtins.__import__
        monkeypatch.setattr(builtins, "__import__", self)

    def __call__(self, name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0) -> Any:
        importer = (globals or {}).get("__name__", "")
        what = (importer, name)
        if importer.startswith("safe_langsmith.") and not importer.startswith("safe_langsmith.testing"):
            self.seen.add(what)
            if what == self._failing:
                raise injected(ImportError)("the interpreter is shutting down")
        return self._import(name, globals, locals, fromlist, level)


@pytest.mark.parametrize("name", ["denied", "retried", "direct, retried", "generated, retried", "async, retried"])
def test_an_import_that_fails_leaves_the_sdks_error(name: str, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = SCENARIOS[name]
    if not scenario.exists:
        pytest.skip("the installed SDK has no such call")
    plain, found = plain_outcome(scenario, stage), []
    client = scenario.open(stage, getattr(stage, scenario.key), True)
    with monkeypatch.context() as patch:
        noting = Importing(patch)
        str(outcome_of(scenario, stage, client).error)
    scenario.close(stage, client)
    assert noting.seen
    for what in sorted(noting.seen):
        forget_results()
        stage.reset()
        client = scenario.open(stage, getattr(stage, scenario.key), True)
        with monkeypatch.context() as patch:
            Importing(patch, what)
            outcome = outcome_of(scenario, stage, client)
            found += [f"{what}: {text}" for text in faults_of(outcome, plain, scenario, stage)]
        scenario.close(stage, client)
    assert found == []


class Refuses(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        raise RuntimeError("a filter of the user's")


@pytest.mark.parametrize("name", ["denied", "retried", "direct, retried"])
def test_a_filter_of_the_users_log_that_raises_changes_no_call(name: str, stage: Stage) -> None:
    scenario = SCENARIOS[name]
    client = scenario.open(stage, getattr(stage, scenario.key), True)
    raises = Refuses()
    logging.getLogger("safe_langsmith").addFilter(raises)
    # A retry is logged anyway; a call that stays refused gives something to log if this library fails.
    step = in_folder("_recovery", lambda: outcome_of(scenario, stage, client))[-1]
    stage.reset()
    broken_step = contextlib.nullcontext() if scenario.retries else broken(step, Fault(injected(RuntimeError)))
    try:
        with broken_step:
            found = outcome_of(scenario, stage, client)
    finally:
        logging.getLogger("safe_langsmith").removeFilter(raises)
    scenario.close(stage, client)

    assert found.result is True if scenario.retries else isinstance(found.error, LangSmithError)


def in_folder(folder: str, run: Callable[[], object]) -> list[Step]:
    """Return the functions of a folder of the library that a call runs through, without those at the boundary."""
    steps = [step for step in steps_of(run) if step.name.startswith(f"{folder}/") and not step.is_boundary]
    assert steps
    return steps


class Odd:
    """A body that can be sent, and that objects to whatever else is asked of it."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def __iter__(self) -> Iterator[bytes]:
        yield self._content

    def __len__(self) -> int:
        return len(self._content)

    @property
    def fields(self) -> object:
        raise RuntimeError("only for those who know me")


def test_a_body_that_raises_when_inspected_is_sent(stage: Stage, make_client: Callable[..., SafeClient]) -> None:
    client = make_client(stage.server, stage.needs_workspace, workspace_id=stage.workspace.id)

    assert client.request_with_retries("POST", "/sessions", data=Odd(b'{"name": "p"}')).status_code == 200


def test_a_diagnosis_that_cannot_be_rendered_is_shown_in_short(
    stage: Stage, make_client: Callable[..., SafeClient]
) -> None:
    with pytest.raises(ForbiddenDiagnosis) as caught:
        make_client(stage.server, stage.viewer).create_project("p")
    error = caught.value
    for step in in_folder("_render", lambda: str(error)):
        with broken(step, Fault(injected(RuntimeError))):
            shown = [str(each) for each in (error, pickle.loads(pickle.dumps(error)))]

        for text in shown:
            assert text.startswith(error.summary), step
            assert "403 Client Error: Forbidden" in text, step


def test_a_key_is_set_whatever_becomes_of_the_workspace(stage: Stage, make_client: Callable[..., SafeClient]) -> None:
    def retried(name: str) -> SafeClient:
        client = make_client(stage.server, stage.needs_workspace)
        client.create_project(name)
        return client

    other = retried("p")
    steps = [step for step in steps_of(lambda: setattr(other, "api_key", stage.viewer)) if not step.is_boundary]
    assert steps
    for step in steps:
        client, fault = retried(step.name), Fault(injected(RuntimeError))
        with broken(step, fault):
            client.api_key = stage.revoked

        assert client.api_key == stage.revoked, step
        assert fault.times, step


@pytest.fixture
def no_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """As when the interpreter is shutting down, or the machine is full. The fake server still starts some."""
    start = threading.Thread.start

    def cannot(thread: threading.Thread) -> None:
        if thread.name.startswith("safe-langsmith"):
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", cannot)


@pytest.mark.parametrize("name", ["denied", "retried", "direct, retried", "generated, retried", "async, retried"])
def test_a_call_ends_as_it_should_when_no_thread_can_start(name: str, stage: Stage, no_threads: None) -> None:
    _, faults = judged(SCENARIOS[name], stage)

    assert faults == []


def test_an_interrupt_passes_through_when_no_thread_can_start(
    stage: Stage, make_client: Callable[..., SafeClient], no_threads: None
) -> None:
    """Then the caller's own thread sends the probes, and may be interrupted while it does."""

    def call() -> None:
        make_client(stage.server, stage.viewer).create_project("p")

    def refused() -> None:
        with pytest.raises(ForbiddenDiagnosis):
            call()

    steps = [step for step in in_folder("_probe", refused) if step.is_callers]
    assert steps
    for step in steps:
        stage.reset()
        with pytest.raises(KeyboardInterrupt), broken(step, Fault(injected(KeyboardInterrupt))):
            call()
