"""The clients that strange responses are sent to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from ...integration.calls.conftest import CALL_PATHS
from ...support.thinning import thinned

ALL = [pytest.param(kind, id=name) for name, kind in CALL_PATHS.items() if kind.exists]
# One for each library that probes are sent with.
ONE_FOR_EACH_TRANSPORT = [pytest.param(CALL_PATHS[name], id=name) for name in ("requests", "async")]


def each(names: Iterable[str], clients: list[Any]) -> pytest.MarkDecorator:
    """Run a test with each name and client; by default with each name once, and the clients in turn."""
    cases = [pytest.param(name, id=name) for name in names]
    return pytest.mark.parametrize(("name", "kind"), thinned(cases, clients, always=0))
