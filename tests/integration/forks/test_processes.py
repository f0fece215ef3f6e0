"""Processes of multiprocessing and process pools, in a program that configures a client when it is imported."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Callable

import pytest

from .conftest import once


@pytest.mark.parametrize("method", sorted(multiprocessing.get_all_start_methods()))
def test_every_run_of_each_process_arrives_once(
    method: str, run: Callable[..., str], arrived: Callable[[], Counter[str]]
) -> None:
    printed = run("processes", method)

    of_pool = [f"pool {number}" for number in range(20)]
    if method == "fork":
        of_pool += ["old pool 0", "old pool 1"]
    assert arrived() == once("first", "queued", "process", "meanwhile", *of_pool, "after"), printed
