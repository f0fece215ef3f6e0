"""Programs that fork, each in a process group of its own, and the runs that a server got from them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

import safe_langsmith
from safe_langsmith.testing import FakeLangSmith, Organization, Workspace
from safe_langsmith.testing.payloads import run_operations

PROGRAMS = Path(__file__).parent / "programs"
DEADLINE = 120.0
"""Seconds after which a program counts as hanging. None takes more than a few."""


UPLOADS = ("/runs", "/runs/multipart")
KINDS = ("healthy", "retried")


@pytest.fixture
def environments(server: FakeLangSmith, org: Organization, workspace: Workspace) -> dict[str, dict[str, str]]:
    """The environments of programs that trace: with a key that works as it is, and one that needs a workspace."""
    path = [str(Path(safe_langsmith.__file__).parents[1]), str(PROGRAMS)]
    settings = {
        **os.environ,
        "LANGSMITH_ENDPOINT": server.url,
        "LANGSMITH_TRACING": "true",
        "PYTHONPATH": os.pathsep.join(path),
        # Python 3.12 warns of forks with threads around, which this is about.
        "PYTHONWARNINGS": "ignore::DeprecationWarning",
        "PYTHONFAULTHANDLER": "1",
    }
    keys = {kind: org.add_service_key(workspaces=[workspace] if kind == "healthy" else None) for kind in KINDS}
    return {kind: {**settings, "LANGSMITH_API_KEY": key} for kind, key in keys.items()}


@pytest.fixture(params=KINDS)
def environment(request: pytest.FixtureRequest, environments: dict[str, dict[str, str]]) -> dict[str, str]:
    return environments[request.param]


@pytest.fixture
def run(environment: dict[str, str]) -> Callable[..., str]:
    """Run a program to its end, and return what it printed."""
    return partial(run_program, environment)


def run_program(environment: dict[str, str], name: str, *arguments: str) -> str:
    """Run a program to its end, and return what it printed. If one of its processes hangs, all are ended."""
    command = [sys.executable, str(PROGRAMS / f"{name}.py"), *arguments]
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


class Service:
    """A program that serves until it is stopped."""

    def __init__(self, environment: dict[str, str], *command: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *command],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        # If a process hangs, the test that reads what it prints goes on when all are ended.
        self._timer = threading.Timer(DEADLINE, self.kill)
        self._timer.start()
        self.output = ""

    def wait_for(self, text: str, times: int) -> None:
        """Return when it has printed a text so many times."""
        while self.output.count(text) < times:
            line = self.process.stdout.readline()
            assert line, self.output
            self.output += line

    def terminate(self) -> None:
        """Tell it to stop, as a supervisor does."""
        self.process.send_signal(signal.SIGTERM)

    def wait(self) -> str:
        """Wait until it has stopped, and return all that it printed."""
        self.output += self.process.communicate()[0]
        assert self.process.returncode == 0, self.output
        return self.output

    def kill(self) -> None:
        """End all its processes."""
        self._timer.cancel()
        with contextlib.suppress(OSError):
            os.killpg(self.process.pid, signal.SIGKILL)
        with self.process:
            pass  # It waits, and closes the pipe.


@pytest.fixture
def serve() -> Iterator[Callable[..., Service]]:
    """Start a program that serves."""
    services: list[Service] = []

    def start(environment: dict[str, str], *command: str) -> Service:
        services.append(Service(environment, *command))
        return services[-1]

    yield start
    for service in services:
        service.kill()


@pytest.fixture
def arrived(server: FakeLangSmith, workspace: Workspace) -> Callable[[], Counter[str]]:
    """Return how often each run was created, by its name. Each of them must have ended, too."""

    def count() -> Counter[str]:
        accepted = [request for request in server.requests if request.status and request.status < 300]
        uploads = [request for request in accepted if request.method == "POST" and request.path in UPLOADS]
        created = [
            operation.fields["name"]
            for upload in uploads
            for operation in run_operations(upload, upload.path)
            if "name" in operation.fields and (operation.is_first or upload.path == "/runs")
        ]
        assert [run["name"] for run in server.runs(workspace) if not run.get("end_time")] == []
        return Counter(created)

    return count


def once(*names: str) -> Counter[str]:
    return Counter(names)
