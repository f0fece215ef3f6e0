"""Makes `injection.py` and its neighbours importable as `faults.injection`: tests here are no package of their own."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from safe_langsmith.testing import FakeLangSmith

if TYPE_CHECKING:
    from faults.stage import Stage

faults = ModuleType("faults")
faults.__path__ = [str(Path(__file__).parent)]
sys.modules.setdefault("faults", faults)


@pytest.fixture(autouse=True)
def no_certificates(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Reading them, for nothing, is most of what a client costs."""
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))


@pytest.fixture
def stage(server: FakeLangSmith, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    from faults.stage import ENV, Stage

    importlib.import_module("safe_langsmith._recovery.handler")
    monkeypatch.setattr("safe_langsmith._probe.driver.PAUSE", 0)
    # Both are read from the working directory, so that what reads them can fail.
    Path(".env").write_text(ENV)
    made = Stage(server)
    yield made
    made.close()
