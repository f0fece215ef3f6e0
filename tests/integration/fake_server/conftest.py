"""An organization, and clients of the real SDK."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from langsmith import Client

from safe_langsmith.testing import FakeLangSmith, Organization, Workspace


@pytest.fixture
def acme(server: FakeLangSmith) -> Organization:
    return server.add_organization("Acme")


@pytest.fixture
def research(acme: Organization) -> Workspace:
    return acme.add_workspace("Research")


@pytest.fixture
def make_sdk() -> Iterator[Callable[..., Client]]:
    clients: list[Client] = []

    def make(server: FakeLangSmith, **options: Any) -> Client:
        clients.append(Client(api_url=server.url, **{"auto_batch_tracing": False, **options}))
        return clients[-1]

    yield make
    for client in clients:
        client.flush()
        client.cleanup()
        client.session.close()


@pytest.fixture
def sdk(server: FakeLangSmith, acme: Organization, research: Workspace, make_sdk: Callable[..., Client]) -> Client:
    """A client with a key for the whole organization that names its workspace."""
    return make_sdk(server, api_key=acme.add_service_key(workspaces=None), workspace_id=research.id)
