"""Renew the safe clients of a process in a child that is forked from it.

A fork copies the memory of a process, but only the thread that forks. In the child:

- The SDK's tracing threads are gone. So the child starts new ones, with its first run.
- What was queued is the parent's to send. So the child's queue and buffer begin empty, and nothing is sent twice.
- A lock that another thread held during the fork stays locked. So every lock is replaced, and none is waited for.
- Sockets are shared with the parent, whose answers the child would read. So the child closes its copies, and connects
  anew. It ends no TLS session: the parent goes on with it.
- A zstandard compressor waits for its own threads when it is freed, and those are gone, too. So the parent's is never
  freed, not even when the interpreter ends.

The clients stay the same objects, because `langsmith.configure`, `@traceable` and tracers hold them. What has no
thread and no socket (settings, a chosen workspace, cached prompts) stays as it is.

Locks, events and connection pools are found by their types, in whatever the SDK keeps them, so that an SDK with further
ones loses nothing. Only the tracing queue needs the SDK's names. If they are not as expected, the client sends its runs
without a queue, one by one, and a warning says so.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import queue
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

from safe_langsmith._log import boundary, logger
from safe_langsmith._sdk.compat import is_async, session_of

_clients: weakref.WeakValueDictionary[int, Any] = weakref.WeakValueDictionary()
_is_registered = False
_kept: list[Any] = []
_SDK = "langsmith"
_SEARCHED = (_SDK, "requests", "httpx", "httpx2", "httpcore", "httpcore2")
"""The packages whose objects are searched for locks and connections."""

_IMPORTED_BY_THREADS = ("encodings.idna", "netrc")
"""The modules that the SDK's tracing thread imports with its first request."""


def renew_after_forks(client: object) -> None:
    """Renew a client in every child that is forked from this process.

    Args:
        client: The client. It is not kept alive.
    """
    global _is_registered
    _clients[id(client)] = client
    if not _is_registered and hasattr(os, "register_at_fork"):
        _is_registered = True
        os.register_at_fork(before=_prepare, after_in_child=_renew_all)


def _prepare() -> None:
    """Import what a child needs while the parent's other threads can still finish their imports.

    A fork copies the lock of a module that another thread is importing, and the child would wait for it forever.
    """
    # A failed import must not prevent the fork.
    with boundary():
        if _clients:
            # Not every Python has it.
            with contextlib.suppress(ImportError):
                importlib.import_module("ctypes")
            for name in _IMPORTED_BY_THREADS:
                importlib.import_module(name)


def _renew_all() -> None:
    lost: set[str] = set()
    with boundary():
        renewal = _Renewal()
        steps = (
            (_renew_tracing, _tracing_loss),
            (_close_connections, lambda _: "it may use a connection of the other process"),
            (renewal.search, lambda _: "it may wait for a lock of the other process"),
        )
        for client in list(_clients.values()):
            for renew, loss in steps:
                # A broad `except` and no boundary: an SDK that changed can raise anything here. The warning below must
                # say what was lost, and the other clients must still be renewed.
                try:
                    renew(client)
                except Exception:
                    lost.add(loss(client))
        _renew_modules(renewal)
    if lost:
        with boundary():
            logger.warning(
                "langsmith %s is not as this library expects it, so a client that was created before this process (%d) "
                "was forked is not fully renewed in it: %s. Create a client in this process instead.",
                getattr(sys.modules.get(_SDK), "__version__", "in this version"),
                os.getpid(),
                "; ".join(sorted(lost)),
            )


class _Renewal:
    """The locks that have been replaced, and the objects that have been searched for them."""

    def __init__(self) -> None:
        self._seen: dict[int, tuple[Any, Any]] = {}

    def of(self, old: Any) -> Any:
        """Return what takes the place of a value: a new lock for a lock, and anything else itself, once searched."""
        if id(old) not in self._seen:
            # The old one is kept: another object could get its id.
            self._seen[id(old)] = (old, old)
            self._seen[id(old)] = (old, self._new(old))
        return self._seen[id(old)][1]

    def search(self, owner: Any) -> None:
        """Replace the locks and events that an object holds, and drop its threads and tasks, which the child lacks."""
        has_ended = False
        for name, old in _attributes(owner):
            new = self.of(old)
            if _is_of(owner, _SDK) and _has_ended(old):
                _keep_for_ever(old)
                new, has_ended = None, True
            if new is not old:
                setattr(owner, name, new)
        if has_ended and hasattr(owner, "_start_refresh_thread"):
            # A cache of prompts starts it with the first prompt only, and those of the parent would never be renewed.
            owner._start_refresh_thread()

    def _new(self, old: Any) -> Any:
        if isinstance(old, _LOCKS):
            return threading.RLock() if isinstance(old, _RLOCK) else threading.Lock()
        if isinstance(old, threading.Condition):
            return threading.Condition()
        if isinstance(old, threading.Event):
            event = threading.Event()
            if old.is_set():
                event.set()
            return event
        if _is_of(old, *_SEARCHED):
            if hasattr(old, "_connections") and hasattr(old, "_requests"):
                # A pool of httpx. If its connections were closed, the parent's event loop would stop watching them.
                old._connections, old._requests = [], []
            self.search(old)
        return old


_RLOCK = type(threading.RLock())
_LOCKS = (type(threading.Lock()), _RLOCK)


def _is_of(thing: object, *packages: str) -> bool:
    return any(kind.__module__.partition(".")[0] in packages for kind in type(thing).__mro__)


def _has_ended(thing: object) -> bool:
    # A client that is not asynchronous does not import asyncio.
    asyncio: Any = sys.modules.get("asyncio")
    is_task = asyncio is not None and isinstance(thing, asyncio.Task)
    return is_task or (isinstance(thing, threading.Thread) and not thing.is_alive())


def _attributes(owner: Any) -> Iterator[tuple[str, Any]]:
    """Yield the attributes of an object; if its class has slots, only those, and none that a subclass adds."""
    slots = [name for kind in type(owner).__mro__ for name in vars(kind).get("__slots__", ()) if name[:2] != "__"]
    for name in slots or list(getattr(owner, "__dict__", ())):
        with contextlib.suppress(AttributeError):
            yield name, getattr(owner, name)


class _TracingQueue(queue.PriorityQueue[Any]):
    """A client's queue in a child. Its first run starts the thread that sends it.

    A child that traces nothing starts no thread and sends no request, and a further fork finds none.
    """

    def __init__(self, client: object, maxsize: int, send_all: Callable[[Any], None]) -> None:
        super().__init__(maxsize)
        # The SDK's thread ends when nothing else refers to the client.
        self._client = weakref.ref(client)
        self._send_all = send_all
        self._is_waiting = True

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        super().put(item, block, timeout)
        if self._is_waiting:
            with boundary():
                self._start()

    def _start(self) -> None:
        with self.mutex:
            is_first, self._is_waiting = self._is_waiting, False
        if is_first:
            daemon = bool(getattr(self._client(), "_use_daemon_threads", False))
            thread = threading.Thread(target=self._send_all, args=(self._client,), daemon=daemon)
            try:
                thread.start()
            except BaseException:
                self._is_waiting = True
                raise
            # A process of Celery's pool does not wait for threads when it ends, as Python does.
            celery: Any = sys.modules.get("celery.signals")
            if celery is not None:
                celery.worker_process_shutdown.connect(partial(_send_rest, self._client, thread), weak=False)


def _send_rest(client_ref: weakref.ref[Any], thread: threading.Thread, **_: object) -> None:
    """Have the SDK send what is left, and wait until it has."""
    client = client_ref()
    # A failure must not change how the process ends.
    with boundary():
        # If the client was closed before, nobody sends what is left, and waiting for it would not end.
        if client is not None and thread.is_alive():
            # This ends the thread once the queue is empty. The oldest SDKs do not flush the buffer then.
            client.cleanup()
            thread.join()
            client.flush()


def _keep_for_ever(thing: object) -> None:
    """Keep an object from being freed, even when the interpreter ends."""
    _kept.append(thing)
    # The interpreter empties this module, too, when it ends. Then only a reference that nobody gives back keeps the
    # object. On a Python without ctypes, the list keeps it until then.
    ctypes = sys.modules.get("ctypes")
    if ctypes is not None:
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))


def _renew_tracing(client: Any) -> None:
    """Give a client an empty queue and no buffer, as a new client has them."""
    if is_async(client):
        return
    # Freeing either of these waits for threads that are gone.
    for name in ("compressed_traces", "_pyo3_client"):
        _keep_for_ever(getattr(client, name, None))
    # Until the new queue is in its place, and if it never is, the SDK sends runs one by one.
    old, client.tracing_queue = client.tracing_queue, None
    client.compressed_traces = client._data_available_event = None
    if getattr(client, "_pyo3_client", None) is not None:
        client._pyo3_client = None
    client._futures, client._run_ops_buffer = weakref.WeakSet[Future[Any]](), []
    if old is not None:
        send_all = importlib.import_module("langsmith._internal._background_thread").tracing_control_thread_func
        client.tracing_queue = _TracingQueue(client, old.maxsize, send_all)


def _tracing_loss(client: Any) -> str:
    has_none = all(getattr(client, name, "") is None for name in ("tracing_queue", "compressed_traces"))
    return "it sends its runs one by one" if has_none else "its runs may be lost"


def _close_connections(client: Any) -> None:
    """Close a client's copies of the parent's connections."""
    for adapter in getattr(session_of(client), "adapters", {}).values():
        managers = [getattr(adapter, "poolmanager", None), *getattr(adapter, "proxy_manager", {}).values()]
        for manager in filter(None, managers):
            _close(manager)


def _close(manager: Any) -> None:
    """Close the connections of a pool manager of urllib3, none of whose locks may be waited for."""
    manager.pools.lock = threading.RLock()
    for key in manager.pools.keys():  # noqa: SIM118 # it cannot be iterated
        unused = manager.pools[key].pool
        if unused is not None:
            connections = list(unused.queue)
            # It makes the locks of the queue anew, and empties it.
            unused.__init__(unused.maxsize)
            for connection in connections:
                if connection is not None:
                    connection.close()
    manager.clear()


def _renew_modules(renewal: _Renewal) -> None:
    """Replace the locks and thread pools that modules of the SDK and of this library hold."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] not in (_SDK, "safe_langsmith"):
            continue
        for attribute, old in list(vars(module).items()):
            if isinstance(old, _LOCKS):
                setattr(module, attribute, renewal.of(old))
            elif isinstance(old, ThreadPoolExecutor):
                setattr(module, attribute, type(old)(max_workers=os.cpu_count()))
            elif isinstance(old, weakref.WeakSet):
                for member in list(old):
                    renewal.of(member)
