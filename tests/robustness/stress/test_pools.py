"""A pool's processes write, and what they are refused comes back whole."""

from __future__ import annotations

import multiprocessing

import pytest

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("start", sorted({"forkserver", "spawn"} & set(multiprocessing.get_all_start_methods())))
def test_a_pool(play, start):
    play("pools", 1, start)
