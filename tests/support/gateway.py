"""A LangSmith behind a gateway, which knows nothing of this library and of the fake server."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import urlsplit

UNNAMED = {"error": "org_scoped_key_requires_workspace"}
PROBES = ("/workspaces", "/settings", "/info")


class Received(NamedTuple):
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    status: int

    @property
    def workspace(self) -> str | None:
        return self.headers.get("x-tenant-id")


class Gateway:
    """A server that tells callers apart as it likes.

    Args:
        reaches: The workspaces that a caller reaches.
        caller: Returns the name of the caller from a request's headers and query.
    """

    def __init__(self, reaches: dict[str, Iterable[str]], caller: Callable[[dict[str, str], str], str]) -> None:
        self.received: list[Received] = []
        self.reaches = {name: tuple(ids) for name, ids in reaches.items()}
        self.caller = caller
        self.statuses: list[int] = []
        """The statuses of the next requests that are no probes; 0 for the ordinary one."""
        self.meanwhile: dict[str, Callable[[], Any]] = {}
        """What happens while a request for a path is being answered, once."""
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                gateway.answer(self)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

            def log_message(self, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        url = urlsplit(handler.path)
        headers = {name.lower(): value for name, value in handler.headers.items()}
        body = _body(handler)
        change = self.meanwhile.pop(url.path, None)
        if change is not None:
            change()
        status, answer = self._answer(url.path, url.query, headers)
        self.received.append(Received(handler.command, url.path, url.query, headers, body, status))
        content = json.dumps(answer).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    def _answer(self, path: str, query: str, headers: dict[str, str]) -> tuple[int, Any]:
        reached = self.reaches.get(self.caller(headers, query), ())
        if path == "/workspaces":
            return 200, [{"id": id_, "display_name": "Of " + self.caller(headers, query)} for id_ in reached]
        if path == "/info":
            return 200, {"version": "0.16.0", "batch_ingest_config": {}}
        status = self.statuses.pop(0) if self.statuses and path not in PROBES else 0
        if status:
            return status, UNNAMED if status == 403 else {"error": "scripted"}
        named = headers.get("x-tenant-id")
        if named is None:
            return 403, UNNAMED
        return (200, [] if path == "/sessions" else {}) if named in reached else (403, {"error": "Forbidden"})

    @property
    def calls(self) -> list[Received]:
        """What was received, without the probes."""
        return [request for request in self.received if request.path not in PROBES]


def _body(handler: BaseHTTPRequestHandler) -> bytes:
    if handler.headers.get("Transfer-Encoding", "").lower() != "chunked":
        return handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
    chunks = []
    while size := int(handler.rfile.readline().split(b";")[0], 16):
        chunks.append(handler.rfile.read(size))
        handler.rfile.readline()
    handler.rfile.readline()
    return b"".join(chunks)
