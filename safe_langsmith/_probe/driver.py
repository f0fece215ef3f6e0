"""Probing the endpoint: read-only GETs, all under one deadline, that whoever waits for them can call off."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping, MutableMapping
from concurrent.futures import CancelledError, Future, InvalidStateError
from typing import TypeVar

from safe_langsmith._core.model import ProbeRequest
from safe_langsmith._core.redaction import bare_url
from safe_langsmith._core.responses import Answer, read_answer
from safe_langsmith._probe.transports import TOO_LATE, ProbeTransport, RawResponse, outcome

T = TypeVar("T")
_SLICE = 0.1


@contextlib.asynccontextmanager
async def in_turn(gates: MutableMapping[int, asyncio.Lock], seconds: float) -> AsyncIterator[None]:
    """Lets the tasks of an event loop through one by one, and none wait for longer than a given time.

    Args:
        gates: The gate of each loop, by the loop's `id()`, as long as somebody is at it.
        seconds: How long to wait at most.
    """
    loop = asyncio.get_running_loop()
    gate = gates.setdefault(id(loop), asyncio.Lock())
    # Not asyncio.wait_for(), which before Python 3.12 may lose a lock that is acquired just when it gives up.
    acquiring = loop.create_task(gate.acquire())
    try:
        await asyncio.wait((acquiring,), timeout=seconds)
        yield
    finally:
        acquiring.cancel()
        acquiring.add_done_callback(lambda task: None if task.cancelled() else gate.release())


async def in_worker(work: Callable[[], T]) -> T:
    """Does blocking work in a thread of its own, in the caller's context, and returns its result.

    Not in one of the loop's own threads, which resolve host names, too. Cancelling the caller does not wait for the
    work, nor does the end of the program.

    Args:
        work: What to do.

    Raises:
        RuntimeError: If no thread can be started any more.
    """
    future: Future[T] = Future()
    context = contextvars.copy_context()

    def run() -> None:
        # Who was cancelled wants neither.
        try:
            result = context.run(work)
        except BaseException as error:
            with contextlib.suppress(InvalidStateError):
                future.set_exception(error)
        else:
            with contextlib.suppress(InvalidStateError):
                future.set_result(result)

    threading.Thread(target=run, name="safe-langsmith", daemon=True).start()
    return await asyncio.wrap_future(future)


DEADLINE = 5.0
"""Seconds for all questions about one refusal, by the clock."""

PAUSE = 0.1
"""Seconds before a question is repeated."""

OUT_OF_TIME = "no answer within"
_CALLED_OFF = Answer(error="the call was cancelled meanwhile", asked=False)
# Headers that belong to the refused request's body or to its connection, not to the way to the server.
_OF_ONE_REQUEST = frozenset(
    "x-tenant-id content-type content-length content-encoding transfer-encoding host connection accept expect "
    "accept-encoding range if-match if-none-match if-modified-since".split()
)


def no_questions(question: ProbeRequest) -> Answer:
    """Answers in place of a server where the user wants no diagnostic requests."""
    return Answer(error="probe=False, so no diagnostic request was sent", asked=False)


def too_long(question: ProbeRequest) -> Answer:
    """Answers in place of a server where somebody else has been asking for longer than one may wait."""
    return Answer(error="another examination of this endpoint and key is still going on", asked=False)


class Prober:
    """Asks questions.

    Args:
        way: How requests go to the endpoint.
        endpoint: The base URL of the API that refused.
        headers: The headers of the refused request.
        secrets: Strings that must not appear in an answer.
        seconds: How long all questions together may take.
    """

    def __init__(
        self, way: ProbeTransport, endpoint: str, headers: Mapping[str, str], secrets: tuple[str, ...], seconds: float
    ) -> None:
        """Starts the clock."""
        self._way = way
        self._endpoint = endpoint.rstrip("/")
        self._headers = {name: value for name, value in headers.items() if name.lower() not in _OF_ONE_REQUEST}
        self._secrets = secrets
        self._until = time.monotonic() + seconds
        self._called_off = False
        self._waiting_for: Future[RawResponse] | None = None

    def __repr__(self) -> str:
        """Shows nothing of the headers, which hold the key."""
        return f"Prober({bare_url(self._endpoint)!r})"

    def call_off(self) -> None:
        """Makes whoever waits for an answer stop waiting, and asks nothing any more. From any thread."""
        self._called_off = True
        pending, loop = self._waiting_for, self._way.loop
        # A loop that is closed cannot be told.
        if pending is not None and not (loop and loop.is_closed()):
            pending.cancel()

    def forget(self) -> None:
        """Drops what holds the key."""
        self._headers, self._secrets = {}, ()

    def ask(self, question: ProbeRequest) -> Answer:
        """Returns the answer to a question, asked twice at most. Never raises an `Exception`."""
        from tenacity import Retrying, retry_if_result, stop_after_attempt, wait_fixed

        asking = Retrying(
            retry=retry_if_result(_worth_repeating),
            stop=stop_after_attempt(2),
            wait=wait_fixed(PAUSE),
            retry_error_callback=lambda state: state.outcome.result() if state.outcome else Answer(error="no answer"),
        )
        try:
            return asking(self._ask_once, question)
        except Exception as error:
            return Answer(error=type(error).__name__)

    def _ask_once(self, question: ProbeRequest) -> Answer:
        headers = {**self._headers, "Accept": "application/json"}
        if question.workspace_id:
            headers["X-Tenant-Id"] = question.workspace_id
        url = f"{self._endpoint}{question.path}{'?' + question.query if question.query else ''}"
        left = self._until - time.monotonic()
        if left <= 0:
            return Answer(error=f"{OUT_OF_TIME} {DEADLINE:g} s", asked=False)
        if self._called_off:
            return _CALLED_OFF
        try:
            future = self._waiting_for = self._way.get(url, headers, self._until)
            if self._called_off:
                future.cancel()
            loop = self._way.loop
            raw = outcome(future, left, loop.is_closed) if loop else outcome(future, left)
            if raw is None or raw.error == TOO_LATE:
                # A loop that stands still, or was closed, says nothing about the server. Others have to ask themselves.
                asked = loop is None or loop.is_running()
                return Answer(error=f"{OUT_OF_TIME} {DEADLINE:g} s", asked=asked)
        except CancelledError:
            return _CALLED_OFF if self._called_off else Answer(error="no answer")
        finally:
            # They hold the key, or a password, and a traceback shows this frame.
            del headers, url
        if raw.error is not None or raw.status is None:
            return Answer(error=raw.error)
        return read_answer(raw.status, raw.body, raw.content_type, self._secrets)


def _worth_repeating(answer: Answer) -> bool:
    """A connection fault or a server in trouble may pass; time that has run out does not come back."""
    if answer.status is None:
        return answer.asked and not (answer.error or "").startswith(OUT_OF_TIME)
    return answer.status >= 500


_examining = threading.local()


def under_examination() -> bool:
    """Whether this thread is examining a refusal already, so that another one comes from the user's own callable."""
    return getattr(_examining, "now", False)
