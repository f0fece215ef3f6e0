"""Run by `test_generated_client.py` in a process of its own, where pytest-httpx patches the library the SDK uses."""

from __future__ import annotations

import asyncio
import sys

import langsmith
import pytest

from safe_langsmith import ForbiddenDiagnosis, SafeClient, find_diagnosis

KEY = "lsv2_pt_c0ffeec0ffee0123456789abcdef0123_0123456789"
ENDPOINT = "https://langsmith.invalid"


def test_the_mock_answers_the_sdk(httpx_mock):
    """Without this, every other test here could pass because nothing was intercepted."""
    httpx_mock.add_response(url=f"{ENDPOINT}/sessions?limit=1&offset=0", json=[{"id": "made up"}])

    async def first():
        client = langsmith.AsyncClient(api_url=ENDPOINT, api_key=KEY)
        response = await client._arequest_with_retries("GET", "/sessions", params={"limit": 1, "offset": 0})
        return response.json()

    assert asyncio.run(first()) == [{"id": "made up"}]
    (request,) = httpx_mock.get_requests()
    assert type(request).__module__.partition(".")[0] in (sys.argv[-1], "httpx")


@pytest.mark.skipif(not hasattr(langsmith.Client, "_get_langsmith_api_sync"), reason="this SDK has no generated client")
def test_a_refusal_of_the_generated_client_is_the_sdks_own(httpx_mock):
    httpx_mock.add_response(status_code=403, json={"detail": "Forbidden"})
    client = SafeClient(api_url=ENDPOINT, api_key=KEY, auto_batch_tracing=False)

    with pytest.raises(Exception, match="403") as caught:
        client._get_langsmith_api_sync().get("/sessions", cast_to=object)

    assert type(caught.value).__name__ == "PermissionDeniedError"
    assert not isinstance(caught.value, ForbiddenDiagnosis)
    assert find_diagnosis(caught.value) is None
    assert len(httpx_mock.get_requests()) == 1
    client.session.close()


def test_explaining_a_refusal_needs_no_httpx(httpx_mock):
    """The refusal and the questions about it go through `requests`; whatever reached httpx would fail this test."""
    from safe_langsmith.testing import StandIn

    with StandIn() as server:
        client = SafeClient(api_url=server.url, api_key=KEY, auto_batch_tracing=False)
        with pytest.raises(ForbiddenDiagnosis):
            list(client.list_projects())
        client.session.close()

    assert httpx_mock.get_requests() == []
