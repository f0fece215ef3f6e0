"""The names of this library's inside that tests use to make time short and memory empty. All of them are here."""

from __future__ import annotations

import gc
import importlib
import sys
from collections.abc import Callable
from typing import Any

import pytest

_DRIVER = "safe_langsmith._probe.driver"
_CACHE = "safe_langsmith._probe.cache"


def load_handler() -> None:
    """Import what the first 403 imports, so that nothing takes a constant that a test has set for a while."""
    importlib.import_module("safe_langsmith._recovery").load_handler()


def forget_prompts() -> None:
    """Empty the SDK's caches of prompts, which all clients of a process share: a later server may get the same port."""
    module = sys.modules.get("langsmith.prompt_cache")
    for name in ("prompt_cache_singleton", "async_prompt_cache_singleton"):
        cache = getattr(module, name, None)
        if cache is not None:
            cache.clear()


def forget_everything() -> None:
    """Make this process forget what it has learned of endpoints and keys."""
    importlib.import_module(_CACHE).CACHE.clear()
    importlib.import_module("safe_langsmith._probe.transports").FILE_READER.reset()


def count_known_keys() -> int:
    """Return of how many keys anything is kept in memory."""
    kind = importlib.import_module(_CACHE).KeyState
    return sum(isinstance(found, kind) for found in gc.get_objects())


class Probing:
    """How long probes may take, and how long their answers are kept.

    Args:
        monkeypatch: Takes back what is set.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        load_handler()
        self._monkeypatch = monkeypatch

    def set_deadline(self, seconds: float) -> None:
        """Set how long all probes for one refusal may take."""
        self._monkeypatch.setattr(f"{_DRIVER}.DEADLINE", seconds)

    def set_pause(self, seconds: float) -> None:
        """Set how long to wait before a probe is repeated."""
        self._monkeypatch.setattr(f"{_DRIVER}.PAUSE", seconds)

    def set_clock(self, clock: Callable[[], float]) -> None:
        """Begin with an empty memory that reads the time from a clock of the test's."""
        cache: Any = importlib.import_module(_CACHE)
        self._monkeypatch.setattr(cache, "CACHE", cache.KeyStateCache(clock))
        self._monkeypatch.setattr("safe_langsmith._log.monotonic", clock)

    def set_most_keys(self, number: int) -> None:
        """Begin with an empty memory that has room for a few keys, and for a few answers for each."""
        cache: Any = importlib.import_module(_CACHE)
        for module in (_CACHE, "safe_langsmith._recovery.workspace"):
            self._monkeypatch.setattr(f"{module}.MOST_KEYS", number)
        self._monkeypatch.setattr(cache, "MOST_ANSWERS", number)
        self._monkeypatch.setattr(cache, "CACHE", cache.KeyStateCache())
