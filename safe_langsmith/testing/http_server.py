"""HTTP on a loopback socket: reads requests, and sends replies or faults."""

from __future__ import annotations

import contextlib
import http.server
import io
import socket
import socketserver
import sys
import threading
import time
from http import HTTPStatus
from typing import Any

from safe_langsmith.testing.faults import Drop, Redirect, Reply, Slow, SlowBody
from safe_langsmith.testing.recorded import Headers
from safe_langsmith.testing.service import Service

_CLOSE_SECONDS = 2.0  # The most that `close` waits for threads. Only one that is stuck takes that long.


class HTTPServer(http.server.ThreadingHTTPServer):
    """Serves on a free port of 127.0.0.1, from construction until `close`, with a thread for each connection."""

    daemon_threads = True  # A server that a test forgets to close must not keep the process alive.
    request_queue_size = 128

    def __init__(self, service: Service) -> None:
        self.service = service
        self.closing: threading.Event = threading.Event()
        self._connections: dict[socket.socket, threading.Thread] = {}
        self._connections_lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), _Handler)
        self._port: int = self.server_address[1]
        self.address: str = f"127.0.0.1:{self._port}"
        self._thread = threading.Thread(target=self._accept, name="fake-langsmith", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End every connection, idle ones too. The second call does nothing."""
        with self._connections_lock:
            if self.closing.is_set():
                return
            self.closing.set()
        # On some systems, closing a socket does not wake the thread that accepts on it. A connection does.
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._port), _CLOSE_SECONDS):
            pass
        deadline = time.monotonic() + _CLOSE_SECONDS
        self._thread.join(_CLOSE_SECONDS)
        self.server_close()
        with self._connections_lock:
            connections = dict(self._connections)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in connections.values():
            thread.join(max(0.0, deadline - time.monotonic()))

    def _accept(self) -> None:
        # Not `serve_forever`, whose shutdown takes up to a poll interval.
        while not self.closing.is_set():
            self.handle_request()

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Refuse connections while the server closes."""
        return not self.closing.is_set()

    def server_bind(self) -> None:
        """Bind, but do not look up the host's name, which may ask a name server."""
        socketserver.TCPServer.server_bind(self)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve one connection, in its thread."""
        threading.current_thread().name = "fake-langsmith"
        with self._connections_lock:
            if not self.closing.is_set():
                self._connections[request] = threading.current_thread()
        try:
            if request in self._connections:
                super().process_request_thread(request, client_address)
            else:
                self.shutdown_request(request)
        finally:
            with self._connections_lock:
                self._connections.pop(request, None)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that disconnect early, and raise everything else."""
        if not isinstance(sys.exc_info()[1], OSError):
            raise


class _Handler(http.server.BaseHTTPRequestHandler):
    """Serves the requests of one connection."""

    server: HTTPServer
    protocol_version = "HTTP/1.1"
    # A small response must not wait until the client acknowledges the previous one.
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing into the output of a test."""

    def _serve(self) -> None:
        service = self.server.service
        body = self._read_body()
        if body is None:
            self.close_connection = True
            return
        request = service.record(
            self.command, self.path, Headers(self.headers.items()), body, self.client_address[0], self.server.address
        )
        fault = service.faults.take(request.method, request.path)
        if isinstance(fault, Drop) or (isinstance(fault, Slow) and self.server.closing.wait(fault.seconds)):
            self.close_connection = True
            return
        if isinstance(fault, Redirect):
            fault = Reply(fault.status, headers={"Location": fault.location})
        reply = service.reply(request) if fault is None or isinstance(fault, Slow) else fault
        service.log.set_status(request, reply.status)
        self._send(reply)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _serve

    def _read_body(self) -> bytes | None:
        """Return the whole body, or `None` if it is malformed or incomplete."""
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
            pass  # Trailers precede the next request.
        return b"".join(chunks)

    def _read_exactly(self, size: int) -> bytes:
        data = self.rfile.read(size)
        if len(data) != size:
            raise EOFError
        return data

    def _send(self, reply: Reply | SlowBody) -> None:
        content = Reply(reply.status, reply.body).content()
        has_body = reply.status not in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
        given = {name.lower() for name in reply.headers}
        defaults = {"Content-Type": reply.content_type, "Content-Length": str(len(content))} if has_body else {}
        self.send_response_only(reply.status)
        for name, value in defaults.items():
            if name.lower() not in given:
                self.send_header(name, value)
        for name, value in reply.headers.items():
            self.send_header(name, value)  # After `Connection: close`, this closes the connection.
        fast = self.wfile
        slow = _SlowWriter(fast, reply.interval, self.server.closing) if isinstance(reply, SlowBody) else fast
        self.wfile = slow if isinstance(reply, SlowBody) and reply.headers_too else fast
        self.end_headers()
        self.wfile = fast
        if has_body and self.command != "HEAD":
            slow.write(content)


class _SlowWriter(io.BufferedIOBase):
    """Writes one byte at a time."""

    def __init__(self, target: io.BufferedIOBase, interval: float, closing: threading.Event) -> None:
        self._target = target
        self._interval = interval
        self._closing = closing

    def write(self, data: Any) -> int:
        for byte in data:
            if self._closing.wait(self._interval):
                raise ConnectionAbortedError("the server was closed")
            self._target.write(bytes((byte,)))
        return len(data)
