"""Traces of OpenAI's hosted agents, which a thread of `wrap_openai` fetches there and posts with the client."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

from safe_langsmith import ForbiddenDiagnosis, diagnose
from safe_langsmith.testing import Reply

agents = pytest.importorskip("langsmith.wrappers._openai_agents_api", reason="an SDK that does not trace them")

REFUSED = Reply(403, {"error": "Forbidden"})


@pytest.fixture
def openai():
    """OpenAI's client, with one session whose one turn has ended."""
    turn = SimpleNamespace(id="t", status="completed", created_at=time.time(), subagent_id=None)
    trace = SimpleNamespace(id="t", otlp={"resourceSpans": []})
    turns, traces = (SimpleNamespace(list=lambda *_, each=each, **__: [each]) for each in (turn, trace))
    return SimpleNamespace(
        beta=SimpleNamespace(agents=SimpleNamespace(sessions=SimpleNamespace(turns=turns, traces=traces)))
    )


@pytest.fixture
def forward(openai, monkeypatch):
    """Has the SDK forward the session's trace with a client, and waits until nothing is left to do."""
    monkeypatch.setenv("LANGSMITH_TRACING", "true")
    monkeypatch.setattr(agents, "_POLL_INTERVAL", (0.01, 0.01))
    monkeypatch.setattr(agents._TraceForwarder, "_client", lambda self: openai)

    def forward(client):
        forwarder = agents._TraceForwarder(openai, {"client": client})
        forwarder.register("session")
        assert forwarder.drain(timeout=20)
        return forwarder

    return forward


def test_a_trace_that_is_refused_once_arrives(server, org, workspace, make_client, forward, caplog):
    """As with the SDK's own client. The SDK takes an exception with a status of 403 for OpenAI's, and gives up."""
    server.fault("POST", "/otel/v1/traces", REFUSED)
    server.fault("POST", "/otel/v1/traces", Reply(200, {}), times=None)
    forward(make_client(server, org.add_personal_key(default=workspace)))

    assert [r.status for r in server.requests if r.path == "/otel/v1/traces"] == [403, 200]
    assert "OpenAI answered HTTP 403" not in caplog.text
    assert "cannot create runs (POST /otel/v1/traces)" in " ".join(caplog.text.split())


def test_a_missing_workspace_is_named(server, workspace, key, make_client, forward):
    server.fault("POST", "/otel/v1/traces", Reply(403, {"error": "org_scoped_key_requires_workspace"}))
    server.fault("POST", "/otel/v1/traces", Reply(200, {}), times=None)
    client = make_client(server, key)
    forward(client)

    posted = [(r.status, r.workspace_id) for r in server.requests if r.path == "/otel/v1/traces"]
    assert posted == [(403, None), (200, workspace.id)]
    assert client.workspace_id == workspace.id


def test_it_is_an_address_for_traces(server, org, workspace, make_client):
    client = make_client(server, org.add_personal_key(default=workspace, role="Viewer"))
    texts = []
    for _ in range(2):
        with pytest.raises(ForbiddenDiagnosis, match="runs:create") as refused:
            client.request_with_retries("POST", "/otel/v1/traces", request_kwargs={"data": "{}"})
        texts.append(str(refused.value))

    # The SDK logs each of them.
    assert len(texts[1]) < len(texts[0]) / 2
    assert diagnose(client, can="tracing").url.endswith("/otel/v1/traces")
