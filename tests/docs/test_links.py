"""The pages read well on GitHub: a link says what it leads to, and leads to a file, and no code of Sphinx is shown."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)\s]+)\)")
CODE = re.compile(r"```.*?```|<!--.*?-->", re.DOTALL)
FILE_NAME = re.compile(r"`?[\w./-]*\w\.(?:md|py|toml|ya?ml|txt|json|ipynb|cfg)(?:#[\w-]+)?`?")


def links(path: Path) -> list[tuple[str, str]]:
    return LINK.findall(CODE.sub("", path.read_text("utf-8")))


@pytest.fixture(params=PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def page(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def test_the_text_of_a_link_is_no_file_name(page: Path) -> None:
    assert [text for text, _ in links(page) if FILE_NAME.fullmatch(text) or "://" in text] == []


def test_a_link_leads_to_a_file(page: Path) -> None:
    """Sphinx checks pages only, and GitHub nothing."""
    targets = [target.partition("#")[0] for _, target in links(page) if not re.match(r"[a-z]+:|#", target)]
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_it_shows_no_directive(page: Path) -> None:
    """GitHub shows a directive of Sphinx as raw code."""
    assert "```{" not in page.read_text("utf-8")


def test_there_are_links_to_check() -> None:
    assert sum(len(links(path)) for path in PAGES) > 100
    assert FILE_NAME.fullmatch("docs/how-it-decides.md")
    assert FILE_NAME.fullmatch("`CONTRIBUTING.md`")
