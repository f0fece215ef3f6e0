"""Who asks for all the others may end at any moment, and at any line; then another one asks."""

from __future__ import annotations

import signal

import langsmith
import pytest

pytestmark = pytest.mark.slow

ON_THREADS = ["interrupted", "terminated", "anywhen", "interrupted_anywhere", "handler_anywhere", "never_lost"]
ON_LOOPS = ["cancelled", "closed", "stopped"]


@pytest.mark.skipif(not hasattr(signal, "SIGALRM"), reason="signals are others here")
@pytest.mark.parametrize("scene", ON_THREADS)
def test_a_thread(play, scene):
    play("mixed", 1, scene)


@pytest.mark.skipif(
    not hasattr(langsmith.AsyncClient, "workspace_id"), reason="before langsmith 0.9.8 this client names no workspace"
)
@pytest.mark.parametrize("scene", ON_LOOPS)
def test_a_loop(play, scene):
    play("mixed", 1, scene)
