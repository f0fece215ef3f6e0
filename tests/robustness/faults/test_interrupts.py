"""An interrupt passes through whatever the library is doing, at once and unchanged, and leaves nothing half done."""

from __future__ import annotations

import ast
import asyncio
import sys
import threading
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import CodeType
from typing import Any

import pytest
from faults.injection import Fault, Step, broken, forget_results, injected, is_ours, steps_of
from faults.judging import outcome_of
from faults.stage import SCENARIOS, Scenario, Stage

from safe_langsmith._probe import cache as ledger
from safe_langsmith._recovery import handler as examination

# What the library's own threads and tasks do, and what an event loop calls. No interrupt comes to them.
ELSEWHERE = {
    "_probe/driver.py:work",
    "_probe/driver.py:give",
    "_probe/driver.py:run",
    "_probe/driver.py:<lambda>",
}
ASYNC = [name for name, scenario in SCENARIOS.items() if "async" in name and scenario.heals and scenario.exists]


def is_elsewhere(step: Step) -> bool:
    return step.name in ELSEWHERE or (
        "_probe/transports.py:" in step.name and step.code.co_name not in ("__init__", "get")
    )


def interrupted(scenario: Scenario, stage: Stage, client: Any) -> BaseException | None:
    try:
        scenario.call(stage, client)
    except BaseException as error:
        return error
    return None


def is_locked() -> bool:
    """Whether this thread, or another one, is held up by what was left behind."""
    free: list[bool] = []

    def look() -> None:
        for lock in (ledger.CACHE._guard, *(case.lock for case in ledger.CACHE._cases.values())):
            free.append(lock.acquire(blocking=False))
            if free[-1]:
                lock.release()

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    return examination.under_examination() or not all(free)


def wrong(
    scenario: Scenario, stage: Stage, interrupt: Callable[[Callable[[], None]], Any], kind: type[BaseException]
) -> Iterator[str]:
    """Interrupts a call, and yields what is wrong with it and with the next one.

    Args:
        scenario: The call.
        stage: Where it is made.
        interrupt: Returns a context manager in which the call is interrupted; calls what it is given when it does.
        kind: What the interrupt is.
    """
    forget_results()
    stage.reset()
    client = scenario.open(stage, getattr(stage, scenario.key), True)
    sent: list[int] = []
    with interrupt(lambda: sent.append(len(stage.server.requests))):
        error = interrupted(scenario, stage, client)
    if sent:
        # Before Python 3.11 a task that ends in a cancellation ends in a new one.
        if type(error) is not kind and not (type(error) is asyncio.CancelledError and sys.version_info < (3, 11)):
            yield f"became {error!r}"
        elif error.__cause__ is not None:
            yield f"has a cause, {error.__cause__!r}"
        later = [received.method for received in stage.server.requests[sent[0] :]]
        # A question that its own thread was just sending cannot be taken back.
        if later not in ([], ["GET"]):
            yield f"was followed by {later}"
    # The worker of a task that was cancelled may still be about to end.
    if not issubclass(kind, asyncio.CancelledError) and is_locked():
        yield "leaves something locked"
        ledger.CACHE.forget()
        examination._examining.now = False
    again = outcome_of(scenario, stage, client)
    if not (again.error is None if scenario.heals else again.is_told and again.error.cause != "undetermined"):
        yield f"leaves {again} to the next call"
    scenario.close(stage, client)


@pytest.mark.parametrize(("name", "kind"), [("denied", KeyboardInterrupt), ("direct, healed", SystemExit)])
def test_in_any_function(name: str, kind: type[BaseException], stage: Stage) -> None:
    assert by_function(SCENARIOS[name], stage, injected(kind)) == []


@pytest.mark.parametrize("name", ASYNC)
def test_in_any_function_of_a_task_that_is_cancelled(name: str, stage: Stage) -> None:
    assert by_function(SCENARIOS[name], stage, injected(asyncio.CancelledError)) == []


def by_function(scenario: Scenario, stage: Stage, kind: type[BaseException]) -> list[str]:
    client = scenario.open(stage, getattr(stage, scenario.key), True)
    steps = [step for step in steps_of(lambda: outcome_of(scenario, stage, client)) if not is_elsewhere(step)]
    scenario.close(stage, client)
    found = []
    for step in steps:
        if scenario is SCENARIOS["denied"] or not step.name.startswith("_core/"):

            def interrupt(notice: Callable[[], None], step: Any = step) -> Any:
                return broken(step, Fault(kind, only_in=threading.current_thread(), notice=notice))

            found += [f"{step.name}: {text}" for text in wrong(scenario, stage, interrupt, kind)]
    return found


class Line:
    """Raises as soon as a line is about to be run, as a signal's handler does."""

    def __init__(self, code: CodeType, number: int, kind: type[BaseException], notice: Callable[[], None]) -> None:
        self._code, self._number, self._kind, self._notice = code, number, kind, notice

    def __enter__(self) -> None:
        self._before = sys.gettrace()
        sys.settrace(self._enter)

    def __exit__(self, *args: object) -> None:
        sys.settrace(self._before)

    def _enter(self, frame: Any, event: str, arg: object) -> Any:
        return self._at if frame.f_code is self._code else None

    def _at(self, frame: Any, event: str, arg: object) -> Any:
        if event == "line" and frame.f_lineno == self._number:
            self._notice()
            raise self._kind("thrown in by a test")
        return self._at


def lines_of(run: Callable[[], object]) -> list[tuple[CodeType, int]]:
    """The lines of the library that hold locks or state, as they are run in this thread."""
    seen: dict[tuple[CodeType, int], None] = {}

    def at(frame: Any, event: str, arg: object) -> Any:
        if event == "line":
            seen[frame.f_code, frame.f_lineno] = None
        return at

    def enter(frame: Any, event: str, arg: object) -> Any:
        return at if is_ours(frame.f_code) and "_io" in frame.f_code.co_filename else None

    before = sys.gettrace()
    sys.settrace(enter)
    try:
        run()
    finally:
        sys.settrace(before)
    return list(seen)


@cache
def cleaning_up(path: str) -> frozenset[int]:
    """The lines of `finally` clauses: between them and what they clean up after, Python looks for no signal."""
    tree = ast.parse(Path(path).read_text())
    ends = [node.finalbody for node in ast.walk(tree) if isinstance(node, ast.Try) and node.finalbody]
    return frozenset(line for end in ends for line in range(end[0].lineno, (end[-1].end_lineno or 0) + 1))


STATEFUL = ("ledger.py", "examination.py", "refused_call.py", "worker.py")


@pytest.mark.parametrize("name", ["healed", "async, healed"])
def test_on_any_line_that_holds_something(name: str, stage: Stage) -> None:
    scenario = SCENARIOS[name]
    kind = injected(asyncio.CancelledError if "async" in name else KeyboardInterrupt)
    client = scenario.open(stage, getattr(stage, scenario.key), True)
    lines = lines_of(lambda: outcome_of(scenario, stage, client))
    scenario.close(stage, client)
    found = []
    for code, number in lines:
        if code.co_filename.endswith(STATEFUL) and number not in cleaning_up(code.co_filename):

            def interrupt(notice: Callable[[], None], code: CodeType = code, number: int = number) -> Line:
                return Line(code, number, kind, notice)

            place = f"{code.co_filename.rpartition('/')[2]}:{number}"
            found += [f"{place}: {text}" for text in wrong(scenario, stage, interrupt, kind)]
    assert found == []
