"""A server as gunicorn runs one: a master that has clients forks workers, which trace and write and are killed.

Arguments: a seed, and what the master is at when it forks.
"""

from __future__ import annotations

# Before logging, which has a lock of its own that it holds during forks.
import safe_langsmith.client  # noqa: F401 isort: skip

import contextlib
import importlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from importlib.abc import MetaPathFinder
from typing import Any

import pytest
import stage
from internals import Probing, load_handler
from stage import RETURNED, Books

from safe_langsmith import SafeClient
from safe_langsmith.testing import FakeLangSmith, Organization, Slow

WORKERS = 3
CALLS = 12


class Worker:
    """A child process that tells its master, through a pipe, what it has written.

    Args:
        serve: What it does.
    """

    def __init__(self, serve: Callable[[Callable[[str], None]], None]) -> None:
        told, tell = os.pipe()
        self.done: list[str] = []
        self.pid = os.fork()
        if self.pid == 0:
            stage.end_after(60)
            os.close(told)
            # As a server ends its workers.
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
            try:
                serve(lambda name: os.write(tell, f"{name}\n".encode()) and None)
                sys.stdout.flush()
                os._exit(0)
            except SystemExit:
                os._exit(0)
            except BaseException:
                stage.traceback.print_exc()
                sys.stderr.flush()
                os._exit(7)
        os.close(tell)
        self._told = os.fdopen(told)

    def hears(self, times: int) -> None:
        """Waits until it has written that many more."""
        self.done += [line.strip() for line in (self._told.readline() for _ in range(times)) if line]

    def kill(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def end(self) -> int:
        self.done += [line.strip() for line in self._told]
        self._told.close()
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def serve(server: FakeLangSmith, org_key: str, viewer: str, preloaded: SafeClient, label: str) -> Callable[..., None]:
    """Returns what a worker does: it traces with a client of its own, and writes with its own and with its master's."""
    dice = stage.dice(label)

    def go(tell: Callable[[str], None]) -> None:
        own = SafeClient(api_url=server.url, api_key=org_key)
        refused = stage.sync_client(server, viewer)
        books = Books()
        for number in range(CALLS):
            name = f"{label} {number}"
            client = dice.choice((own, preloaded))
            with books.write("a worker", (RETURNED,)):
                dice.choice((stage.dataset, stage.project))(client, name)
            tell(name)
            stage.trace(own, f"{name} traced")
            with books.write("a worker", (stage.DIAGNOSED,)):
                stage.project(refused, "not for me")
        own.flush()
        own.tracing_queue.join()
        tell("flushed")

    return go


@contextlib.contextmanager
def nothing(server: FakeLangSmith, org: Organization, key: str) -> Iterator[None]:
    """Nobody has been refused yet."""
    yield


@contextlib.contextmanager
def retried(server: FakeLangSmith, org: Organization, key: str) -> Iterator[None]:
    """Another client of the master has retried, and has been refused."""
    client = stage.sync_client(server, org.add_service_key(workspaces=None))
    stage.project(client, "of the master")
    client.session.close()
    yield


@contextlib.contextmanager
def diagnosing(server: FakeLangSmith, org: Organization, key: str) -> Iterator[None]:
    """A thread of the master waits for the answer that all want, and another one for that one."""
    Probing(pytest.MonkeyPatch()).set_deadline(600)
    server.fault("GET", "/workspaces", Slow(600))
    stage.in_threads(*[lambda: stage.project(stage.sync_client(server, key), "never")] * 2)
    stage.wait_until(lambda: sum(request.status == 403 for request in server.requests) == 2)
    stage.wait_until(lambda: stage.received(server, "/workspaces") == 1)
    yield


@contextlib.contextmanager
def importing(server: FakeLangSmith, org: Organization, key: str) -> Iterator[None]:
    """A thread of the master is in the middle of importing what a refusal needs."""
    inside = threading.Event()
    name = "safe_langsmith._core.engine"
    assert name not in sys.modules

    class Slowly(MetaPathFinder):
        def find_spec(self, fullname: str, path: Any, target: Any = None) -> None:
            if fullname == name and not inside.is_set():
                inside.set()
                # While the other thread forks, or waits to.
                threading.Event().wait(0.3)

    sys.meta_path.insert(0, Slowly())
    client = stage.sync_client(server, org.add_service_key(workspaces=None))
    (thread,) = stage.in_threads(lambda: stage.project(client, "of the master"))
    inside.wait()
    yield
    thread.join()


def everything_is_imported() -> None:
    """What a refusal needs was imported before a child was forked, where a thread may have begun with it."""
    load_handler()
    server = stage.fake_server()
    org = server.add_organization("Acme")
    home = org.add_workspace("Research")
    keys = org.add_service_key(workspaces=None), org.add_personal_key(default=home, role="Viewer")

    def go(tell: Callable[[str], None]) -> None:
        before = set(sys.modules)
        books = Books()
        for key, end in zip(keys, (RETURNED, stage.DIAGNOSED), strict=True):
            client = stage.sync_client(server, key)
            with books.write("a worker", (end,)) as name:
                stage.project(client, name)
            if stage.HAS_GENERATED:
                api = stage.sync_client(server, key)._get_langsmith_api_sync()
                with books.write("a worker", (end,)) as name:
                    api.post("/sessions", cast_to=object, body={"name": name})
        ours = ("safe_langsmith", "tenacity", "dotenv")
        late = {module for module in set(sys.modules) - before if module.partition(".")[0] in ours}
        assert not late, late

    assert Worker(go).end() == 0


def master_and_workers(moment: Any) -> None:
    server = stage.fake_server()
    org = server.add_organization("Acme")
    home = org.add_workspace("Research")
    key = org.add_service_key(workspaces=None)
    viewer = org.add_personal_key(default=home, role="Viewer")
    preloaded = stage.sync_client(server, key)
    # Its tracing threads are the master's, and no worker has them.
    tracing = SafeClient(api_url=server.url, api_key=key)
    if moment is retried:
        stage.trace(tracing, "traced by the master")
        tracing.flush()
    numbers = iter(range(100))
    dice = stage.dice("master")

    def fork() -> Worker:
        return Worker(serve(server, key, viewer, preloaded, f"worker {next(numbers)}"))

    with moment(server, org, key):
        workers = [fork() for _ in range(WORKERS)]
    ended = []
    for number in (signal.SIGKILL, signal.SIGTERM):
        worker = workers.pop(dice.randrange(len(workers)))
        worker.hears(dice.randrange(CALLS))
        worker.kill(number)
        assert worker.end() in (0, -number)
        ended.append(worker)
        workers.append(fork())
    for worker in workers:
        assert worker.end() == 0
        assert worker.done[-1] == "flushed", worker.done

    arrived = stage.Counter(stage.accepted(server))
    for worker in (*workers, *ended):
        for name in worker.done:
            if name != "flushed":
                assert arrived[name] == 1, (name, arrived[name])
    for worker in workers:
        for name in worker.done[:-1]:
            assert arrived[f"{name} traced"] == 1, name
    assert set(arrived.values()) == {1}, arrived
    assert "not for me" not in arrived
    assert all(request.status != 409 for request in server.requests)
    # Once in each process that was refused, and the master was not always.
    assert stage.asked(server, key)["/workspaces? None"] <= WORKERS + 3
    if moment is not diagnosing:
        stage.project(preloaded, "of the master, at last")


def main() -> None:
    stage.prepared()
    stage.import_what_the_sdk_imports_late()
    importlib.invalidate_caches()
    if sys.argv[2] == "everything_is_imported":
        everything_is_imported()
    else:
        master_and_workers(globals()[sys.argv[2]])
    sys.stdout.flush()
    os._exit(0)


main()
