"""That the report can be pasted anywhere, and what it says of one thing or another."""

from __future__ import annotations

import json

import pytest


class TestFitsATicket:
    @pytest.fixture
    def pasted(self, cli):
        """Runs the command, and looks at the report as a user who pastes it somewhere."""

        def run(*arguments, **variables):
            text = cli(*arguments, **variables).out
            lines = text.splitlines()
            # What is to be copied is not broken.
            copied = [line for line in lines if line.startswith((" " * 9, " " * 5 + "http"))]
            assert text.isascii()
            assert len(lines) <= 50 or "-v" in arguments
            whole = [line for line in lines if "://" in line or "--explain" in line]
            assert [line for line in lines if len(line) > 80 and line not in (*copied, *whole)] == []
            return text

        return run

    @pytest.mark.parametrize("verbose", [[], ["-v"]])
    def test_many_workspaces_with_long_names(self, pasted, org, verbose):
        for number in range(9):
            org.add_workspace(f"A name as long as the service allows, number {number}, and longer still than that")
        text = pasted(*verbose, LANGSMITH_API_KEY=org.add_service_key(workspaces=None))
        assert text.count("export LANGSMITH_WORKSPACE_ID=") == (9 if verbose else 6)
        assert ("one of these (3 more: -v)" in text) is not bool(verbose)

    @pytest.mark.parametrize(("verbose", "cut"), [([], True), (["-v"], False)])
    def test_a_key_that_is_refused_beside_much_else(self, pasted, verbose, cut):
        variables = {f"LANGCHAIN_{name}": "x" * 80 for name in ("API_KEY", "PROJECT", "TENANT_ID", "WORKSPACE", "URL")}
        key = "lsv2_sk_c0ffeec0ffee0123456789abcdef0123_0123456789"
        text = pasted(*verbose, LANGSMITH_API_KEY=key, LANGSMITH_TRACING="true", LANGSMITH_PROJECT="p", **variables)
        assert "Verdict: problem found: key-rejected (likely)" in text
        assert (" ..." in text, "-v lists" in text) == (cut, cut)

    def test_names_that_are_not_ascii(self, pasted, org):
        wide = org.add_workspace("Forschung Süd 研究 \N{RIGHT-TO-LEFT OVERRIDE}")
        text = pasted(LANGSMITH_API_KEY=org.add_personal_key(default=wide))
        assert r"Forschung S\xfcd \u7814\u7a76" in " ".join(text.split())

    def test_a_long_path(self, pasted, personal, tmp_path):
        deep = tmp_path / ("long " * 10) / ("é" * 40) / ("x" * 120)
        deep.mkdir(parents=True)
        (deep / ".env").write_text("LANGSMITH_API_KEY=lsv2_pt_c0ffeec0ffee0123456789abcdef0123_0123456789\n")
        assert "stale-environment" in pasted("--env-file", str(deep / ".env"), LANGSMITH_API_KEY=personal)

    def test_a_line_that_ascii_cannot_show_is_left_out(self, cli, pasted, personal, tmp_path):
        """Its escapes would name another file."""
        file = tmp_path / "\xe9" / ".env"
        file.parent.mkdir()
        file.write_text("LANGSMITH_API_KEY=lsv2_pt_c0ffeec0ffee0123456789abcdef0123_0123456789\n")
        text = pasted("--env-file", str(file), LANGSMITH_API_KEY=personal)
        assert "1. If .env is right, unset LANGSMITH_API_KEY" in text
        assert "\n         unset LANGSMITH_API_KEY\n" in text
        assert "--env-file" not in text
        found = json.loads(cli("--json", "--env-file", str(file), LANGSMITH_API_KEY=personal).out)
        assert found["fixes"][0]["code"].endswith(f"--load-env --env-file '{file}'")

    def test_something_else_that_is_set(self, pasted, personal):
        text = pasted(LANGSMITH_API_KEY=personal, LANGSMITH_TENANT_ID="x")
        assert "Verdict: nothing wrong, but look at [!!] above" in text
        assert "LANGSMITH_TENANT_ID is set, which the client does not read" in " ".join(text.split())

    def test_a_file_that_cannot_be_read(self, pasted, personal, tmp_path):
        (tmp_path / ".env").write_bytes(b"\xff\xfeL\0")
        text = pasted(LANGSMITH_API_KEY=personal)
        assert "Verdict: nothing wrong, but the .env file could not be compared" in text
        assert "it is UTF-16 text" in text

    def test_a_key_that_only_the_file_has(self, pasted, personal, tmp_path):
        (tmp_path / ".env").write_text(f"LANGSMITH_API_KEY={personal}\n")
        text = pasted()
        assert "Verdict: problem found: key-missing" in text
        assert "1. If your program loads .env itself" in text

    def test_an_option_is_called_by_its_name(self, pasted, personal, server):
        text = pasted("--endpoint", server.url, "--workspace-id", "1", LANGSMITH_API_KEY=personal)
        assert f"{server.url} (--endpoint)" in text
        assert '"1" (from --workspace-id)' in " ".join(text.split())
        assert "argument" not in text

    def test_the_verdict_and_what_to_copy_stand_at_the_bottom(self, pasted, service, org, workspace):
        *_, verdict, todo = pasted(LANGSMITH_API_KEY=service).split("\n\n")
        assert verdict.startswith("Verdict: problem found: workspace-required (confirmed)\n")
        assert todo.startswith("What to do")
        assert todo.splitlines()[-1] == "         export LANGSMITH_API_KEY='<the key>'"
        lines = todo.splitlines()
        assert lines[lines.index("         # Research") + 1].endswith(f"LANGSMITH_WORKSPACE_ID={workspace.id}")

    def test_a_ticket_says_what_is_masked(self, pasted, service):
        assert "Keys, and values that look like one, show" in pasted("-v", LANGSMITH_API_KEY=service)

    def test_only_checks_with_something_to_tell_are_listed(self, pasted, service):
        assert "[ok]" not in pasted(LANGSMITH_API_KEY=service)
        assert "[ok] 1. API key type" in pasted("-v", LANGSMITH_API_KEY=service)

    @pytest.mark.parametrize("columns", [60, 80, 120])
    def test_it_is_as_wide_as_the_terminal(self, cli, personal, columns):
        variables = {"LANGSMITH_API_KEY": personal, "LANGSMITH_TENANT_ID": "x", "COLUMNS": str(columns)}
        lines = cli("-v", **variables).out.splitlines()
        prose = [line for line in lines if "://" not in line and "--explain" not in line]
        assert columns - 15 < max(map(len, prose)) <= columns


class TestTracing:
    """A client that works may trace nothing, which is no problem and yet what many wonder about."""

    @pytest.mark.parametrize("value", ["true", "false"])
    def test_nothing_is_said_where_it_is_set(self, cli, personal, value):
        assert "Note" not in cli(LANGSMITH_API_KEY=personal, LANGSMITH_TRACING=value).out

    def test_it_is_not_set(self, cli, personal):
        ended = cli(LANGSMITH_API_KEY=personal)
        assert ended.code == 0
        note = "Note: tracing is off, so nothing is traced. To trace: export LANGSMITH_TRACING=true"
        assert note in " ".join(ended.out.split())

    @pytest.mark.parametrize("value", ["True", "1", "maybe"])
    def test_the_sdk_takes_it_for_no(self, cli, personal, value):
        ended = cli(LANGSMITH_API_KEY=personal, LANGCHAIN_TRACING_V2=value)
        assert 'tracing is off by LANGCHAIN_TRACING_V2, because only "true" turns it on' in " ".join(ended.out.split())
        assert "export LANGCHAIN_TRACING_V2=true" in ended.out

    def test_the_file_turns_it_on(self, cli, personal, tmp_path):
        (tmp_path / ".env").write_text("LANGSMITH_TRACING=true\n")
        assert "Note" not in cli(LANGSMITH_API_KEY=personal).out

    def test_it_is_not_what_a_problem_is_about(self, cli, service):
        assert "Note" not in cli(LANGSMITH_API_KEY=service).out
