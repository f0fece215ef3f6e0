"""Run the programs of `tests/robustness/stress` with many seeds, to find failures that a few seeds do not cause.

    python benchmarks/stress.py [seconds] [first seed]

Runs against the fake LangSmith server of the library. Prints each program that failed with the command that repeats it,
and at the end how often each program ran.
"""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

PROGRAMS = Path(__file__).parent.parent / "tests" / "robustness" / "stress" / "programs"
SCENES = {
    "threads": ("",),
    "tasks": ("",),
    "mixed": (
        *("interrupted", "terminated", "cancelled", "closed", "stopped", "anywhen"),
        *("handler_anywhere", "interrupted_anywhere", "never_lost"),
    ),
    "prefork": ("nothing", "healed", "diagnosing", "importing"),
    "leaks": ("threads_and_files", "clients", "keys"),
    "pools": ("spawn", "forkserver"),
}


def failed(program: str, seed: int, scene: str, directory: str) -> str | None:
    command = [sys.executable, str(PROGRAMS / f"{program}.py"), str(seed), *([scene] if scene else [])]
    environment = {**os.environ, "PYTHONHASHSEED": str(seed)}
    try:
        ended = subprocess.run(command, env=environment, cwd=directory, capture_output=True, text=True, timeout=150)
    except subprocess.TimeoutExpired as late:
        return f"{' '.join(command)}\nhangs\n{(late.stderr or b'').decode()}"
    if ended.returncode or ended.stderr:
        return f"{' '.join(command)}\nended with {ended.returncode}\n{ended.stdout}{ended.stderr}"
    return None


def main() -> int:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 600.0
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    until, runs, failures = time.monotonic() + seconds, Counter[str](), 0
    with tempfile.TemporaryDirectory() as directory:
        for seed in itertools.count(first):
            for program, scenes in SCENES.items():
                # One scene for each seed, so that a short run reaches all programs.
                scene = scenes[seed % len(scenes)]
                failure = failed(program, seed, scene, directory)
                runs[f"{program} {scene}".strip()] += 1
                if failure:
                    failures += 1
                    print(failure, flush=True)
            if time.monotonic() > until:
                break
    print(f"seeds {first} to {seed}, {failures} failed: {dict(sorted(runs.items()))}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
