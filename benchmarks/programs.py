"""Run programs that know nothing of this library in three ways, and print what arrives in one table.

    python benchmarks/programs.py

Each program runs with the plain SDK, with `install()` at its top, and under `python -m safe_langsmith run`. The
key has to name its only workspace in each request, and the program does not name it. The programs are in
`tests/integration/install/programs`. Celery and `langgraph-cli[inmem]` are left out if they are not installed. This
takes about two minutes on an idle machine.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
# The programs are those of the tests, which are not installed. So the imports below come after this line.
sys.path.insert(0, str(ROOT))

from langsmith import Client  # noqa: E402 # see above

from safe_langsmith.testing import FakeLangSmith  # noqa: E402 # see above
from tests.integration.install.scenes import (  # noqa: E402 # see above
    SCENES,
    Scene,
    environment_for,
    play,
    times_accepted,
)

WAYS = {"plain": "plain SDK", "readme": "`install()`", "run": "`run`"}
# Counts in every process, as `sitecustomize` beside this library's, without changing what a program logs.
COUNTER = """
import logging, os

class Counter(logging.Handler):
    def emit(self, record):
        with open(os.environ["RECORDS"], "a") as file:
            file.write("x")

for name in ("langsmith", "safe_langsmith"):
    logging.getLogger(name).addHandler(Counter(logging.WARNING))
"""


class Measured(NamedTuple):
    """What came of one program."""

    arrived: int
    made: int
    refused: int
    logged: int

    def __str__(self) -> str:
        return f"{self.arrived} of {self.made}, {self.refused}, {self.logged}"


def measure(scene: Scene, how: str) -> Measured:
    """Run a program to its end, and return what the server received of it."""
    with tempfile.TemporaryDirectory() as name, FakeLangSmith() as server:
        folder = Path(name)
        acme = server.add_organization("Acme")
        workspace = acme.add_workspace("Research")
        admin = Client(server.url, api_key=acme.add_personal_key(default=workspace), auto_batch_tracing=False)
        dataset = admin.create_dataset("questions")
        admin.create_examples(dataset_id=dataset.id, examples=[{"inputs": {"content": f"{n}?"}} for n in range(3)])
        server.clear_requests()
        counter, records, work = folder / "counter", folder / "records", folder / "work"
        for made in (counter, work):
            made.mkdir()
        (counter / "sitecustomize.py").write_text(COUNTER, "utf-8")
        records.touch()
        environment = environment_for(server, acme.add_service_key(workspaces=None), RECORDS=str(records))
        environment["PYTHONPATH"] = os.pathsep.join([str(counter), environment["PYTHONPATH"]])
        try:
            play(scene, how, work, environment)
        except (AssertionError, subprocess.TimeoutExpired) as error:
            print(f"{scene.title}, {how}: {type(error).__name__}: {str(error)[:2000]}", file=sys.stderr)
        twice = [part for part, times in times_accepted(server).items() if times > 1]
        if twice:
            print(f"{scene.title}, {how}: {len(twice)} parts of runs arrived more than once", file=sys.stderr)
        refused = sum(request.status == 403 for request in server.requests)
        return Measured(len(server.runs(workspace)), scene.runs, refused, len(records.read_text("utf-8")))


def main() -> None:
    """Print the table."""
    print("| program | " + " | ".join(WAYS.values()) + " |")
    print("|---|" + "---|" * len(WAYS))
    for scene in SCENES.values():
        missing = [module for module in scene.needs if importlib.util.find_spec(module) is None]
        if missing:
            print(f"{scene.title} is left out: {', '.join(missing)} is not installed", file=sys.stderr)
            continue
        print(f"| {scene.title} | " + " | ".join(str(measure(scene, how)) for how in WAYS) + " |", flush=True)


if __name__ == "__main__":
    main()
