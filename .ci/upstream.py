"""Run the SDK's unit tests with its own clients and with the safe ones, and compare: upstream.py FOLDER.

The folder is the SDK's unpacked source distribution, with `upstream_plugin.py` copied into it. The nox session
`upstream` prepares it and runs this.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from importlib.metadata import version
from pathlib import Path

# The tests that may differ, each with its reason.
ALLOWED = Path(__file__).with_name("upstream_allowed.txt")
MOST_ALLOWED = 6
FEWEST_PASSED = 1_700
# A test that fails among the others and passes alone is unsteady. A few of the SDK's are.
MOST_UNSTEADY = 5
MOST_RUN_AGAIN = 12

TESTS = "tests/unit_tests"
LEFT_OUT = (
    "sandbox",  # has clients of its own
    "wrappers",  # is about other vendors' libraries
    "test_background_thread.py",  # needs a package that is not distributed
    "test_anonymizer.py::test_extract_string_nodes_scales_linearly",  # measures time
)
# More than there are processors, because these tests mostly wait.
WORKERS = "8"
TIMEOUT_SECONDS = 600


class Run:
    """The results of one run, as `upstream_plugin.py` wrote them, and what pytest printed."""

    def __init__(self, sdk: Path, *tests: str, safe: bool) -> None:
        """Run all tests, or the given ones in one process."""
        file = sdk / "results.json"
        file.unlink(missing_ok=True)
        command = [sys.executable, "-m", "pytest", "-q", "-p", "upstream_plugin"]
        command += ["--disable-socket", "--allow-unix-socket"]
        command += [*tests, "-n0"] if tests else [TESTS, "-n", WORKERS]
        command += [f"{option}={TESTS}/{name}" for name in LEFT_OUT for option in ("--ignore", "--deselect")]
        pytest = subprocess.run(
            command,
            cwd=sdk,
            env={
                **os.environ,
                "PYTHONPATH": "tests/httpx2_alias",  # as the SDK's own CI does
                "UPSTREAM_REPLACE": "yes" if safe else "no",
                "UPSTREAM_RESULTS": str(file),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
        self.printed = pytest.stdout[-6000:]
        if pytest.returncode not in (0, 1) or not file.exists():
            sys.exit(f"{self.printed}\npytest ended with {pytest.returncode}")
        results = json.loads(file.read_text())
        self.outcomes: dict[str, str] = results["outcomes"]
        self.requests: dict[str, int] = results["requests"]
        self.not_replaced: dict[str, str] = results["not_replaced"]

    @property
    def passed(self) -> set[str]:
        """The ids of the tests that passed."""
        return {test for test, outcome in self.outcomes.items() if outcome == "passed"}

    def __str__(self) -> str:
        counts = Counter(self.outcomes.values())
        return ", ".join(f"{counts[outcome]} {outcome}" for outcome in ("passed", "failed", "skipped"))


def read_allowed(text: str) -> dict[str, str]:
    """Return the reason for each id: an id is a line, and the indented lines after it are its reason."""
    allowed: dict[str, str] = {}
    for line in text.splitlines():
        if line.startswith(" "):
            last = next(reversed(allowed))
            allowed[last] = f"{allowed[last]} {line.strip()}".strip()
        elif line and not line.startswith("#"):
            allowed[line.strip()] = ""
    return allowed


def check_runs(plain: Run, safe: Run, allowed: dict[str, str]) -> list[str]:
    """Return the reasons for which comparing the two runs would prove nothing."""
    problems = [f"{name} is still the SDK's client." for name in safe.not_replaced]
    problems += [
        f"No test sent a request through {client}."
        for client in ("SafeClient", "SafeAsyncClient")
        if not safe.requests.get(client)
    ]
    if len(plain.passed) < FEWEST_PASSED:
        problems.append(f"Fewer than {FEWEST_PASSED} tests passed with the SDK's clients.")
    if len(allowed) > MOST_ALLOWED or not all(allowed.values()):
        problems.append(f"{ALLOWED.name} may list {MOST_ALLOWED} tests, each with its reason.")
    return problems


def check_tests(sdk: Path, plain: Run, safe: Run, allowed: dict[str, str]) -> list[str]:
    """Return the tests that differ without permission, and those listed that do not differ any more."""
    suspects = sorted((plain.passed - safe.passed) ^ set(allowed))
    if len(suspects) > MOST_RUN_AGAIN:
        return [f"{test} differs, or is listed and does not differ." for test in suspects] + [safe.printed]
    problems, unsteady = [], []
    for test in suspects:
        # If the id does not exist any more, pytest ends with an error, and this program with it.
        alone = Run(sdk, test, safe=True)
        differs = test not in alone.passed and test in Run(sdk, test, safe=False).passed
        if differs == (test in allowed):
            unsteady.append(test)
        elif differs:
            problems.append(f"{test} does not pass with the safe clients:\n{alone.printed}")
        else:
            problems.append(f"{test} does not differ any more. Remove it from {ALLOWED.name}.")
    for test in unsteady:
        print(f"- unsteady, because it ended differently when it was run alone: {test}")
    if len(unsteady) > MOST_UNSTEADY:
        problems.append(f"{len(unsteady)} tests are unsteady.")
    return problems


def main(sdk: Path) -> None:
    """Run, compare and print."""
    allowed = read_allowed(ALLOWED.read_text())
    plain, safe = Run(sdk, safe=False), Run(sdk, safe=True)
    problems = check_tests(sdk, plain, safe, allowed) + check_runs(plain, safe, allowed)
    for test in sorted(test for test, outcome in plain.outcomes.items() if outcome == "failed"):
        print(f"- not compared, because it fails with the SDK's clients: {test}")
    for test, reason in allowed.items():
        print(f"- allowed to differ: {test}\n  {reason}")
    requests = " and ".join(f"{client} {count}" for client, count in sorted(safe.requests.items()))
    print(f"The unit tests of langsmith {version('langsmith')}: {plain} with its own clients;")
    print(f"{safe} with the safe ones. Requests through {requests or 'them: none'}.")
    if problems:
        sys.exit("\n".join(f"!! {problem}\n" for problem in problems))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
