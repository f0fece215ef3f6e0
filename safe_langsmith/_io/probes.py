"""Asking the endpoint: read-only GETs, all under one deadline, that whoever waits for them can call off."""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import CancelledError, Future

from safe_langsmith._core.answers import Answer, read_answer
from safe_langsmith._core.clean import bare_url
from safe_langsmith._core.evidence import Question

from .futures import outcome
from .ways import TOO_LATE, Raw, Way

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


def no_questions(question: Question) -> Answer:
    """Answers in place of a server where the user wants no diagnostic requests."""
    return Answer(error="probe=False, so no diagnostic request was sent", asked=False)


def too_long(question: Question) -> Answer:
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
        self, way: Way, endpoint: str, headers: Mapping[str, str], secrets: tuple[str, ...], seconds: float
    ) -> None:
        """Starts the clock."""
        self._way = way
        self._endpoint = endpoint.rstrip("/")
        self._headers = {name: value for name, value in headers.items() if name.lower() not in _OF_ONE_REQUEST}
        self._secrets = secrets
        self._until = time.monotonic() + seconds
        self._called_off = False
        self._waiting_for: Future[Raw] | None = None

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

    def ask(self, question: Question) -> Answer:
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

    def _ask_once(self, question: Question) -> Answer:
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
