"""Whatever was done, afterwards there are no more threads, sockets, clients and keys than the SDK leaves behind.

Arguments: a seed, and the name of a scene.
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import threading
import weakref
from collections.abc import Callable
from typing import Any

import pytest
import stage
from internals import Probing, count_known_keys
from langsmith import AsyncClient, Client

from safe_langsmith import SafeAsyncClient, SafeClient
from safe_langsmith.testing import FakeLangSmith, Organization, Workspace

ROUNDS = 3
OPEN_FILES = next((path for path in ("/proc/self/fd", "/dev/fd") if os.path.isdir(path)), None)


class Account:
    """A fake server, and for the SDK's own clients the workspace that they cannot find by themselves."""

    def __init__(self, plain: bool) -> None:
        self.plain = plain
        self.server: FakeLangSmith = stage.fake_server()
        self.org: Organization = self.server.add_organization("Acme")
        self.home: Workspace = self.org.add_workspace("Research")

    def options(self, retries: bool) -> dict[str, Any]:
        key = self.org.add_service_key(workspaces=None, role="Editor" if retries else "Viewer")
        named = {"workspace_id": self.home.id} if self.plain else {}
        return {"api_url": self.server.url, "api_key": key, **named}

    def sync(self, retries: bool, **options: Any) -> Client:
        retries = stage.urllib3.Retry(0)
        return (Client if self.plain else SafeClient)(**self.options(retries), retry_config=retries, **options)

    def unsync(self, retries: bool) -> AsyncClient:
        options = self.options(retries)
        if not stage.ASYNC_RETRIES:
            options.pop("workspace_id", None)
        return (AsyncClient if self.plain else SafeAsyncClient)(**options, retry_config={"max_retries": 1})


def write(client: Any, number: int) -> None:
    with stage.contextlib.suppress(Exception):
        client.create_project(f"p{number}")


def on_threads(account: Account) -> None:
    clients = [account.sync(retries, auto_batch_tracing=False) for retries in (True, False) for _ in range(2)]
    stage.all_of(*(lambda client=client, n=n: write(client, n) for n in range(3) for client in clients))
    for client in clients:
        client.session.close()


def tracing(account: Account) -> None:
    for retries in (True, False):
        client = account.sync(retries)
        stage.trace(client, "r")
        client.flush()
        client.session.close()


def generated(account: Account) -> None:
    if not stage.HAS_GENERATED:
        return
    for retries in (True, False):
        client = account.sync(retries, auto_batch_tracing=False)
        api = client._get_langsmith_api_sync()
        api.max_retries = 0
        with stage.contextlib.suppress(Exception):
            api.post("/sessions", cast_to=object, body={"name": "p"})
        api.close()
        client.session.close()


def on_loops(account: Account) -> None:
    async def main() -> None:
        clients = [account.unsync(retries) for retries in (True, False)]
        tasks = []
        for number, client in enumerate(clients * 3):
            tasks.append(asyncio.ensure_future(client.create_project(f"p{number}")))
            if stage.HAS_GENERATED:
                client._langsmith_api.max_retries = 0
                body = {"name": f"q{number}"}
                tasks.append(asyncio.ensure_future(client._langsmith_api.post("/sessions", cast_to=object, body=body)))
        while not any(request.status == 403 for request in account.server.requests):
            if all(task.done() for task in tasks):
                break
            await asyncio.sleep(0)
        tasks[0].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for client in clients:
            if stage.HAS_GENERATED:
                await client._langsmith_api.close()
            await client.aclose()

    asyncio.run(main())


def on_loops_that_nobody_closes(account: Account) -> None:
    async def main() -> None:
        client = account.unsync(False)
        await asyncio.gather(client.create_project("p"), client.create_project("q"), return_exceptions=True)
        await client.aclose()

    asyncio.new_event_loop().run_until_complete(main())


def left() -> tuple[int, int]:
    """Returns how many threads and open files there are."""
    gc.collect()
    return threading.active_count(), len(os.listdir(OPEN_FILES)) if OPEN_FILES else 0


def growth(use: Callable[[Account], None], plain: bool, most: tuple[int, int], seconds: float) -> tuple[int, int]:
    """Returns how many more threads and files there are after some rounds, once it is as few as is wanted.

    Args:
        use: A round.
        plain: Whether the SDK's own clients are used.
        most: How many are few enough.
        seconds: How long to wait for those that are just ending.
    """
    account = Account(plain)
    # The first ones make what stays for good.
    use(account)
    use(account)
    settled = [left()]
    # What was there before need not be looked through each time.
    gc.freeze()
    for _ in range(5):
        stage.time.sleep(0.01)
        settled.append(left())
    before = min(settled)
    for _ in range(ROUNDS):
        use(account)
    until = stage.time.monotonic() + seconds
    while True:
        more = tuple(now - then for now, then in zip(left(), before, strict=True))
        if all(found <= wanted for found, wanted in zip(more, most, strict=True)) or stage.time.monotonic() > until:
            account.server.close()
            return more
        stage.time.sleep(0.01)


def threads_and_files() -> None:
    """No more of them than with the SDK's own clients, which do the same and succeed."""
    uses = (on_threads, tracing, generated, on_loops, on_loops_that_nobody_closes)
    for use in uses:
        plain = growth(use, True, (0, 0), 1)
        most = max(0, plain[0]), max(0, plain[1])
        safe = growth(use, False, most, 10)
        print(use.__name__, plain, safe)
        assert all(found <= wanted for found, wanted in zip(safe, most, strict=True)), (use.__name__, plain, safe)


def clients() -> None:
    """Whoever drops a client gets rid of it, whatever it was refused."""
    for plain in (True, False):
        account = Account(plain)
        for retries in (True, False):
            for options in ({}, {"auto_batch_tracing": False}):
                client: Any = account.sync(retries, **options)
                write(client, 1)
                if not options:
                    stage.trace(client, "r")
                gone = weakref.ref(client)
                del client
                stage.wait_until(lambda: gc.collect() is not None and gone() is None)  # noqa: B023


def keys() -> None:
    """Of a thousand keys, the last ones are known by a hash, and none by itself."""
    most = 10
    Probing(pytest.MonkeyPatch()).set_most_keys(most)
    account = Account(False)
    for use in (on_threads, tracing, generated, on_loops):
        use(account)
    for _ in range(30):
        with stage.contextlib.suppress(Exception):
            stage.project(account.sync(False, auto_batch_tracing=False), "p")
    account.server.close()
    del account
    stage.wait_until(lambda: not kept())
    assert count_known_keys() == most


def kept() -> list[str]:
    """The keys that anything in this process still refers to."""
    gc.collect()
    parts = (part for whole in gc.get_objects() for part in gc.get_referents(whole))
    texts = (str(part, "latin-1") if isinstance(part, bytes) else part for part in parts)
    return [text for text in texts if isinstance(text, str) and "c0ffeec0ffee" in text and text.startswith("lsv2")]


def main() -> None:
    stage.prepared()
    globals()[sys.argv[2]]()
    sys.stdout.flush()
    os._exit(0)


main()
