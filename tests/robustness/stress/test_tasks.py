"""Tasks on several event loops are cancelled at random: nothing hangs, and nothing arrives twice."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("seed", [1, 2])
def test_tasks_give_up(play, seed):
    play("tasks", seed)
