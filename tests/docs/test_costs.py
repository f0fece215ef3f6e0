"""The tables on the page about costs have the columns that the benchmarks print."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "costs.md").read_text("utf-8")


def columns(script: str) -> tuple[str, ...]:
    for node in ast.parse((ROOT / "benchmarks" / script).read_text("utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "COLUMNS":
            return ast.literal_eval(node.value)
    raise AssertionError(f"{script} has no COLUMNS")


@pytest.mark.parametrize(("script", "between"), [("compare.py", " | "), ("workspaces.py", " | "), ("tracing.py", "  ")])
def test_a_table_has_the_columns_that_its_script_prints(script: str, between: str) -> None:
    section = PAGE.partition(f"`python benchmarks/{script}`")[2].partition("\n## ")[0]
    head = between.join(columns(script))
    assert (f"\n| {head} |\n" if "|" in between else f"\n{head}\n") in section


def test_ratios_come_with_their_noise_and_target() -> None:
    assert {"ratio", "noise", "target"} <= set(columns("compare.py"))
    assert all(f'"{name}" is ' in PAGE for name in ("ratio", "noise", "target"))
