"""An event loop is never held up, and a call on it can be cancelled at any time."""

from __future__ import annotations

import asyncio
import threading

import pytest

from safe_langsmith import ForbiddenDiagnosis
from safe_langsmith.testing import Reply, Slow

UNNAMED = Reply(403, {"error": "org_scoped_key_requires_workspace"})
HANGS = Slow(60)


@pytest.fixture(autouse=True)
def no_deadline(probing):
    """Whoever waits for a probe that hangs, waits longer than any test here does."""
    probing.set_deadline(60)


@pytest.fixture
def call_path(async_kind, server, key, make_call_path):
    call_path = make_call_path(async_kind, server, key)
    # Then the loop raises if another thread calls what only the loop's own thread may call.
    call_path.loop.set_debug(True)
    return call_path


@pytest.fixture
def reached(server, patience):
    """Waits, on a loop that must therefore be running, until the server has received a request."""

    async def reached(path, workspace_id=None):
        async def look():
            while not any((r.path, r.workspace_id) == (path, workspace_id) for r in server.requests):
                await asyncio.sleep(0)

        await asyncio.wait_for(look(), patience)

    return reached


def named(client):
    """The workspace that a client names: in its attribute, and in the headers that it sends."""
    sent = client._headers if hasattr(client, "session") else client._client.headers
    return client.workspace_id, {name.lower(): value for name, value in sent.items()}.get("x-tenant-id")


def test_the_loop_runs_while_a_probe_hangs(call_path, server, reached):
    server.fault("GET", "/workspaces", HANGS)

    async def main():
        call = asyncio.ensure_future(call_path.start("GET", "/sessions"))
        await reached("/workspaces")
        hangs = not call.done()
        call.cancel()
        await asyncio.wait((call,))
        return hangs, call.cancelled()

    assert call_path.run(main()) == (True, True)


def test_the_loop_runs_while_the_user_chooses(async_kind, server, workspace, key, make_call_path, patience):
    asked, answered = threading.Event(), threading.Event()

    def choose(workspaces):
        asked.set()
        # A loop that waited for this itself would never set it.
        assert answered.wait(patience)
        return workspace.id

    async def answer():
        while not asked.is_set():
            await asyncio.sleep(0)
        answered.set()

    call_path = make_call_path(async_kind, server, key, resolve_workspace=choose)

    async def main():
        return await asyncio.gather(call_path.start("GET", "/sessions"), answer())

    assert call_path.run(main()) == [[], None]


class TestCancelling:
    def test_while_a_probe_hangs_ends_the_call_at_once_and_blocks_no_other(
        self, call_path, server, workspace, reached, patience
    ):
        server.fault("GET", "/workspaces", HANGS)

        async def main():
            call = asyncio.ensure_future(call_path.start("GET", "/sessions"))
            await reached("/workspaces")
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asyncio.wait_for(call, patience)
            before = named(call_path.client)
            return before, await asyncio.wait_for(call_path.start("GET", "/sessions"), patience)

        assert call_path.run(main()) == ((None, None), [])
        assert named(call_path.client) == (workspace.id, workspace.id)

    def test_and_those_who_wait_for_the_same_probe_go_on(self, call_path, server, workspace, reached, patience):
        server.fault("GET", "/workspaces", HANGS)

        async def main():
            first = asyncio.ensure_future(call_path.start("GET", "/sessions"))
            await reached("/workspaces")
            others = [asyncio.ensure_future(call_path.start("GET", "/sessions")) for _ in range(20)]
            while sum(r.path == "/sessions" and r.status == 403 for r in server.requests) < 21:
                await asyncio.sleep(0)
            first.cancel()
            return await asyncio.wait_for(asyncio.gather(*others), patience)

        assert call_path.run(main()) == [[]] * 20
        assert sum(r.path == "/workspaces" for r in server.requests) == 2

    def test_of_those_who_wait_does_not_disturb_who_asks(self, call_path, server, workspace, reached, patience):
        # Long enough for the others to queue up behind it.
        server.fault("GET", "/workspaces", Slow(2))

        async def main():
            first = asyncio.ensure_future(call_path.start("GET", "/sessions"))
            await reached("/workspaces")
            others = [asyncio.ensure_future(call_path.start("GET", "/sessions")) for _ in range(20)]
            while sum(r.path == "/sessions" and r.status == 403 for r in server.requests) < 21:
                await asyncio.sleep(0)
            for other in others:
                other.cancel()
            await asyncio.wait(others)
            return await asyncio.wait_for(first, patience), {other.cancelled() for other in others}

        assert call_path.run(main()) == ([], {True})
        assert sum(r.path == "/workspaces" for r in server.requests) == 1
        assert named(call_path.client) == (workspace.id, workspace.id)

    def test_before_the_refusal_was_looked_at(self, call_path, server, workspace, patience):
        async def main():
            calls = [asyncio.ensure_future(call_path.start("GET", "/sessions")) for _ in range(10)]
            while not any(r.status == 403 for r in server.requests):
                await asyncio.sleep(0)
            for call in calls:
                call.cancel()
            await asyncio.wait(calls)
            return await asyncio.wait_for(call_path.start("GET", "/sessions"), patience)

        assert call_path.run(main()) == []
        assert named(call_path.client) == (workspace.id, workspace.id)

    def test_during_the_second_request_leaves_no_half_set_workspace(
        self, call_path, server, workspace, reached, patience
    ):
        server.fault("GET", "/sessions", UNNAMED)
        server.fault("GET", "/sessions", HANGS)

        async def main():
            call = asyncio.ensure_future(call_path.start("GET", "/sessions"))
            await reached("/sessions", workspace.id)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asyncio.wait_for(call, patience)
            before = named(call_path.client)
            return before, await asyncio.wait_for(call_path.start("GET", "/sessions"), patience)

        before, found = call_path.run(main())
        assert before in ((None, None), (workspace.id, workspace.id))
        assert found == []
        assert named(call_path.client) == (workspace.id, workspace.id)

    def test_while_the_user_chooses(self, async_kind, server, workspace, key, make_call_path, patience):
        asked, answered = threading.Event(), threading.Event()

        def choose(workspaces):
            asked.set()
            answered.wait(patience)
            return workspace.id

        call_path = make_call_path(async_kind, server, key, resolve_workspace=choose)

        async def main():
            call = asyncio.ensure_future(call_path.start("GET", "/sessions"))
            while not asked.is_set():
                await asyncio.sleep(0)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asyncio.wait_for(call, patience)
            answered.set()
            return named(call_path.client), await asyncio.wait_for(call_path.start("GET", "/sessions"), patience)

        assert call_path.run(main()) == ((None, None), [])

    @pytest.mark.parametrize("where", ["/workspaces", "/sessions"])
    def test_by_a_timeout(self, where, call_path, server, workspace, patience):
        if where == "/sessions":
            server.fault("GET", "/sessions", UNNAMED)
        server.fault("GET", where, HANGS)

        async def main():
            given_up = 0
            # Where the machine is slow, a call may be given up before it has come to what hangs.
            while sum(r.path == where for r in server.requests) < (2 if where == "/sessions" else 1):
                try:
                    await asyncio.wait_for(call_path.start("GET", "/sessions"), 0.1)
                except asyncio.TimeoutError:
                    given_up += 1
            assert given_up
            return await asyncio.wait_for(call_path.start("GET", "/sessions"), patience)

        assert call_path.run(main()) == []

    def test_as_a_probe_is_answered(self, call_path, server, workspace, patience):
        # asyncio.wait_for() loses a cancellation that comes together with the result, before Python 3.12.
        class Cancels:
            """Cancels the call when the response to the probe is complete."""

            def __init__(self, transport):
                self.transport = transport

            async def handle_async_request(self, request):
                response = await self.transport.handle_async_request(request)
                if request.url.path == "/workspaces":
                    await response.aread()
                    call.cancel()
                return response

            async def aclose(self):
                await self.transport.aclose()

        if not hasattr(call_path.client, "_client"):
            pytest.skip("the probes of this client are sent by a thread")
        sender = call_path.client._client
        sender._transport = Cancels(sender._transport)
        server.fault("GET", "/sessions", UNNAMED)

        async def main():
            nonlocal call
            call = asyncio.ensure_future(call_path.start("GET", "/sessions"))
            await asyncio.wait((call,), timeout=patience)
            return call.cancelled()

        call = None
        assert call_path.run(main())
        assert [r.path for r in server.requests] == ["/sessions", "/workspaces"]

    def test_then_the_client_closes_and_the_loop_ends(self, call_path, server, reached, patience):
        server.fault("GET", "/workspaces", HANGS)

        async def main():
            call = asyncio.ensure_future(call_path.start("GET", "/sessions"))
            await reached("/workspaces")
            call.cancel()
            await asyncio.wait((call,))
            await asyncio.wait_for(call_path.aclose(), patience)
            # Nothing of ours is left behind on the loop.
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                await asyncio.wait_for(asyncio.wait((task,)), patience)

        call_path.run(main())


def test_a_loop_that_ends_while_a_probe_hangs_holds_nothing(
    async_kind, server, workspace, key, make_call_path, reached
):
    server.fault("GET", "/workspaces", HANGS)
    call_path = make_call_path(async_kind, server, key)

    async def main():
        call = asyncio.ensure_future(call_path.start("GET", "/sessions"))
        await reached("/workspaces")
        return call

    call = call_path.run(main())
    # As asyncio.run() does when its main task has ended.
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        call_path.run(call)

    assert make_call_path(async_kind, server, key).call() == []


def test_a_call_can_be_cancelled_when_a_task_beside_it_fails(async_kind, server, org, make_call_path, key, reached):
    org.add_workspace("Production")
    server.fault("GET", "/workspaces", HANGS)
    call_path = make_call_path(async_kind, server, key)

    async def fail():
        await reached("/workspaces")
        raise ValueError("another task's")

    async def main():
        call = asyncio.ensure_future(call_path.start("GET", "/sessions"))
        with pytest.raises(ValueError, match="another task's"):
            await asyncio.gather(call, fail())
        call.cancel()
        await asyncio.wait((call,))
        return call.cancelled()

    assert call_path.run(main())
    with pytest.raises(ForbiddenDiagnosis):
        make_call_path(async_kind, server, key).call()
