"""A process forked from one that has retried a call, or is about to, retries its own calls."""

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
call_path, moment = sys.argv[1:]
server = FakeLangSmith()
acme = server.add_organization("Acme")
workspace = acme.add_workspace("Research")


def made(key):
    if call_path == "async":
        return SafeAsyncClient(api_url=server.url, api_key=key)
    return SafeClient(api_url=server.url, api_key=key, auto_batch_tracing=False)


def retries(client):
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


retries(made(acme.add_service_key(workspaces=None)))  # From here on there are threads of ours.
key = acme.add_service_key(workspaces=None)
from_before = made(acme.add_service_key(workspaces=None))
if moment == "while a probe hangs":
    server.clear_requests()
    server.fault("GET", "/workspaces", Slow(60))
    threading.Thread(target=lambda: retries(made(key)), daemon=True).start()
    while not any(request.path == "/workspaces" for request in server.requests):
        pass

child = os.fork()
if child == 0:
    signal.alarm(20)
    sys.exit(0 if retries(made(key)) and retries(made(key)) and retries(from_before) else 7)
_, status = os.waitpid(child, 0)
# Without waiting for the threads of the probe that hangs.
os._exit(os.waitstatus_to_exitcode(status))
"""


FINISHED = """
import sys

import langsmith
import safe_langsmith
from safe_langsmith._recovery import finish_imports
from safe_langsmith.testing import FakeLangSmith

with FakeLangSmith() as server:
    org = server.add_organization("Acme")
    key = org.add_personal_key(default=org.add_workspace("Research"), role="Viewer")
    client = safe_langsmith.SafeClient(api_url=server.url, api_key=key, auto_batch_tracing=False)

    def refuse():
        try:
            client.create_project("p")
        except safe_langsmith.ForbiddenDiagnosis as error:
            return error

    refuse()
    finish_imports()
    before = set(sys.modules)
    open(".env", "w").write("LANGSMITH_API_KEY='unclosed")
    str(refuse())
    if hasattr(langsmith.Client, "_get_langsmith_api_sync"):
        client._get_langsmith_api_sync()
print(*[name for name in set(sys.modules) - before if name.startswith(("safe_langsmith", "tenacity", "dotenv"))])
"""


def test_a_child_imports_nothing_to_handle_a_403(tmp_path):
    result = subprocess.run([sys.executable, "-c", FINISHED], capture_output=True, text=True, check=True, cwd=tmp_path)

    assert result.stdout.split() == [], "name them in _ON_FIRST_403 of safe_langsmith/_recovery/__init__.py"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")
@pytest.mark.parametrize("moment", ["after retrying", "while a probe hangs"])
@pytest.mark.parametrize("call_path", ["requests", "async"])
def test_a_forked_child_retries(call_path, moment, call_paths):
    if not call_paths[call_path].retries:
        pytest.skip("before langsmith 0.9.8 this client names no workspace")
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT, call_path, moment], capture_output=True, text=True, timeout=60
    )

    assert result.returncode == 0, result.stdout + result.stderr


KNOWN = """
import os, signal, warnings

from safe_langsmith import ForbiddenDiagnosis, SafeClient
from safe_langsmith.testing import FakeLangSmith

warnings.simplefilter("ignore", DeprecationWarning)
signal.alarm(30)
server = FakeLangSmith()
acme = server.add_organization("Acme")
workspace = acme.add_workspace("Research")
viewer, key = acme.add_personal_key(default=workspace, role="Viewer"), acme.add_service_key(workspaces=None)


def made(key):
    return SafeClient(api_url=server.url, api_key=key, auto_batch_tracing=False)


def refused(client):
    try:
        client.create_project("p")
    except ForbiddenDiagnosis as error:
        return error


refused(made(viewer))
list(made(key).list_projects())
server.clear_requests()
for _ in range(3):
    child = os.fork()
    if child == 0:
        assert refused(made(viewer)) and made(key).workspace_id == workspace.id
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
print({request.path for request in server.requests})
os._exit(0)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")
def test_a_forked_child_knows_what_its_parent_has_found_out():
    result = subprocess.run([sys.executable, "-uc", KNOWN], capture_output=True, text=True, timeout=60)

    assert result.stdout == "{'/sessions'}\n", result.stderr
