"""Fork while another thread holds every lock of the client and of the SDK, and a batch of runs is under way."""

import contextlib
import os
import sys
import threading
from concurrent.futures import Future

import langsmith
from langsmith._internal import _background_thread
from traced import client, flush, work

from safe_langsmith import install, installation
from safe_langsmith._recovery.state import ClientState

NAMES = [
    (client, ("_futures_lock", "_run_ops_buffer_lock")),
    (client.tracing_queue, ("mutex",)),
    (client.session.cookies, ("_cookies_lock",)),
    (client.session.get_adapter(client.api_url).poolmanager.pools, ("lock",)),
    (getattr(client, "_cache", None), ("_lock",)),
    (langsmith.client, ("_tracing_drops_lock",)),
    (langsmith.run_trees, ("_LOCK",)),
    (langsmith.run_helpers, ("_attachment_args_cache_lock",)),
    (langsmith.utils, ("_FILTER_LOCK",)),
    (_background_thread.LANGSMITH_CLIENT_THREAD_POOL, ("_shutdown_lock",)),
    (installation, ("_lock",)),
]


def use(label):
    """Do what needs the locks."""
    install()
    work(label)
    client.create_project(label)
    if hasattr(client, "agents"):
        list(client.agents.list())
    if hasattr(client, "_cache"):
        client._cache.get("a prompt", None)


def locks():
    yield from (getattr(owner, name) for owner, names in NAMES for name in names if hasattr(owner, name))
    yield client.compressed_traces.lock
    yield ClientState.naming()
    pools = client.session.get_adapter(client.api_url).poolmanager.pools
    yield from [pools[key].pool.mutex for key in pools.keys()]  # noqa: SIM118
    if getattr(client, "_langsmith_api_sync", None) is not None:
        yield client._langsmith_api_sync._client._transport._pool._optional_thread_lock


work("first")
flush()
use("in the parent")
flush()
are_held, may_end = threading.Event(), threading.Event()


def hold():
    found = list(locks())
    with contextlib.ExitStack() as stack:
        for lock in found:
            stack.enter_context(lock)
        are_held.set()
        may_end.wait()


under_way = Future()
client._futures.add(under_way)
holder = threading.Thread(target=hold)
holder.start()
are_held.wait()
child = os.fork()
if child == 0:
    use("in the child")
    flush()
    sys.exit(0)
status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
may_end.set()
holder.join()
under_way.set_result(None)
flush()
sys.exit(status)
