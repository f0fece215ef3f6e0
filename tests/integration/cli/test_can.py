"""`--can`: whether the key may do what the program will do, for CI."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def viewer(org, workspace):
    return org.add_personal_key(default=workspace, role="Viewer")


def test_a_viewer_cannot_trace(cli, viewer, workspace):
    ended = cli("--can", "tracing", LANGSMITH_API_KEY=viewer)

    assert ended.code == 1
    assert "Verdict: problem found: permission-denied (likely)" in ended.out
    assert 'in workspace "Research"' in " ".join(ended.out.split())
    assert "does not include runs:create (for tracing)" in " ".join(ended.out.split())


def test_tracing_is_checked_without_it_if_it_is_on(cli, viewer):
    assert cli(LANGSMITH_API_KEY=viewer, LANGSMITH_TRACING="true").code == 1


def test_tracing_is_not_checked_if_it_is_off(cli, viewer):
    assert cli(LANGSMITH_API_KEY=viewer).code == 0


def test_several_names_that_are_allowed(cli, personal):
    assert cli("--can", "tracing,evaluate,datasets:create", LANGSMITH_API_KEY=personal).code == 0


def test_several_names_one_of_which_is_not(cli, viewer):
    ended = cli("--can", "datasets:read, datasets:create", LANGSMITH_API_KEY=viewer)

    assert ended.code == 1
    assert "cannot create datasets in workspace" in " ".join(ended.out.split())


def test_a_healthy_configuration_says_what_was_checked(cli, personal):
    ended = cli("--can", "tracing", LANGSMITH_API_KEY=personal, LANGSMITH_TRACING="true")

    assert "Verdict: nothing wrong with key, endpoint, workspace and permissions\n" in ended.out
    assert "Its permissions there include runs:create." in " ".join(ended.out.split())


def test_for_programs(cli, viewer):
    found = json.loads(cli("--json", "--can", "datasets:create", LANGSMITH_API_KEY=viewer).out)

    assert (found["schema"], found["cause"], found["method"]) == (1, "permission-denied", None)
    (check,) = [check for check in found["checks"] if check["title"] == "Permission"]
    assert check["detail"].startswith("needs datasets:create; WORKSPACE_VIEWER in workspace")


def test_what_is_not_listed_cannot_be_told(cli, org, workspace):
    ended = cli("--can", "tracing", LANGSMITH_API_KEY=org.add_personal_key(default=workspace, permissions_listed=False))

    assert ended.code == 3
    assert "Verdict: could not tell" in ended.out


def test_nothing_is_known_without_asking(cli, personal, server):
    assert cli("--can", "tracing", "--offline", LANGSMITH_API_KEY=personal).code == 3
    assert server.requests == ()


@pytest.mark.parametrize(
    ("typed", "near"), [("trace", "tracing"), ("evaluate,datasets:creat", "datasets:create"), ("", "tracing")]
)
def test_an_unknown_name_is_wrong_usage(cli, personal, typed, near, server):
    ended = cli("--can", typed, LANGSMITH_API_KEY=personal)

    assert ended.code == 2
    assert near in ended.err.partition("error:")[2]
    assert server.requests == ()


def test_a_key_that_was_typed_there_is_not_repeated(cli, personal):
    assert cli("--can", personal, LANGSMITH_API_KEY=personal).code == 2


def test_the_command_to_run_again_checks_the_same(cli, personal, org, workspace, tmp_path):
    (tmp_path / ".env").write_text(f"LANGSMITH_API_KEY={org.add_personal_key(default=workspace)}\n")
    ended = cli("--can", "tracing", LANGSMITH_API_KEY="lsv2_pt_c0ffeec0ffee0123456789abcdef0123_0123456789")

    assert "python -m safe_langsmith --can tracing --load-env" in ended.out


def test_all_that_are_given_count(cli, viewer):
    assert cli("--can", "datasets:read", LANGSMITH_API_KEY=viewer).code == 0
    for order in (("datasets:create", "datasets:read"), ("datasets:read", "datasets:create")):
        first, second = order
        ended = cli("--can", first, "--can", second, LANGSMITH_API_KEY=viewer)
        assert ended.code == 1
        assert "datasets:create" in ended.out
