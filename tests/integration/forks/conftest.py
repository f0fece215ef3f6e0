"""Programs that fork, each in a process group of its own, and the runs that a server got from them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

import safe_langsmith
from safe_langsmith.testing import FakeLangSmith, Organization, Workspace
from safe_langsmith.testing.payloads import run_operations

PROGRAMS = Path(__file__).parent / "programs"
DEADLINE = 60.0
"""Seconds after which a program counts as hanging. None takes more than a few."""


@pytest.fixture(params=["healthy", "retried"])
def key(request: pytest.FixtureRequest, org: Organization, workspace: Workspace) -> str:
    """A key that works as it is, or one whose requests arrive only if a workspace is named."""
    return org.add_service_key(workspaces=[workspace] if request.param == "healthy" else None)


@pytest.fixture
def environment(server: FakeLangSmith, key: str) -> dict[str, str]:
    """The environment of a program that traces to the server."""
    path = [str(Path(safe_langsmith.__file__).parents[1]), str(PROGRAMS)]
    settings = {"ENDPOINT": server.url, "API_KEY": key, "TRACING": "true", "PROJECT": "forks"}
    return {
        **os.environ,
        **{f"LANGSMITH_{name}": value for name, value in settings.items()},
        "PYTHONPATH": os.pathsep.join(path),
        # Python 3.12 warns of forks with threads around, which this is about.
        "PYTHONWARNINGS": "ignore::DeprecationWarning",
        "PYTHONFAULTHANDLER": "1",
    }


@pytest.fixture
def run(environment: dict[str, str]) -> Callable[..., str]:
    """Run a program to its end and return what it printed. All its processes are ended if one of them hangs."""

    def run_program(name: str, *arguments: str) -> str:
        return run_command(environment, sys.executable, str(PROGRAMS / f"{name}.py"), *arguments)

    return run_program


def run_command(environment: dict[str, str], *command: str) -> str:
    with subprocess.Popen(
        command,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            printed = process.communicate(timeout=DEADLINE)[0]
        except subprocess.TimeoutExpired:
            # faulthandler prints where each process is.
            with contextlib.suppress(OSError):
                os.killpg(process.pid, signal.SIGABRT)
            pytest.fail(f"a process hangs:\n{process.communicate()[0]}")
    assert process.returncode == 0, printed
    return printed


@pytest.fixture
def arrived(server: FakeLangSmith, workspace: Workspace) -> Callable[[], Counter[str]]:
    """Return how often each run was created, by its name. Each of them must have ended, too."""

    def count() -> Counter[str]:
        accepted = [request for request in server.requests if request.status and request.status < 300]
        uploads = [request for request in accepted if request.path == "/runs/multipart"]
        operations = [operation for upload in uploads for operation in run_operations(upload, upload.path)]
        found = Counter(one.fields["name"] for one in operations if one.is_first and "name" in one.fields)
        assert all(run.get("end_time") for run in server.runs(workspace))
        return found

    return count


def once(*names: str) -> Counter[str]:
    return Counter(names)
