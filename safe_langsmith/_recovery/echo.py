"""A refusal that repeats another one word for word, and so is explained by the same words.

What is refused once is often refused a thousand times, by a loop or by a tracing thread, and nothing is found out by
looking at the machine anew for each. Whatever else may have changed meanwhile shows a second later.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from typing import Any, NamedTuple

from safe_langsmith._core.settings import VARIABLES
from safe_langsmith._probe import cache as ledger
from safe_langsmith._probe.driver import under_examination
from safe_langsmith._sdk.calls.base import InterceptedCall
from safe_langsmith._sdk.compat import drop_frames, response_of, workspace_of
from safe_langsmith._sdk.http import CREDENTIAL_HEADERS, plain_headers, read_answered, told_id
from safe_langsmith.diagnosis import Diagnosis
from safe_langsmith.errors import ForbiddenDiagnosis

TTL = 1.0
"""Seconds for which a refusal may be explained by the words of an earlier one."""

MOST = 16
"""How many refusals of one client are remembered so."""

_VARIABLES = tuple(name for names in VARIABLES.values() for name in names)
_STORED_AS = tuple(getattr(os.environ, "encodekey", str)(name) for name in _VARIABLES)
_SENT = (*CREDENTIAL_HEADERS, "x-tenant-id")


class Echo(NamedTuple):
    """What explained a refusal.

    Attributes:
        learned: How much had been learned by then.
        until: When it stops being of use, on the ledger's clock.
        kind: The exception's class.
        diagnosis: The diagnosis.
        sdk_message: The SDK's own message, cleaned.
        ends_in_a_log: Whether the SDK logs what such calls raise.
    """

    learned: int
    until: float
    kind: type[ForbiddenDiagnosis]
    diagnosis: Diagnosis
    sdk_message: str
    ends_in_a_log: bool


class Heard(NamedTuple):
    """A refusal, as far as it can be heard without looking.

    Attributes:
        digest: A hash of the refusal and of what is known without looking: the same for refusals that say the same.
            It cannot be turned back into a key.
        response: The response.
        told: The headers of the response, by lower-case name.
    """

    digest: int
    response: Any
    told: Mapping[str, str]

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
        __tracebackhide__ = True
        # An exception in the locals of its own traceback would keep itself alive.
        raise self.__dict__.pop("_explained") from None

    async def answer_async(self) -> Any:
        """Does what `answer` does.

        Raises:
            ForbiddenDiagnosis: Always.
        """
        __tracebackhide__ = True
        self.answer()


def listen(road: InterceptedCall, error: Exception) -> Heard | None:
    """Returns what can be heard of a refusal, or `None` where it has to be looked at.

    Args:
        road: The call.
        error: What the SDK raised.
    """
    try:
        response = response_of(error)
        if response is None or response.status_code != 403 or response.history or under_examination():
            return None
        told = _by_name(response.headers)
        return Heard(_digest(road, error, response, told), response, told)
    except Exception:  # Stand-ins for responses lack something or other; then each refusal is looked at.
        return None


def _by_name(headers: Any) -> dict[str, str]:
    """What `plain_headers` returns, in a fraction of the time where the headers are those of `requests`."""
    return dict(headers.lower_items()) if hasattr(headers, "lower_items") else plain_headers(headers)


def _digest(road: InterceptedCall, error: Exception, response: Any, told: Mapping[str, str]) -> int:
    client, sent = road.client, _by_name(response.request.headers)
    return hash(
        (
            type(road),
            road.method,
            road.asked,
            tuple(road.caller_headers),
            str(response.url),
            tuple(map(sent.get, _SENT)),
            response.content,
            told.get("content-type"),
            type(error),
            str(error),
            workspace_of(client),
            client._state.chosen_workspace,
            _variables(),
        )
    )


def _variables() -> tuple[object, ...]:
    """The variables that settings are read from, as they are now."""
    environ = os.environ
    # `os.environ` encodes, decodes and raises for each that is not set, which takes half as long as all the rest.
    stored = getattr(environ, "_data", None)
    if isinstance(stored, dict):
        return tuple(map(stored.get, _STORED_AS))
    return tuple(map(environ.get, _VARIABLES))


def remember(road: InterceptedCall, digest: int | None, learned: int, explained: ForbiddenDiagnosis) -> None:
    """Keeps the words that explained a refusal.

    Args:
        road: The call.
        digest: What was heard of the refusal.
        learned: How much had been learned when it was explained.
        explained: What explained it; not kept itself, since it holds the response.
    """
    # Whatever fails in here, the next refusal is looked at as this one was.
    with contextlib.suppress(Exception):
        if digest is not None:
            echoes = road.client._state.echoes = road.client._state.echoes or {}
            while len(echoes) >= MOST:
                echoes.pop(next(iter(echoes)), None)
            until = ledger.CACHE.clock() + TTL
            diagnosis = _apart(explained.diagnosis, explained.request_id)
            echoes[digest] = Echo(learned, until, type(explained), diagnosis, explained.sdk_message, road.ends_in_a_log)


def recall(road: InterceptedCall, heard: Heard | None, error: Exception) -> Repetition | None:
    """Returns the refused call where it repeats another one, or `None`.

    Args:
        road: The call.
        heard: What was heard of the refusal.
        error: What the SDK raised.
    """
    try:
        echo: Echo | None = (road.client._state.echoes or {}).get(heard.digest) if heard else None
        known = ledger.CACHE
        if heard is None or echo is None or echo.learned != known.changes or known.clock() >= echo.until:
            return None
        explained = echo.kind(_apart(echo.diagnosis, _id_of(road, heard, echo)), echo.sdk_message, error)
        explained.repeated = echo.ends_in_a_log
        drop_frames(error, heard.response)
        return Repetition(explained)
    except Exception:  # As above.
        return None


def _id_of(road: InterceptedCall, heard: Heard, echo: Echo) -> str | None:
    told, known = told_id(heard.told), echo.diagnosis.request_id
    return known if told == (known or "") else read_answered(heard.response, road.method, road.url, {}).request_id


def _apart(diagnosis: Diagnosis, request_id: str | None) -> Diagnosis:
    """A diagnosis for another request, which shares nothing with this one that somebody might change."""
    # What `replace` returns, in a tenth of the time: a frozen value without slots or checks is its dictionary.
    apart = object.__new__(Diagnosis)
    apart.__dict__.update(diagnosis.__dict__, request_id=request_id, settings=dict(diagnosis.settings))
    return apart
