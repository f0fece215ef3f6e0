"""What a client's key has done before counts if it is refused later."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from unittest.mock import Mock

import pytest

from safe_langsmith import Cause, ForbiddenDiagnosis, SafeAsyncClient, diagnose
from safe_langsmith.testing import Reply


def list_projects(client):
    return list(client.list_projects())


def refused(client) -> ForbiddenDiagnosis:
    with pytest.raises(ForbiddenDiagnosis) as caught:
        list_projects(client)
    return caught.value


@pytest.fixture
def personal(org, workspace):
    return org.add_personal_key(default=workspace)


def test_a_key_that_read_here_and_is_revoked_is_of_no_other_organization(server, personal, make_client, monkeypatch):
    monkeypatch.setenv("LANGSMITH_REGION", "eu")
    client = make_client(server, personal)
    list_projects(client)
    server.revoke(personal)
    error = refused(client)

    assert error.cause is Cause.KEY_REJECTED
    assert "it worked here less than a minute ago" in error.summary
    assert error.fixes[0].title == "Create a new key, unless the error is temporary"
    assert diagnose(client).summary.partition(": ")[2] == error.summary.partition(": ")[2]


def test_a_key_that_never_worked_may_be_of_another_organization(server, personal, make_client):
    client = make_client(server, personal)
    server.revoke(personal)

    assert "another organization" in refused(client).summary


def test_a_key_that_sends_traces_and_may_not_read_lacks_a_permission(server, personal, make_client):
    forbidden = Reply(403, {"detail": "Forbidden"})
    for path in ("/sessions", "/settings", "/workspaces"):
        server.fault("GET", path, forbidden, times=None)
    client = make_client(server, personal)
    client.request_with_retries("POST", "/runs", request_kwargs={"json": {}, "headers": {"x-api-key": personal}})

    assert refused(client).cause is Cause.PERMISSION_DENIED


def test_what_langsmith_tells_anybody_is_no_success_of_the_key(server, personal, make_client):
    client = make_client(server, personal)
    assert client.info.version
    server.revoke(personal)

    assert "worked here" not in refused(client).summary


def test_the_successes_of_one_key_are_not_those_of_the_next(server, org, workspace, personal, make_client):
    client = make_client(server, personal)
    list_projects(client)
    client.api_key = other = org.add_personal_key(default=workspace)
    server.revoke(other)

    assert "worked here" not in refused(client).summary


def test_the_async_client_remembers_them_too(server, personal):
    async def twice():
        async with SafeAsyncClient(api_url=server.url, api_key=personal) as client:
            assert [dataset async for dataset in client.list_datasets()] == []
            server.revoke(personal)
            with pytest.raises(ForbiddenDiagnosis, match="it worked here"):
                [dataset async for dataset in client.list_datasets()]

    asyncio.run(twice())


def test_a_public_prompt_is_no_success_of_the_key(server, personal, make_client):
    client = make_client(server, personal)
    server.fault("GET", "/commits/langchain-ai/x/latest", Reply(200, {"commit_hash": "a", "manifest": {}}))
    client.request_with_retries("GET", "/commits/langchain-ai/x/latest")
    server.revoke(personal)

    assert "worked here" not in refused(client).summary


def test_a_page_where_one_signs_in_is_no_success_of_the_key(server, personal, make_client):
    client = make_client(server, personal)
    server.fault("GET", "/sessions", Reply(200, "<html>Sign in</html>", {"Content-Type": "text/html"}))
    client.request_with_retries("GET", "/sessions")
    server.revoke(personal)

    assert "worked here" not in refused(client).summary


DOUBLES = [
    Mock(status_code=200),
    Mock(status_code=200, headers=None),
    SimpleNamespace(status_code=200, raise_for_status=lambda: None),
]


@pytest.mark.parametrize("double", DOUBLES)
def test_a_double_in_place_of_a_response_is_returned(double, make_client):
    session = Mock()
    session.request.return_value = double
    client = make_client(api_url="http://127.0.0.1:9", api_key="any", session=session, info={})
    assert client.request_with_retries("GET", "/sessions") is double
    assert [name for name, *_ in session.mock_calls if name.startswith("request()")] in (
        [],
        ["request().raise_for_status"],
    )
