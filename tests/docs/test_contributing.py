"""The page for contributors names what is there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

import safe_langsmith

ROOT = Path(__file__).parents[2]
PACKAGE = Path(safe_langsmith.__file__).parent
PAGE = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
QUOTED = sorted(set(re.findall(r"`([^`\n]+)`", PAGE)))
FILES = [name for name in QUOTED if re.fullmatch(r"[\w./-]+(?:\.(?:py|md|txt|json)|/)", name)]
# Constants, functions and fixtures; a word of prose is no such name.
NAMES = [name for name in QUOTED if re.fullmatch(r"_?[A-Z]{4,}|_?[A-Za-z]+(?:_[A-Za-z]+)+", name)]


def test_every_directory_of_tests_is_told_of() -> None:
    told = re.findall(r"^\| `tests/(\w+)/` \|", PAGE, re.MULTILINE)
    assert sorted(told) == sorted({path.parent.name for path in ROOT.glob("tests/**/*.py")})


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_it_names_is_there(name: str) -> None:
    # Step by step, the file's own folder is left out where the sentence has just named it.
    places = [ROOT, PACKAGE.parent, PACKAGE, PACKAGE / "testing", ROOT / "tests" / "property" / "worlds"]
    assert any((place / name).exists() for place in places)


def test_names_of_the_code_are_in_the_code() -> None:
    code = [path.read_text("utf-8") for folder in (PACKAGE, ROOT / "tests") for path in folder.rglob("*.py")]
    words = set(re.findall(r"\w+", "\n".join(text for text in code if text != Path(__file__).read_text("utf-8"))))
    assert "PRECEDENCE" in NAMES
    assert set(NAMES) - words == set()


def test_its_tools_are_those_of_ci() -> None:
    (line,) = re.findall(r"^python -m pip install -e (.*)$", PAGE, re.MULTILINE)
    _, *tools = shlex.split(line)
    (lint,) = re.findall(r"^lint\(\) \{\n.*?^\}", (ROOT / ".ci" / "run").read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert tools
    assert [tool for tool in tools if tool not in lint] == []
