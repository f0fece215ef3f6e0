"""Event loops in threads of their own, whose tasks are cancelled at random moments while they write.

Argument: a seed. A moment is the number of requests that the fake server has received, or a timeout of its own.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import stage
from stage import DIAGNOSED, GIVEN_UP, RETURNED, Books

from safe_langsmith import SafeAsyncClient
from safe_langsmith.testing import Slow

LOOPS = 4
WRITERS = 40

Write = Callable[[str], Awaitable[Any]]


async def main_of(loop: int, server: Any, keys: dict[str, str], books: Books) -> None:
    dice = stage.dice(loop)
    if sys.version_info < (3, 12):
        # There asyncio.wait_for() forgets the error of a task that ends just when it is given up.
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    clients = [(key, stage.async_client(server, key)) for key in (*keys, *keys)]
    behind = stage.sync_client(server, next(iter(keys)))
    apis: list[Any] = []

    def writes(key: str, client: SafeAsyncClient) -> list[Write]:
        found: list[Write] = [client.create_project, client.create_dataset]
        if stage.HAS_GENERATED:
            api = client._langsmith_api
            found.append(lambda name: api.post("/sessions", cast_to=object, body={"name": name}))
        return found

    async def write(write: Write, may: tuple[str, ...], timeout: float | None) -> None:
        with books.write("a task", may) as name:
            try:
                await asyncio.wait_for(write(name), timeout)
            except asyncio.TimeoutError:
                # Given up, as by who cancels.
                raise asyncio.CancelledError from None

    tasks: list[asyncio.Task[None]] = []
    moments: list[tuple[int, asyncio.Task[None]]] = []
    for _ in range(WRITERS):
        key, client = dice.choice(clients)
        timeout = dice.choice((None, None, None, 0.0, 0.01, 0.05, 0.2))
        task = asyncio.ensure_future(write(dice.choice(writes(key, client)), (keys[key], GIVEN_UP), timeout))
        tasks.append(task)
        if dice.random() < 0.4:
            moments.append((dice.randrange(LOOPS * WRITERS), task))
    if stage.HAS_GENERATED:
        # The generated client of a client that has no loop of its own.
        apis.append(behind._get_langsmith_api())
        apis[0].max_retries = 0
        made: Write = lambda name: apis[0].post("/sessions", cast_to=object, body={"name": name})  # noqa: E731
        tasks += [asyncio.ensure_future(write(made, (keys[next(iter(keys))],), None)) for _ in range(5)]
    for moment, task in sorted(moments, key=lambda known: known[0]):
        while len(server.requests) < moment and not all(other.done() for other in tasks):
            await asyncio.sleep(0)
        task.cancel()
    for end in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(end, Exception):
            raise end
    for _, client in clients:
        await stage.aclose(client)
    for api in apis:
        await api.close()


def main() -> None:
    stage.prepared()
    server, books = stage.fake_server(), Books()
    org = server.add_organization("Acme")
    home = org.add_workspace("Research")
    retried = RETURNED if stage.ASYNC_RETRIES else DIAGNOSED
    retrying = [org.add_service_key(workspaces=None) for _ in range(3)]
    keys = {**dict.fromkeys(retrying, retried), org.add_personal_key(default=home, role="Viewer"): DIAGNOSED}
    # So that some are cancelled while others wait for the same answer.
    server.fault("GET", "/workspaces", Slow(0.05), times=3)
    beside = [stage.sync_client(server, key) for key in retrying]

    def thread() -> None:
        for client in beside:
            with books.write("a thread", (RETURNED,)) as name:
                stage.project(client, name)

    loops = [lambda number=number: asyncio.run(main_of(number, server, keys, books)) for number in range(LOOPS)]
    stage.all_of(thread, *loops)

    books.check(server)
    ends = books.ends()
    assert ends[GIVEN_UP] > 5, ends
    assert ends[retried] > WRITERS, ends
    # Who gives up is asked for nothing more, and leaves it to others to ask again.
    for key in keys:
        for question, times in stage.asked(server, key).items():
            assert times <= 1 + ends[GIVEN_UP], question
    # Whatever was given up, whoever comes now is answered from what is known by now.
    for key in retrying:
        before = stage.asked(server, key)
        with books.write("a late one", (RETURNED,)) as name:
            stage.project(stage.sync_client(server, key), name)
        assert stage.asked(server, key) == before
    books.check(server)
    print(dict(ends))


main()
