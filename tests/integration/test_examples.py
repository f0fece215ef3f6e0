"""The examples run, and say what they are there to show."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import langsmith
import pytest

ROOT = Path(__file__).parents[2]


def run(name: str, *arguments: str, **environment: str) -> str:
    result = subprocess.run(
        [sys.executable, str(ROOT / "examples" / name), *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_the_quickstart_retries_and_explains_without_an_account():
    # Also where the environment names an account.
    key = "lsv2_pt_c0ffeec0ffee0123456789abcdef0123_0123456789"
    shown = run("quickstart.py", LANGSMITH_API_KEY=key, LANGSMITH_WORKSPACE_ID="11111111-1111-4111-8111-111111111111")

    assert "POST /sessions 403, GET /workspaces 200, POST /sessions 200" in shown
    assert "Set LANGSMITH_WORKSPACE_ID=" in shown
    assert "permission-denied: Personal access token" in shown


def test_the_quickstart_asks_the_configured_service(server):
    org = server.add_organization("Acme")
    workspace = org.add_workspace("Research")
    key = org.add_personal_key(default=workspace)

    assert "no project yet" in run(
        "quickstart.py", "--my-account", LANGSMITH_API_KEY=key, LANGSMITH_ENDPOINT=server.url
    )


def test_try_and_except(server):
    server.add_organization("Acme")
    key = "lsv2_pt_c0ffeec0ffee0123456789abcdef0123_0123456789"

    shown = run("try_except.py", LANGSMITH_API_KEY=key, LANGSMITH_ENDPOINT=server.url)

    assert "key-rejected: Personal access token" in shown
    assert key not in shown


def test_the_readme_quotes_what_the_sdk_says(server):
    org = server.add_organization("Acme")
    key = org.add_personal_key(default=org.add_workspace("Research"), role="Viewer")
    client = langsmith.Client(api_url=server.url, api_key=key, workspace_id="", auto_batch_tracing=False)

    with pytest.raises(langsmith.utils.LangSmithError) as refused:
        client.create_project("x")

    said = str(refused.value).replace(server.url, "https://api.smith.langchain.com")
    assert f"LangSmithError: {said}" in (ROOT / "README.md").read_text(encoding="utf-8").replace("\n", " ")
