"""Checking a client without waiting for a 403."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import langsmith

from safe_langsmith._recovery.state import ClientState
from safe_langsmith.diagnosis import Diagnosis

if TYPE_CHECKING:
    from collections.abc import Callable

    from safe_langsmith._core.engine import HealthReport
    from safe_langsmith._core.model import ProbeRequest
    from safe_langsmith._core.responses import Answer
    from safe_langsmith._probe.transports import ProbeTransport


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


def examine(client: langsmith.Client, tell: Callable[[ProbeRequest], None] | None = None) -> Diagnosis | HealthReport:
    """Does what `diagnose` does, and returns what was seen where nothing is wrong, too.

    Args:
        client: A `SafeClient`, or a `langsmith.Client`.
        tell: Called with each question before it is asked.

    Raises:
        TypeError: If it is an asynchronous client.
    """
    from safe_langsmith._probe.transports import RequestsTransport

    if not hasattr(client, "session"):
        raise TypeError(f"{type(client).__name__} is no synchronous client; use `await adiagnose(client)`")

    refresh = getattr(client, "_ensure_profile_auth", None)
    # Renewing a login is a request, too.
    if refresh is not None and _may_ask(client):
        refresh()
    return _examine(client, RequestsTransport(client.session), tell)


async def adiagnose(client: langsmith.AsyncClient) -> Diagnosis | None:
    """Does what `diagnose` does, for a `SafeAsyncClient` or a `langsmith.AsyncClient`, without blocking the loop.

    Args:
        client: The client.

    Raises:
        TypeError: If it is a synchronous client.
    """
    import asyncio

    from safe_langsmith._probe.driver import in_worker
    from safe_langsmith._probe.transports import AsyncTransport

    if hasattr(client, "session"):
        raise TypeError(f"{type(client).__name__} is a synchronous client; use `diagnose(client)`")
    refresh = getattr(client, "_ensure_profile_auth", None)
    if refresh is not None and _may_ask(client):
        await refresh()
    way = AsyncTransport(client._client, asyncio.get_running_loop())
    return _or_none(await in_worker(lambda: _examine(client, way)))


def _or_none(found: Diagnosis | HealthReport) -> Diagnosis | None:
    return found if isinstance(found, Diagnosis) else None


def _may_ask(client: Any) -> bool:
    return bool(getattr(getattr(client, "_state", None), "probe", True))


def _examine(
    client: Any, way: ProbeTransport, tell: Callable[[ProbeRequest], None] | None = None
) -> Diagnosis | HealthReport:
    from safe_langsmith._core.afterthoughts import for_async
    from safe_langsmith._core.engine import conclude, healthy_report, look
    from safe_langsmith._core.redaction import redact_value
    from safe_langsmith._core.responses import NO_BODY
    from safe_langsmith._probe import driver as probes
    from safe_langsmith._probe.cache import Hold
    from safe_langsmith._recovery.facts import facts_of
    from safe_langsmith._recovery.target import target_of, workspace_origin_of
    from safe_langsmith._sdk.bypasses import bypasses_in_use
    from safe_langsmith._sdk.compat import can_name_a_workspace, endpoint_of, headers_of, is_async
    from safe_langsmith._sdk.http import ForbiddenResponse, normalize_url, plain_headers

    safeguard = getattr(client, "_state", None) or ClientState(True, True, None)
    endpoint = normalize_url(endpoint_of(client))
    request = ForbiddenResponse(plain_headers(headers_of(client)), "GET", f"{endpoint}/", NO_BODY, None, None, None)
    to = target_of(client, request, (), {})
    if to is None:
        raise ValueError(f"{type(client).__name__} has no endpoint")
    facts = facts_of(
        request,
        to,
        workspace_origin_of(request, client, {}, True),
        safeguard,
        bypasses_in_use(client, look_closely=True),
    )
    facts = replace(facts, method=None, path=None, url=None, status_code=None)
    prober = probes.Prober(way, to.endpoint, request.headers, request.secrets, probes.DEADLINE)

    def ask(question: ProbeRequest) -> Answer:
        if tell is not None:
            tell(question)
        return prober.ask(question)

    try:
        with to.case.hold(probes.DEADLINE + 1, way.needs_thread) as hold:
            answer = probes.too_long if hold is Hold.TOO_LONG else ask
            e, verdict = to.case.drive(look(facts), answer if safeguard.probe else probes.no_questions)
        found = conclude(e, verdict).diagnosis if verdict else healthy_report(e)
        if isinstance(found, Diagnosis) and is_async(client):
            found = for_async(found, can_name_a_workspace(client))
        return redact_value(found, request.secrets)
    finally:
        prober.forget()
        request.forget()
