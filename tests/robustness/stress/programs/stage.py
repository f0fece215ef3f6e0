"""What the programs of this directory share: an end to every hang, a fake server, and the books of what was written."""

from __future__ import annotations

import contextlib
import datetime
import faulthandler
import functools
import importlib
import json
import logging
import os
import random
import secrets
import signal
import ssl
import sys
import threading
import time
import traceback
import uuid
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pydantic
import urllib3
from langsmith import AsyncClient, Client

from safe_langsmith import ForbiddenDiagnosis, SafeAsyncClient, SafeClient
from safe_langsmith.testing import FakeLangSmith
from safe_langsmith.testing.payloads import run_operations

DIAGNOSED, FAILED, GIVEN_UP, RETURNED = "diagnosed", "failed", "given up", "returned"
QUESTIONS = ("/workspaces", "/settings")
HAS_GENERATED = hasattr(Client, "_get_langsmith_api_sync") and hasattr(AsyncClient, "_langsmith_api")
ASYNC_RETRIES = hasattr(AsyncClient, "workspace_id")


def end_after(seconds: int) -> None:
    """Ends this process, with the stacks of all its threads, unless it has ended by itself. To be repeated in a child:
    an alarm is not inherited, and faulthandler's own timer hangs after a fork.
    """
    if hasattr(signal, "SIGALRM"):
        # A test that hangs blocks the main thread, where no handler written in Python would be called.
        faulthandler.register(signal.SIGALRM, all_threads=True, chain=True)
        signal.alarm(seconds)
    else:
        faulthandler.dump_traceback_later(seconds, exit=True)


def prepared(seconds: int = 100) -> None:
    """Prepares this process for a program."""
    end_after(seconds)
    # A worker's noise would drown the stacks.
    logging.getLogger("langsmith").setLevel(logging.CRITICAL)
    logging.getLogger("safe_langsmith").setLevel(logging.ERROR)
    # Reading certificates, for nothing, is most of what an asynchronous client costs.
    ssl.create_default_context = functools.cache(ssl.create_default_context)
    warnings.filterwarnings("ignore", "Creating feedback for a run without session_id")
    warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
    for name in [name for name in os.environ if name.startswith(("LANGSMITH_", "LANGCHAIN_"))]:
        del os.environ[name]
    threading.excepthook = _end_with_failure
    # requests imports it with the first request. A child that is forked meanwhile hangs with the SDK's own client, too.
    importlib.import_module("netrc")


def import_what_the_sdk_imports_late() -> None:
    """Import what the SDK, or what it uses, imports when it is used for the first time.

    A child that is forked while another thread imports may wait for ever, with the SDK's own client, too.
    """
    for name in ("langchain_core", "httpcore", "httpcore2", "h11", "anyio", "truststore", "logging.handlers"):
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in pydantic.__all__:
            # Each of them may be in a module that pydantic imports only now.
            with contextlib.suppress(Exception):
                getattr(pydantic, name)


def _end_with_failure(failure: threading.ExceptHookArgs) -> None:
    traceback.print_exception(failure.exc_type, failure.exc_value, failure.exc_traceback)
    sys.stderr.flush()
    os._exit(1)


def fake_server(canary: str = "c0ffeec0ffee", **options: Any) -> FakeLangSmith:
    """A fake server whose keys must not turn up in what a program prints, and that wants no compressed runs.

    A child whose parent's client had begun to compress waits in `flush()` for ever, with the SDK's own client, too.
    """
    options.setdefault("info", {"instance_flags": {"zstd_compression_enabled": False}})
    return FakeLangSmith(
        mint=lambda prefix: f"{prefix}{canary}{secrets.token_hex(10)}_{secrets.token_hex(5)}", **options
    )


def seed() -> int:
    return int(sys.argv[1])


def dice(*names: object) -> random.Random:
    return random.Random(f"{seed()} {names}")


def wait_until(holds: Callable[[], bool]) -> None:
    """Waits; what never holds is ended by the alarm."""
    while not holds():
        time.sleep(0.001)


def in_threads(*works: Callable[[], Any]) -> list[threading.Thread]:
    threads = [threading.Thread(target=work, daemon=True) for work in works]
    for thread in threads:
        thread.start()
    return threads


def all_of(*works: Callable[[], Any]) -> None:
    """Does things at once, and waits for their ends."""
    for thread in in_threads(*works):
        thread.join()


def sync_client(server: FakeLangSmith, key: str, **options: Any) -> SafeClient:
    given = {"auto_batch_tracing": False, "retry_config": urllib3.Retry(0), **options}
    return SafeClient(api_url=server.url, api_key=key, **given)


def async_client(server: FakeLangSmith, key: str, **options: Any) -> SafeAsyncClient:
    given = {"retry_config": {"max_retries": 1}, **options}
    client = SafeAsyncClient(api_url=server.url, api_key=key, **given)
    if hasattr(client, "_langsmith_api"):
        client._langsmith_api.max_retries = 0
    return client


async def aclose(client: SafeAsyncClient) -> None:
    if hasattr(client, "_langsmith_api"):
        await client._langsmith_api.close()
    await client.aclose()


def received(server: FakeLangSmith, path: str) -> int:
    return sum(request.path == path for request in server.requests)


def asked(server: FakeLangSmith, key: str) -> Counter[str]:
    """How often each question was asked with a key."""
    return Counter(
        f"{request.path}?{request.query} {request.workspace_id}"
        for request in server.requests
        if request.path in QUESTIONS and request.headers.get("x-api-key", "").partition(",")[0] == key
    )


class Books:
    """What became of each write, as whoever wrote it saw it, and as the fake server did."""

    def __init__(self) -> None:
        self._names = iter(f"write {number}" for number in range(1_000_000))
        self._seen: dict[str, str] = {}

    @contextlib.contextmanager
    def write(self, who: str = "", may: tuple[str, ...] = (RETURNED, DIAGNOSED, FAILED)) -> Iterator[str]:
        """Gives a name to write, and notes how the writing ended.

        Args:
            who: Who writes, to be named where that ends as it must not.
            may: How it may end.
        """
        name, end, why = f"{next(self._names)} of {who}", GIVEN_UP, None
        try:
            yield name
            end = RETURNED
        except ForbiddenDiagnosis as error:
            end, why = DIAGNOSED, error
        except Exception as error:
            end, why = FAILED, error
        finally:
            self._seen[name] = end
        if end not in may:
            raise AssertionError(f"{name}: {end}") from why

    def ends(self) -> Counter[str]:
        return Counter(self._seen.values())

    def check(self, *servers: FakeLangSmith) -> None:
        """What returned has arrived once, what was given up once at most, and nothing else has."""
        arrived = Counter(name for server in servers for name in accepted(server))
        for name, end in self._seen.items():
            fits = arrived[name] == (end == RETURNED) or (end == GIVEN_UP and arrived[name] == 1)
            assert fits, f"{name}, which {end}, arrived {arrived[name]} times"
        assert not [request for server in servers for request in server.requests if request.status == 409]
        assert set(arrived) <= set(self._seen)


def accepted(server: FakeLangSmith) -> Iterator[str]:
    """The names of all that a fake server accepted, as often as it did."""
    for request in server.requests:
        if request.method != "POST" or request.status not in (200, 202):
            continue
        if request.path.startswith("/runs"):
            operations = run_operations(request, request.path)
            yield from (operation.fields["name"] for operation in operations if "name" in operation.fields)
        elif request.path in ("/datasets", "/sessions", "/feedback"):
            body = json.loads(request.body)
            yield body["key"] if request.path == "/feedback" else body["name"]


def dataset(client: Client, name: str) -> None:
    client.create_dataset(name)


def project(client: Client, name: str) -> None:
    client.create_project(name)


def feedback(client: Client, name: str) -> None:
    client.create_feedback(uuid.uuid4(), name, score=1)


def run(client: Client, name: str) -> None:
    client.create_run(name, {}, "chain", id=uuid.uuid4(), project_name="stress")


def trace(client: Client, name: str) -> None:
    """Leaves a run to the client's tracing threads, which send it some time."""
    id_, now = uuid.uuid4(), datetime.datetime.now(datetime.timezone.utc)
    order = f"{now:%Y%m%dT%H%M%S%fZ}{id_}"
    client.create_run(name, {}, "chain", id=id_, trace_id=id_, dotted_order=order, project_name="stress")


WRITES = (dataset, project, feedback, run)
