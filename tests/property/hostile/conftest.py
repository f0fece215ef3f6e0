"""Clients of each kind, and what they raise when a server sends strange responses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .wire import Wire

KEY = "lsv2_sk_c0ffeec0ffee00000000000000000000_0000001234"


@pytest.fixture
def raised() -> Iterator[Callable[..., Exception]]:
    """Makes a client, sends a request that fails, and returns what it raises."""
    call_paths = []

    def raised(kind: Any, server: Wire, **options: Any) -> Exception:
        call_paths.append(call_path := kind(server, KEY, **options))
        with pytest.raises(Exception) as caught:
            call_path.call()
        return caught.value

    yield raised
    for call_path in call_paths:
        call_path.close()
