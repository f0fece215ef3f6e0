"""An account on the fake LangSmith server, in a process of its own, so that the server's work is not measured."""

from __future__ import annotations

import contextlib
import multiprocessing
import uuid
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

from safe_langsmith.testing import FakeLangSmith, Reply, Slow, Workspace


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
def account(keys: int = 0, latency: float = 0.0, workspaces: int = 1, permissions: int = 0) -> Iterator[Account]:
    """Start a server with one account.

    Args:
        keys: The number of organization-scoped keys.
        latency: The seconds that every response takes.
        workspaces: The number of workspaces that are listed.
        permissions: The number of permissions listed for each, or 0 for those of the user's role.
    """
    spawn = multiprocessing.get_context("spawn")
    here, there = spawn.Pipe()
    process = spawn.Process(target=_serve, args=(there, keys, latency, workspaces, permissions))
    process.start()
    there.close()
    try:
        yield Account(*here.recv(), here)
    finally:
        here.send("close")
        process.join()


def _serve(connection: Connection, keys: int, latency: float, workspaces: int, permissions: int) -> None:
    with FakeLangSmith() as server:
        acme = server.add_organization("Acme")
        workspace = acme.add_workspace("Research")
        if latency:
            server.fault(None, None, Slow(latency), times=None)
        if permissions:
            server.fault("GET", "/workspaces", Reply(200, _listing(workspace, workspaces, permissions)), times=None)
        user, viewer = acme.add_personal_key(default=workspace), acme.add_personal_key(default=workspace, role="Viewer")
        connection.send((server.url, user, viewer, tuple(acme.add_service_key(workspaces=None) for _ in range(keys))))
        while connection.recv() == "count":
            connection.send(len(server.requests))


def _listing(first: Workspace, workspaces: int, permissions: int) -> list[dict[str, Any]]:
    names = [f"resource-{number:03}:read" for number in range(permissions)]
    ids = [first.id, *(str(uuid.UUID(int=number)) for number in range(1, workspaces))]
    return [
        {
            "id": id_,
            "organization_id": str(uuid.UUID(int=0)),
            "display_name": f"Workspace {number}",
            "created_at": "2025-01-01T00:00:00Z",
            "is_personal": False,
            "is_deleted": False,
            "tenant_handle": None,
            "data_plane_url": None,
            "role_name": ("WORKSPACE_VIEWER", "WORKSPACE_USER", "Custom")[number % 3],
            "permissions": names,
        }
        for number, id_ in enumerate(ids)
    ]
