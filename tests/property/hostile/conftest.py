"""Makes `strategies.py` and its neighbours importable as `hostile.strategies`, and sets how long hypothesis looks."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from hostile.wire import Wire

hostile = ModuleType("hostile")
hostile.__path__ = [str(Path(__file__).parent)]
sys.modules.setdefault("hostile", hostile)

KEY = "lsv2_sk_c0ffeec0ffee00000000000000000000_0000001234"

settings.register_profile(
    "hostile", deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


ROADS = runpy.run_path(str(Path(__file__).parents[2] / "integration" / "calls" / "conftest.py"))["ROADS"]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Makes a test run on all roads that the installed SDK has, or on one for each way that questions go."""
    for name, wanted in (("kind", ROADS), ("way", ("requests", "async"))):
        if name in metafunc.fixturenames:
            rows = [pytest.param(ROADS[road], id=road) for road in wanted if ROADS[road].exists]
            metafunc.parametrize(name, rows)


@pytest.fixture(autouse=True)
def no_certificates(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Reading them, for nothing, is most of what a client costs."""
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))


@pytest.fixture
def raised() -> Iterator[Callable[..., Exception]]:
    """Makes a client, sends a request that fails, and returns what it raises."""
    roads = []

    def raised(kind: Any, server: Wire, **options: Any) -> Exception:
        roads.append(road := kind(server, KEY, **options))
        if road.loop is not None:
            # It would log what took long, with all that the server wrote.
            road.loop.set_debug(False)
        with pytest.raises(Exception) as caught:
            road.call()
        return caught.value

    yield raised
    for road in roads:
        road.close()
