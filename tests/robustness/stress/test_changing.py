"""A client may be given another key at any time, and what was found for the first one is not the second one's."""

from __future__ import annotations

import asyncio

import pytest
import requests
from langsmith import AsyncClient

from safe_langsmith import Cause, ForbiddenDiagnosis, SafeAsyncClient


@pytest.fixture
def found(org):
    return org.add_workspace("Research")


@pytest.fixture
def home(org):
    return org.add_workspace("Support")


@pytest.fixture
def first(org, found, home):
    """Has to name a workspace."""
    return org.add_service_key(workspaces=None)


@pytest.fixture
def second(org, found, home):
    """Belongs to another workspace, but reaches the one that is found for the first key."""
    return org.add_personal_key(default=home, roles={found: "Admin"})


def test_while_a_workspace_is_chosen(server, make_client, found, home, first, second):
    def choose(workspaces):
        client.api_key = second
        return found.id

    client = make_client(server, first, resolve_workspace=choose)
    with pytest.raises(ForbiddenDiagnosis) as caught:
        client.create_project("with the first key")

    assert caught.value.cause is Cause.WORKSPACE_REQUIRED
    assert client.workspace_id is None
    client.create_project("with the second key")
    assert [project["name"] for project in server.projects(home)] == ["with the second key"]
    assert server.projects(found) == []


def test_while_the_second_request_is_on_its_way(server, make_client, found, home, first, second):
    class Session(requests.Session):
        def send(self, request, **kwargs):
            response = super().send(request, **kwargs)
            if "X-Tenant-Id" in request.headers and request.method == "POST":
                client.api_key = second
            return response

    client = make_client(server, first, session=Session(), resolve_workspace=lambda workspaces: found.id)
    client.create_project("with the first key")

    assert client.workspace_id is None
    client.create_project("with the second key")
    assert [project["name"] for project in server.projects(found)] == ["with the first key"]
    assert [project["name"] for project in server.projects(home)] == ["with the second key"]


@pytest.mark.skipif(
    not hasattr(AsyncClient, "workspace_id"), reason="before langsmith 0.9.8 this client names no workspace"
)
def test_on_a_loop(server, found, home, first, second):
    def choose(workspaces):
        client.api_key = second
        return found.id

    async def main():
        with pytest.raises(ForbiddenDiagnosis):
            await client.create_project("with the first key")
        await client.create_project("with the second key")
        await client.aclose()

    client = SafeAsyncClient(api_url=server.url, api_key=first, resolve_workspace=choose)
    asyncio.run(main())

    assert [project["name"] for project in server.projects(home)] == ["with the second key"]
    assert server.projects(found) == []
