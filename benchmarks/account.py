"""An account on the fake LangSmith server, in a process of its own, so that the server's work is not measured."""

from __future__ import annotations

import contextlib
import multiprocessing
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

from safe_langsmith.testing import FakeLangSmith, Slow


class Account(NamedTuple):
    """The account's endpoint and keys.

    Attributes:
        url: The endpoint.
        user: The key of a user with all permissions.
        viewer: The key of a user with the role Viewer.
        organization: Organization-scoped keys: a call with one of them succeeds only after a retry with a workspace.
        connection: The connection to the server's process.
    """

    url: str
    user: str
    viewer: str
    organization: tuple[str, ...]
    connection: Any

    @property
    def requests(self) -> int:
        """The number of requests that the server has received."""
        self.connection.send("count")
        count: int = self.connection.recv()
        return count


@contextlib.contextmanager
def account(keys: int = 0, latency: float = 0.0) -> Iterator[Account]:
    """Start a server with one account.

    Args:
        keys: The number of organization-scoped keys.
        latency: The seconds that every response takes.
    """
    spawn = multiprocessing.get_context("spawn")
    here, there = spawn.Pipe()
    process = spawn.Process(target=_serve, args=(there, keys, latency))
    process.start()
    there.close()
    try:
        yield Account(*here.recv(), here)
    finally:
        here.send("close")
        process.join()


def _serve(connection: Connection, keys: int, latency: float) -> None:
    with FakeLangSmith() as server:
        acme = server.add_organization("Acme")
        workspace = acme.add_workspace("Research")
        if latency:
            server.fault(None, None, Slow(latency), times=None)
        user, viewer = acme.add_personal_key(default=workspace), acme.add_personal_key(default=workspace, role="Viewer")
        connection.send((server.url, user, viewer, tuple(acme.add_service_key(workspaces=None) for _ in range(keys))))
        while connection.recv() == "count":
            connection.send(len(server.requests))
