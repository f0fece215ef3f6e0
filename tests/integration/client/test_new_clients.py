"""A program that creates a client again and again, such as a Streamlit app on each rerun, is refused once."""

from __future__ import annotations

import asyncio
import uuid

import langsmith
import pytest
import requests

from safe_langsmith import Cause, ForbiddenDiagnosis, SafeAsyncClient, SafeClient, diagnose
from tests.support.tracing import send_traces

HOUR = 3_600


def refused(server):
    return [(r.method, r.path) for r in server.requests if r.status == 403]


def warned(caplog):
    records = [*caplog.get_records("setup"), *caplog.get_records("call")]
    return [record.getMessage() for record in records if record.name == "safe_langsmith"]


@pytest.fixture
def found(server, workspace, key, make_client):
    """A first client has found the workspace."""
    list(make_client(server, key).list_projects())
    assert refused(server) == [("GET", "/sessions")]
    server.clear_requests()


def test_later_clients_name_the_workspace_from_the_start(found, server, workspace, key, make_client, caplog):
    for number in range(3):
        client = make_client(server, key)
        client.create_project(f"p{number}")
        assert client.workspace_id == workspace.id

    assert {(r.method, r.path, r.workspace_id, r.status) for r in server.requests} == {
        ("POST", "/sessions", workspace.id, 200)
    }
    (line,) = warned(caplog)
    assert f"LANGSMITH_WORKSPACE_ID={workspace.id}" in line


def test_traces_too(found, server, workspace, key):
    client = SafeClient(api_url=server.url, api_key=key)
    id_ = uuid.uuid4()
    order = f"20240101T000000000000Z{id_}"
    client.create_run("run", {}, "chain", id=id_, trace_id=id_, dotted_order=order)
    send_traces(client)
    client.cleanup()

    assert refused(server) == []
    assert [run["name"] for run in server.runs(workspace)] == ["run"]


@pytest.mark.skipif(not hasattr(langsmith.AsyncClient, "workspace_id"), reason="this SDK's async client names none")
def test_async_clients(server, workspace, key):
    async def run():
        for _ in range(3):
            async with SafeAsyncClient(api_url=server.url, api_key=key) as client:
                [each async for each in client.list_datasets()]
                assert client.workspace_id == workspace.id

    asyncio.run(run())

    assert len(refused(server)) == 1


def test_a_client_that_was_checked_is_well(found, server, key, make_client):
    assert diagnose(make_client(server, key)) is None


class TestWhatIsConfiguredCounts:
    def test_an_argument(self, found, server, org, key, make_client):
        other = org.add_workspace("Support")

        assert make_client(server, key, workspace_id=other.id).workspace_id == other.id

    def test_a_variable(self, found, server, org, workspace, key, make_client, monkeypatch):
        monkeypatch.setenv("LANGSMITH_WORKSPACE_ID", org.add_workspace("Support").id)

        # An older SDK has cached that the variable was not set.
        assert make_client(server, key).workspace_id != workspace.id

    def test_a_header(self, found, server, org, key, make_client):
        if "headers" not in langsmith.Client.__init__.__annotations__:
            pytest.skip("this SDK's client takes no headers")
        other = org.add_workspace("Support")
        client = make_client(server, key, headers={"X-Tenant-Id": other.id})
        list(client.list_projects())

        assert client.workspace_id is None
        assert [r.workspace_id for r in server.requests] == [other.id]

    def test_a_variable_that_the_sdk_does_not_read(self, found, server, org, key, make_client, monkeypatch):
        other = org.add_workspace("Support")
        monkeypatch.setenv("LANGSMITH_TENANT_ID", other.id)
        client = make_client(server, key)
        with pytest.raises(ForbiddenDiagnosis) as raised:
            list(client.list_projects())

        assert raised.value.cause is Cause.WORKSPACE_REQUIRED
        assert client.workspace_id is None

    def test_a_line_of_the_env_file(self, found, server, org, key, make_client, tmp_path):
        other = org.add_workspace("Support")
        (tmp_path / ".env").write_text(f"LANGSMITH_WORKSPACE_ID={other.id}\n")

        assert make_client(server, key, dotenv_path=tmp_path / ".env").workspace_id is None

    def test_an_option(self, found, server, key, make_client):
        client = make_client(server, key, resolve_workspace=False)
        with pytest.raises(ForbiddenDiagnosis):
            list(client.list_projects())

        assert client.workspace_id is None


class TestForWhom:
    def test_another_key(self, found, server, org, make_client):
        other = org.add_service_key(workspaces=None)

        assert make_client(server, other).workspace_id is None

    def test_another_endpoint(self, found, server, key, make_client):
        assert make_client(key=key, api_url=f"{server.url}/api/v1").workspace_id is None

    def test_another_identity(self, found, server, key, make_client):
        session = requests.Session()
        session.headers["X-Forwarded-User"] = "somebody else"

        assert make_client(server, key, session=session).workspace_id is None

    def test_a_client_that_becomes_anothers(self, found, server, org, key, make_client):
        client = make_client(server, key)
        client.session.headers["X-Forwarded-User"] = "somebody else"
        list(client.list_projects())

        assert next(r.workspace_id for r in server.requests if r.path == "/sessions") is None

    @pytest.mark.skipif(not hasattr(langsmith.Client, "api_key"), reason="this SDK's key cannot be set")
    def test_a_client_that_gets_another_key(self, found, server, org, key, make_client):
        client = make_client(server, key)
        client.api_key = org.add_service_key(workspaces=None)

        assert client.workspace_id is None


class TestForHowLong:
    @pytest.fixture
    def clock(self, probing):
        clock = [0.0]
        probing.set_clock(lambda: clock[0])
        return clock

    def test_an_hour(self, clock, server, org, workspace, key, make_client):
        list(make_client(server, key).list_projects())
        clock[0] += HOUR - 1
        assert make_client(server, key).workspace_id == workspace.id
        clock[0] += 2

        assert make_client(server, key).workspace_id is None

    def test_later_clients_do_not_prolong_it(self, clock, server, org, workspace, key, make_client):
        list(make_client(server, key).list_projects())
        clock[0] += HOUR - 10
        list(make_client(server, key, resolve_workspace=True).list_projects())
        clock[0] += 11

        assert make_client(server, key).workspace_id is None

    def test_until_it_is_refused(self, clock, server, org, workspace, key, make_client):
        list(make_client(server, key).list_projects())
        org.delete_workspace(workspace)
        new = org.add_workspace("New")
        clock[0] += 61
        with pytest.raises(ForbiddenDiagnosis) as raised:
            list(make_client(server, key).list_projects())
        assert raised.value.cause is Cause.WORKSPACE_NOT_ACCESSIBLE
        client = make_client(server, key)

        assert client.workspace_id is None
        assert list(client.list_projects()) == []
        assert client.workspace_id == new.id


def test_a_failure_of_this_library_leaves_the_client_as_the_sdks(found, server, key, make_client, monkeypatch):
    def fail(*_):
        raise RuntimeError

    monkeypatch.setattr("safe_langsmith._recovery.workspace.identity_of", fail)

    assert make_client(server, key).workspace_id is None


def test_a_client_says_what_it_is(server, key, make_client):
    assert repr(make_client(server, key)) == f"SafeClient (API URL: {server.url})"
    assert "SafeAsyncClient" in repr(SafeAsyncClient(api_url=server.url, api_key=key))


def test_a_subclass_says_so_too(server, key):
    class Mine(SafeClient):
        pass

    assert repr(Mine(api_url=server.url, api_key=key, auto_batch_tracing=False)).startswith("SafeClient (")
