"""Checking a client before the first 403."""

from __future__ import annotations

import asyncio
import sys
from types import SimpleNamespace

import langsmith
import pytest

from safe_langsmith import Cause, SafeAsyncClient, adiagnose, diagnose
from safe_langsmith.testing import Reply


@pytest.fixture(params=["sync", "async"])
def check(request, server, make_client):
    """Checks a client that is made with the arguments."""

    def sync(**kwargs):
        return diagnose(make_client(server, **kwargs))

    def asynchronous(**kwargs):
        async def check():
            client = SafeAsyncClient(api_url=server.url, api_key=kwargs.pop("key"), **kwargs)
            try:
                return await adiagnose(client)
            finally:
                await client._client.aclose()

        return asyncio.run(check())

    return sync if request.param == "sync" else asynchronous


def asked(server):
    return [r.path for r in server.requests]


def test_nothing_is_wrong(server, workspace, org, check):
    assert check(key=org.add_personal_key(default=workspace)) is None
    assert asked(server) == ["/settings"]


def test_the_workspace_that_is_named_works(server, workspace, key, check):
    if not hasattr(langsmith.AsyncClient, "workspace_id"):
        pytest.skip("this SDK's async client names no workspace")
    assert check(key=key, workspace_id=workspace.id) is None


def test_a_key_that_needs_a_workspace(server, workspace, key, check):
    found = check(key=key)

    assert found.cause is Cause.WORKSPACE_REQUIRED
    assert found.summary.startswith(f"Service key lsv2_sk_****{key[-4:]} needs a workspace in each request to")
    assert workspace.id in found.fixes[0].code
    assert (found.method, found.url, found.status_code) == (None, None, None)


@pytest.mark.parametrize("placeholder", ["<your-api-key>", "ls__c0ffeec0ffee0123456789", "sk-proj-c0ffeec0ffee"])
def test_a_value_that_cannot_be_a_key_is_not_asked_about(placeholder, server, check):
    assert check(key=placeholder).cause in (Cause.KEY_MALFORMED, Cause.KEY_LEGACY)
    assert asked(server) == []


def test_a_key_that_nobody_knows(server, check):
    assert check(key="lsv2_pt_c0ffeec0ffee0123456789abcdef0123_0123456789").cause is Cause.KEY_REJECTED


def test_a_server_that_is_not_there(check, server):
    server.close()

    assert check(key="lsv2_pt_c0ffeec0ffee0123456789abcdef0123_0123456789").cause is Cause.UNDETERMINED


def test_probe_false_asks_nothing(server, workspace, key, check):
    assert check(key=key, probe=False).cause is Cause.UNDETERMINED
    assert asked(server) == []


def test_the_sdks_own_clients_can_be_checked(server, workspace, key):
    client = langsmith.Client(api_url=server.url, api_key=key, auto_batch_tracing=False)

    assert diagnose(client).cause is Cause.WORKSPACE_REQUIRED
    assert client.workspace_id is None
    client.session.close()


class TestWaysAroundTheClient:
    @pytest.fixture
    def exporting(self, server, workspace, key, make_client):
        client = make_client(server, key, workspace_id=workspace.id)
        client.otel_exporter = SimpleNamespace()
        return client

    def test_one_that_lacks_the_workspace_is_named_with_the_way_round(self, exporting, workspace):
        found = diagnose(exporting)

        assert found.cause is Cause.WORKSPACE_REQUIRED
        assert "the OpenTelemetry exporter" in found.summary
        assert found.fixes[0].code == f'OTEL_EXPORTER_OTLP_HEADERS="x-api-key=<key>,X-Tenant-Id={workspace.id}"'
        (check,) = [check for check in found.checks if "bypass" in check.title]
        assert check.result == "problem"

    def test_one_that_names_it_is_fine(self, exporting, workspace, monkeypatch):
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", f"x-api-key=k,X-Tenant-Id={workspace.id}")

        assert diagnose(exporting) is None

    def test_a_key_that_needs_no_workspace_has_no_trouble_there(self, server, org, workspace, make_client):
        client = make_client(server, org.add_personal_key(default=workspace), workspace_id=workspace.id)
        client.otel_exporter = SimpleNamespace()

        assert diagnose(client) is None

    def test_a_refusal_mentions_what_is_in_use(self, server, org, workspace, make_client, monkeypatch):
        monkeypatch.setitem(sys.modules, "langsmith.sandbox", SimpleNamespace())
        found = diagnose(make_client(server, org.add_service_key(workspaces=None)))

        assert "sandbox clients: no workspace is sent" in str(found.checks)

    def test_what_is_merely_imported_is_no_trouble(self, server, workspace, key, make_client, monkeypatch):
        monkeypatch.setitem(sys.modules, "langsmith.sandbox", SimpleNamespace())

        assert diagnose(make_client(server, key, workspace_id=workspace.id)) is None


def test_a_proxys_page_is_told_from_a_refusal(server, workspace, org, check):
    server.fault("GET", None, Reply(403, "<html><title>squid</title></html>", "text/html"), times=None)

    assert check(key=org.add_personal_key(default=workspace)).cause is Cause.BLOCKED_UPSTREAM


def test_each_function_says_which_clients_it_takes(server, workspace, key, make_client):
    async def mistaken():
        await adiagnose(make_client(server, key))

    with pytest.raises(TypeError, match="use `diagnose"):
        asyncio.run(mistaken())
    with pytest.raises(TypeError, match="use `await adiagnose"):
        diagnose(SafeAsyncClient(api_url=server.url, api_key=key))
