"""Runs the SDK's unit tests with its own clients and with the safe ones, and judges what differs, for `.ci/upstream`.

Takes the directory of the SDK's unpacked source distribution, with `upstream_plugin.py` copied into it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import time
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

ALLOWED = Path(__file__).with_name("upstream_allowed.txt")
MOST_ALLOWED = 4
FEWEST_PASSED = 1_700
# What fails among the others and passes alone is taken for an unsteady test of the SDK's, as long as it is one of few.
MOST_UNSTEADY = 5
MOST_TRIED_ALONE = 12

TESTS = "tests/unit_tests"
BESIDE_THE_POINT = (
    "sandbox",  # has clients of its own
    "wrappers",  # is about other vendors' libraries
    "test_background_thread.py",  # needs a package that is not distributed
    "test_anonymizer.py::test_extract_string_nodes_scales_linearly",  # measures time
)
# More than there are processors, for these tests mostly wait.
WORKERS = 8
SECONDS = 600
# Pytest's exit code where an id does not exist.
NOT_FOUND = 4


@dataclass
class Run:
    """What `upstream_plugin.py` wrote about one run."""

    outcomes: dict[str, str] = field(default_factory=dict)
    explanations: dict[str, str] = field(default_factory=dict)
    entered: dict[str, int] = field(default_factory=dict)
    plain: list[str] = field(default_factory=list)

    def ended(self, outcome: str) -> set[str]:
        """Lists the tests that ended so."""
        return {test for test, how in self.outcomes.items() if how == outcome}

    def __str__(self) -> str:
        return ", ".join(f"{len(self.ended(outcome))} {outcome}" for outcome in ("passed", "failed", "skipped"))

    def explain(self, test: str) -> str:
        """Says how a test failed, as pytest does."""
        reason = self.explanations.get(test) or self.outcomes.get(test) or "It does not exist there."
        return textwrap.indent(reason, "    ")


def run(sdk: Path, *, safe: bool, only: str | None = None) -> Run:
    """Runs all tests, or one alone."""
    results = sdk / "results.json"
    results.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "upstream_plugin", "--disable-socket", "--allow-unix-socket"]
    command += [only, "-n", "0"] if only else [TESTS, "-n", str(WORKERS)]
    command += [f"{option}={TESTS}/{name}" for name in BESIDE_THE_POINT for option in ("--ignore", "--deselect")]
    environment = {
        "PYTHONPATH": "tests/httpx2_alias",  # as upstream does
        "UPSTREAM_REPLACE": "yes" if safe else "no",
        "UPSTREAM_RESULTS": str(results),
    }
    pytest = subprocess.run(  # noqa: S603
        command,
        cwd=sdk,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    if only and pytest.returncode == NOT_FOUND:
        return Run()
    if pytest.returncode not in (0, 1) or not results.exists():
        sys.exit(f"{pytest.stdout[-6000:]}\npytest gave up (exit code {pytest.returncode}).")
    return Run(**json.loads(results.read_text()))


def read_allowed(text: str) -> dict[str, str]:
    """Reads the ids, each with its reason."""
    allowed: dict[str, str] = {}
    last = ""
    for line in text.splitlines():
        if line.startswith(" "):
            allowed[last] = f"{allowed[last]} {line.strip()}".strip()
        elif line and not line.startswith("#"):
            last = line.strip()
            allowed[last] = ""
    return allowed


def judge_runs(plain: Run, safe: Run, allowed: dict[str, str]) -> list[str]:
    """Says why the two runs would not prove anything."""
    problems = [f"{name} is still the SDK's client." for name in safe.plain]
    problems += [
        f"No test sent a request through {client}."
        for client in ("SafeClient", "SafeAsyncClient")
        if not safe.entered.get(client)
    ]
    if len(plain.ended("passed")) < FEWEST_PASSED:
        problems.append(f"Fewer than {FEWEST_PASSED} tests passed with the SDK's clients.")
    if len(allowed) > MOST_ALLOWED or not all(allowed.values()):
        problems.append(f"{ALLOWED.name} may list {MOST_ALLOWED} tests at most, and has to give a reason for each.")
    return problems


def judge_tests(sdk: Path, plain: Run, safe: Run, allowed: dict[str, str]) -> tuple[list[str], list[str]]:
    """Says which tests differ though they may not, or do not though they are listed; and which seem unsteady."""
    differ = plain.ended("passed") - safe.ended("passed")
    suspects = sorted(differ ^ set(allowed))
    if len(suspects) > MOST_TRIED_ALONE:
        return [f"{test} differs, or is listed and does not:\n{safe.explain(test)}" for test in suspects], []
    problems, unsteady = [], []
    for test in suspects:
        alone = run(sdk, safe=True, only=test)
        differs = test not in alone.ended("passed") and test in run(sdk, safe=False, only=test).ended("passed")
        if differs == (test in allowed):
            unsteady.append(test)
        elif differs:
            problems.append(f"{test} does not pass with the safe clients:\n{alone.explain(test)}")
        else:
            problems.append(f"{test} makes no difference any more. Take it out of {ALLOWED.name}.")
    if len(unsteady) > MOST_UNSTEADY:
        problems.append(f"{len(unsteady)} tests ended otherwise alone than among the others.")
    return problems, unsteady


def main(sdk: Path) -> int:
    """Runs, judges and prints."""
    start = time.monotonic()
    allowed = read_allowed(ALLOWED.read_text())
    plain, safe = run(sdk, safe=False), run(sdk, safe=True)
    problems, unsteady = judge_tests(sdk, plain, safe, allowed)
    problems += judge_runs(plain, safe, allowed)

    for test in sorted(plain.ended("failed")):
        print(f"- not compared, for it fails with the SDK's clients: {test}")
    for test in unsteady:
        print(f"- unsteady, for it ended otherwise alone than among the others: {test}")
    for test, reason in allowed.items():
        print(f"- allowed to differ: {test}\n  {reason}")
    for problem in problems:
        print(f"!! {problem}\n")
    requests = " and ".join(f"{client} {count}" for client, count in sorted(safe.entered.items()))
    print(f"The unit tests of langsmith {version('langsmith')}: {plain} with its own clients;")
    print(f"{safe} with the safe ones. Requests through {requests or 'them: none'}.")
    print(f"{time.monotonic() - start:.0f} seconds.")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
