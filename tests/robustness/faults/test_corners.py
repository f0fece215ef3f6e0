"""What fails around the library: the imports it makes, the user's logging, the bodies that it is given, threads."""

from __future__ import annotations

import builtins
import logging
import pickle
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from faults.injection import forget_results, injected
from faults.judging import faults_of, outcome_of, plain_outcome
from faults.stage import SCENARIOS, Stage
from langsmith.utils import LangSmithError

from safe_langsmith import ForbiddenDiagnosis, SafeClient


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


@pytest.mark.parametrize("name", ["denied", "healed", "direct, healed", "generated, healed", "async, healed"])
def test_an_import(name: str, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
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


@pytest.mark.parametrize("name", ["denied", "healed", "direct, healed"])
def test_a_filter_of_the_users_log(name: str, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = SCENARIOS[name]
    client = scenario.open(stage, getattr(stage, scenario.key), True)
    raises = Refuses()
    logging.getLogger("safe_langsmith").addFilter(raises)
    # Something to log.
    monkeypatch.setattr("safe_langsmith._recovery.handler.facts_of", None if name == "denied" else _facts_of())
    try:
        found = outcome_of(scenario, stage, client)
    finally:
        logging.getLogger("safe_langsmith").removeFilter(raises)
    scenario.close(stage, client)

    assert isinstance(found.error, LangSmithError) if name == "denied" else found.result is True


def _facts_of() -> Any:
    from safe_langsmith._recovery.facts import facts_of

    return facts_of


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


def test_a_body_that_does_not_like_to_be_looked_at_arrives(
    stage: Stage, make_client: Callable[..., SafeClient]
) -> None:
    client = make_client(stage.server, stage.needs_workspace, workspace_id=stage.workspace.id)

    assert client.request_with_retries("POST", "/sessions", data=Odd(b'{"name": "p"}')).status_code == 200


@pytest.mark.parametrize("renderer", ["as_text", "_lines", "wrap"])
def test_a_diagnosis_that_cannot_be_rendered_is_told_in_short(
    renderer: str, stage: Stage, make_client: Callable[..., SafeClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ForbiddenDiagnosis) as caught:
        make_client(stage.server, stage.viewer).create_project("p")
    monkeypatch.setattr(f"safe_langsmith._render.text.{renderer}", None)

    for error in (caught.value, pickle.loads(pickle.dumps(caught.value))):
        assert str(error).startswith(caught.value.summary)
        assert "403 Client Error: Forbidden" in str(error)


def test_a_key_is_set_whatever_becomes_of_the_workspace(
    stage: Stage, make_client: Callable[..., SafeClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = make_client(stage.server, stage.needs_workspace)
    client.create_project("p")
    monkeypatch.setattr("safe_langsmith._recovery.state.name_workspace", None)
    client.api_key = stage.viewer

    assert client.api_key == stage.viewer


@pytest.fixture
def no_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """As when the interpreter is shutting down, or the machine is full. The stand-in still starts some."""
    start = threading.Thread.start

    def cannot(thread: threading.Thread) -> None:
        if thread.name.startswith("safe-langsmith"):
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", cannot)


@pytest.mark.parametrize("name", ["denied", "healed", "direct, healed", "generated, healed", "async, healed"])
def test_where_no_thread_can_start(name: str, stage: Stage, no_threads: None) -> None:
    scenario = SCENARIOS[name]
    if not scenario.exists:
        pytest.skip("the installed SDK has no such call")
    plain = plain_outcome(scenario, stage)
    stage.reset()
    client = scenario.open(stage, getattr(stage, scenario.key), True)
    found = outcome_of(scenario, stage, client)
    scenario.close(stage, client)

    assert list(faults_of(found, plain, scenario, stage)) == []


def test_an_interrupt_where_no_thread_can_start(
    stage: Stage, make_client: Callable[..., SafeClient], no_threads: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then the caller's own thread asks, and may be interrupted while it does."""
    client = make_client(stage.server, stage.viewer)

    def interrupted(*args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("safe_langsmith._probe.transports._clone_session", interrupted)
    with pytest.raises(KeyboardInterrupt):
        client.create_project("p")
