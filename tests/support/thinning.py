"""Fewer cases by default where a product of two lists makes thousands: the others are slow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest


def slow_unless(names: Sequence[str], kept: Sequence[str]) -> list[Any]:
    """Return parameters for names, those marked as slow that are not to be kept."""
    return [pytest.param(name, marks=() if name in kept else pytest.mark.slow) for name in names]


def every(step: int, values: Sequence[Any]) -> list[Any]:
    """Return parameters for values, or for plain tuples of them, of which one in so many is not marked as slow."""
    marks = [() if number % step == 0 else pytest.mark.slow for number in range(len(values))]
    rows = [value if type(value) is tuple else (value,) for value in values]
    return [pytest.param(*row, marks=mark) for row, mark in zip(rows, marks, strict=True)]


def thinned(rows: Sequence[Any], columns: Sequence[Any], always: int = 1) -> list[Any]:
    """Return the product of two lists of pytest's parameters, in which most pairs are marked as slow.

    Each row meets the first columns, and of the other columns one, in turn. So each row and each column are in some
    pair that is not slow.

    Args:
        rows: Parameters of one value each.
        columns: Parameters of one value each.
        always: How many of the columns every row meets.
    """
    pairs = []
    for number, row in enumerate(rows):
        kept = {*range(always), always + number % max(1, len(columns) - always)}
        for place, column in enumerate(columns):
            slow = () if place in kept else (pytest.mark.slow,)
            marks = (*row.marks, *column.marks, *slow)
            pairs.append(pytest.param(row.values[0], column.values[0], id=f"{row.id}-{column.id}", marks=marks))
    return pairs
