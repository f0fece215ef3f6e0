"""What sends requests to LangSmith and is no client of ours: `diagnose` names it, with the way round."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace

import langsmith
import pytest

from safe_langsmith import Cause, diagnose

EXPORTERS = "opentelemetry.exporter.otlp.proto.http.trace_exporter"


@pytest.fixture
def client(server, workspace, key, make_client):
    """Names the workspace, which its key needs."""
    return make_client(server, key, workspace_id=workspace.id)


@pytest.fixture(params=["1.44", "1.45"])
def exporter(server, monkeypatch, request):
    """Makes an exporter to the server, as versions of OpenTelemetry keep their endpoint and headers."""

    class OTLPSpanExporter:
        def __init__(self, endpoint, headers):
            self._endpoint = endpoint
            if request.param == "1.44":
                self._headers = headers
            else:
                self._client = SimpleNamespace(_headers=headers)

    class OtelExporter(OTLPSpanExporter):
        pass

    OtelExporter.__module__ = "langsmith.integrations.otel.processor"
    OTLPSpanExporter.__module__ = EXPORTERS
    module, integration = ModuleType(EXPORTERS), ModuleType(OtelExporter.__module__)
    module.OTLPSpanExporter, integration.OtelExporter = OTLPSpanExporter, OtelExporter
    monkeypatch.setitem(sys.modules, EXPORTERS, module)
    monkeypatch.setitem(sys.modules, OtelExporter.__module__, integration)

    def make(headers, endpoint=None, of_integration=False):
        kind = OtelExporter if of_integration else OTLPSpanExporter
        return kind(endpoint or f"{server.url}/otel/v1/traces", headers)

    return make


def named(found):
    return [fix.title for fix in found.fixes if fix.title.startswith("Name the workspace for")]


class TestExporters:
    def test_one_of_the_program(self, client, workspace, exporter):
        """As LlamaIndex, pydantic-ai and others make them."""
        kept = exporter({"x-api-key": "k"})
        found = diagnose(client)

        assert found.cause is Cause.WORKSPACE_REQUIRED
        assert "OpenTelemetry exporters of the program" in found.summary
        assert found.fixes[0].code == f'OTLPSpanExporter(headers={{"X-Tenant-Id": "{workspace.id}"}})'
        assert kept

    def test_one_of_the_integration(self, client, workspace, exporter):
        """The variable would not help: the exporter's own headers replace it."""
        kept = exporter({"x-api-key": "k"}, of_integration=True)
        found = diagnose(client)

        assert named(found) == ["Name the workspace for exporters of langsmith.integrations.otel, too"]
        assert found.fixes[0].code == f'OtelSpanProcessor(headers={{"X-Tenant-Id": "{workspace.id}"}})'
        assert kept

    def test_one_that_names_the_workspace(self, client, workspace, exporter):
        kept = [exporter({"X-Tenant-Id": workspace.id}), exporter({"x-tenant-id": workspace.id}, of_integration=True)]

        assert diagnose(client) is None
        assert kept

    def test_one_that_sends_elsewhere(self, client, exporter):
        kept = exporter({}, "https://collector.example/v1/traces")

        assert diagnose(client) is None
        assert kept

    def test_one_that_is_gone(self, client, exporter):
        exporter({})

        assert diagnose(client) is None

    def test_a_key_that_needs_no_workspace(self, server, org, workspace, make_client, exporter):
        kept = exporter({})

        assert diagnose(make_client(server, org.add_personal_key(default=workspace))) is None
        assert kept

    def test_those_of_opentelemetry_are_known(self, server, client, workspace):
        kind = pytest.importorskip(EXPORTERS, reason="OpenTelemetry's exporter is not installed").OTLPSpanExporter
        kept = [kind(endpoint=f"{server.url}/otel/v1/traces", headers={"x-api-key": "k"})]
        assert diagnose(client).cause is Cause.WORKSPACE_REQUIRED
        kept.append(kept.pop().shutdown())
        kept.append(kind(endpoint=f"{server.url}/otel/v1/traces", headers={"X-Tenant-Id": workspace.id}))

        assert diagnose(client) is None

    def test_those_of_the_integration_are_known(self, server, client, workspace, monkeypatch):
        pytest.importorskip(EXPORTERS, reason="OpenTelemetry's exporter is not installed")
        processor = pytest.importorskip("langsmith.integrations.otel.processor")
        monkeypatch.setenv("LANGSMITH_ENDPOINT", server.url)
        made = processor.OtelSpanProcessor(api_key="lsv2_sk_k")
        assert named(diagnose(client)) == ["Name the workspace for exporters of langsmith.integrations.otel, too"]
        made.shutdown()
        del made
        again = processor.OtelSpanProcessor(api_key="lsv2_sk_k", headers={"X-Tenant-Id": workspace.id})

        assert diagnose(client) is None
        again.shutdown()


@pytest.mark.skipif(not hasattr(langsmith, "Langsmith"), reason="this SDK has no public generated client")
class TestGeneratedClients:
    def test_one_of_the_program(self, server, client, workspace):
        with langsmith.Langsmith(base_url=server.url, api_key="k"):
            found = diagnose(client)

        assert "langsmith.Langsmith clients" in found.summary
        assert found.fixes[0].code == f"LANGSMITH_TENANT_ID={workspace.id}"

    def test_one_that_names_the_workspace(self, server, client, workspace):
        with langsmith.Langsmith(base_url=server.url, api_key="k", tenant_id=workspace.id):
            assert diagnose(client) is None

    def test_those_of_the_clients_are_none(self, client):
        api = client.agents

        assert diagnose(client) is None
        assert api


class TestOtherLibraries:
    def test_litellms_callback(self, client, workspace, monkeypatch):
        monkeypatch.setitem(sys.modules, "litellm", SimpleNamespace(callbacks=["langsmith"], success_callback=[]))
        found = diagnose(client)

        assert "LiteLLM's callback" in found.summary
        assert found.fixes[0].code == f"LANGSMITH_TENANT_ID={workspace.id}"
        monkeypatch.setenv("LANGSMITH_TENANT_ID", workspace.id)
        assert diagnose(client) is None

    def test_litellm_without_it(self, client, monkeypatch):
        monkeypatch.setitem(sys.modules, "litellm", SimpleNamespace(callbacks=[], success_callback=None))

        assert diagnose(client) is None

    def test_a_langgraph_server_is_mentioned(self, server, org, workspace, make_client, monkeypatch):
        monkeypatch.setitem(sys.modules, "langgraph_api", SimpleNamespace())
        client = make_client(server, org.add_service_key(workspaces=None))

        assert "the LangGraph server's own requests" in str(diagnose(client).checks)
