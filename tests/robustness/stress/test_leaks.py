"""Afterwards there are no more threads, files, clients and keys than the SDK leaves behind."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("scene", ["threads_and_files", "clients", "keys"])
def test_nothing_is_left(play, scene):
    play("leaks", 1, scene)
