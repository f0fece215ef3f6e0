"""The listening socket: a thread that accepts, a thread for each connection, and a quick end for all of them."""

from __future__ import annotations

import contextlib
import socket
import threading
import time

from safe_langsmith.testing.connection import Connection, Site

_HOST = "127.0.0.1"
_BACKLOG = 128
_PATIENCE = 2.0  # Seconds to let threads end in `close`; all were woken, so only a stuck one needs them.


class Listener:
    """Serves `site` on a free loopback port from construction until `close`."""

    def __init__(self, site: Site) -> None:
        """Binds and starts to accept."""
        self._site = site
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._connections: dict[socket.socket, threading.Thread] = {}
        self._socket = socket.create_server((_HOST, 0), backlog=_BACKLOG)
        self.address: str = f"{_HOST}:{self._socket.getsockname()[1]}"
        self._acceptor = threading.Thread(target=self._accept, name="stand-in", daemon=True)
        self._acceptor.start()

    def close(self) -> None:
        """Stops accepting and ends every connection, idle ones too. Does nothing the second time."""
        with self._lock:
            if self._closing.is_set():
                return
            self._closing.set()
        # Closing a socket does not wake a thread that accepts on it, on every system; a visitor does.
        with contextlib.suppress(OSError), socket.create_connection(self._socket.getsockname(), timeout=_PATIENCE):
            pass
        deadline = time.monotonic() + _PATIENCE
        self._acceptor.join(_PATIENCE)
        self._socket.close()
        with self._lock:
            connections = dict(self._connections)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in connections.values():
            thread.join(max(0.0, deadline - time.monotonic()))

    def _accept(self) -> None:
        while True:
            connection, _ = self._socket.accept()
            thread = threading.Thread(target=self._serve, args=(connection,), name="stand-in", daemon=True)
            with self._lock:
                if self._closing.is_set():
                    connection.close()
                    return
                self._connections[connection] = thread
                thread.start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            # A client that goes away in the middle is what some tests are about.
            with contextlib.suppress(OSError):
                Connection(connection, self._site, self._closing)
        finally:
            with self._lock:
                del self._connections[connection]
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()
