"""`--fix` shows what it would change in `.env`, asks, and changes that alone."""

from __future__ import annotations

import builtins
import os
import stat
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from safe_langsmith import Cause
from safe_langsmith._cli import edit
from safe_langsmith._cli.options import Options
from safe_langsmith.actions import SetVariable, Steps
from safe_langsmith.diagnosis import Fix

NOWHERE = "33333333-aaaa-4aaa-8aaa-333333333333"
REST = b"# mine\r\nexport A = 'x y'  # why\r\n\r\nLANGSMITH_PROJECT=\"p\"\r\n"


@pytest.fixture
def file(tmp_path, personal):
    """A `.env` with a key that works and a workspace that does not."""
    file = tmp_path / ".env"
    file.write_bytes(content(personal, NOWHERE))
    return file


def content(key, workspace_id):
    return REST + f"LANGSMITH_API_KEY={key}\r\nLANGSMITH_WORKSPACE_ID='{workspace_id}' # old\r\n".encode()


@pytest.fixture
def answer(monkeypatch):
    """Somebody who answers the questions."""

    def give(*answers):
        asked = iter(answers)
        monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
        monkeypatch.setattr(builtins, "input", lambda: next(asked))

    return give


def test_only_the_value_is_written(cli, file, personal, workspace):
    ended = cli("--load-env", "--fix", "--yes")

    assert ended.code == 0
    assert file.read_bytes() == content(personal, workspace.id)
    assert f"  - LANGSMITH_WORKSPACE_ID='{NOWHERE}' # old\n" in ended.out
    assert f"  + LANGSMITH_WORKSPACE_ID='{workspace.id}' # old\n" in ended.out
    assert personal not in ended.out + ended.err
    assert cli("--load-env").code == 0


@pytest.mark.parametrize(("said", "changed"), [("y", True), ("n", False), ("", False)])
def test_it_asks_first(cli, file, personal, workspace, answer, said, changed):
    answer(said)
    ended = cli("--load-env", "--fix")

    assert "Write this? [y/N] " in ended.err
    assert ended.code == (0 if changed else 1)
    assert file.read_bytes() == content(personal, workspace.id if changed else NOWHERE)


def test_a_script_has_to_say_yes(cli, file, personal):
    ended = cli("--load-env", "--fix")

    assert ended.code == 1
    assert "--yes" in ended.err
    assert file.read_bytes() == content(personal, NOWHERE)


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_a_link_stays_a_link_and_the_file_keeps_its_mode(cli, file, personal, workspace, tmp_path):
    target = tmp_path / "shared" / "real.env"
    target.parent.mkdir()
    file.rename(target)
    target.chmod(0o640)
    file.symlink_to(target)
    assert cli("--load-env", "--fix", "--yes").code == 0

    assert file.is_symlink()
    assert target.read_bytes() == content(personal, workspace.id)
    assert target.stat().st_mode & 0o777 == 0o640
    assert os.listdir(target.parent) == ["real.env"]


def test_of_several_workspaces_the_user_chooses(cli, org, workspace, answer, tmp_path):
    second = org.add_workspace("Support")
    answer("2", "y")
    ended = cli("--fix", LANGSMITH_API_KEY=org.add_service_key(workspaces=None))

    assert ended.code == 0
    assert f"  1. {workspace.id}  Research\n  2. {second.id}  Support\n" in ended.out
    assert (tmp_path / ".env").read_text() == f"LANGSMITH_WORKSPACE_ID={second.id}\n"


@pytest.mark.parametrize("arguments", [["--yes"], []])
def test_none_is_chosen_for_a_script(cli, service, tmp_path, arguments):
    ended = cli("--fix", *arguments, LANGSMITH_API_KEY=service)

    assert ended.code == 1
    assert "each of 2 can be the right workspace" in ended.err
    assert not (tmp_path / ".env").exists()


@pytest.mark.parametrize("wrap", [lambda action: action, lambda action: Steps((action,))])
def test_no_region_is_chosen_for_a_script(wrap, monkeypatch, tmp_path, capsys):
    """A revoked key proves no region, so none may be written."""
    monkeypatch.chdir(tmp_path)
    region = SetVariable("LANGSMITH_ENDPOINT", "https://eu.x", ("https://apac.x",))
    found = SimpleNamespace(
        cause=Cause.KEY_REJECTED, confidence="likely", workspaces=None, probes=(), fixes=[Fix("", action=wrap(region))]
    )
    code = edit.fix(SimpleNamespace(found=found), Options(fix=True, yes=True), 1)

    assert code == 1
    assert "each of 2 can be the right value of LANGSMITH_ENDPOINT" in capsys.readouterr().err
    assert not Path(".env").exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_of_a_password_manager_stays_one(cli, personal, tmp_path):
    os.mkfifo(tmp_path / ".env")
    ended = cli("--fix", "--yes", LANGSMITH_API_KEY=personal, LANGSMITH_WORKSPACE_ID=NOWHERE)

    assert ended.code == 1
    assert "--fix changes nothing: .env could not be read: it is not a regular file." in ended.err
    assert stat.S_ISFIFO(os.stat(tmp_path / ".env").st_mode)


def test_another_name_of_the_file_does_not_keep_the_old_text(cli, file, personal, tmp_path):
    os.link(file, tmp_path / "other")
    ended = cli("--load-env", "--fix", "--yes")

    assert ended.code == 1
    assert "the file has another name" in ended.err
    assert file.read_bytes() == content(personal, NOWHERE)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give a file away")
def test_the_file_stays_its_owners(cli, file):
    os.chown(file, 1000, 1000)

    assert cli("--load-env", "--fix", "--yes").code == 0
    assert (os.stat(file).st_uid, os.stat(file).st_gid) == (1000, 1000)


def test_what_could_not_be_told_is_no_problem_found(cli, personal, tmp_path):
    assert cli("--offline", "--fix", "--yes", LANGSMITH_API_KEY=personal).code == 3


def test_a_variable_of_the_shell_that_overrides_the_file_is_named(cli, personal, workspace, tmp_path):
    ended = cli("--fix", "--yes", LANGSMITH_API_KEY=personal, LANGSMITH_WORKSPACE_ID=NOWHERE)

    assert (tmp_path / ".env").read_text() == f"LANGSMITH_WORKSPACE_ID={workspace.id}\n"
    assert "LANGSMITH_WORKSPACE_ID is also set in this shell and overrides .env." in ended.out


def test_a_key_is_nothing_that_it_can_write(cli, tmp_path):
    ended = cli("--fix", "--yes", LANGSMITH_API_KEY="<your-api-key>")

    assert ended.code == 1
    assert "only you know the value" in ended.err
    assert not (tmp_path / ".env").exists()


def test_what_is_to_be_unset_in_the_shell_stays_in_the_file(cli, personal, tmp_path):
    old = "lsv2_pt_c0ffeec0ffee0123456789abcdef0123_0123456789"
    (tmp_path / ".env").write_text(f"LANGSMITH_API_KEY={personal}\n")
    ended = cli("--fix", "--yes", LANGSMITH_API_KEY=old)

    assert ended.code == 1
    assert "--fix changes nothing" in ended.err
    assert (tmp_path / ".env").read_text() == f"LANGSMITH_API_KEY={personal}\n"


def test_with_nothing_wrong_nothing_is_changed(cli, personal, tmp_path):
    assert cli("--fix", "--yes", LANGSMITH_API_KEY=personal).code == 0
    assert not (tmp_path / ".env").exists()


@pytest.mark.parametrize("arguments", [["--fix", "--json"], ["--yes"]])
def test_what_does_not_go_together(cli, arguments):
    assert cli(*arguments).code == 2
