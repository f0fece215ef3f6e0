"""However many ask at once, in tasks, loops and threads: one question is asked, and everybody has the answer."""

from __future__ import annotations

import asyncio
import logging
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from safe_langsmith import Cause, ForbiddenDiagnosis


@pytest.fixture
def make_road(make_road, caplog):
    """Makes roads on which hundreds of calls are not logged and watched one by one."""
    caplog.set_level(logging.WARNING)

    def make(*args, **options):
        road = make_road(*args, **options)
        if road.is_async:
            road.loop.set_debug(False)
        return road

    return make


@pytest.fixture
def asked(of):
    return lambda server: len(of(server, "/workspaces")) + len(of(server, "/settings"))


def test_two_hundred_tasks_of_one_client(async_kind, server, workspace, key, make_road, of, asked, caplog):
    road = make_road(async_kind, server, key)

    async def main():
        return await asyncio.gather(*(road.start("GET", "/sessions") for _ in range(200)))

    assert road.run(main()) == [[]] * 200
    assert of(server, "/sessions").count((None, 403)) == 200
    assert of(server, "/sessions").count((workspace.id, 200)) == 200
    assert asked(server) == 1
    assert road.client.workspace_id == workspace.id
    assert len([r for r in caplog.records if r.name == "safe_langsmith"]) == 1


def test_many_writes_arrive_once_each(async_kind, server, workspace, key, make_road):
    road = make_road(async_kind, server, key)
    names = [f"p{number}" for number in range(50)]

    async def main():
        await asyncio.gather(*(road.start("POST", "/sessions", {"name": name}) for name in names))

    road.run(main())
    assert sorted(project["name"] for project in server.projects(workspace)) == sorted(names)


def test_many_tasks_that_nothing_cures(async_kind, server, org, workspace, make_road, asked):
    road = make_road(async_kind, server, org.add_personal_key(default=workspace, role="Viewer"))

    async def main():
        calls = (road.start("POST", "/sessions", {"name": "p"}) for _ in range(50))
        return await asyncio.gather(*calls, return_exceptions=True)

    errors = road.run(main())
    assert {type(error).__qualname__ for error in errors} == {"ForbiddenDiagnosis"}
    assert {error.cause for error in errors} == {Cause.PERMISSION_DENIED}
    assert len({id(error) for error in errors}) == 50
    assert asked(server) == 2


def test_loops_and_threads_with_one_key(server, workspace, key, make_road, asked, roads):
    crowd = [make_road(kind, server, key) for kind in roads.values() if kind.heals for _ in range(2)]
    gate = threading.Barrier(len(crowd))

    def go(road):
        gate.wait()
        if not road.is_async:
            return [road.call() for _ in range(3)]

        async def main():
            return await asyncio.gather(*(road.start("GET", "/sessions") for _ in range(10)))

        return road.run(main())

    with ThreadPoolExecutor(len(crowd)) as pool:
        found = list(pool.map(go, crowd))

    assert all(answer == [] for answers in found for answer in answers)
    assert asked(server) == 1
    assert {road.client.workspace_id for road in crowd} == {workspace.id}


def test_a_callable_is_called_once_for_all_of_them(server, org, workspace, key, make_road, roads):
    org.add_workspace("Production")
    calls = []

    def choose(workspaces):
        calls.append(threading.current_thread())
        return workspace.id

    crowd = [make_road(kind, server, key, resolve_workspace=choose) for kind in roads.values() if kind.heals]
    gate = threading.Barrier(len(crowd))

    def go(road):
        gate.wait()
        if not road.is_async:
            return road.call()

        async def main():
            return await asyncio.gather(*(road.start("GET", "/sessions") for _ in range(10)))

        return road.run(main())

    with ThreadPoolExecutor(len(crowd)) as pool:
        list(pool.map(go, crowd))

    assert len(calls) == 1
    assert {road.client.workspace_id for road in crowd} == {workspace.id}


def test_a_callable_may_use_a_client_of_its_own_loop(async_kind, server, workspace, key, make_road):
    """It runs in a thread without a loop, and what it is refused itself must not wait for its own answer."""
    inner = make_road(async_kind, server, key)
    refusals = []

    def choose(workspaces):
        with pytest.raises(Exception, match="403") as caught:
            inner.call()
        refusals.append(caught.value)
        return workspace.id

    assert make_road(async_kind, server, key, resolve_workspace=choose).call() == []
    assert len(refusals) == 1
    assert not isinstance(refusals[0], ForbiddenDiagnosis)
