"""What an error tracker that collects local variables is sent: Sentry, with all that it can be told to collect."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from ...conftest import mint_canary
from .call_paths import CALL_PATHS
from .frames import is_ours
from .leaks import leaks, secret_part

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
KEY = mint_canary("lsv2_sk_")
HIDDEN = (secret_part(KEY),)
CALL_PATHS_OF_CASES = {"generated": "generated", "hard_delete": "hard delete"}
REFUSED = ["create_project", "create_run", "generated", "hard_delete", "asynchronous", "password", "echo"]
REFUSED = [case for case in REFUSED if case not in CALL_PATHS_OF_CASES or CALL_PATHS[CALL_PATHS_OF_CASES[case]].exists]
OTHERS = ["constructor", "asynchronous constructor", "404", "500"]


@cache
def events(client: str, scrubber: str) -> dict[str, dict[str, Any]]:
    """The events of one run of the program, by case."""
    program = str(Path(__file__).with_name("sentry_program.py"))
    ended = subprocess.run(
        [sys.executable, program, client, scrubber, KEY],
        capture_output=True,
        text=True,
        timeout=120,
        env={"PYTHONPATH": str(ROOT), "SSL_CERT_DIR": str(ROOT / "docs")},
        check=True,
    )
    assert KEY not in ended.stderr or client == "plain"
    return {event["tags"]["case"]: event for event in json.loads(ended.stdout) if "case" in event.get("tags", {})}


def frames(event: dict[str, Any]) -> list[dict[str, Any]]:
    return [frame for value in event["exception"]["values"] for frame in value["stacktrace"]["frames"]]


def functions(event: dict[str, Any]) -> set[tuple[str, str]]:
    """The functions outside of this library whose local variables show the key."""
    return {
        (frame["module"], frame["function"])
        for frame in frames(event)
        if not is_ours(frame["abs_path"])
        and frame["module"] != "__main__"
        and leaks({"variables": json.dumps(frame.get("vars"))}, HIDDEN)
    }


SCRUBBERS = pytest.mark.parametrize("scrubber", ["scrubs", "scrubs nothing"])


@SCRUBBERS
@pytest.mark.parametrize("case", [*REFUSED, *OTHERS])
def test_no_frame_of_ours_shows_the_key(case: str, scrubber: str) -> None:
    event = events("safe", scrubber)[case]
    ours = [frame for frame in frames(event) if is_ours(frame["abs_path"])]
    told = {f"{frame['function']}, line {frame['lineno']}": json.dumps(frame["vars"]) for frame in ours}

    # Frames that ask notebooks and pytest to leave them out, Sentry leaves out, too; the constructors do not ask.
    assert bool(told) == ("constructor" in case)
    assert leaks(told, HIDDEN) == {}


@SCRUBBERS
@pytest.mark.parametrize("case", REFUSED)
def test_nothing_else_of_a_diagnosis_shows_it(case: str, scrubber: str) -> None:
    event = events("safe", scrubber)[case]
    (value,) = event["exception"]["values"]
    rest = {name: json.dumps(part) for name, part in event.items() if name != "exception"}

    assert value["type"] == "ForbiddenDiagnosis"
    assert leaks({**rest, "value": json.dumps({**value, "stacktrace": None})}, HIDDEN) == {}
    modules = {frame["module"].partition(".")[0] for frame in frames(event)}
    assert modules <= {"__main__", "langsmith", "safe_langsmith", "asyncio", "contextlib"}
    assert not [f for f in frames(event) if f["function"] == "request_with_retries" and not is_ours(f["abs_path"])]


def test_the_diagnosis_is_what_is_reported() -> None:
    (value,) = events("safe", "scrubs")["create_project"]["exception"]["values"]
    assert "  cause  " in value["value"]


@pytest.mark.parametrize("case", [*REFUSED, *OTHERS])
def test_other_frames_show_no_more_than_without_this_library(case: str) -> None:
    assert functions(events("safe", "scrubs nothing")[case]) <= functions(events("plain", "scrubs nothing")[case])


def test_the_comparison_is_with_something() -> None:
    assert functions(events("plain", "scrubs nothing")["create_project"])
