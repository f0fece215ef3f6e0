"""A stage for scenes, with nothing on it that costs time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from safe_langsmith.testing import FakeLangSmith

from .stage import Stage


@pytest.fixture(autouse=True)
def no_key_in_the_logs() -> None:
    """Here the logs are compared with the SDK's own, which has its own opinion of URLs."""


@pytest.fixture
def stage(make_server: Callable[..., FakeLangSmith], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Stage:
    return Stage(make_server, monkeypatch, tmp_path)
