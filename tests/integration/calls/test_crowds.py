"""However many ask at once, in tasks, loops and threads: one question is asked, and everybody has the answer."""

from __future__ import annotations

import asyncio
import logging
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from safe_langsmith import Cause, ForbiddenDiagnosis, SafeAsyncClient, adiagnose
from safe_langsmith._recovery import state

MANY = 60


@pytest.fixture(autouse=True)
def little_logging(caplog):
    caplog.set_level(logging.WARNING)


@pytest.fixture
def asked(of):
    return lambda server: len(of(server, "/workspaces")) + len(of(server, "/settings"))


def test_many_tasks_of_one_client_send_one_probe(async_kind, server, workspace, key, make_call_path, of, asked, caplog):
    call_path = make_call_path(async_kind, server, key)

    async def main():
        return await asyncio.gather(*(call_path.start("GET", "/sessions") for _ in range(MANY)))

    assert call_path.run(main()) == [[]] * MANY
    assert of(server, "/sessions").count((None, 403)) == MANY
    assert of(server, "/sessions").count((workspace.id, 200)) == MANY
    assert asked(server) == 1
    assert call_path.client.workspace_id == workspace.id
    assert len([r for r in caplog.records if r.name == "safe_langsmith"]) == 1


def test_many_writes_arrive_once_each(async_kind, server, workspace, key, make_call_path):
    call_path = make_call_path(async_kind, server, key)
    names = [f"p{number}" for number in range(50)]

    async def main():
        await asyncio.gather(*(call_path.start("POST", "/sessions", {"name": name}) for name in names))

    call_path.run(main())
    assert sorted(project["name"] for project in server.projects(workspace)) == sorted(names)


def test_many_tasks_that_stay_refused_send_two_probes(async_kind, server, org, workspace, make_call_path, asked):
    call_path = make_call_path(async_kind, server, org.add_personal_key(default=workspace, role="Viewer"))

    async def main():
        calls = (call_path.start("POST", "/sessions", {"name": "p"}) for _ in range(50))
        return await asyncio.gather(*calls, return_exceptions=True)

    errors = call_path.run(main())
    assert {type(error).__qualname__ for error in errors} == {"ForbiddenDiagnosis"}
    assert {error.cause for error in errors} == {Cause.PERMISSION_DENIED}
    assert len({id(error) for error in errors}) == 50
    assert asked(server) == 2


@pytest.fixture
def started(monkeypatch):
    """The names of the threads that were started."""
    names = []
    start = threading.Thread.start

    def counted(thread):
        names.append(thread.name)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", counted)
    return names


def test_many_tasks_do_not_start_a_thread_each(
    async_kind, server, org, workspace, make_call_path, started, monkeypatch
):
    call_path = make_call_path(async_kind, server, org.add_personal_key(default=workspace, role="Viewer"))
    reading, release = threading.Event(), threading.Event()
    read = state.ClientState.configuration

    def held(*args):
        # Until all tasks are refused, none has its files read.
        reading.set()
        release.wait(10)
        return read(*args)

    monkeypatch.setattr(state.ClientState, "configuration", held)

    async def main():
        calls = [asyncio.ensure_future(call_path.start("POST", "/sessions", {"name": "p"})) for _ in range(MANY)]
        while len(server.requests) < MANY:
            await asyncio.sleep(0.001)
        release.set()
        return await asyncio.gather(*calls, return_exceptions=True)

    errors = call_path.run(main())
    assert reading.is_set()
    assert {type(error).__qualname__ for error in errors} == {"ForbiddenDiagnosis"}
    assert started.count("safe-langsmith") <= 3


@pytest.fixture
def stuck_file(monkeypatch):
    """A file that does not answer holds the thread that reads files for all tasks."""
    from safe_langsmith._probe.transports import FILE_READER

    monkeypatch.setattr("safe_langsmith._probe.driver.LONGEST_QUEUE", 0.2)
    release = threading.Event()
    FILE_READER.submit(lambda: release.wait(30))
    yield
    release.set()


def test_a_file_that_does_not_answer_costs_no_explanation(stuck_file, async_kind, server, key, make_call_path):
    call_path = make_call_path(async_kind, server, key)
    with pytest.raises(ForbiddenDiagnosis) as caught:
        call_path.call("POST", "/sessions", {"name": "p"})

    assert caught.value.cause is Cause.WORKSPACE_REQUIRED
    # The file may name another workspace.
    assert [request.method for request in server.requests].count("POST") == 1


def test_nor_does_it_cost_a_check(stuck_file, server, key):
    async def check():
        async with SafeAsyncClient(api_url=server.url, api_key=key) as client:
            return await adiagnose(client)

    assert asyncio.run(check()).cause is Cause.WORKSPACE_REQUIRED


def test_tasks_do_not_wait_for_ever_for_a_callable(
    async_kind, server, org, workspace, key, make_call_path, monkeypatch
):
    org.add_workspace("Production")
    inside, release = threading.Event(), threading.Event()

    def choose(workspaces):
        inside.set()
        release.wait(30)
        return workspace.id

    monkeypatch.setattr("safe_langsmith._probe.driver.LONGEST_QUEUE", 0.2)
    call_path = make_call_path(async_kind, server, key, resolve_workspace=choose)

    async def main():
        first = asyncio.ensure_future(call_path.start("GET", "/sessions"))
        while not inside.is_set():
            await asyncio.sleep(0.001)
        others = await asyncio.gather(*(call_path.start("GET", "/sessions") for _ in range(5)), return_exceptions=True)
        release.set()
        return await first, others

    found, errors = call_path.run(main())
    assert found == []
    for error in errors:
        assert error.checks[1].detail.startswith("resolve_workspace is still running in another thread")


def test_loops_and_threads_with_one_key(server, workspace, key, make_call_path, asked, call_paths):
    crowd = [make_call_path(kind, server, key) for kind in call_paths.values() if kind.retries for _ in range(2)]
    gate = threading.Barrier(len(crowd))

    def go(call_path):
        gate.wait()
        if not call_path.is_async:
            return [call_path.call() for _ in range(3)]

        async def main():
            return await asyncio.gather(*(call_path.start("GET", "/sessions") for _ in range(10)))

        return call_path.run(main())

    with ThreadPoolExecutor(len(crowd)) as pool:
        found = list(pool.map(go, crowd))

    assert all(answer == [] for answers in found for answer in answers)
    assert asked(server) == 1
    assert {call_path.client.workspace_id for call_path in crowd} == {workspace.id}


def test_a_callable_is_called_once_for_all_of_them(server, org, workspace, key, make_call_path, call_paths):
    org.add_workspace("Production")
    calls = []

    def choose(workspaces):
        calls.append(threading.current_thread())
        return workspace.id

    crowd = [
        make_call_path(kind, server, key, resolve_workspace=choose) for kind in call_paths.values() if kind.retries
    ]
    gate = threading.Barrier(len(crowd))

    def go(call_path):
        gate.wait()
        if not call_path.is_async:
            return call_path.call()

        async def main():
            return await asyncio.gather(*(call_path.start("GET", "/sessions") for _ in range(10)))

        return call_path.run(main())

    with ThreadPoolExecutor(len(crowd)) as pool:
        list(pool.map(go, crowd))

    assert len(calls) == 1
    assert {call_path.client.workspace_id for call_path in crowd} == {workspace.id}


def test_a_callable_may_use_a_client_of_its_own_loop(async_kind, server, workspace, key, make_call_path):
    """It runs in a thread without a loop, and what it is refused itself must not wait for its own answer."""
    inner = make_call_path(async_kind, server, key)
    refusals = []

    def choose(workspaces):
        with pytest.raises(Exception, match="403") as caught:
            inner.call()
        refusals.append(caught.value)
        return workspace.id

    assert make_call_path(async_kind, server, key, resolve_workspace=choose).call() == []
    assert len(refusals) == 1
    assert not isinstance(refusals[0], ForbiddenDiagnosis)
