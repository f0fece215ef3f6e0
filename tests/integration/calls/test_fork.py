"""A process forked from one that has healed, or is just about to, heals as well."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

SCRIPT = """
import asyncio, os, signal, sys, threading, warnings

from safe_langsmith import SafeAsyncClient, SafeClient
from safe_langsmith.testing import Slow, FakeLangSmith

warnings.simplefilter("ignore", DeprecationWarning)  # Of forking with threads around, which this is about.
signal.alarm(30)
road, moment = sys.argv[1:]
server = FakeLangSmith()
acme = server.add_organization("Acme")
workspace = acme.add_workspace("Research")


def made(key):
    if road == "async":
        return SafeAsyncClient(api_url=server.url, api_key=key)
    return SafeClient(api_url=server.url, api_key=key, auto_batch_tracing=False)


def heals(client):
    if isinstance(client, SafeClient):
        found = list(client.list_projects())
        client.session.close()
    else:
        async def call():
            try:
                return (await client._arequest_with_retries("GET", "/sessions")).json()
            finally:
                await client.aclose()
        found = asyncio.run(call())
    return found == [] and client.workspace_id == workspace.id


heals(made(acme.add_service_key(workspaces=None)))  # From here on there are threads of ours.
key = acme.add_service_key(workspaces=None)
from_before = made(acme.add_service_key(workspaces=None))
if moment == "while a probe hangs":
    server.clear_requests()
    server.fault("GET", "/workspaces", Slow(60))
    threading.Thread(target=lambda: heals(made(key)), daemon=True).start()
    while not any(request.path == "/workspaces" for request in server.requests):
        pass

child = os.fork()
if child == 0:
    signal.alarm(20)
    sys.exit(0 if heals(made(key)) and heals(made(key)) and heals(from_before) else 7)
_, status = os.waitpid(child, 0)
# Without waiting for the threads of the probe that hangs.
os._exit(os.waitstatus_to_exitcode(status))
"""


FINISHED = """
import sys
from pathlib import Path

import safe_langsmith._recovery.handler, safe_langsmith._sdk.calls
from safe_langsmith._recovery.state import finish_imports

finish_imports()
names = [path.stem for folder in safe_langsmith._sdk.calls.__path__ for path in Path(folder).glob("[!_]*.py")]
print(*[name for name in names if f"safe_langsmith._sdk.calls.{name}" not in sys.modules])
"""


def test_no_road_is_left_to_be_imported_by_a_child():
    left = subprocess.run([sys.executable, "-c", FINISHED], capture_output=True, text=True, check=True).stdout.split()

    assert left == [], "name them in _WHEN_REFUSED of safe_langsmith/_io/forking.py"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")
@pytest.mark.parametrize("moment", ["after healing", "while a probe hangs"])
@pytest.mark.parametrize("road", ["requests", "async"])
def test_a_child_heals(road, moment, roads):
    if not roads[road].heals:
        pytest.skip("before langsmith 0.9.8 this client names no workspace")
    result = subprocess.run([sys.executable, "-c", SCRIPT, road, moment], capture_output=True, text=True, timeout=60)

    assert result.returncode == 0, result.stdout + result.stderr
