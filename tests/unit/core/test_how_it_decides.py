"""The page on how the library decides has the order of the code, in the words of the rules."""

from __future__ import annotations

import runpy
from pathlib import Path

REGENERATE = runpy.run_path(str(Path(__file__).parent / "regenerate.py"))


def test_the_tables_are_the_codes():
    page = REGENERATE["HOW_IT_DECIDES"].read_text(encoding="utf-8")
    assert REGENERATE["with_tables"](page) == page, REGENERATE["IF_MEANT"]
