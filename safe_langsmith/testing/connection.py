"""One connection: reads requests and sends what was decided. Knows HTTP and nothing of LangSmith."""

from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Mapping
from http import HTTPStatus
from typing import Protocol

from safe_langsmith.testing.faults import Drop, Fault, Redirect, Slow, SlowBody
from safe_langsmith.testing.received import Headers, RecordedRequest
from safe_langsmith.testing.replies import Reply

_PHRASES = {status.value: status.phrase for status in HTTPStatus}


class Site(Protocol):
    """What a connection asks about the requests it reads."""

    def receive(
        self, method: str, target: str, headers: Headers, body: bytes, client_address: str, server_address: str
    ) -> tuple[int, RecordedRequest]:
        """Notes a request and returns its number in the journal."""

    def fault(self, received: RecordedRequest) -> Fault | None:
        """Returns the fault scripted for a request."""

    def reply(self, received: RecordedRequest) -> Reply:
        """Returns the ordinary answer to a request."""

    def answered(self, number: int, status: int) -> None:
        """Notes what is about to be answered."""


class Connection(http.server.BaseHTTPRequestHandler):
    """Serves one client until it or the server closes."""

    protocol_version = "HTTP/1.1"
    # A small answer must not wait for the client to acknowledge the one before.
    disable_nagle_algorithm = True

    def __init__(self, connection: socket.socket, site: Site, closing: threading.Event) -> None:
        """Serves `connection` to its end.

        Args:
            connection: The accepted socket; the caller closes it.
            site: Who decides.
            closing: Set when the server closes, which ends every wait.
        """
        self._site = site
        self._closing = closing
        self._server_address = "{}:{}".format(*connection.getsockname())
        super().__init__(connection, connection.getpeername(), None)  # type: ignore[arg-type]

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing: a stand-in must not write into the output of a test."""

    def _exchange(self) -> None:
        body = self._read_body()
        if body is None:
            self.close_connection = True
            return
        headers, client_address = Headers(self.headers.items()), self.client_address[0]
        number, received = self._site.receive(
            self.command, self.path, headers, body, client_address, self._server_address
        )
        action = self._site.fault(received)
        if isinstance(action, Slow) and self._closing.wait(action.seconds):
            action = Drop()
        if isinstance(action, Drop):
            self.close_connection = True
            return
        if isinstance(action, Redirect):
            action = Reply(action.status, headers={"Location": action.location})
        if action is None or isinstance(action, Slow):
            action = self._site.reply(received)
        self._site.answered(number, action.status)
        if isinstance(action, SlowBody):
            self._drip(action)
        else:
            self.connection.sendall(b"".join(self._message(action)))

    do_GET = _exchange
    do_HEAD = _exchange
    do_POST = _exchange
    do_PUT = _exchange
    do_PATCH = _exchange
    do_DELETE = _exchange
    do_OPTIONS = _exchange

    def _read_body(self) -> bytes | None:
        """Returns the whole body, or `None` where it is malformed or the client gave up."""
        try:
            if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
                return self._read_chunks()
            return self._read_exactly(int(self.headers.get("Content-Length") or 0))
        except (ValueError, EOFError):
            return None

    def _read_chunks(self) -> bytes:
        chunks = []
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            chunks.append(self._read_exactly(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass  # Trailers carry nothing that is needed, but stand before the next request.
        return b"".join(chunks)

    def _read_exactly(self, size: int) -> bytes:
        data = self.rfile.read(size)
        if len(data) != size:
            raise EOFError
        return data

    def _message(self, reply: Reply) -> tuple[bytes, bytes]:
        """Returns the head and the body as they go on the wire."""
        content = reply.content()
        headers: Mapping[str, str] = reply.headers
        bodiless = reply.status in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
        if not bodiless:
            defaults = {"Content-Type": reply.content_type, "Content-Length": str(len(content))}
            given = {name.lower() for name in headers}
            headers = {**{name: value for name, value in defaults.items() if name.lower() not in given}, **headers}
        if any(name.lower() == "connection" and value.lower() == "close" for name, value in headers.items()):
            self.close_connection = True
        lines = [
            f"HTTP/1.1 {reply.status} {_PHRASES.get(reply.status, '')}",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        return head, b"" if bodiless or self.command == "HEAD" else content

    def _drip(self, drip: SlowBody) -> None:
        head, content = self._message(Reply(drip.status, drip.body, drip.content_type, drip.headers))
        if drip.headers_too:
            head, content = b"", head + content
        self.connection.sendall(head)
        for byte in content:
            if self._closing.wait(drip.interval):
                self.close_connection: bool = True
                return
            self.connection.sendall(bytes((byte,)))
