"""Runs a program in a process of its own, which ends itself where it hangs and shows what each of its threads is at."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

PROGRAMS = Path(__file__).parent / "programs"
SUPPORT = Path(__file__).parents[2] / "support"


@pytest.fixture
def play(tmp_path: Path, canary: str) -> Callable[..., str]:
    """Plays a program with a seed and further arguments, and returns what it printed."""

    def play(program: str, seed: int, *arguments: str) -> str:
        environment = {**os.environ, "PYTHONHASHSEED": str(seed), "PYTHONPATH": str(SUPPORT)}
        command = [sys.executable, str(PROGRAMS / f"{program}.py"), str(seed), *arguments]
        ended = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120)

        assert ended.returncode == 0, f"{ended.returncode}\n{ended.stdout}\n{ended.stderr}"
        assert ended.stderr == ""
        assert canary not in ended.stdout
        return ended.stdout

    return play
