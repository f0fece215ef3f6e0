"""The library's logger, and the boundary that catches failures of its own code."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
from collections.abc import Callable, Generator, Hashable
from time import monotonic

logger = logging.getLogger("safe_langsmith")
_PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep
_MOST_CONTEXTS = 100
FULL_TEXT_AGAIN = 3_600.0
"""Seconds after which the log gets the full text of a refusal that repeats again."""
MOST_REASONS = 20
"""The most reasons for which the log gets a full text of its own, for each endpoint and key."""


class Report:
    """What the log has been told about one reason for which requests in the background are refused.

    The SDK logs each refused request, with the text of its exception. The first text is the full one, those of later
    exceptions are one line, and after an hour one is full again. An exception gets one line only if the log has the
    full text when it is made: of two batches that are refused at once, the second may be logged first.

    Attributes:
        count: How many requests were refused for the reason.
    """

    def __init__(self) -> None:
        """Start with a log that has been told nothing."""
        self._told_at: float | None = None
        self.count = 0

    @property
    def is_told(self) -> bool:
        """Whether the log has the full text, and not for too long: logs are rotated."""
        return self._told_at is not None and monotonic() - self._told_at < FULL_TEXT_AGAIN

    def tell(self) -> None:
        """Note that the full text was read."""
        if not self.is_told:
            self._told_at = monotonic()


class Reports:
    """The reports of one endpoint and key, by their reasons."""

    def __init__(self) -> None:
        """Start without a report."""
        self._reports: dict[Hashable, Report] = {}

    def count(self, reason: Hashable) -> Report:
        """Return the report for a reason, with one more refusal. The caller holds a lock.

        Args:
            reason: What two refusals that are explained alike have in common.
        """
        # A server that says something new each time must not fill the log either.
        if reason not in self._reports and len(self._reports) >= MOST_REASONS:
            reason = None
        report = self._reports.setdefault(reason, Report())
        report.count += 1
        return report


_rendered = threading.local()


def note_repetition(line: str) -> None:
    """Note the line of a refusal that repeats: the SDK is about to log it from this thread."""
    _rendered.line = line


def is_repetition(record: logging.LogRecord) -> bool:
    """Return whether a record repeats a refusal that the log has in full. Use it on the thread that made the record."""
    line = getattr(_rendered, "line", "")
    # The record may be anybody's, and its arguments may not fit its text.
    with boundary():
        return bool(line) and line in record.getMessage()
    return False


def quiet_repetitions_in_notebooks() -> Callable[[], None]:
    """In a notebook, keep refusals that repeat off the SDK's log, and return a function that takes this back.

    The log of a background thread is shown in red below whichever cell runs. The first refusal is still shown in full.
    This changes a logger of the SDK's, so only `install` may call it.
    """
    shell = sys.modules.get("IPython") and sys.modules["IPython"].get_ipython()
    if not hasattr(shell, "kernel"):
        return lambda: None
    sdk_loggers = [logging.getLogger(name) for name in ("langsmith.client", "langsmith.cache")]

    def is_news(record: logging.LogRecord) -> bool:
        return not is_repetition(record)

    for sdk_logger in sdk_loggers:
        sdk_logger.addFilter(is_news)

    def take_back() -> None:
        for sdk_logger in sdk_loggers:
            sdk_logger.removeFilter(is_news)

    return take_back


@contextlib.contextmanager
def boundary() -> Generator[None, None, None]:
    """Keep a failure of this library's own code from the caller, and log it at DEBUG.

    Use it at the entry points from the SDK's code and the user's into this library. Code after the block has to work
    without the block's result: with the SDK's own exception, or the request as the SDK would have sent it. An interrupt
    passes.
    """
    handled = sys.exc_info()[1]
    try:
        yield
    except Exception as failure:
        raise_hidden_interrupt(failure, handled)
        log_failure(failure)


def raise_hidden_interrupt(failure: BaseException, handled: BaseException | None = None) -> None:
    """Raise the interrupt that a failure has replaced, if there is one.

    An interrupt that arrives within `threading.Condition` leaves its lock released, and the `RuntimeError` about that
    replaces the interrupt. Code that catches the `RuntimeError` would lose the interrupt.

    Args:
        failure: The exception that was caught.
        handled: The exception that was being handled before. The program knows of it, and of what it replaced.
    """
    current: BaseException | None = failure
    for _ in range(_MOST_CONTEXTS):
        # A cause was named on purpose, so nothing is lost.
        if current is None or current is handled or current.__suppress_context__:
            return
        # A cancellation is asyncio's, which this module does not import.
        if not isinstance(current, (Exception, GeneratorExit)) and type(current).__name__ != "CancelledError":
            break
        current = current.__context__
    else:
        return
    context = current.__context__
    try:
        raise current
    finally:
        current.__context__ = context
        del current, context, failure, handled


def log_failure(failure: Exception) -> None:
    """Log the class of a failure, and the file and line of this library's code that it came from.

    Neither the exception's text nor its traceback is logged: both may show a key.

    Args:
        failure: The exception.
    """
    try:
        if logger.isEnabledFor(logging.DEBUG):
            logger.debug("%s at %s; the SDK's own result stands", type(failure).__name__, _place(failure))
    except Exception as another:
        # A filter or handler of the user's has raised, too, and there is nothing left to do about that.
        raise_hidden_interrupt(another, failure)


def _place(failure: Exception) -> str:
    place, step = "an unknown place", failure.__traceback__
    while step is not None:
        file = step.tb_frame.f_code.co_filename
        if file.startswith(_PACKAGE):
            place = f"{file[len(_PACKAGE) :]}:{step.tb_lineno}"
        step = step.tb_next
    return place
