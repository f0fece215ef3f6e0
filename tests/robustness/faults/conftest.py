"""A server to be refused by, and files that can fail to be read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from safe_langsmith.testing import FakeLangSmith

from .stage import ENV, Stage


@pytest.fixture
def stage(server: FakeLangSmith) -> Iterator[Stage]:
    # Both are read from the working directory, so that what reads them can fail.
    Path(".env").write_text(ENV)
    made = Stage(server)
    yield made
    made.close()
