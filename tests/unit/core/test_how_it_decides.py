"""The page on how causes are told has the order of the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from safe_langsmith._core.engine import PRECEDENCE, PREFLIGHT

PAGE = Path(__file__).parents[3] / "docs" / "how-it-decides.md"
ROW = re.compile(r"\| (\d) \| \[`([a-z-]+)`\]\(causes/([a-z-]+)\.md\) \| (\w+) \| \S.* \|")


@pytest.mark.parametrize(("mark", "rows"), [("precedence", PRECEDENCE), ("beforehand", PREFLIGHT)])
def test_the_table_is_the_codes(mark, rows):
    _, marked, rest = PAGE.read_text(encoding="utf-8").partition(f"<!-- {mark} -->\n")
    assert marked
    told = [ROW.fullmatch(line) for line in rest.partition("\n\n")[0].splitlines()[2:]]
    expected = [(str(row.rank), row.cause.value, row.cause.value, row.at_most.value) for row in rows]
    assert [row and row.groups() for row in told] == expected
