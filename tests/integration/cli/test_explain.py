"""`--explain` prints a page of `docs/causes/`, from wherever the package is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from safe_langsmith import Cause
from safe_langsmith._cli import explain as pages

PAGES = Path(__file__).parents[3] / "docs" / "causes"


@pytest.fixture(params=Cause, ids=str)
def cause(request):
    return request.param


def test_the_page_of_each_cause(cli, cause, server):
    code, out, err = cli("--explain", cause)

    assert (code, err) == (0, "")
    assert out.isascii()
    assert out.startswith(f"{cause}\n")
    titles = ("What to do", "How the library knows", "Similar causes", "From LangSmith")
    assert all(f"\n{title}\n" in out for title in titles)
    assert server.requests == ()


def test_what_it_says_is_what_the_page_says(cli, cause):
    page = (PAGES / f"{cause}.md").read_text(encoding="utf-8")
    first = " ".join(page.split("\n\n")[1].split()).replace("`", "")
    assert "](" in first or first in " ".join(cli("--explain", cause).out.split())


def test_it_fits_a_terminal(cli, cause):
    """An address alone is not broken, nor is what can be copied."""
    lines = cli("--explain", cause).out.splitlines()
    too_long = [line for line in lines if len(line) > 80 and not line.startswith("|")]
    assert [line for line in too_long if "://" not in line] == []
    assert all(" " not in line.strip() for line in too_long)


def test_code_and_tables_are_not_broken(cli, monkeypatch):
    word = ("words " * 20).rstrip()
    kept = ["```sh", f"    {word}", "- no list", "```", f"| {word} | {word} |"]
    monkeypatch.setattr(pages, "_read", lambda name: "\n".join(["# it", "", *kept, "", f"1. {word}", f"   {word}"]))
    printed = cli("--explain", "key-missing").out.splitlines()

    assert printed[2:5] == [f"        {word}", "    - no list", f"| {word} | {word} |"]
    assert [line[:8] for line in printed[6:]] == ["1. words", *["   words"] * (len(printed) - 7)]


def test_what_stands_in_backquotes_is_not_broken(cli, monkeypatch):
    monkeypatch.setattr(pages, "_read", lambda name: "word " * 12 + "`python -m safe_langsmith --load-env`, and more")
    assert "\npython -m safe_langsmith --load-env, and more" in cli("--explain", "key-missing").out


def test_a_page_has_no_marks_of_markdown(cli, cause):
    out = cli("--explain", cause).out
    assert "`" not in out
    assert "**" not in out
    assert [line for line in out.splitlines() if line.startswith("#")] == []


def test_a_page_is_as_wide_as_the_terminal(cli, cause):
    lines = cli("--explain", cause, COLUMNS="60").out.splitlines()
    # Lines to copy and addresses are never broken.
    prose = [line for line in lines if not line.startswith(("    ", "|")) and " " in line.strip()]
    assert [line for line in prose if len(line) > 60] == []


def test_the_example_is_left_out_and_what_follows_it_is_not(cli, cause):
    """Who reads it in a terminal has a message of their own, and the example's key and workspace are not theirs."""
    out = cli("--explain", cause).out
    assert "What it says" not in out
    assert "```text" not in out.partition("## What to do")[2]
    assert "https://kb.langchain.com/" in out


def test_links_are_spelt_out(cli, cause):
    out = cli("--explain", cause).out
    assert "](" not in out
    assert "../" not in out


def test_a_page_on_a_cause_that_looks_alike_is_named_by_its_code(cli):
    """Its file may not be on this machine, and the code is what `--explain` takes."""
    out = cli("--explain", "wrong-region").out
    assert "- key-rejected: " in out
    assert "key-rejected.md" not in out


def test_a_list_of_the_causes(cli):
    code, out, err = cli("--explain")

    assert (code, err) == (0, "")
    assert [line.split()[0] for line in out.splitlines()[1:] if line.startswith("  ") and line[2] != " "] == list(Cause)
    assert out.isascii()
    assert max(map(len, out.splitlines())) <= 80


def test_no_such_cause(cli, canary):
    code, out, err = cli("--explain", "key-mising")

    assert (code, out) == (2, "")
    assert all(cause in err for cause in Cause)
    assert cli("--explain", f"lsv2_pt_{canary}0123456789abcdef0123_0123456789").code == 2


def test_a_process_of_its_own(command):
    assert command("--explain", "key-missing", PYTHONIOENCODING="ascii").code == 0
    assert command("--explain", "nonsense").code == 2


@pytest.mark.skipif(not os.path.isdir(PAGES), reason="there is no docs/ here")
def test_what_is_installed_is_what_is_written():
    folder = pages._folder()
    assert {page.name for page in folder.iterdir()} >= {f"{cause}.md" for cause in Cause}
    assert all((folder / f"{c}.md").read_text("utf-8") == (PAGES / f"{c}.md").read_text("utf-8") for c in Cause)
