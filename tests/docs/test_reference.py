"""The API reference is what the docstrings and signatures say, and lacks no public name."""

from __future__ import annotations

import runpy
from pathlib import Path
from types import ModuleType

import pytest

import safe_langsmith
import safe_langsmith.actions
import safe_langsmith.testing

GENERATE = runpy.run_path(str(Path(__file__).parents[2] / "docs" / "api" / "generate.py"))
PAGES: dict[Path, str] = GENERATE["pages"]()
WRITTEN = {path: path.read_text("utf-8") for path in PAGES}
DOCUMENTED = {name.rstrip("()") for text in WRITTEN.values() for name in GENERATE["names_on"](text)}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_a_page_says_what_the_docstrings_say(path: Path) -> None:
    assert WRITTEN[path] == PAGES[path], GENERATE["IF_MEANT"]


@pytest.mark.parametrize("module", [safe_langsmith, safe_langsmith.testing], ids=lambda module: module.__name__)
def test_every_name_that_users_import_is_documented(module: ModuleType) -> None:
    assert {f"{module.__name__}.{name}" for name in module.__all__} - DOCUMENTED == set()


def test_every_action_is_documented() -> None:
    actions = {each.__name__ for each in safe_langsmith.Action.__subclasses__()}
    assert actions
    assert {f"safe_langsmith.actions.{name}" for name in actions} - DOCUMENTED == set()


def test_the_index_links_to_every_name_that_users_import() -> None:
    index = WRITTEN[Path(GENERATE["HERE"]) / "README.md"]
    names = {*safe_langsmith.__all__, "FakeLangSmith"}
    assert {name for name in names if f"#{name.lower()})" not in index} == set()
