"""The pages for contributors name files, folders, names and commands that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import safe_langsmith

ROOT = Path(__file__).parents[2]
PACKAGE = Path(safe_langsmith.__file__).parent
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
PAGES = CONTRIBUTING + (ROOT / "docs" / "design.md").read_text("utf-8")
QUOTED = sorted(set(re.findall(r"`([^`\n]+)`", PAGES)))
FILES = [name for name in QUOTED if re.fullmatch(r"[\w./-]+(?:\.(?:py|md|txt|json)|/)", name)]
# Constants, functions and fixtures. A plain word of prose is not such a name.
NAMES = [name for name in QUOTED if re.fullmatch(r"_?[A-Z]{4,}|_?[A-Za-z]+(?:_[A-Za-z]+)+", name)]


def test_every_folder_of_tests_is_listed() -> None:
    listed = re.findall(r"^\| `(tests/[\w/]+/)` \|", CONTRIBUTING, re.MULTILINE)
    folders = {f"{path.parent.relative_to(ROOT).as_posix()}/" for path in ROOT.glob("tests/*/**/test_*.py")}
    # A single file beside the folders needs no row.
    missing = [each for each in folders if not each.startswith(tuple(listed)) and each.count("/") > 2]
    assert missing == []
    assert [each for each in listed if not any(folder.startswith(each) for folder in folders)] == []


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_they_name_exists(name: str) -> None:
    assert any((place / name).exists() for place in (ROOT, PACKAGE.parent, PACKAGE))


def test_names_of_the_code_are_in_the_code() -> None:
    code = [path.read_text("utf-8") for folder in (PACKAGE, ROOT / "tests") for path in folder.rglob("*.py")]
    words = set(re.findall(r"\w+", "\n".join(text for text in code if text != Path(__file__).read_text("utf-8"))))
    assert "PRECEDENCE" in NAMES
    assert set(NAMES) - words == set()


@pytest.mark.skipif(not (ROOT / "noxfile.py").exists(), reason="the source distribution has no noxfile")
def test_its_sessions_are_those_of_the_noxfile() -> None:
    noxfile = (ROOT / "noxfile.py").read_text("utf-8")
    sessions = re.findall(r"^@nox\.session.*?\ndef (\w+)\(", noxfile, re.MULTILINE | re.DOTALL)
    named = re.findall(r"nox -s (\w+)", CONTRIBUTING)
    assert named
    assert set(named) <= set(sessions)
