"""Scripted faults, and the script that hands them out."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from safe_langsmith.testing.replies import Reply


@dataclass(frozen=True)
class Redirect:
    """Answers with a redirect to `location`, an absolute URL or a path."""

    location: str
    status: int = 307


@dataclass(frozen=True)
class Slow:
    """Waits `seconds`, then answers normally. Closing the server ends the wait and the connection."""

    seconds: float


@dataclass(frozen=True)
class SlowBody:
    """Sends a body one byte at a time.

    Attributes:
        status: The HTTP status.
        body: Bytes, text or anything that `json.dumps` takes.
        interval: The seconds before each byte.
        headers_too: Whether the status line and headers come a byte at a time as well.
        content_type: The `Content-Type` to declare.
        headers: Further headers.
    """

    status: int
    body: Any
    interval: float
    headers_too: bool = False
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Drop:
    """Closes the connection without an answer."""


Fault = Reply | Redirect | Slow | SlowBody | Drop


@dataclass
class _Entry:
    method: str | None
    path: str | None
    fault: Fault
    left: int | None


class Script:
    """The faults that are still to happen. What was registered first happens first."""

    def __init__(self) -> None:
        """Starts empty."""
        self._lock = threading.Lock()
        self._entries: list[_Entry] = []

    def add(self, method: str | None, path: str | None, fault: Fault, times: int | None) -> None:
        """Adds a fault for the next `times` requests that match, `None` for all; a `None` matches anything."""
        if times is not None and times < 1:
            raise ValueError(f"times must be at least 1, or None for ever, not {times}")
        with self._lock:
            self._entries.append(_Entry(method.upper() if method else None, path, fault, times))

    def take(self, method: str, path: str) -> Fault | None:
        """Returns the fault for a request and counts it as used."""
        with self._lock:
            for entry in self._entries:
                if entry.method in (None, method) and entry.path in (None, path):
                    if entry.left is not None:
                        entry.left -= 1
                        if entry.left == 0:
                            self._entries.remove(entry)
                    return entry.fault
        return None
