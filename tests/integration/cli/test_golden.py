"""What is printed, to the letter. To keep it anew, also in the docs: `REGENERATE=1 pytest tests/integration/cli`."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"
PAGE = Path(__file__).parents[3] / "docs" / "command-line.md"
IF_MEANT = "if this is meant: REGENERATE=1 pytest tests/integration/cli"
UNKNOWN = "lsv2_pt_c0ffeec0ffee0123456789abcdef0123_0123456789"
NOWHERE = "33333333-aaaa-4aaa-8aaa-333333333333"
VERSION = "safe-langsmith 0.1.0 (langsmith 0.15.0, Python 3.13.0)"


def plain(text):
    """A text without what is another each time. Everything keeps its length, on which the line breaks depend."""
    text = re.sub(r"^safe-langsmith .*", VERSION, text)
    text = re.sub(r"127\.0\.0\.1:\d{5}", "127.0.0.1:12345", text)
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", _numbered({}), text)
    return re.sub(r"\*{4}[0-9a-f]{4}", _masked({}), text)


def _numbered(seen):
    return lambda found: seen.setdefault(found[0], f"{len(seen) + 1}1111111-aaaa-4aaa-8aaa-111111111111")


def _masked(seen):
    return lambda found: seen.setdefault(found[0], f"****{len(seen) + 1}234")


@pytest.fixture
def keeps(command):
    """Runs the command, and compares what it prints with what is kept."""

    def check(name, *arguments, **variables):
        printed = plain(command(*arguments, **variables).out)
        file = GOLDEN / f"{name}.txt"
        if os.environ.get("REGENERATE"):
            file.write_text(printed, encoding="ascii")
        assert printed == file.read_text(encoding="ascii"), IF_MEANT

    return check


class TestSixThatEverybodyMeets:
    def test_healthy(self, keeps, personal):
        keeps("healthy", LANGSMITH_API_KEY=personal)

    def test_wrong_workspace(self, keeps, personal):
        keeps("wrong-workspace", LANGSMITH_API_KEY=personal, LANGSMITH_WORKSPACE_ID=NOWHERE)

    def test_placeholder(self, keeps):
        keeps("placeholder", LANGSMITH_API_KEY="<your-api-key>")

    def test_stale_env(self, keeps, personal, tmp_path):
        (tmp_path / ".env").write_text(f"LANGSMITH_API_KEY={personal}\n")
        keeps("stale-env", LANGSMITH_API_KEY=UNKNOWN)

    def test_no_network(self, keeps, personal, nobody):
        keeps("no-network", LANGSMITH_API_KEY=personal, LANGSMITH_ENDPOINT=nobody)

    def test_unreadable_env(self, keeps, personal, tmp_path):
        (tmp_path / ".env").write_bytes(f"LANGSMITH_API_KEY={personal}\n".encode("utf-16"))
        keeps("unreadable-env")


class TestMore:
    def test_healthy_at_length(self, keeps, personal):
        keeps("healthy-verbose", "-v", LANGSMITH_API_KEY=personal, LANGSMITH_TRACING="true")

    def test_healthy_beside_an_unreadable_env(self, keeps, personal, tmp_path):
        (tmp_path / ".env").write_bytes(b"LANGSMITH_PROJECT=\xff\n")
        keeps("healthy-unreadable-env", LANGSMITH_API_KEY=personal)

    def test_two_workspaces(self, keeps, service):
        keeps("two-workspaces", LANGSMITH_API_KEY=service)

    def test_two_workspaces_at_length(self, keeps, service):
        keeps("two-workspaces-verbose", "--verbose", LANGSMITH_API_KEY=service)

    def test_a_key_that_nobody_knows(self, keeps):
        keeps("unknown-key", LANGSMITH_API_KEY=UNKNOWN)

    def test_no_key(self, keeps):
        keeps("no-key")

    def test_no_key_but_in_the_file(self, keeps, personal, tmp_path):
        (tmp_path / ".env").write_text(f"LANGSMITH_API_KEY={personal}\n")
        keeps("no-key-but-in-env")

    def test_the_file_is_loaded(self, keeps, personal, tmp_path):
        (tmp_path / ".env").write_text(f"LANGSMITH_API_KEY={personal}\nLANGSMITH_WORKSPACE_ID={NOWHERE}\n")
        keeps("load-env", "--load-env")

    def test_an_old_key(self, keeps):
        keeps("legacy-key", LANGSMITH_API_KEY="ls__c0ffeec0ffee0123456789")

    def test_a_workspace_id_that_is_none(self, keeps, personal):
        keeps("malformed-workspace-id", LANGSMITH_API_KEY=personal, LANGSMITH_WORKSPACE_ID="1")

    def test_offline(self, keeps, personal):
        keeps("offline", "--offline", LANGSMITH_API_KEY=personal)

    def test_a_key_that_works_and_another_in_the_file(self, keeps, personal, org, workspace, tmp_path):
        (tmp_path / ".env").write_text(f"LANGSMITH_API_KEY={org.add_personal_key(default=workspace)}\n")
        keeps("stale-env-perhaps", "--env-file", ".env", LANGSMITH_API_KEY=personal)

    def test_what_the_sdk_refuses(self, keeps, personal):
        keeps("refused-by-the-sdk", LANGSMITH_API_KEY=personal, LANGSMITH_TRACING_SAMPLING_RATE="often")


def test_the_page_shows_what_is_kept():
    """After the tests above, because it shows what they keep."""
    page = PAGE.read_text(encoding="utf-8")
    shown = re.compile(r"(<!-- printed: ([a-z-]+) -->\n```text\n)(.*?)(?=```\n)", re.DOTALL)
    whole = shown.sub(lambda block: block[1] + (GOLDEN / f"{block[2]}.txt").read_text(encoding="ascii"), page)
    if os.environ.get("REGENERATE"):
        PAGE.write_text(whole, encoding="utf-8")

    assert len(shown.findall(page)) >= 6
    assert page == whole or os.environ.get("REGENERATE"), IF_MEANT
