"""The requests that the server received."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace


class Headers(Mapping[str, str]):
    """Headers, looked up in any case. The representation leaves out the values, since one of them is the key."""

    def __init__(self, items: Iterable[tuple[str, str]] = ()) -> None:
        self._values: dict[str, str] = {}
        for name, value in items:
            known = self._values.get(name.lower())
            self._values[name.lower()] = value if known is None else f"{known}, {value}"

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"<Headers {sorted(self._values)}>"


@dataclass(frozen=True)
class RecordedRequest:
    """A request that the server read completely.

    Attributes:
        method: The HTTP method.
        path: The path, without the base path and the query.
        query: The raw query, without the question mark.
        headers: The headers, looked up in any case.
        body: The body as sent, still compressed if it was.
        status: The status of the response. `None` before there is one, and if the connection was dropped.
        outside: Whether the path is outside the base path. If so, `path` is the whole path.
        client_address: The IP address of the client.
        server_address: The IP address and port of the server.
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
        workspace = f" in {self.workspace_id}" if self.workspace_id else ""
        return f"<RecordedRequest {self.method} {self.path}{workspace}: {self.status or 'no response'}>"


class RequestLog:
    """Every request received, oldest first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: list[RecordedRequest] = []

    def add(self, request: RecordedRequest) -> None:
        """Append a request."""
        with self._lock:
            self._requests.append(request)

    def set_status(self, request: RecordedRequest, status: int) -> None:
        """Record the status of the response to `request`, unless the log was cleared in between."""
        with self._lock:
            for index in reversed(range(len(self._requests))):
                if self._requests[index] is request:
                    self._requests[index] = replace(request, status=status)
                    return

    def clear(self) -> None:
        """Remove all requests."""
        with self._lock:
            self._requests.clear()

    def requests(self) -> tuple[RecordedRequest, ...]:
        """Return all requests, oldest first."""
        with self._lock:
            return tuple(self._requests)
