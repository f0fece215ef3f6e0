"""What a child traces that `os.fork` has made, and what its parent does."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable

import pytest

from .conftest import once

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")

MOMENTS = ("first", "queued", "in the child", "in the child, later", "in the grandchild", "after")


def test_every_run_of_parent_child_and_grandchild_arrives_once(
    run: Callable[..., str], arrived: Callable[[], Counter[str]]
) -> None:
    printed = run("os_fork")

    runs = [f"{client} {moment}" for client in ("configured", "given", "tracer") for moment in MOMENTS]
    assert arrived() == once(*runs, "around the fork", "during"), printed
