"""An account on the stand-in for LangSmith, in a process of its own, whose work does not count as the client's."""

from __future__ import annotations

import contextlib
import multiprocessing
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

from safe_langsmith.testing import FakeLangSmith, Slow


class Account(NamedTuple):
    """Where it is, and its keys.

    Attributes:
        url: The endpoint.
        user: The key of somebody who may do everything.
        viewer: The key of somebody who may only look.
        organization: Keys that need a workspace to be named, each to be healed once.
        connection: To the process.
    """

    url: str
    user: str
    viewer: str
    organization: tuple[str, ...]
    connection: Any

    @property
    def requests(self) -> int:
        """How many requests have arrived."""
        self.connection.send("count")
        count: int = self.connection.recv()
        return count


@contextlib.contextmanager
def account(keys: int = 0, seconds_away: float = 0.0) -> Iterator[Account]:
    """Opens an account.

    Args:
        keys: How many of the organization's keys to make.
        seconds_away: How long every answer takes.
    """
    spawn = multiprocessing.get_context("spawn")
    here, there = spawn.Pipe()
    process = spawn.Process(target=_serve, args=(there, keys, seconds_away))
    process.start()
    there.close()
    try:
        yield Account(*here.recv(), here)
    finally:
        here.send("close")
        process.join()


def _serve(connection: Connection, keys: int, seconds_away: float) -> None:
    with FakeLangSmith() as server:
        acme = server.add_organization("Acme")
        workspace = acme.add_workspace("Research")
        if seconds_away:
            server.fault(None, None, Slow(seconds_away), times=None)
        user, viewer = acme.add_personal_key(default=workspace), acme.add_personal_key(default=workspace, role="Viewer")
        connection.send((server.url, user, viewer, tuple(acme.add_service_key(workspaces=None) for _ in range(keys))))
        while connection.recv() == "count":
            connection.send(len(server.requests))
