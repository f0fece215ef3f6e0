"""Programs that know nothing of this library, run as they are, under `run`, or with the README's lines at their top.

`test_programs.py` asserts what arrives, and `benchmarks/programs.py` prints it as a table.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from safe_langsmith.testing import FakeLangSmith, Workspace
from safe_langsmith.testing.payloads import run_operations

ROOT = Path(__file__).parents[3]
PROGRAMS = Path(__file__).parent / "programs"
README = "import safe_langsmith\n\nsafe_langsmith.install()\n\n"
RUN = (sys.executable, "-m", "safe_langsmith", "run")
# Celery waits for other workers at its start, and for nobody here.
QUICK = ("--without-mingle", "--without-gossip", "--without-heartbeat")
# A slow machine needs this long for nothing that it does here.
PATIENCE = 60


class Scene(NamedTuple):
    """A program, and how it is run.

    Attributes:
        title: The program in a few words.
        file: The file that a user would put the README's lines into.
        command: The command line, as it is typed after `run`.
        runs: The number of runs that it makes.
        needs: The modules that it needs beside the SDK.
        serve: Uses the program and stops it, if it does not end by itself.
    """

    title: str
    file: str
    command: tuple[str, ...]
    runs: int
    needs: tuple[str, ...] = ()
    serve: Callable[[subprocess.Popen[str], Path], None] | None = None


class Ended(NamedTuple):
    """A program that has ended."""

    code: int
    out: str
    err: str


def until(what: Callable[[], Any], process: subprocess.Popen[str]) -> Any:
    """Return what a function returns as soon as that is true, or fail if the process ends before."""
    end = time.monotonic() + PATIENCE
    while not (found := what()):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.05)
    return found


def work_through_the_queue(process: subprocess.Popen[str], folder: Path) -> None:
    done = folder / "done"
    until(lambda: done.exists() and len(done.read_text("utf-8").split()) == 5, process)
    process.terminate()


def invoke_the_graph(process: subprocess.Popen[str], folder: Path) -> None:
    address = f"http://127.0.0.1:{process.args[-1]}"  # type: ignore[index,str-bytes-safe]

    def is_up() -> bool:
        try:
            with urllib.request.urlopen(f"{address}/ok", timeout=5):
                return True
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    until(is_up, process)
    body = json.dumps({"assistant_id": "agent", "input": {"number": 1}}).encode()
    request = urllib.request.Request(f"{address}/runs/wait", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=PATIENCE) as response:
        assert json.load(response) == {"number": 2}
    # As Ctrl+C does. The SDK sends what is left at exit, which SIGTERM would skip.
    process.send_signal(signal.SIGINT)


SCENES = {
    scene.title: scene
    for scene in (
        Scene("`Client()`", "client.py", ("client.py",), 5),
        Scene("`@traceable`", "traceable.py", ("traceable.py",), 10),
        Scene("`LangSmithLoader`", "loader.py", ("loader.py",), 3, ("langchain_core",)),
        Scene("a LangChain runnable", "chain.py", ("chain.py",), 5, ("langchain_core",)),
        Scene("pytest with LangSmith's plugin", "suite.py", ("pytest", "-q", "-p", "no:cacheprovider", "suite.py"), 3),
        Scene("a pool that forks", "pool.py", ("pool.py", "fork"), 6),
        Scene("a pool that spawns", "pool.py", ("pool.py", "spawn"), 6),
        Scene("a program that starts another", "parent.py", ("parent.py",), 10),
        Scene(
            "Celery, prefork",
            "tasks.py",
            ("celery", "-A", "tasks", "worker", "--concurrency=2", "--pool=prefork", "--loglevel=WARNING", *QUICK),
            5,
            ("celery",),
            work_through_the_queue,
        ),
        Scene(
            "`langgraph dev`",
            "graph.py",
            ("langgraph", "dev", "--no-browser", "--no-reload", "--port"),
            2,
            ("langgraph_api", "langgraph_cli"),
            invoke_the_graph,
        ),
    )
}


def prepare(scene: Scene, folder: Path, with_readme: bool) -> list[str]:
    """Put the program into a folder, and return its command line."""
    for path in PROGRAMS.glob("*.py"):
        shutil.copy(path, folder)
    if with_readme:
        file = folder / scene.file
        file.write_text(README + file.read_text("utf-8"), "utf-8")
    command = list(scene.command)
    if scene.file == "graph.py":
        description = {"dependencies": ["."], "graphs": {"agent": "./graph.py:graph"}}
        (folder / "langgraph.json").write_text(json.dumps(description), "utf-8")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            command.append(str(free.getsockname()[1]))
    return command


def environment_for(server: FakeLangSmith, key: str, **more: str) -> dict[str, str]:
    """Return the environment of a process that traces to a server."""
    others = {name: value for name, value in os.environ.items() if not name.startswith(("LANGSMITH_", "LANGCHAIN_"))}
    return {
        **others,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PYTHONPATH": str(ROOT),
        "LANGSMITH_ENDPOINT": server.url,
        "LANGSMITH_API_KEY": key,
        "LANGSMITH_TRACING": "true",
        "LANGSMITH_CONFIG_FILE": os.devnull,
        "LANGSMITH_TEST_SUITE": "suite",
        **more,
    }


@contextmanager
def started(command: list[str], folder: Path, environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """Start a process, and end it if that was forgotten."""
    pipes: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=folder, env=environment, start_new_session=True, **pipes) as process:
        try:
            yield process
        finally:
            # Its children, too: they hold the pipes that are read to their end here.
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def play(scene: Scene, how: str, folder: Path, environment: dict[str, str]) -> Ended:
    """Run a program to its end.

    Args:
        scene: The program.
        how: `plain`, `readme`, or `run`.
        folder: An empty folder to run it in.
        environment: Its environment.
    """
    command = prepare(scene, folder, how == "readme")
    if scene.file == "tasks.py":
        subprocess.run([sys.executable, "tasks.py"], cwd=folder, env=environment, check=True, timeout=PATIENCE)
    # As a user types it: a file is given to Python, a command is found on the PATH.
    plain = () if shutil.which(command[0], path=environment["PATH"]) else (sys.executable,)
    with started([*(RUN if how == "run" else plain), *command], folder, environment) as process:
        if scene.serve is not None:
            scene.serve(process, folder)
        out, err = process.communicate(timeout=PATIENCE)
        return Ended(process.returncode, out, err)


def times_accepted(server: FakeLangSmith) -> Counter[str]:
    """Return how often the server accepted each part of a run: its start, and its end."""
    accepted: Counter[str] = Counter()
    for received in server.requests:
        if received.status == 202:
            operations = run_operations(received, received.path)
            accepted.update(f"{op.id} {op.is_first} {sorted(op.fields)}" for op in operations)
    return accepted


def arrived(server: FakeLangSmith, workspace: Workspace) -> int:
    """Return how many runs a workspace has."""
    return len(server.runs(workspace))
