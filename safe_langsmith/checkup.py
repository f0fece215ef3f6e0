"""Check a client before a 403 does."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import langsmith

from ._frames import clear_frames
from .diagnosis import Diagnosis

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._core.engine import HealthReport
    from ._core.model import Interface, ProbeRequest


def diagnose(
    client: langsmith.Client, *, can: str | Iterable[str] | None = None, find_region: bool = False
) -> Diagnosis | None:
    """Return the diagnosis of a client's key, workspace, endpoint and permissions, or `None` if nothing is wrong.

    A request that was refused in this process within the last ten minutes counts, if the key, the endpoint and the
    workspace are the same. If the server does not list the permissions of the key, the cause is `undetermined`.

    Send at most four read-only requests, and none if the client was made with `probe=False`. Change nothing but a login
    that has expired: the SDK renews it first.

    Args:
        client: A `SafeClient`, or a `langsmith.Client`.
        can: What the program will do: "tracing", "evaluate", permissions such as "datasets:create", or several of
            these. By default tracing, if it is on; `()` for nothing.
        find_region: Whether to ask `GET /workspaces` of LangSmith's other cloud hosts as well, if the key is refused.
            They get the key, over https, and nothing else; a message of the logger `safe_langsmith` at INFO says so
            before.

    Raises:
        TypeError: If it is an async client.
        ValueError: If `can` has an unknown name; or if `find_region` is true, and the endpoint in use is not one of
            LangSmith's cloud hosts.
    """
    return _or_none(check(client, find_region=find_region, can=can))


def check(
    client: langsmith.Client,
    on_probe: Callable[[ProbeRequest], None] | None = None,
    interface: Interface | None = None,
    find_region: bool = False,
    tell: Callable[[str], None] | None = None,
    can: str | Iterable[str] | None = None,
) -> Diagnosis | HealthReport:
    """Check a client as `diagnose` does, but return a report if nothing is wrong, too.

    Args:
        client: A `SafeClient`, or a `langsmith.Client`.
        on_probe: Called with each probe before it is sent.
        interface: The form of lines to copy; by default Python.
        find_region: Whether to ask the other regions as well, if the key is refused.
        tell: Called with a text that says what goes to which region, before it is sent.
        can: As for `diagnose`.

    Raises:
        TypeError: If it is an async client.
        ValueError: As for `diagnose`.
    """
    from ._core.needs import needs_of
    from ._probe.driver import run
    from ._probe.regions import ask_regions, hosts_to_ask
    from ._recovery import load_handler
    from ._recovery.state import state_of
    from ._sdk.calls.base import CheckedClient
    from ._sdk.compat import endpoint_of, is_async, key_of, refresh_login, session_of

    if is_async(client):
        raise TypeError(f"{type(client).__name__} is not a sync client; use `await adiagnose(client)`")
    needs = None if can is None else needs_of(can)
    if state_of(client).probe:
        # The renewal is a request, too.
        refresh_login(client)
    try:
        if find_region:
            hosts_to_ask(endpoint_of(client))
        call, handle = CheckedClient(client, on_probe, interface, needs), load_handler().handle
        found = _found(run(handle(call)))
        if find_region and key_of(client) and _is_refused(found) and state_of(client).probe:
            call.regions = ask_regions(session_of(client), endpoint_of(client), key_of(client) or "", tell)
            found = _found(run(handle(call)))
        return found
    except BaseException:
        clear_frames()
        raise


async def adiagnose(
    client: langsmith.AsyncClient, *, can: str | Iterable[str] | None = None, find_region: bool = False
) -> Diagnosis | None:
    """Check a `SafeAsyncClient` or a `langsmith.AsyncClient` as `diagnose` does, without blocking the event loop.

    Args:
        client: The client.
        can: As for `diagnose`.
        find_region: As for `diagnose`.

    Raises:
        TypeError: If it is a sync client.
        ValueError: As for `diagnose`.
        RuntimeError: If no asyncio event loop is running, as under trio.
    """
    import asyncio

    from ._core.needs import needs_of
    from ._probe.driver import run_async
    from ._probe.regions import ask_regions_async, hosts_to_ask
    from ._recovery import load_handler
    from ._recovery.state import state_of
    from ._sdk.calls.base import CheckedClient
    from ._sdk.compat import endpoint_of, is_async, key_of, refresh_login

    if not is_async(client):
        raise TypeError(f"{type(client).__name__} is a sync client; use `diagnose(client)`")
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        message = "adiagnose needs an asyncio event loop, and none is running; use `diagnose` with a SafeClient"
        raise RuntimeError(message) from None
    needs = None if can is None else needs_of(can)
    try:
        renewing = refresh_login(client) if state_of(client).probe else None
        if renewing is not None:
            await renewing
        if find_region:
            hosts_to_ask(endpoint_of(client))
        call, handle = CheckedClient(client, needs=needs), load_handler().handle
        found = _found(await run_async(handle(call)))
        if find_region and key_of(client) and _is_refused(found) and state_of(client).probe:
            call.regions = await ask_regions_async(endpoint_of(client), key_of(client) or "")
            found = _found(await run_async(handle(call)))
        return _or_none(found)
    except BaseException:
        clear_frames()
        raise


def _is_refused(found: Diagnosis | HealthReport) -> bool:
    """Return whether the endpoint in use refuses the key, so that another region may be the one that knows it."""
    refused = any(probe.status in (401, 403) for probe in found.probes)
    return refused and found.cause in ("key-rejected", "wrong-region", "stale-environment")


def _found(outcome: Any) -> Diagnosis | HealthReport:
    if outcome.error is not None:
        raise outcome.error
    found: Diagnosis | HealthReport = outcome.value
    return found


def _or_none(found: Diagnosis | HealthReport) -> Diagnosis | None:
    return found if isinstance(found, Diagnosis) else None
