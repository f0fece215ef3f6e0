"""Runs that are refused for want of a workspace arrive, all of them, each once."""

from __future__ import annotations

import langsmith
import pytest

from safe_langsmith import SafeClient
from tests.support.tracing import send_traces

from ...support.internals import forget_everything
from .conftest import answers, numbers, times_accepted, trace

MANY = 10_000


@pytest.fixture
def organization(tracing_server):
    org = tracing_server.add_organization("Acme")
    return org.add_workspace("Research"), org.add_service_key(workspaces=None)


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["compressed", "multipart"], indirect=True)
def test_ten_thousand_runs_arrive_each_once_after_one_probe(tracing_server, organization, make_tracer):
    workspace, key = organization
    client = make_tracer(tracing_server, key)
    trace(client, MANY)
    send_traces(client)

    assert numbers(tracing_server, workspace) == list(range(MANY))
    accepted = times_accepted(tracing_server)
    assert (len(accepted), set(accepted.values())) == (MANY, {1})
    assert [r.path for r in tracing_server.requests if r.path in ("/workspaces", "/settings")] == ["/workspaces"]


@pytest.mark.parametrize("mode", ["compressed", "multipart"], indirect=True)
def test_none_of_them_does_with_the_sdks_client(tracing_server, organization, make_tracer):
    workspace, key = organization
    client = make_tracer(tracing_server, key, langsmith.Client)
    trace(client, 200)
    send_traces(client)

    assert numbers(tracing_server, workspace) == []


def test_all_ways_of_sending_runs(tracing_server, mode, organization, make_tracer, caplog):
    workspace, key = organization
    client = make_tracer(tracing_server, key)
    trace(client, 30)
    send_traces(client)

    assert numbers(tracing_server, workspace) == list(range(30))
    way = "/runs/batch" if mode == "batch" else "/runs/multipart"
    assert {path for path, status in answers(tracing_server) if status == 202} == {way}
    compressed = {r.headers.get("content-encoding") for r in tracing_server.requests if r.path == way}
    assert compressed == {"zstd" if mode == "compressed" else None}
    (warning,) = [
        record for record in caplog.records if record.name == "safe_langsmith" and record.levelname != "DEBUG"
    ]
    assert f"LANGSMITH_WORKSPACE_ID={workspace.id}" in warning.getMessage()


@pytest.mark.parametrize("mode", ["batch"], indirect=True)
def test_one_by_one(tracing_server, organization, make_tracer):
    workspace, key = organization
    client = make_tracer(tracing_server, key, auto_batch_tracing=False)
    trace(client, 5)

    assert numbers(tracing_server, workspace) == list(range(5))
    assert answers(tracing_server)[("/runs", 403)] == 1


@pytest.mark.parametrize("mode", ["multipart"], indirect=True)
def test_a_body_that_is_streamed_in_parts(tracing_server, organization, make_tracer):
    """Above some size the SDK reads the body from a stream, which a careless second send would find empty."""
    workspace, key = organization
    client = make_tracer(tracing_server, key)
    trace(client, 12, outputs={"text": "x" * 2_000_000})
    send_traces(client)

    assert numbers(tracing_server, workspace) == list(range(12))
    assert {len(run["outputs"]["text"]) for run in tracing_server.runs(workspace)} == {2_000_000}


@pytest.mark.parametrize("mode", ["compressed"], indirect=True)
def test_several_clients_share_one_probe(tracing_server, organization, make_tracer):
    workspace, key = organization
    clients = [make_tracer(tracing_server, key) for _ in range(4)]
    for number, client in enumerate(clients):
        trace(client, 100, start=100 * number)
    for client in clients:
        send_traces(client)

    assert numbers(tracing_server, workspace) == list(range(400))
    assert [r.path for r in tracing_server.requests if r.path in ("/workspaces", "/settings")] == ["/workspaces"]


@pytest.mark.parametrize("mode", ["compressed"], indirect=True)
def test_an_info_that_was_refused_is_asked_for_again(tracing_server, organization, make_client):
    """The SDK keeps the empty one that a refusal leaves behind for the life of the client, and turns features off."""
    from safe_langsmith.testing import Reply

    workspace, key = organization
    tracing_server.fault("GET", "/info", Reply(403, {"error": "Forbidden"}))
    chosen = []
    client = make_client(tracing_server, key, resolve_workspace=lambda found: chosen[0] if chosen else None)
    assert not client.info.version

    forget_everything()
    chosen.append(workspace.id)
    list(client.list_projects())

    assert client.workspace_id == workspace.id
    assert client.info.version


def test_the_client_is_a_langsmith_client_to_the_decorator(server, make_tracer, monkeypatch):
    org = server.add_organization("Acme")
    workspace, key = org.add_workspace("Research"), org.add_service_key(workspaces=None)
    client = make_tracer(server, key)
    monkeypatch.setenv("LANGSMITH_TRACING", "true")

    @langsmith.traceable(client=client)
    def double(x):
        return 2 * x

    assert double(3) == 6
    send_traces(client)

    (run,) = server.runs(workspace)
    assert (run["name"], run["inputs"], run["outputs"]) == ("double", {"x": 3}, {"output": 6})
    assert isinstance(client, SafeClient)
