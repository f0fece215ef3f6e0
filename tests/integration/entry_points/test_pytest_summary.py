"""What pytest's short summary says of a test that a refusal has failed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import safe_langsmith

TEST = """
from safe_langsmith import SafeClient

def test_report():
    SafeClient(auto_batch_tracing=False).create_project("p")
"""
PLUGIN = 'pytest_plugins = ["safe_langsmith.testing.fixtures"]'


@pytest.fixture
def summary(server, tmp_path):
    """Runs a test of a user's on a terminal of 80 columns, and returns its line in the short summary."""
    org = server.add_organization("Acme")
    key = org.add_personal_key(default=org.add_workspace("Research"), role="Viewer")
    (tmp_path / "test_app.py").write_text(TEST)

    def run(conftest):
        (tmp_path / "conftest.py").write_text(conftest)
        ours = {name: value for name, value in os.environ.items() if name not in ("CI", "BUILD_NUMBER")}
        environment = {
            **ours,
            "PYTHONPATH": str(Path(safe_langsmith.__file__).parents[1]),
            "LANGSMITH_ENDPOINT": server.url,
            "LANGSMITH_API_KEY": key,
            "COLUMNS": "80",
        }
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "test_app.py"]
        ended = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
        (line,) = [line for line in ended.stdout.splitlines() if line.startswith("FAILED ")]
        return line

    return run


def test_with_the_plugin_the_cause_fits_eighty_columns(summary):
    line = summary(PLUGIN)
    assert line.startswith("FAILED test_app.py::test_report - ForbiddenDiagnosis: permission-denied: ")
    assert len(line) <= 80


def test_without_it_the_name_under_which_it_is_imported_is_shown(summary):
    assert summary("").startswith("FAILED test_app.py::test_report - safe_langsmith.ForbiddenDiagnosis: permiss")
