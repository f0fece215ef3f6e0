"""Checking a client without waiting for a 403."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import langsmith

from ._io.safeguard import Safeguard
from .diagnosis import Diagnosis

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._core.answers import Answer
    from ._core.evidence import Question
    from ._core.healthy import Healthy
    from ._io.ways import Way


def diagnose(client: langsmith.Client) -> Diagnosis | None:
    """Returns what is wrong with a client's key, workspace or endpoint, or `None` where nothing is.

    Sends at most three read-only requests, and none where the client was made with `probe=False`. Changes nothing but a
    login that has expired: the SDK renews it before it asks.

    Args:
        client: A `SafeClient`, or a `langsmith.Client`.

    Raises:
        TypeError: If it is an asynchronous client.
    """
    return _or_none(examine(client))


def examine(client: langsmith.Client, tell: Callable[[Question], None] | None = None) -> Diagnosis | Healthy:
    """Does what `diagnose` does, and returns what was seen where nothing is wrong, too.

    Args:
        client: A `SafeClient`, or a `langsmith.Client`.
        tell: Called with each question before it is asked.

    Raises:
        TypeError: If it is an asynchronous client.
    """
    from ._io.ways import SessionWay

    if not hasattr(client, "session"):
        raise TypeError(f"{type(client).__name__} is no synchronous client; use `await adiagnose(client)`")

    refresh = getattr(client, "_ensure_profile_auth", None)
    # Renewing a login is a request, too.
    if refresh is not None and _may_ask(client):
        refresh()
    return _examine(client, SessionWay(client.session), tell)


async def adiagnose(client: langsmith.AsyncClient) -> Diagnosis | None:
    """Does what `diagnose` does, for a `SafeAsyncClient` or a `langsmith.AsyncClient`, without blocking the loop.

    Args:
        client: The client.

    Raises:
        TypeError: If it is a synchronous client.
    """
    import asyncio

    from ._io.ways import LoopWay
    from ._io.worker import in_worker

    if hasattr(client, "session"):
        raise TypeError(f"{type(client).__name__} is a synchronous client; use `diagnose(client)`")
    refresh = getattr(client, "_ensure_profile_auth", None)
    if refresh is not None and _may_ask(client):
        await refresh()
    way = LoopWay(client._client, asyncio.get_running_loop())
    return _or_none(await in_worker(lambda: _examine(client, way)))


def _or_none(found: Diagnosis | Healthy) -> Diagnosis | None:
    return found if isinstance(found, Diagnosis) else None


def _may_ask(client: Any) -> bool:
    return bool(getattr(getattr(client, "_safeguard", None), "probe", True))


def _examine(client: Any, way: Way, tell: Callable[[Question], None] | None = None) -> Diagnosis | Healthy:
    from ._core.afterthoughts import for_async
    from ._core.body import NO_BODY
    from ._core.checkup import look
    from ._core.healthy import nothing_wrong
    from ._core.investigation import conclude
    from ._core.scrub import scrub
    from ._io import probes
    from ._io.bypasses import bypasses_in_use
    from ._io.destination import destination_of
    from ._io.facts import facts_of
    from ._io.ledger import Hold
    from ._io.naming import naming_of
    from ._io.owner import can_name_a_workspace, endpoint_of, headers_of, is_async
    from ._io.refusals import Refusal, as_sent, plain_headers

    safeguard = getattr(client, "_safeguard", None) or Safeguard(True, True, None)
    endpoint = as_sent(endpoint_of(client))
    request = Refusal(plain_headers(headers_of(client)), "GET", f"{endpoint}/", NO_BODY, None, None, None)
    to = destination_of(client, request, (), {})
    if to is None:
        raise ValueError(f"{type(client).__name__} has no endpoint")
    facts = facts_of(
        request, to, naming_of(request, client, {}, True), safeguard, bypasses_in_use(client, look_closely=True)
    )
    facts = replace(facts, method=None, path=None, url=None, status_code=None)
    prober = probes.Prober(way, to.endpoint, request.headers, request.secrets, probes.DEADLINE)

    def ask(question: Question) -> Answer:
        if tell is not None:
            tell(question)
        return prober.ask(question)

    try:
        with to.case.hold(probes.DEADLINE + 1, way.needs_thread) as hold:
            answer = probes.too_long if hold is Hold.TOO_LONG else ask
            e, verdict = to.case.drive(look(facts), answer if safeguard.probe else probes.no_questions)
        found = conclude(e, verdict).diagnosis if verdict else nothing_wrong(e)
        if isinstance(found, Diagnosis) and is_async(client):
            found = for_async(found, can_name_a_workspace(client))
        return scrub(found, request.secrets)
    finally:
        prober.forget()
        request.forget()
