"""Tests of users that are marked for LangSmith: a suite is a dataset and an experiment."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import safe_langsmith

pytest.importorskip("langsmith.testing")

CONFTEST = """
    import langsmith
    from safe_langsmith import SafeClient

    langsmith.configure(client=SafeClient())
"""
TESTS = """
    import pytest
    from langsmith import expect, testing

    @pytest.mark.langsmith
    @pytest.mark.parametrize(("x", "y"), [(1, 2), (3, 6)])
    def test_double(x, y):
        testing.log_outputs({"y": 2 * x})
        testing.log_reference_outputs({"y": y})
        testing.log_feedback(key="quality", score=0.5)
        expect(2 * x).to_equal(y)

    @pytest.mark.langsmith
    def test_that_fails():
        assert False
"""


@pytest.fixture
def run_tests(server, tmp_path):
    def run_tests(key):
        (tmp_path / "conftest.py").write_text(textwrap.dedent(CONFTEST))
        (tmp_path / "test_users.py").write_text(textwrap.dedent(TESTS))
        environment = {
            **os.environ,
            "PYTHONPATH": str(Path(safe_langsmith.__file__).parents[1]),
            "LANGSMITH_ENDPOINT": server.url,
            "LANGSMITH_API_KEY": key,
            "LANGSMITH_TRACING": "true",
            "LANGSMITH_TEST_SUITE": "suite",
        }
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir=."]
        return subprocess.run(
            [*command, "test_users.py"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run_tests


def test_a_suite_arrives(run_tests, server, workspace, key, stored):
    ended = run_tests(key)

    assert "2 passed" in ended.stdout
    assert "1 failed" in ended.stdout
    (dataset,) = stored("datasets")
    (experiment,) = stored("sessions")
    assert dataset["name"] == "suite"
    assert experiment["reference_dataset_id"] == dataset["id"]
    runs = {run["id"]: run for run in stored("runs") if not run.get("parent_run_id")}
    assert sorted(run["name"] for run in runs.values()) == ["test_double", "test_double", "test_that_fails"]
    given = sorted((runs[one["run_id"]]["name"], one["key"], one["score"]) for one in stored("feedback"))
    assert given == [
        *[("test_double", "expectation", 1)] * 2,
        *[("test_double", "pass", 1)] * 2,
        *[("test_double", "quality", 0.5)] * 2,
        ("test_that_fails", "pass", 0),
    ]
    assert len(stored("examples")) == 3
    assert [r.path for r in server.requests if r.path == "/workspaces"] == ["/workspaces"]


def test_an_editors_tests_say_what_it_takes(run_tests, editor, stored, canary):
    ended = run_tests(editor)

    assert ended.returncode == 1
    assert "does not include projects:create" in " ".join(ended.stdout.replace("\nE ", " ").split())
    assert stored("runs") == []
    assert canary not in ended.stdout + ended.stderr
