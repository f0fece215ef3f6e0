"""Check a client before a 403 does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import langsmith

from ._frames import clear_frames
from .diagnosis import Diagnosis

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._core.engine import HealthReport
    from ._core.model import Interface, ProbeRequest


def diagnose(client: langsmith.Client) -> Diagnosis | None:
    """Return the diagnosis of a client's key, workspace and endpoint, or `None` if nothing is wrong.

    Send at most four read-only requests, and none if the client was made with `probe=False`. Change nothing but a login
    that has expired: the SDK renews it first.

    Args:
        client: A `SafeClient`, or a `langsmith.Client`.

    Raises:
        TypeError: If it is an async client.
    """
    return _or_none(check(client))


def check(
    client: langsmith.Client,
    on_probe: Callable[[ProbeRequest], None] | None = None,
    interface: Interface | None = None,
) -> Diagnosis | HealthReport:
    """Check a client as `diagnose` does, but return a report if nothing is wrong, too.

    Args:
        client: A `SafeClient`, or a `langsmith.Client`.
        on_probe: Called with each probe before it is sent.
        interface: The form of lines to copy; by default Python.

    Raises:
        TypeError: If it is an async client.
    """
    from ._probe.driver import run
    from ._recovery import load_handler
    from ._recovery.state import state_of
    from ._sdk.calls.base import CheckedClient
    from ._sdk.compat import is_async, refresh_login

    if is_async(client):
        raise TypeError(f"{type(client).__name__} is not a sync client; use `await adiagnose(client)`")
    if state_of(client).probe:
        # The renewal is a request, too.
        refresh_login(client)
    try:
        return _found(run(load_handler().handle(CheckedClient(client, on_probe, interface))))
    except BaseException:
        clear_frames()
        raise


async def adiagnose(client: langsmith.AsyncClient) -> Diagnosis | None:
    """Check a `SafeAsyncClient` or a `langsmith.AsyncClient` as `diagnose` does, without blocking the event loop.

    Args:
        client: The client.

    Raises:
        TypeError: If it is a sync client.
        RuntimeError: If no asyncio event loop is running, as under trio.
    """
    import asyncio

    from ._probe.driver import run_async
    from ._recovery import load_handler
    from ._recovery.state import state_of
    from ._sdk.calls.base import CheckedClient
    from ._sdk.compat import is_async, refresh_login

    if not is_async(client):
        raise TypeError(f"{type(client).__name__} is a sync client; use `diagnose(client)`")
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        message = "adiagnose needs an asyncio event loop, and none is running; use `diagnose` with a SafeClient"
        raise RuntimeError(message) from None
    try:
        renewing = refresh_login(client) if state_of(client).probe else None
        if renewing is not None:
            await renewing
        return _or_none(_found(await run_async(load_handler().handle(CheckedClient(client)))))
    except BaseException:
        clear_frames()
        raise


def _found(outcome: Any) -> Diagnosis | HealthReport:
    if outcome.error is not None:
        raise outcome.error
    found: Diagnosis | HealthReport = outcome.value
    return found


def _or_none(found: Diagnosis | HealthReport) -> Diagnosis | None:
    return found if isinstance(found, Diagnosis) else None
