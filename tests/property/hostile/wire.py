"""A server that sends bytes as they were given to it, right or wrong, and counts those that somebody took."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import TracebackType

Pieces = Callable[[], Iterable[bytes]]

RESET = b"\0reset"
"""The piece in place of which the connection is reset."""

_LINGER_NOT = struct.pack("ii", 1, 0)


def raw(*pieces: bytes) -> Pieces:
    """Returns exactly these pieces."""
    return lambda: pieces


def answer(
    body: bytes | Pieces = b"", status: str = "200 OK", headers: Iterable[tuple[str, str | bytes]] = ()
) -> Pieces:
    """Returns an answer that ends where its connection does, unless the headers say otherwise."""
    lines = [(name, value.encode() if isinstance(value, str) else value) for name, value in headers]
    if not any(name.lower() == "content-type" for name, _ in lines):
        lines.append(("Content-Type", b"application/json"))
    written = b"".join(name.encode() + b": " + value + b"\r\n" for name, value in lines)
    head = f"HTTP/1.1 {status}\r\nConnection: close\r\n".encode() + written + b"\r\n"

    def pieces() -> Iterator[bytes]:
        yield head
        yield from (body,) if isinstance(body, bytes) else body()

    return pieces


def refusal(body: bytes = b'{"detail":"Forbidden"}', headers: Iterable[tuple[str, str | bytes]] = ()) -> Pieces:
    """Returns a 403 of the right length."""
    return answer(body, "403 Forbidden", [("Content-Length", str(len(body))), *headers])


class Wire:
    """Serves from construction until it is left, one request a connection.

    Args:
        answers: The answers by path, without a query; of `*` where there is none.

    Attributes:
        url: What to configure as the endpoint.
        asked: The requests, method, path and query, oldest first.
        taken: How many bytes of answers were sent before the client hung up, by path.
    """

    def __init__(self, answers: Mapping[str, Pieces]) -> None:
        self.answers = dict(answers)
        self.asked: list[tuple[str, str]] = []
        self.taken: Counter[str] = Counter()
        self.closing = threading.Event()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()

    def __enter__(self) -> Wire:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        with contextlib.suppress(OSError), socket.create_connection(self._socket.getsockname()):
            pass
        self._acceptor.join()
        self._socket.close()
        for connection in tuple(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()

    def hung_up(self) -> None:
        """Waits until every connection has ended, so that `taken` counts no more."""
        for thread in tuple(self._threads):
            thread.join()

    def _accept(self) -> None:
        while True:
            connection, _ = self._socket.accept()
            if self.closing.is_set():
                connection.close()
                return
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        self._open.add(connection)
        # A small buffer, so that what is taken is what was read, and not what the system holds.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65_536)
        with connection, contextlib.suppress(OSError):
            path = self._read_request(connection)
            for piece in self.answers.get(path, self.answers["*"])():
                if piece == RESET:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
                    break
                connection.sendall(piece)
                self.taken[path] += len(piece)
        self._open.discard(connection)

    def _read_request(self, connection: socket.socket) -> str:
        with connection.makefile("rb") as stream:
            method, target, _ = stream.readline().decode().split(" ")
            length = 0
            while line := stream.readline().strip():
                name, _, value = line.decode("latin-1").partition(":")
                length = int(value) if name.lower() == "content-length" else length
            stream.read(length)
        self.asked.append((method, target))
        return target.partition("?")[0]
