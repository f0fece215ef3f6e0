"""Run by `test_generated_client.py` in a process of its own, where pytest-httpx patches the library the SDK uses."""

from __future__ import annotations

import asyncio
import secrets
import sys

import langsmith
import pytest

from safe_langsmith import ForbiddenDiagnosis, SafeAsyncClient, SafeClient

ENDPOINT = "https://langsmith.invalid"
WORKSPACE = "11111111-1111-4111-8111-111111111111"


@pytest.fixture
def key():
    """Another one for each test: what is learned of a key, the process remembers."""
    return f"lsv2_pt_c0ffeec0ffee{secrets.token_hex(10)}_{secrets.token_hex(5)}"


def test_the_mock_answers_the_sdk(httpx_mock, key):
    """Without this, every other test here could pass because nothing was intercepted."""
    httpx_mock.add_response(url=f"{ENDPOINT}/sessions?limit=1&offset=0", json=[{"id": "made up"}])

    async def first():
        client = langsmith.AsyncClient(api_url=ENDPOINT, api_key=key)
        response = await client._arequest_with_retries("GET", "/sessions", params={"limit": 1, "offset": 0})
        return response.json()

    assert asyncio.run(first()) == [{"id": "made up"}]
    (request,) = httpx_mock.get_requests()
    assert type(request).__module__.partition(".")[0] in (sys.argv[-1], "httpx")


@pytest.mark.skipif(not hasattr(langsmith.AsyncClient, "workspace_id"), reason="this SDK's client names no workspace")
@pytest.mark.parametrize("call_path", ["the client's own", "generated"])
def test_an_async_call_is_retried_over_the_clients_own_transport(call_path, httpx_mock, key):
    """Nothing but the mock answers, so question and second send went where the client's own requests go."""
    httpx_mock.add_response(
        url=f"{ENDPOINT}/sessions", status_code=403, json={"error": "org_scoped_key_requires_workspace"}
    )
    httpx_mock.add_response(url=f"{ENDPOINT}/workspaces", json=[{"id": WORKSPACE, "display_name": "Research"}])
    httpx_mock.add_response(url=f"{ENDPOINT}/sessions", match_headers={"X-Tenant-Id": WORKSPACE}, json=["made up"])

    async def first():
        client = SafeAsyncClient(api_url=ENDPOINT, api_key=key)
        if call_path == "generated":
            return await client._langsmith_api.get("/sessions", cast_to=object)
        return (await client._arequest_with_retries("GET", "/sessions")).json()

    assert asyncio.run(first()) == ["made up"]
    assert [request.url.path for request in httpx_mock.get_requests()] == ["/sessions", "/workspaces", "/sessions"]


@pytest.mark.skipif(not hasattr(langsmith.Client, "_get_langsmith_api_sync"), reason="this SDK has no generated client")
def test_a_sync_refusal_asks_over_the_clients_session(httpx_mock, key):
    httpx_mock.add_response(status_code=403, json={"detail": "Forbidden"})
    client = SafeClient(api_url=ENDPOINT, api_key=key, auto_batch_tracing=False, probe=False)

    with pytest.raises(ForbiddenDiagnosis, match="probe=False") as caught:
        client._get_langsmith_api_sync().get("/sessions", cast_to=object)

    assert "PermissionDeniedError" in [kind.__name__ for kind in type(caught.value).__mro__]
    assert len(httpx_mock.get_requests()) == 1
    client.session.close()


def test_explaining_a_refusal_needs_no_httpx(httpx_mock, key):
    """The refusal and the questions about it go through `requests`; whatever reached httpx would fail this test."""
    from safe_langsmith.testing import FakeLangSmith

    with FakeLangSmith() as server:
        client = SafeClient(api_url=server.url, api_key=key, auto_batch_tracing=False)
        with pytest.raises(ForbiddenDiagnosis):
            list(client.list_projects())
        client.session.close()

    assert httpx_mock.get_requests() == []
