"""What the process says and how it ends, for each thing that it can find."""

from __future__ import annotations

import json
import subprocess
import sys
from uuid import uuid4

import pytest

UNKNOWN = "lsv2_pt_c0ffeec0ffee0123456789abcdef0123_0123456789"


@pytest.fixture
def check(command):
    """Runs the command twice: as a person sees it and as a script does."""

    def check(*arguments, **variables):
        seen, read = command(*arguments, **variables), command("--json", *arguments, **variables)
        assert (seen.err, read.err) == ("", "")
        assert seen.code == read.code
        return seen.code, json.loads(read.out), seen.out

    return check


def test_with_nothing_wrong_the_json_has_the_same_shape(command, personal, service):
    healthy = json.loads(command("--json", LANGSMITH_API_KEY=personal).out)
    wrong = json.loads(command("--json", LANGSMITH_API_KEY=service).out)

    assert list(healthy) == list(wrong)
    assert (healthy["schema"], healthy["cause"], healthy["confidence"]) == (1, None, None)
    assert list(healthy["settings"]) == list(wrong["settings"])


def test_nothing_is_wrong(check, personal, workspace, server):
    code, found, text = check(LANGSMITH_API_KEY=personal)

    assert (code, found["cause"], found["confidence"], found["fixes"]) == (0, None, None, [])
    assert found["summary"].startswith(f"Personal access token lsv2_pt_****{personal[-4:]} works at {server.url} in ")
    assert "Verdict: nothing wrong with key, endpoint and workspace; tracing is off\n" in text
    assert {(r.method, r.path) for r in server.requests} == {("GET", "/settings")}


@pytest.mark.slow
def test_two_workspaces(check, service, workspace):
    code, found, text = check(LANGSMITH_API_KEY=service)

    assert (code, found["cause"]) == (1, "workspace-required")
    assert f"# Research\n         export LANGSMITH_WORKSPACE_ID={workspace.id}\n" in text


@pytest.mark.slow
def test_the_workspace_is_named(check, service, workspace, server):
    assert check("--workspace-id", workspace.id, LANGSMITH_API_KEY=service)[0] == 0


@pytest.mark.slow
def test_another_workspace_is_named(check, personal, server):
    code, found, text = check(LANGSMITH_API_KEY=personal, LANGSMITH_WORKSPACE_ID=str(uuid4()))

    assert (code, found["cause"]) == (1, "workspace-not-accessible")
    assert "A workspace is" in text


def test_a_key_that_nobody_knows(check):
    code, found, _ = check(LANGSMITH_API_KEY=UNKNOWN)

    assert (code, found["cause"]) == (1, "key-rejected")


def test_no_key(check, server):
    code, found, _ = check()

    assert (code, found["cause"]) == (1, "key-missing")
    assert server.requests == ()


@pytest.mark.slow
def test_no_key_for_the_cloud(check):
    """The SDK warns of this, and its warning would come first."""
    code, found, _ = check(LANGSMITH_ENDPOINT="https://api.smith.langchain.com", LANGSMITH_TRACING="true")

    assert (code, found["cause"]) == (1, "key-missing")


@pytest.mark.slow
def test_an_old_key(check):
    code, found, _ = check(LANGSMITH_API_KEY="ls__c0ffeec0ffee0123456789")

    assert (code, found["cause"]) == (1, "key-legacy")


@pytest.mark.slow
def test_a_workspace_id_that_is_none(check, personal):
    code, found, _ = check(LANGSMITH_API_KEY=personal, LANGSMITH_WORKSPACE_ID="1")

    assert (code, found["cause"]) == (1, "workspace-id-malformed")


def test_a_placeholder_needs_no_question(check, server):
    code, found, _ = check("--offline", LANGSMITH_API_KEY="<your-api-key>")

    assert (code, found["cause"]) == (1, "key-malformed")
    assert server.requests == ()


@pytest.mark.slow
def test_a_good_looking_key_needs_one(check, server, personal):
    code, found, text = check("--offline", LANGSMITH_API_KEY=personal)

    assert (code, found["cause"], found["probes"]) == (3, "undetermined", [])
    assert "without --offline" in text
    assert server.requests == ()


def test_nobody_listens(check, personal, nobody):
    code, found, _ = check(LANGSMITH_API_KEY=personal, LANGSMITH_ENDPOINT=nobody)

    assert (code, found["cause"]) == (3, "undetermined")


def test_a_key_that_works_and_merely_differs_from_the_file_is_a_warning(check, personal, org, workspace, tmp_path):
    newer = org.add_personal_key(default=workspace)
    (tmp_path / ".env").write_text(f"LANGSMITH_API_KEY={newer}\n")
    code, found, text = check(LANGSMITH_API_KEY=personal)

    assert (code, found["cause"], found["confidence"]) == (0, "stale-environment", "possible")
    assert "Verdict: the key works; warning: stale-environment (possible)" in text
    assert f"not used: lsv2_pt_****{newer[-4:]}" in text


class TestUsage:
    def test_an_unknown_option(self, command):
        ended = command("--nonsense")

        assert (ended.code, ended.out) == (2, "")
        assert "unrecognized arguments: --nonsense" in ended.err

    def test_help(self, command):
        ended = command("--help")

        assert (ended.code, ended.err) == (0, "")
        assert "exit codes: 0 nothing wrong, 1 a problem found" in " ".join(ended.out.split())

    def test_version(self, command):
        assert command("--version").out.startswith("safe-langsmith 0.")


def test_the_library_does_not_import_the_command(environment):
    code = "import safe_langsmith, sys; print([m for m in sys.modules if 'safe_langsmith._cli' in m])"
    ended = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert ended.stdout == "[]\n"


@pytest.mark.slow
def test_the_file_may_be_loaded_first(command, personal, tmp_path):
    file = tmp_path / ".env"
    file.write_text(f"PASSWORD=pa$$word&x(\nLANGSMITH_API_KEY = {personal}\n")

    ended = command()
    assert ended.code == 1
    assert "python -m safe_langsmith --load-env" in ended.out
    assert command("--load-env").code == 0
    assert command("--load-env", "--env-file", str(file)).code == 0
