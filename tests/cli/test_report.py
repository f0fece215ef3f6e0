"""What the report looks like, down to the letter, and that it can be pasted anywhere."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent / "golden"


def plain(text):
    """A text without what is another each time. Everything keeps its length, on which the line breaks depend."""
    text = re.sub(r"^safe-langsmith .*", "safe-langsmith (versions)", text)
    text = re.sub(r"127\.0\.0\.1:\d{5}", "127.0.0.1:12345", text)
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", _numbered({}), text)
    return re.sub(r"\*{4}[0-9a-f]{4}", _masked({}), text)


def _numbered(seen):
    return lambda found: seen.setdefault(found[0], f"{len(seen) + 1}1111111-aaaa-4aaa-8aaa-111111111111")


def _masked(seen):
    return lambda found: seen.setdefault(found[0], f"****{len(seen) + 1}234")


def assert_is_kept(text, name):
    file = HERE / f"{name}.txt"
    if os.environ.get("REGENERATE"):
        file.write_text(plain(text), encoding="ascii")
    assert plain(text) == file.read_text(encoding="ascii"), "if this is meant: REGENERATE=1 pytest tests/cli"


class TestGolden:
    def test_healthy(self, command, personal):
        assert_is_kept(command(LANGSMITH_API_KEY=personal).out, "healthy")

    def test_healthy_at_length(self, command, personal):
        assert_is_kept(command("-v", LANGSMITH_API_KEY=personal).out, "healthy-verbose")

    def test_workspace_required(self, command, service):
        assert_is_kept(command(LANGSMITH_API_KEY=service).out, "workspace-required")

    def test_placeholder(self, command):
        assert_is_kept(command("--offline", LANGSMITH_API_KEY="<your-api-key>").out, "key-malformed")

    def test_stale(self, command, personal, org, workspace, tmp_path):
        (tmp_path / ".env").write_text(f"LANGSMITH_API_KEY={org.add_personal_key(default=workspace)}\n")
        assert_is_kept(command("--env-file", ".env", LANGSMITH_API_KEY=personal).out, "stale-environment")


class TestFitsATicket:
    @pytest.fixture
    def pasted(self, cli):
        """Runs the command, and looks at the report as whoever has to paste it somewhere."""

        def run(*arguments, **variables):
            text = cli(*arguments, **variables).out
            lines = text.splitlines()
            # What is to be copied is not broken.
            copied = [line for line in lines if line.startswith((" " * 9, " " * 5 + "http"))]
            assert text.isascii()
            assert len(lines) <= 40
            assert [line for line in lines if len(line) > 100 and line not in copied] == []
            return text

        return run

    @pytest.mark.parametrize("verbose", [[], ["-v"]])
    def test_many_workspaces_with_long_names(self, pasted, org, verbose):
        for number in range(9):
            org.add_workspace(f"A name as long as the service allows, number {number}, and longer still than that")
        text = pasted(*verbose, LANGSMITH_API_KEY=org.add_service_key(workspaces=None))
        assert "and 3 more" in text
        assert "client = SafeClient(workspace_id=" in text

    @pytest.mark.parametrize("verbose", [[], ["-v"]])
    def test_a_key_that_is_refused_beside_much_else(self, pasted, monkeypatch, verbose):
        variables = {f"LANGCHAIN_{name}": "x" * 80 for name in ("API_KEY", "PROJECT", "TENANT_ID", "WORKSPACE", "URL")}
        key = "lsv2_sk_c0ffeec0ffee0123456789abcdef0123_0123456789"
        text = pasted(*verbose, LANGSMITH_API_KEY=key, LANGSMITH_TRACING="true", LANGSMITH_PROJECT="p", **variables)
        assert "Verdict: key-rejected (likely)" in text
        assert "which --json lists" in text

    def test_names_that_are_not_ascii(self, pasted, org):
        wide = org.add_workspace("Forschung Süd 研究 \N{RIGHT-TO-LEFT OVERRIDE}")
        text = pasted(LANGSMITH_API_KEY=org.add_personal_key(default=wide))
        assert r"Forschung S\xfcd \u7814\u7a76" in " ".join(text.split())

    def test_a_long_path(self, pasted, personal, tmp_path):
        deep = tmp_path / ("long " * 10) / ("é" * 40) / ("x" * 120)
        deep.mkdir(parents=True)
        (deep / ".env").write_text("LANGSMITH_API_KEY=lsv2_pt_c0ffeec0ffee0123456789abcdef0123_0123456789\n")
        assert "stale-environment" in pasted("--env-file", str(deep / ".env"), LANGSMITH_API_KEY=personal)

    def test_something_else_that_is_set(self, pasted, personal):
        text = pasted(LANGSMITH_API_KEY=personal, LANGSMITH_TENANT_ID="x")
        assert "Verdict: nothing wrong, but look at [!!] above" in text
        assert "LANGSMITH_TENANT_ID is set, which the SDK does not read" in " ".join(text.split())

    def test_a_file_that_cannot_be_read(self, pasted, personal, tmp_path):
        (tmp_path / ".env").write_bytes(b"\xff\xfeL\0")
        text = pasted(LANGSMITH_API_KEY=personal)
        assert "Verdict: nothing wrong, but the .env file could not be compared" in text
        assert "it is UTF-16 text" in text

    def test_a_key_that_only_the_file_has(self, pasted, personal, tmp_path):
        (tmp_path / ".env").write_text(f"LANGSMITH_API_KEY={personal}\n")
        text = pasted()
        assert "Verdict: key-missing" in text
        assert "1. If your program loads .env itself" in text

    def test_an_option_is_called_by_its_name(self, pasted, personal, server):
        text = pasted("--endpoint", server.url, "--workspace-id", "1", LANGSMITH_API_KEY=personal)
        assert f"{server.url}  (--endpoint)" in text
        assert '"1" (from --workspace-id)' in text
        assert "argument" not in text
