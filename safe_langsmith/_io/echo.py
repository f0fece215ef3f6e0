"""A refusal that repeats another one word for word, and so is explained by the same words.

What is refused once is often refused a thousand times, by a loop or by a tracing thread, and nothing is found out by
looking at the machine anew for each. Whatever else may have changed meanwhile shows a second later.
"""

from __future__ import annotations

import contextlib
import os
import re
from dataclasses import replace
from typing import Any, NamedTuple

from safe_langsmith._core.variables import VARIABLES
from safe_langsmith.diagnosis import Diagnosis
from safe_langsmith.errors import ForbiddenDiagnosis

from . import ledger
from .examination import under_examination
from .owner import workspace_of
from .refusals import CREDENTIAL_HEADERS, REQUEST_ID_HEADERS
from .roads.road import Road
from .sdk_errors import drop_frames, response_of

TTL = 1.0
"""Seconds for which a refusal may be explained by the words of the one before."""

_VARIABLES = tuple(name for names in VARIABLES.values() for name in names)
_SENT = (*CREDENTIAL_HEADERS, "x-tenant-id")
_AN_ID = re.compile(r"[0-9a-fA-F-]{1,64}")


class Echo(NamedTuple):
    """What explained a refusal.

    Attributes:
        digest: A hash of the refusal and of what is known without looking, which cannot be turned back into a key.
        learned: How much had been learned by then.
        until: When it stops being of use, on the ledger's clock.
        kind: The exception's class.
        diagnosis: The diagnosis.
        sdk_message: The SDK's own message, cleaned.
        ends_in_a_log: Whether the SDK logs what such calls raise.
    """

    digest: int
    learned: int
    until: float
    kind: type[ForbiddenDiagnosis]
    diagnosis: Diagnosis
    sdk_message: str
    ends_in_a_log: bool


class Heard(NamedTuple):
    """A refusal, as far as it can be heard without looking.

    Attributes:
        digest: What is the same for refusals that say the same.
        response: The response.
    """

    digest: int
    response: Any

    def __repr__(self) -> str:
        """Shows nothing of the response."""
        return "Heard()"


class Repetition:
    """A refused call that is explained as the one before. Either `answer` or `answer_async` can be called, and once.

    Args:
        explained: What is raised.
    """

    def __init__(self, explained: ForbiddenDiagnosis) -> None:
        """Holds the exception."""
        self._explained = explained

    def answer(self) -> Any:
        """Raises what explains the refusal.

        Raises:
            ForbiddenDiagnosis: Always.
        """
        # An exception in the locals of its own traceback would keep itself alive.
        raise self.__dict__.pop("_explained") from None

    async def answer_async(self) -> Any:
        """Does what `answer` does.

        Raises:
            ForbiddenDiagnosis: Always.
        """
        self.answer()


def listen(road: Road, error: Exception) -> Heard | None:
    """Returns what can be heard of a refusal, or `None` where it has to be looked at.

    Args:
        road: The call.
        error: What the SDK raised.
    """
    try:
        response = response_of(error)
        if response is None or response.status_code != 403 or response.history or under_examination():
            return None
        return Heard(_digest(road, error, response), response)
    except Exception:  # Stand-ins for responses lack something or other; then each refusal is looked at.
        return None


def _digest(road: Road, error: Exception, response: Any) -> int:
    client, sent = road.client, response.request.headers
    return hash(
        (
            type(road),
            road.method,
            road.asked,
            tuple(road.caller_headers),
            str(response.url),
            tuple(map(sent.get, _SENT)),
            response.content,
            response.headers.get("content-type"),
            type(error),
            str(error),
            workspace_of(client),
            client._safeguard.chosen_workspace,
            tuple(map(os.environ.get, _VARIABLES)),
        )
    )


def remember(road: Road, digest: int | None, explained: ForbiddenDiagnosis) -> None:
    """Keeps the words that explained a refusal.

    Args:
        road: The call.
        digest: What was heard of the refusal.
        explained: What explained it; not kept itself, since it holds the response.
    """
    # Whatever fails in here, the next refusal is looked at as this one was.
    with contextlib.suppress(Exception):
        if digest is not None:
            known = ledger.LEDGER
            words = (type(explained), explained.diagnosis, explained.sdk_message, road.ends_in_a_log)
            road.client._safeguard.echo = Echo(digest, known.changes, known.clock() + TTL, *words)


def recall(road: Road, heard: Heard | None, error: Exception) -> Repetition | None:
    """Returns the refused call where it repeats the one before, or `None`.

    Args:
        road: The call.
        heard: What was heard of the refusal.
        error: What the SDK raised.
    """
    echo: Echo | None = road.client._safeguard.echo
    if heard is None or echo is None or (echo.digest, echo.learned) != (heard.digest, ledger.LEDGER.changes):
        return None
    if ledger.LEDGER.clock() >= echo.until:
        return None
    diagnosis = echo.diagnosis
    response = heard.response
    told = next(filter(None, map(response.headers.get, REQUEST_ID_HEADERS)), None)
    if told != diagnosis.request_id:
        # A server may write anything there, also what it was sent.
        if told is None or not _AN_ID.fullmatch(told) or any(told in str(v) for v in response.request.headers.values()):
            return None
        diagnosis = replace(diagnosis, request_id=told)
    drop_frames(error)
    explained = echo.kind(diagnosis, echo.sdk_message, error)
    explained.repeated = echo.ends_in_a_log
    return Repetition(explained)
