"""What to do is told in lines that a shell takes, each once, and each for where the value in use comes from."""

from __future__ import annotations

import importlib.util
import json
import os
import shlex
import subprocess

import pytest

pytestmark = pytest.mark.skipif(os.name == "nt", reason="its shells have other forms")
UNKNOWN = "lsv2_pt_c0ffeec0ffee0123456789abcdef0123_0123456789"
NOWHERE = "33333333-aaaa-4aaa-8aaa-333333333333"


@pytest.fixture
def lines(cli):
    """The lines to copy, which a shell must be able to read."""

    def copied(*arguments, **variables):
        found = json.loads(cli("--json", *arguments, **variables).out)
        codes = [fix["code"] for fix in found["fixes"] if fix["code"]]
        for code in codes:
            if code.startswith(("export ", "unset ", "python ", "curl ", "env ")):
                subprocess.run(["sh", "-n", "-c", code], check=True)
        return codes

    return copied


def test_each_workspace_is_named_by_its_variable_once(lines, service, workspace):
    (named,) = [code for code in lines(LANGSMITH_API_KEY=service) if workspace.id in code]
    first, second, third, fourth = named.splitlines()
    assert (first, third) == ("# Research", "# Support")
    assert second == f"export LANGSMITH_WORKSPACE_ID={workspace.id}"
    assert fourth.startswith("export LANGSMITH_WORKSPACE_ID=")


def test_one_that_is_not_needed_is_taken_away(lines, personal, server):
    assert lines(LANGSMITH_API_KEY=personal, LANGCHAIN_WORKSPACE_ID="1")[1] == "unset LANGCHAIN_WORKSPACE_ID"
    typed = ("--endpoint", server.url, "--workspace-id", "1")
    none = f"python -m safe_langsmith --endpoint {server.url} --workspace-id ''"
    assert lines(*typed, LANGSMITH_API_KEY=personal)[1] == none


def test_one_that_the_file_names_is_named_by_no_option(cli, lines, tmp_path, personal):
    """To unset the variable would not help: the file would set it again."""
    (tmp_path / "my.env").write_text(f"LANGSMITH_API_KEY={personal}\nLANGSMITH_WORKSPACE_ID=1\n")
    typed = ("--load-env", "--env-file", "my.env")
    none = "python -m safe_langsmith --workspace-id '' --load-env --env-file my.env"
    assert lines(*typed)[1] == none
    assert cli(*shlex.split(none)[3:]).code == 0


@pytest.mark.skipif(
    importlib.util.find_spec("langsmith._internal._profiles") is None, reason="this SDK has no profiles"
)
def test_one_that_the_profile_names_is_named_by_no_option(cli, lines, tmp_path, personal, server, monkeypatch):
    monkeypatch.delenv("LANGSMITH_ENDPOINT", raising=False)
    profile = {"api_url": server.url, "api_key": personal, "workspace_id": "1"}
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"profiles": {"default": profile}}))
    none = "python -m safe_langsmith --workspace-id ''"
    assert none in lines(LANGSMITH_CONFIG_FILE=str(config))
    assert none in lines(LANGSMITH_CONFIG_FILE=str(config), LANGSMITH_WORKSPACE_ID="2")
    monkeypatch.delenv("LANGSMITH_WORKSPACE_ID")
    assert cli(*shlex.split(none)[3:], LANGSMITH_CONFIG_FILE=str(config)).code == 0


def test_all_variables_that_would_name_one_are_taken_away(lines, personal):
    variables = {"LANGSMITH_WORKSPACE_ID": "1", "LANGCHAIN_WORKSPACE_ID": "2"}
    assert lines(LANGSMITH_API_KEY=personal, **variables)[1] == "unset LANGSMITH_WORKSPACE_ID LANGCHAIN_WORKSPACE_ID"


def test_what_the_file_would_set_again_is_taken_out_of_it(cli, tmp_path, personal, monkeypatch):
    for name in ("LANGSMITH_API_KEY", "LANGCHAIN_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / ".env").write_text(f"LANGSMITH_API_KEY={personal}\nLANGCHAIN_API_KEY={UNKNOWN}\n")
    (fix,) = json.loads(cli("--load-env", "--json").out)["fixes"]
    assert fix["code"] is None
    assert "Take LANGCHAIN_API_KEY out of .env, which would set it again." in fix["detail"]


def test_who_wants_nothing_sent_is_given_no_line_that_sends(lines, personal):
    again = lines("--offline", "--workspace-id", "1", LANGSMITH_API_KEY=personal)[1]
    assert again == "python -m safe_langsmith --workspace-id '' --offline"


def test_a_file_that_is_called_like_an_option(cli, lines, tmp_path, personal):
    (tmp_path / "-my.env").write_text(f"LANGSMITH_API_KEY={personal}\n")
    again = lines("--env-file=-my.env", LANGSMITH_API_KEY=UNKNOWN)[0].splitlines()[-1]
    assert again == "python -m safe_langsmith --load-env --env-file=-my.env"
    assert cli(*shlex.split(again)[3:]).code == 0


@pytest.mark.parametrize("name", ["two  blanks", "zero\u200bwidth", "x" * 240])
def test_a_file_in_an_odd_place_is_known_again(lines, tmp_path, personal, monkeypatch, name):
    place = tmp_path / name / name
    place.mkdir(parents=True)
    (place / ".env").write_text(f"LANGSMITH_API_KEY={personal}\n")
    monkeypatch.chdir(place)
    assert lines(LANGSMITH_API_KEY=UNKNOWN)[0] == "unset LANGSMITH_API_KEY\npython -m safe_langsmith --load-env"
    monkeypatch.chdir(tmp_path)
    typed = ("--env-file", str(place / ".env"))
    assert lines(*typed, LANGSMITH_API_KEY=UNKNOWN)[0].startswith("unset LANGSMITH_API_KEY\npython -m safe_langsmith")


def test_a_file_that_may_not_be_named_in_a_line(lines, tmp_path, personal, canary):
    file = tmp_path / f"lsv2_pt_{canary}0123456789abcdef0123_0123456789" / ".env"
    file.parent.mkdir()
    file.write_text(f"LANGSMITH_API_KEY={personal}\n")
    assert lines("--env-file", str(file), LANGSMITH_API_KEY=UNKNOWN)[0] == "unset LANGSMITH_API_KEY"


def test_the_line_itself_pasted_as_it_stands(lines):
    line = "export LANGSMITH_API_KEY='<the key>'"
    assert lines(LANGSMITH_API_KEY="<the key>")[0] == line


def test_what_to_put_in_is_quoted(lines):
    assert lines() == ["export LANGSMITH_API_KEY='<the key>'"]


def test_what_an_option_named_is_named_by_the_option(lines, personal, workspace, server):
    again = lines("--endpoint", server.url, "--workspace-id", NOWHERE, LANGSMITH_API_KEY=personal)
    assert again[0] == f"python -m safe_langsmith --endpoint {server.url} --workspace-id {workspace.id}"


def test_an_endpoint_that_an_option_named(lines, make_server):
    server = make_server(base_path="/api/v1")
    page = server.url.removesuffix("/api/v1")
    first, *_ = lines("--endpoint", page, LANGSMITH_API_KEY=UNKNOWN)
    assert first == f"python -m safe_langsmith --endpoint {server.url}"


def test_all_that_was_typed_is_typed_again(lines, tmp_path, personal, workspace, server):
    (tmp_path / "my settings.env").write_text(f"LANGSMITH_API_KEY={personal}\n")
    typed = ("--endpoint", server.url, "--workspace-id", NOWHERE, "--load-env", "--env-file", "my settings.env")
    assert lines(*typed)[0] == (
        f"python -m safe_langsmith --endpoint {server.url} --workspace-id {workspace.id} "
        "--load-env --env-file 'my settings.env'"
    )


def test_a_password_that_was_typed_is_not_in_a_line(lines, server, personal):
    url = server.url.replace("://", "://me:c0ffeec0ffee@")
    again = lines("--endpoint", url, "--workspace-id", "1", LANGSMITH_API_KEY=personal)
    assert not any("python -m" in code for code in again)


class TestTheFile:
    @pytest.fixture
    def file(self, tmp_path):
        return tmp_path / ".env"

    def test_a_variable_goes_before_it(self, lines, file, personal):
        file.write_text(f"LANGSMITH_API_KEY={personal}\n")
        first, *others = lines(LANGSMITH_API_KEY=UNKNOWN)
        assert first == "unset LANGSMITH_API_KEY\npython -m safe_langsmith --load-env"
        assert not any("load_dotenv" in code or "unset" in code for code in others)

    def test_what_is_proposed_leads_to_a_client_that_works(self, command, file, personal):
        file.write_text(f"LANGSMITH_API_KEY={personal}\n")
        assert command(LANGSMITH_API_KEY=UNKNOWN).code == 1
        assert command("--load-env", LANGSMITH_API_KEY=UNKNOWN).code == 0

    def test_only_what_decides_over_access_is_unset(self, lines, file, personal):
        """The project and tracing that are set here may well be meant."""
        file.write_text(f"LANGSMITH_API_KEY={personal}\nLANGSMITH_PROJECT=theirs\nLANGSMITH_TRACING=false\n")
        first, *_ = lines(LANGSMITH_API_KEY=UNKNOWN, LANGSMITH_PROJECT="mine", LANGSMITH_TRACING="true")
        assert first == "unset LANGSMITH_API_KEY\npython -m safe_langsmith --load-env"

    def test_another_project_is_no_reason_to_load_it(self, lines, file):
        file.write_text("LANGSMITH_PROJECT=theirs\n")
        proposed = lines(LANGSMITH_API_KEY=UNKNOWN, LANGSMITH_PROJECT="mine")
        assert not any("unset" in code or "--load-env" in code for code in proposed)

    def test_a_variable_of_another_name_does_not_go_before_it(self, cli, lines, file, personal):
        file.write_text(f"LANGSMITH_API_KEY={personal}\n")
        assert lines(LANGCHAIN_API_KEY=UNKNOWN)[:2] == [
            "python -m safe_langsmith --load-env",
            "from dotenv import load_dotenv; load_dotenv()",
        ]
        assert "overrides .env" not in cli(LANGCHAIN_API_KEY=UNKNOWN).out

    def test_what_was_typed_is_kept_where_it_is_loaded(self, lines, file, personal, server):
        file.write_text(f"LANGSMITH_API_KEY={personal}\n")
        first, *_ = lines("--endpoint", server.url, LANGSMITH_API_KEY=UNKNOWN)
        assert first == f"unset LANGSMITH_API_KEY\npython -m safe_langsmith --endpoint {server.url} --load-env"

    def test_a_key_that_is_refused_is_not_called_right(self, cli, file, personal):
        file.write_text(f"LANGSMITH_API_KEY={personal}\n")
        assert "If .env is right" not in cli(LANGSMITH_API_KEY=UNKNOWN).out

    def test_one_that_works_may_be(self, cli, file, personal):
        file.write_text(f"LANGSMITH_API_KEY={UNKNOWN}\n")
        assert "If .env is right" in cli(LANGSMITH_API_KEY=personal).out

    def test_it_alone_names_the_workspace(self, lines, file, service, workspace):
        file.write_text(f"LANGSMITH_WORKSPACE_ID={workspace.id}\n")
        assert lines(LANGSMITH_API_KEY=service)[:2] == [
            "python -m safe_langsmith --load-env",
            "from dotenv import load_dotenv; load_dotenv()",
        ]

    def test_another_file_is_named(self, lines, tmp_path, personal):
        other = tmp_path / "my settings.env"
        other.write_text(f"LANGSMITH_API_KEY={personal}\n")
        assert lines("--env-file", str(other))[:2] == [
            f"python -m safe_langsmith --load-env --env-file '{other}'",
            f"from dotenv import load_dotenv; load_dotenv('{other}')",
        ]

    def test_where_it_is_loaded_its_lines_are_to_be_changed(self, lines, file, personal, workspace):
        file.write_text(f"LANGSMITH_API_KEY={personal}\nLANGSMITH_WORKSPACE_ID={NOWHERE}\n")
        assert lines("--load-env")[0] == f"LANGSMITH_WORKSPACE_ID={workspace.id}"

    def test_it_cannot_be_read(self, cli, file, personal):
        file.write_bytes(b"A=\xff\n")
        found = json.loads(cli("--json", LANGSMITH_API_KEY=personal).out)
        assert found["cause"] is None
        assert [fix["title"] for fix in found["fixes"]] == ["Make .env readable, if your program loads it"]
        assert cli("--load-env", LANGSMITH_API_KEY=personal).code == 2

    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
    def test_it_may_not_be_read(self, lines, file, personal):
        file.write_text("A=b\n")
        file.chmod(0)
        assert lines(LANGSMITH_API_KEY=personal) == ["chmod u+r .env"]

    def test_the_one_here_is_called_by_its_name(self, cli, file, personal, tmp_path):
        file.write_text(f"LANGSMITH_API_KEY={personal}\n")
        assert str(tmp_path) not in cli().out
        (tmp_path / "below").mkdir()
        os.chdir(tmp_path / "below")
        assert f"{file}:1" in "".join(cli().out.split())
