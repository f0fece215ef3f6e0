"""What a user gets of a call while something of ours fails, and whether that is never worse than the SDK's own."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from safe_langsmith import ForbiddenDiagnosis

from ...support.injection import Injected
from .stage import Scenario, Stage


class Outcome(NamedTuple):
    """What a call ended in: a result, or an exception."""

    result: Any = None
    error: BaseException | None = None

    @property
    def is_told(self) -> bool:
        return isinstance(self.error, ForbiddenDiagnosis)


def outcome_of(scenario: Scenario, stage: Stage, client: Any) -> Outcome:
    try:
        return Outcome(scenario.call(stage, client))
    except Exception as error:
        return Outcome(error=error)


def plain_outcome(scenario: Scenario, stage: Stage) -> Outcome:
    """What the SDK's own client ends in."""
    client = scenario.open(stage, getattr(stage, scenario.key), False)
    found = outcome_of(scenario, stage, client)
    scenario.close(stage, client)
    assert found.error is not None
    return found


def judged(scenario: Scenario, stage: Stage) -> tuple[Outcome, list[str]]:
    """Returns what the safe client ends in, and what is worse than with the SDK's own."""
    if not scenario.exists:
        pytest.skip("the installed SDK has no such call")
    plain = plain_outcome(scenario, stage)
    stage.reset()
    client = scenario.open(stage, getattr(stage, scenario.key), True)
    found = outcome_of(scenario, stage, client)
    scenario.close(stage, client)
    return found, list(faults_of(found, plain, scenario, stage))


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """An exception, and all that a traceback would show before it."""
    waiting, seen = [error], set()
    while waiting:
        current = waiting.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        waiting += [current.__cause__, current.__context__, getattr(current, "sdk_error", None)]


def faults_of(found: Outcome, plain: Outcome, scenario: Scenario, stage: Stage) -> Iterator[str]:
    """Yields what is worse than with the SDK's own client."""
    error, sdk = found.error, plain.error
    try:
        str(error)
    except Exception as failure:
        yield f"cannot be shown: {failure!r}"
        return
    if error is None:
        if not scenario.retries:
            yield "succeeded"
    elif isinstance(error, ForbiddenDiagnosis):
        if not isinstance(error, type(sdk)):
            yield f"is no {type(sdk).__name__}"
        # The text may shorten it, but begins with its first words. That of a refusal that repeats is one line.
        told, first = " ".join(str(error).split()), " ".join(str(sdk).split()[:3])
        if " ".join(str(sdk).split()) != error.sdk_message or not (error.repeated or first in told):
            yield "does not tell the SDK's message"
        if error.__context__ is not None and not error.__suppress_context__:
            yield f"shows {error.__context__!r}"
    elif (type(error), str(error)) != (type(sdk), str(sdk)):
        yield f"raised {error!r}"
    yield from (f"has {link!r} behind it" for link in chain(error) if isinstance(link, Injected))
    written = stage.written(scenario.path)
    accepted = [status for status in written if status is not None and status < 300]
    if len(accepted) != (found.error is None):
        yield f"wrote {len(accepted)} times"
    if len(written) > 2:
        yield f"sent {written}"


class Complaints(logging.Handler):
    """What would be printed or logged that should not: tracebacks, and exceptions that nothing catches."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and record.exc_info[1] is not None:
            self.heard += [f"logged {link!r}" for link in chain(record.exc_info[1]) if isinstance(link, Injected)]

    def hear(self, stage: Stage) -> list[str]:
        """Returns what there was since the last time."""
        heard = [*self.heard, *(f"the loop says {context}" for context in stage.loop_complaints)]
        self.heard.clear()
        stage.loop_complaints.clear()
        return heard


@contextlib.contextmanager
def listening() -> Iterator[Complaints]:
    complaints, root = Complaints(), logging.getLogger()
    before = threading.excepthook
    threading.excepthook = lambda args: complaints.heard.append(f"{args.thread} died of {args.exc_value!r}")
    root.addHandler(complaints)
    try:
        yield complaints
    finally:
        root.removeHandler(complaints)
        threading.excepthook = before
