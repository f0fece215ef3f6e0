"""The command as a process of its own, and in this one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from safe_langsmith._cli.main import main

ROOT = Path(__file__).parents[3]


class Ended(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture(autouse=True)
def nothing_else_in_use(monkeypatch):
    """The command's own process imports none of these; in this one, other tests may have."""
    for name in ("langsmith.sandbox", "langsmith.integrations.otel"):
        monkeypatch.delitem(sys.modules, name, raising=False)


@pytest.fixture
def personal(org, workspace):
    return org.add_personal_key(default=workspace)


@pytest.fixture
def service(org, workspace):
    """A key that serves two workspaces."""
    org.add_workspace("Support")
    return org.add_service_key(workspaces=None)


@pytest.fixture
def environment(server, tmp_path):
    """The environment of a process that is configured for the server, and for nothing else of LangSmith."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("LANGSMITH_", "LANGCHAIN_"))}
    return {
        **ours,
        "PYTHONPATH": str(ROOT),
        "LANGSMITH_ENDPOINT": server.url,
        "LANGSMITH_CONFIG_FILE": str(tmp_path / "no-config.json"),
    }


@pytest.fixture
def command(environment, tmp_path, canary):
    """Runs the command as a process of its own, with variables added to the environment, or taken away by `None`."""

    def run(*arguments, **variables):
        ended = subprocess.run(
            [sys.executable, "-m", "safe_langsmith", *arguments],
            cwd=tmp_path,
            env={name: value for name, value in {**environment, **variables}.items() if value is not None},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert canary not in ended.stdout + ended.stderr
        return Ended(ended.returncode, ended.stdout, ended.stderr)

    return run


@pytest.fixture
def cli(server, monkeypatch, tmp_path, capsys, canary):
    """Runs the command in this process, with the variables set."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments, **variables):
        for name, value in {"LANGSMITH_ENDPOINT": server.url, **variables}.items():
            monkeypatch.setenv(name, value)
        code = main(arguments)
        printed = capsys.readouterr()
        assert canary not in printed.out + printed.err
        return Ended(code, printed.out, printed.err)

    return run
