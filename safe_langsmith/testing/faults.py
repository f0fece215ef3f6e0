"""What the server sends: replies, and the faults that a test scripts in place of the ordinary reply."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Reply:
    """A response. As a fault, it replaces the ordinary one.

    Attributes:
        status: The HTTP status.
        body: Bytes or text as they are sent, or anything that `json.dumps` takes.
        content_type: The `Content-Type` header.
        headers: Further headers.
    """

    status: int
    body: Any = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)

    def content(self) -> bytes:
        """Return the body as bytes. JSON is compact, as both of LangSmith's backends write it."""
        if isinstance(self.body, bytes):
            return self.body
        if isinstance(self.body, str):
            return self.body.encode()
        return json.dumps(self.body, separators=(",", ":")).encode()


@dataclass(frozen=True)
class Redirect:
    """A redirect to `location`, an absolute URL or a path."""

    location: str
    status: int = 307


@dataclass(frozen=True)
class Slow:
    """The ordinary reply, `seconds` later. Closing the server ends the wait and the connection."""

    seconds: float


@dataclass(frozen=True)
class SlowBody:
    """A response whose body is sent one byte at a time.

    Attributes:
        status: The HTTP status.
        body: Bytes, text or anything that `json.dumps` takes.
        interval: The seconds before each byte.
        headers_too: Whether the status line and the headers are sent one byte at a time as well.
        content_type: The `Content-Type` header.
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
    """A connection that is closed without a response."""


Fault = Reply | Redirect | Slow | SlowBody | Drop
"""The values that `FakeLangSmith.fault` accepts."""


@dataclass
class _ScriptedFault:
    method: str | None
    path: str | None
    fault: Fault
    times_left: int | None


class FaultScript:
    """The faults still to happen, in the order in which they were added."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._scripted: list[_ScriptedFault] = []

    def add(self, method: str | None, path: str | None, fault: Fault, times: int | None) -> None:
        """Add a fault for the next `times` matching requests, or for all of them if `None`.

        Raises:
            ValueError: If `times` is less than 1.
        """
        if times is not None and times < 1:
            raise ValueError(f"times must be at least 1, or None for every request, not {times}")
        with self._lock:
            self._scripted.append(_ScriptedFault(method.upper() if method else None, path, fault, times))

    def take(self, method: str, path: str) -> Fault | None:
        """Return the fault for a request, if there is one, and count it as used."""
        with self._lock:
            for scripted in self._scripted:
                if scripted.method in (None, method) and scripted.path in (None, path):
                    if scripted.times_left is not None:
                        scripted.times_left -= 1
                        if scripted.times_left == 0:
                            self._scripted.remove(scripted)
                    return scripted.fault
        return None
