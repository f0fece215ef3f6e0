"""The pages on the causes say what the code says."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from safe_langsmith import Cause
from safe_langsmith._core.engine import PRECEDENCE

REGENERATE = runpy.run_path(str(Path(__file__).parent / "regenerate.py"))
PAGES: Path = REGENERATE["PAGES"]
DIAGNOSES = REGENERATE["diagnoses"]()
SECTIONS = ["What to do", "How the library knows", "Similar causes", "What it says", "From LangSmith"]


@pytest.fixture(params=Cause, ids=str)
def cause(request):
    return request.param


@pytest.fixture
def page(cause):
    return (PAGES / f"{cause}.md").read_text(encoding="utf-8")


def test_every_page_is_of_a_cause():
    assert {path.stem for path in PAGES.glob("*.md")} == {*map(str, Cause), "README"}


def test_the_index_says_what_the_page_says_first(cause, page):
    first = " ".join(page.split("\n\n")[1].partition(". ")[0].split()).removesuffix(".")
    assert f"| [`{cause}`]({cause}.md) | {first} |" in (PAGES / "README.md").read_text(encoding="utf-8")


def test_a_page_has_all_its_parts(cause, page):
    assert page.splitlines()[0] == f"# `{cause}`"
    assert re.findall(r"^## (.*)$", page, re.MULTILINE) == SECTIONS


def test_a_page_names_the_causes_that_look_alike(cause, page):
    similar = page.partition("## Similar causes\n")[2].partition("## ")[0]
    named = re.findall(r"^- \[`([\w-]+)`\]", similar, re.MULTILINE)
    assert named
    assert cause not in named


def test_a_page_shows_a_real_message(cause, page):
    diagnosis = DIAGNOSES[cause]
    assert diagnosis.cause is cause
    assert REGENERATE["with_message"](page, diagnosis) == page, REGENERATE["IF_MEANT"]


def test_the_readme_shows_a_real_message():
    readme = REGENERATE["README"].read_text(encoding="utf-8")
    assert REGENERATE["with_refusal"](readme, DIAGNOSES["permission-denied"]) == readme, REGENERATE["IF_MEANT"]


def test_the_message_names_the_page_and_the_page_the_vendors(cause, page):
    assert f"--explain {cause}" in str(DIAGNOSES[cause])
    vendors = page.partition("## From LangSmith")[2]
    assert "https://kb.langchain.com/articles/8675798054-" in vendors
    assert re.search(
        r"https://(?:docs\.langchain\.com/langsmith/|status\.smith\.langchain\.com|kb\.langchain)", vendors
    )


def test_a_page_tells_the_highest_confidence_its_cause_can_have(cause, page):
    possible = {row.at_most for row in PRECEDENCE if row.cause is cause}
    assert all(f"`{confidence}`" in page for confidence in possible)


def test_links_between_pages_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#:]+\.md)\)", page):
        assert (PAGES / target).is_file()
