"""What is found for one credential is used for that one alone, however a request says whose it is."""

from __future__ import annotations

import asyncio

import langsmith
import pytest

from safe_langsmith import SafeAsyncClient, diagnose


@pytest.fixture
def other(server):
    org = server.add_organization("Other")
    return org, org.add_workspace("Theirs")


def of(server, path):
    return [(r.workspace_id, r.status) for r in server.requests if r.path == path]


def retried(make_client, server, key):
    client = make_client(server, key)
    list(client.list_projects())
    server.clear_requests()
    return client


@pytest.mark.parametrize("spelling", ["x-api-key", "X-API-Key", "X-Api-Key"])
def test_another_key_of_one_call_is_not_sent_the_chosen_workspace(spelling, server, workspace, key, other, make_client):
    org, theirs = other
    client = retried(make_client, server, key)
    client.request_with_retries(
        "POST", "/sessions", json={"name": "p"}, headers={spelling: org.add_personal_key(default=theirs)}
    )

    assert of(server, "/sessions") == [(None, 200)]
    assert [project["name"] for project in server.projects(theirs)] == ["p"]
    assert client.workspace_id == workspace.id


def test_another_key_that_is_set_later_does_not_inherit_it(server, workspace, key, other, make_client):
    org, theirs = other
    client = retried(make_client, server, key)
    client.api_key = org.add_personal_key(default=theirs)
    client.create_project("p")

    assert [project["name"] for project in server.projects(theirs)] == ["p"]
    assert client.workspace_id is None


@pytest.mark.skipif(not hasattr(langsmith.AsyncClient, "workspace_id"), reason="this SDK's client names no workspace")
def test_another_key_that_is_set_later_on_an_async_client(server, workspace, key, other):
    org, theirs = other

    async def main():
        client = SafeAsyncClient(api_url=server.url, api_key=key)
        await client._arequest_with_retries("GET", "/sessions")
        client.api_key = org.add_personal_key(default=theirs)
        await client._arequest_with_retries("POST", "/sessions", content=b'{"name": "p"}')
        await client._client.aclose()
        return client.workspace_id

    assert asyncio.run(main()) is None
    assert [project["name"] for project in server.projects(theirs)] == ["p"]


def test_of_two_logins_each_is_its_own(server, org, workspace, other, make_client):
    """A client without a key, whose own login needs no workspace: another's must not become its own."""
    elsewhere, theirs = other
    own = org.add_oauth_token(default=workspace)
    another = elsewhere.add_oauth_token(default=None, roles={theirs: "Admin"})
    client = make_client(server, headers={"Authorization": f"Bearer {own}"})
    client.request_with_retries("POST", "/sessions", json={"name": "p"}, headers={"Authorization": f"Bearer {another}"})

    assert [project["name"] for project in server.projects(theirs)] == ["p"]
    assert client.workspace_id is None
    assert list(client.list_projects()) == []


@pytest.mark.parametrize("named", [True, False])
def test_a_workspace_that_is_named_for_another_key_stays(named, server, org, workspace, key, other, make_client):
    """Also where it is the client's: older SDKs copy that one into the headers, so it may or may not be a wish."""
    elsewhere, theirs = other
    client = make_client(server, key, workspace_id=workspace.id)
    headers = {"x-api-key": elsewhere.add_service_key(workspaces=None)}
    if named:
        headers["X-Tenant-Id"] = workspace.id
        with pytest.raises(langsmith.utils.LangSmithError):
            client.request_with_retries("POST", "/sessions", json={"name": "p"}, headers=headers)
    else:
        client.request_with_retries("POST", "/sessions", json={"name": "p"}, headers=headers)

    assert len(server.projects(theirs)) == (0 if named else 1)
    assert client.workspace_id == workspace.id


@pytest.mark.skipif(not hasattr(langsmith.Client, "_get_langsmith_api_sync"), reason="this SDK has no generated client")
def test_a_copy_for_another_key_of_a_client_without_one(server, org, workspace, other, make_client):
    elsewhere, theirs = other
    own = org.add_oauth_token(default=workspace)
    client = make_client(server, headers={"Authorization": f"Bearer {own}"})
    copied = client._get_langsmith_api_sync().with_options(api_key=elsewhere.add_service_key(workspaces=None))
    copied.post("/sessions", cast_to=object, body={"name": "p"})

    assert [project["name"] for project in server.projects(theirs)] == ["p"]
    assert client.workspace_id is None
    assert list(client.list_projects()) == []


def test_a_key_in_the_place_of_the_endpoint_shows_four_characters(make_client, monkeypatch):
    # The SDK logs the address that it uses, and the tests' own key must not be in a log.
    key = "lsv2_pt_0123456789abcdef0123456789abcdef_abcdef0124"
    monkeypatch.setenv("LANGSMITH_ENDPOINT", key)
    monkeypatch.setenv("LANGSMITH_API_KEY", "https://api.smith.langchain.com")
    langsmith.utils.get_env_var.cache_clear()
    found = diagnose(make_client())

    assert found.fixes[0].title.startswith("Swap the API key and the endpoint")
    assert key[-5:] not in f"{found} {found.to_dict()} {found.report()} {found._repr_html_()}"
