"""An interrupt passes through whatever the library is doing, at once and unchanged, and leaves nothing half done."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable, Iterator
from types import CodeType
from typing import Any

import pytest

from ...support.injection import Fault, broken, forget_results, injected, steps_of
from ...support.lines import Line, lines_of
from ...support.source import lines_of_finally
from .judging import Outcome, outcome_of
from .stage import SCENARIOS, Scenario, Stage

pytestmark = pytest.mark.slow

ASYNC = [name for name, scenario in SCENARIOS.items() if "async" in name and scenario.retries and scenario.exists]


def interrupted(scenario: Scenario, stage: Stage, client: Any) -> BaseException | None:
    try:
        scenario.call(stage, client)
    except BaseException as error:
        return error
    return None


def outcome_elsewhere(scenario: Scenario, stage: Stage, client: Any) -> Outcome:
    """Return what a call ends in that another thread makes, which a lock that was left behind would hold up."""
    outcomes: list[Outcome] = []
    thread = threading.Thread(target=lambda: outcomes.append(outcome_of(scenario, stage, client)))
    thread.start()
    thread.join()
    return outcomes[0]


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
    again = outcome_elsewhere(scenario, stage, client)
    if not (again.error is None if scenario.retries else again.is_told and again.error.cause != "undetermined"):
        yield f"leaves {again} to the next call of another thread"
    again = outcome_of(scenario, stage, client)
    if not (again.error is None if scenario.retries else again.is_told and again.error.cause != "undetermined"):
        yield f"leaves {again} to the next call"
    scenario.close(stage, client)


@pytest.mark.parametrize(("name", "kind"), [("denied", KeyboardInterrupt), ("direct, retried", SystemExit)])
def test_an_interrupt_in_any_function_passes_through(name: str, kind: type[BaseException], stage: Stage) -> None:
    assert by_function(SCENARIOS[name], stage, injected(kind)) == []


@pytest.mark.parametrize("name", ASYNC)
def test_a_cancellation_in_any_function_passes_through(name: str, stage: Stage) -> None:
    assert by_function(SCENARIOS[name], stage, injected(asyncio.CancelledError)) == []


def by_function(scenario: Scenario, stage: Stage, kind: type[BaseException]) -> list[str]:
    client = scenario.open(stage, getattr(stage, scenario.key), True)
    steps = [step for step in steps_of(lambda: outcome_of(scenario, stage, client)) if step.is_callers]
    scenario.close(stage, client)
    found = []
    for step in steps:
        if scenario is SCENARIOS["denied"] or not step.name.startswith("_core/"):

            def interrupt(notice: Callable[[], None], step: Any = step) -> Any:
                return broken(step, Fault(kind, only_in=threading.current_thread(), notice=notice))

            found += [f"{step.name}: {text}" for text in wrong(scenario, stage, interrupt, kind)]
    return found


# The folders that hold locks and what is remembered.
STATEFUL = ("_probe", "_recovery")


@pytest.mark.parametrize("name", ["retried", "async, retried"])
def test_an_interrupt_on_any_line_leaves_nothing_locked(name: str, stage: Stage) -> None:
    scenario = SCENARIOS[name]
    kind = injected(asyncio.CancelledError if "async" in name else KeyboardInterrupt)
    client = scenario.open(stage, getattr(stage, scenario.key), True)
    lines = lines_of(lambda: outcome_of(scenario, stage, client), *STATEFUL)
    scenario.close(stage, client)
    assert len(lines) > 50
    found = []
    for code, number in lines:
        if number not in lines_of_finally(code.co_filename):

            def interrupt(notice: Callable[[], None], code: CodeType = code, number: int = number) -> Line:
                return Line(code, number, kind, notice)

            place = f"{code.co_filename.rpartition('/')[2]}:{number}"
            found += [f"{place}: {text}" for text in wrong(scenario, stage, interrupt, kind)]
    assert found == []
