"""Threads share clients, make others and drop them: every write arrives as often as whoever wrote it was told."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("seed", [1, 2])
def test_clients_come_and_go(play, seed):
    play("threads", seed)
