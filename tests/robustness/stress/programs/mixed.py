"""Who asks for all the others is interrupted, cancelled, or loses its event loop: another one takes over.

Arguments: a seed, and the name of a scene.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest
import stage
from internals import Probing, forget_everything
from langsmith.utils import LangSmithError
from source import ROOT, lines_of_finally

from safe_langsmith import SafeClient
from safe_langsmith.testing import FakeLangSmith, Slow, Workspace

FOLLOWERS = 6
# The folders with the lines at which something is done, and those of them that hold locks.
WATCHED = tuple(str(ROOT / folder) for folder in ("_probe", "_recovery", "_sdk"))
LOCKING = str(ROOT / "_probe")
LIBRARY = tuple(str(ROOT / part) for part in ("_probe", "_recovery", "_core", "_log.py"))
PROBING = Probing(pytest.MonkeyPatch())


class Scene:
    """A question that hangs, a leader who asks it, and followers in threads and on loops who wait for its answer."""

    def __init__(self) -> None:
        self.server: FakeLangSmith = stage.fake_server()
        org = self.server.add_organization("Acme")
        self.home: Workspace = org.add_workspace("Research")
        self.key = org.add_service_key(workspaces=None)
        self.server.fault("GET", "/workspaces", Slow(600))
        self.found: list[Any] = []

    def client(self) -> SafeClient:
        return stage.sync_client(self.server, self.key)

    def in_a_thread(self) -> None:
        self.found.append(list(self.client().list_projects()))

    def on_a_loop(self) -> None:
        async def call() -> Any:
            client = stage.async_client(self.server, self.key)
            try:
                return (await client._arequest_with_retries("GET", "/sessions")).json()
            finally:
                await stage.aclose(client)

        self.found.append(asyncio.run(call()))

    def asked(self) -> bool:
        return stage.received(self.server, "/workspaces") > 0

    def refused(self, times: int) -> bool:
        return sum(request.status == 403 for request in self.server.requests) >= times

    def followers(self) -> list[threading.Thread]:
        """Starts them, and returns once each was refused as well."""
        kinds = (self.in_a_thread, self.on_a_loop) if stage.ASYNC_RETRIES else (self.in_a_thread,)
        threads = stage.in_threads(*(kinds[number % len(kinds)] for number in range(FOLLOWERS)))
        stage.wait_until(lambda: self.refused(1 + FOLLOWERS))
        return threads

    def end(self, threads: list[threading.Thread]) -> None:
        for thread in threads:
            thread.join()
        assert self.found == [[]] * FOLLOWERS
        # The one that hung, and one for all of the others.
        assert sum(stage.asked(self.server, self.key).values()) == 2


def interrupt(scene: Scene, raised: type[BaseException], number: signal.Signals) -> None:
    """A signal's handler raises something in the thread that asks; Control-C is the one that everybody knows."""
    followers: list[threading.Thread] = []

    def watch() -> None:
        stage.wait_until(scene.asked)
        followers.extend(scene.followers())
        os.kill(os.getpid(), number)

    (watcher,) = stage.in_threads(watch)
    try:
        list(scene.client().list_projects())
    except raised:
        watcher.join()
    else:
        raise AssertionError("it was not interrupted")
    scene.end(followers)


def interrupted() -> None:
    # Who runs this in the background may have had it ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    interrupt(Scene(), KeyboardInterrupt, signal.SIGINT)


def terminated() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    interrupt(Scene(), SystemExit, signal.SIGTERM)


def cancelled() -> None:
    """A task is cancelled for which threads and other loops wait."""
    scene = Scene()

    async def main() -> list[threading.Thread]:
        client = stage.async_client(scene.server, scene.key)
        leader = asyncio.ensure_future(client._arequest_with_retries("GET", "/sessions"))
        while not scene.asked():
            await asyncio.sleep(0.001)
        followers = await asyncio.get_running_loop().run_in_executor(None, scene.followers)
        leader.cancel()
        await asyncio.wait((leader,))
        await stage.aclose(client)
        return followers

    scene.end(asyncio.run(main()))


def without_a_loop(ends: Callable[[asyncio.AbstractEventLoop], None]) -> None:
    scene = Scene()
    client = stage.async_client(scene.server, scene.key)
    loop = asyncio.new_event_loop()

    async def main() -> asyncio.Task[Any]:
        leader = asyncio.ensure_future(client._arequest_with_retries("GET", "/sessions"))
        while not scene.asked():
            await asyncio.sleep(0.001)
        return leader

    # On a thread of its own, for the one that the loop runs on is known to be needed for the answer.
    leaders: list[Any] = []

    def lead() -> None:
        leaders.append(loop.run_until_complete(main()))
        # It stays, for a follower's thread may else be given its number, and be taken for it.
        threading.Event().wait()

    stage.in_threads(lead)
    stage.wait_until(lambda: bool(leaders) and not loop.is_running())
    PROBING.set_deadline(600)
    followers = scene.followers()
    ends(loop)
    scene.end(followers)
    assert not leaders[0].done()
    # asyncio says of the task, rightly, that nobody waited for it. Nobody else has anything to say.
    leaders.pop()._log_destroy_pending = False
    stage.wait_until(lambda: not any(thread.name == "safe-langsmith" for thread in threading.enumerate()))
    gc.collect()


def closed() -> None:
    """A loop is closed, and nobody cancelled the task that asks for all."""
    without_a_loop(lambda loop: loop.close())


def stopped() -> None:
    """A loop stands still, with the task that asks for all. That is not the server's fault."""
    # The leader's. Others have all the time in the world.
    PROBING.set_deadline(1)
    without_a_loop(lambda loop: None)


def at_lines(do: Callable[[SafeClient], None], call: Callable[[SafeClient], None]) -> None:
    """Retry with one key after the other, and do something meanwhile: each time at another line of the library.

    Args:
        do: What to do, with a client of the same key.
        call: What is done meanwhile, with a client that has not retried.
    """
    server = stage.fake_server()
    org = server.add_organization("Acme")
    org.add_workspace("Research")

    def play(moment: int) -> list[str]:
        """Return the file of each line that was run, in order."""
        key = org.add_service_key(workspaces=None)
        other, client = stage.sync_client(server, key), stage.sync_client(server, key)
        lines: list[str] = []

        def on_event(frame: Any, event: str, argument: Any) -> Any:
            path = frame.f_code.co_filename
            if not path.startswith(WATCHED):
                return None
            if event == "line" and frame.f_lineno not in lines_of_finally(path):
                lines.append(path)
                if len(lines) == moment:
                    sys.settrace(None)
                    do(other)
            return on_event

        sys.settrace(on_event)
        try:
            call(client)
        finally:
            sys.settrace(None)
        assert list(stage.sync_client(server, key).list_projects()) == []
        return lines

    # The first one imports.
    play(0)
    lines = play(0)
    locking = {number for number, module in enumerate(lines, 1) if module.startswith(LOCKING)}
    assert len(locking) > 50
    for moment in sorted(locking | set(range(1 + stage.seed() % 37, len(lines), 37))):
        play(moment)


def handler_anywhere() -> None:
    """A signal's handler, or a finalizer, makes a call wherever the thread that it interrupts is just at."""

    def call(client: SafeClient) -> None:
        assert list(client.list_projects()) == []

    def handle(client: SafeClient) -> None:
        # Where the interrupted call asks already, this one is the SDK's own error: its answer would be waited for.
        with contextlib.suppress(LangSmithError):
            assert list(client.list_projects()) == []

    at_lines(handle, call)


def interrupted_anywhere() -> None:
    """Control-C ends a call wherever it is; the next one is answered as if nothing had been."""

    def interrupt(client: SafeClient) -> None:
        raise KeyboardInterrupt

    def call(client: SafeClient) -> None:
        with contextlib.suppress(KeyboardInterrupt):
            assert list(client.list_projects()) == []

    at_lines(interrupt, call)


def anywhen() -> None:
    """The same with a real signal, at random moments, while other threads want the same answer."""
    server, dice = stage.fake_server(), stage.dice("moments")
    org = server.add_organization("Acme")
    org.add_workspace("Research")

    came = 0

    def interrupt(*_: Any) -> None:
        nonlocal came
        came += 1
        raise KeyboardInterrupt

    signal.signal(signal.SIGUSR1, interrupt)
    # Some come while something is finalized, where Python prints them.
    sys.unraisablehook = lambda _: None
    # Python's own locks for modules that are just being imported are not made for this.
    list(stage.sync_client(server, org.add_service_key(workspaces=None)).list_projects())
    for sent in range(1, 61):
        key = org.add_service_key(workspaces=None)
        clients = [stage.sync_client(server, key) for _ in range(4)]
        calls: list[Any] = []
        calling = (lambda c=client, to=calls: to.append(list(c.list_projects())) for client in clients[1:])
        others = stage.in_threads(*calling)

        def send(delay: float = dice.uniform(0, 0.015)) -> None:
            threading.Event().wait(delay)
            os.kill(os.getpid(), signal.SIGUSR1)

        with contextlib.suppress(KeyboardInterrupt):
            stage.in_threads(send)
            list(clients[0].list_projects())
            # Where it came too late, or is told to nobody, as in a finalizer.
            stage.wait_until(lambda: came == sent)  # noqa: B023
        for thread in others:
            thread.join()
        assert calls == [[]] * 3
        assert list(stage.sync_client(server, key).list_projects()) == []


def never_lost() -> None:
    """Two thousand real signals, each while the library explains a refusal: every one of them ends the call."""
    server, dice = stage.fake_server(), stage.dice("moments")
    org = server.add_organization("Acme")
    key = org.add_personal_key(default=org.add_workspace("Research"), role="Viewer")
    raised = in_finalizers = 0

    def interrupt(number: int, frame: Any) -> None:
        nonlocal raised
        # The SDK itself loses some that come within a request of its own.
        while frame is not None and not frame.f_code.co_filename.startswith(LIBRARY):
            frame = frame.f_back
        if frame is not None and asking:
            raised += 1
            raise KeyboardInterrupt

    def note(unraisable: Any) -> None:
        nonlocal in_finalizers
        in_finalizers += isinstance(unraisable.exc_value, KeyboardInterrupt)

    def send() -> None:
        while asking:
            threading.Event().wait(dice.uniform(0, 0.002))
            os.kill(os.getpid(), signal.SIGUSR1)

    signal.signal(signal.SIGUSR1, interrupt)
    sys.unraisablehook = note
    client, asking = stage.sync_client(server, key), False
    # The first one imports.
    with contextlib.suppress(LangSmithError):
        client.create_project("p")
    asking = True
    (sender,) = stage.in_threads(send)
    caught, lost = 0, []
    while raised < 2_000:
        forget_everything()
        server.clear_requests()
        before = raised - in_finalizers
        try:
            client.create_project("p")
        except KeyboardInterrupt:
            caught += 1
        except LangSmithError as error:
            if raised - in_finalizers > before:
                lost.append(repr(error))
    asking = False
    sender.join()
    assert lost == []
    assert caught > 1_500


def main() -> None:
    stage.prepared()
    # Who waits for what hangs does not give up before the alarm.
    PROBING.set_deadline(600)
    globals()[sys.argv[2]]()
    # Without waiting for the threads of what hangs.
    sys.stdout.flush()
    os._exit(0)


main()
