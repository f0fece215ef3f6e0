"""An interrupt within `threading.Condition` becomes a RuntimeError there, and is still not lost."""

from __future__ import annotations

import asyncio
import inspect
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest

from safe_langsmith._log import boundary
from safe_langsmith._probe import cache
from safe_langsmith._probe.transports import in_thread

from ...support.injection import forget_results
from .stage import SCENARIOS, Stage

# The lock is released there, and the `try` that acquires it again has not begun.
_LINES, _FIRST = inspect.getsourcelines(threading.Condition.wait)
RELEASED = _FIRST + next(number for number, line in enumerate(_LINES) if "_release_save()" in line) + 1


class Interrupted:
    """Raises in this thread where `Condition.wait` has just released its lock, as a signal's handler may.

    Args:
        kind: What to raise.
        time: In which of the waits.
    """

    def __init__(self, kind: type[BaseException], time: int = 0) -> None:
        self._kind, self._left, self.came = kind, time, False

    def __enter__(self) -> Interrupted:
        self._before = (sys.gettrace(), sys.getswitchinterval())
        # A thread that was just started does not run until this one waits for it.
        sys.setswitchinterval(10)
        sys.settrace(self._enter)
        return self

    def __exit__(self, *args: object) -> None:
        sys.settrace(self._before[0])
        sys.setswitchinterval(self._before[1])

    def _enter(self, frame: Any, event: str, arg: object) -> Any:
        return self._at if frame.f_code is threading.Condition.wait.__code__ else None

    def _at(self, frame: Any, event: str, arg: object) -> Any:
        if event == "line" and frame.f_lineno == RELEASED and not self.came:
            self._left -= 1
            if self._left < 0:
                self.came = True
                raise self._kind("thrown in by a test")
        return self._at


def test_condition_replaces_an_interrupt() -> None:
    """If this fails, Python has changed, and the other tests here provoke nothing."""
    with Interrupted(KeyboardInterrupt), pytest.raises(RuntimeError) as caught:
        Future[None]().result(5)

    assert type(caught.value.__context__) is KeyboardInterrupt


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("name", ["denied", "retried", "direct, retried", "generated, retried"])
def test_an_interrupt_in_any_wait_of_a_refused_call_passes(name: str, kind: type[BaseException], stage: Stage) -> None:
    scenario = SCENARIOS[name]
    if not scenario.exists:
        pytest.skip("the installed SDK has no such call")
    lost, waits = [], 0
    while True:
        forget_results()
        client = scenario.open(stage, getattr(stage, scenario.key), True)
        with Interrupted(kind, waits) as interrupted:
            try:
                scenario.call(stage, client)
            except BaseException as error:
                ended: BaseException | None = error
            else:
                ended = None
        scenario.close(stage, client)
        if not interrupted.came:
            break
        waits += 1
        if type(ended) is not kind:
            lost.append((waits, ended))

    assert lost == []
    assert waits


def test_a_wait_for_another_threads_probe_passes_it_on(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    flights: list[cache.Flight] = []
    other = threading.Thread(target=lambda: flights.append(cache.Flight()))
    other.start()
    other.join()
    monkeypatch.setattr(cache.KeyState, "fetch", lambda self, request, flight: flights[0])
    scenario = SCENARIOS["denied"]
    client = scenario.open(stage, stage.viewer, True)
    with Interrupted(KeyboardInterrupt) as interrupted, pytest.raises(KeyboardInterrupt) as caught:
        scenario.call(stage, client)
    scenario.close(stage, client)

    assert interrupted.came
    assert caught.value.__cause__ is None


def test_a_thread_that_has_started_is_not_replaced() -> None:
    """Its starter is interrupted while it waits for it to begin. The work is not done a second time by the starter."""
    began: list[threading.Thread] = []
    done = threading.Event()

    def work() -> None:
        began.append(threading.current_thread())
        done.set()

    with Interrupted(KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
        in_thread(work)
    assert done.wait(10)

    assert threading.current_thread() not in began


def raised_within(error: BaseException, context: BaseException | None) -> Callable[[], None]:
    def fail() -> None:
        if context is None:
            raise error
        try:
            raise context
        finally:
            raise error

    return fail


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, type("Terminated", (BaseException,), {})])
def test_a_hidden_interrupt_is_raised_as_it_was(kind: type[BaseException]) -> None:
    interrupt = kind("now")
    with pytest.raises(kind) as caught, boundary():
        raised_within(RuntimeError("release unlocked lock"), interrupt)()

    assert caught.value is interrupt
    assert caught.value.__context__ is None


@pytest.mark.parametrize("context", [None, ValueError(), GeneratorExit(), asyncio.CancelledError()])
def test_any_other_failure_is_kept_from_the_caller(context: BaseException | None) -> None:
    with boundary():
        raised_within(RuntimeError(), context)()


def test_an_interrupt_that_was_named_as_the_cause_is_not_hidden() -> None:
    with boundary():
        raise RuntimeError from KeyboardInterrupt()


def test_an_interrupt_that_the_program_is_handling_is_not_raised_again() -> None:
    """A program that is interrupted makes a last call, and something in the library fails."""
    try:
        raise KeyboardInterrupt
    except KeyboardInterrupt:
        with boundary():
            raised_within(RuntimeError(), None)()
