"""What arrived at the stand-in."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace


class Headers(Mapping[str, str]):
    """Headers by name in any case. Shows names only, since the values hold the key."""

    def __init__(self, items: Iterable[tuple[str, str]] = ()) -> None:
        """Joins the values of a repeated name with a comma, as HTTP does."""
        self._values: dict[str, str] = {}
        for name, value in items:
            known = self._values.get(name.lower())
            self._values[name.lower()] = value if known is None else f"{known}, {value}"

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"<Headers {sorted(self._values)}>"


@dataclass(frozen=True)
class RecordedRequest:
    """A request that was read completely.

    Attributes:
        method: The HTTP method.
        path: The path, without the base path and the query.
        query: The raw query, without the question mark.
        headers: The headers, by name in any case.
        body: The body as sent, still compressed if it was.
        status: The status answered; `None` while unanswered, and for good where the connection was dropped.
        outside: Whether the path is outside the base path; then `path` is the whole path.
        client_address: The IP address it came from.
        server_address: The IP address and port it came to.
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=Headers)
    body: bytes = b""
    status: int | None = None
    outside: bool = False
    client_address: str = "127.0.0.1"
    server_address: str = ""

    @property
    def workspace_id(self) -> str | None:
        """The workspace that the request named by `X-Tenant-Id`."""
        return self.headers.get("x-tenant-id")

    def __repr__(self) -> str:
        place = f" in {self.workspace_id}" if self.workspace_id else ""
        return f"<RecordedRequest {self.method} {self.path}{place}: {self.status or 'unanswered'}>"


class Journal:
    """Every request received, oldest first."""

    def __init__(self) -> None:
        """Starts empty."""
        self._lock = threading.Lock()
        self._next = 0
        self._entries: dict[int, RecordedRequest] = {}

    def add(self, received: RecordedRequest) -> int:
        """Appends a request and returns the number to answer it by."""
        with self._lock:
            self._next += 1
            self._entries[self._next] = received
            return self._next

    def answered(self, number: int, status: int) -> None:
        """Notes what a request was answered, unless the journal was cleared meanwhile."""
        with self._lock:
            if number in self._entries:
                self._entries[number] = replace(self._entries[number], status=status)

    def clear(self) -> None:
        """Forgets everything received."""
        with self._lock:
            self._entries.clear()

    @property
    def entries(self) -> tuple[RecordedRequest, ...]:
        """Everything received, oldest first."""
        with self._lock:
            return tuple(self._entries.values())
