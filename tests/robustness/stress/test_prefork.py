"""A master forks workers as gunicorn does, whatever its threads are at, and kills some."""

from __future__ import annotations

import os

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")]


@pytest.mark.parametrize("moment", ["nothing", "retried", "diagnosing", "importing"])
def test_workers_write_and_trace(play, moment):
    play("prefork", 1, moment)


def test_a_child_imports_nothing_that_a_thread_of_its_parent_may_be_importing(play):
    play("prefork", 1, "everything_is_imported")
