"""Which variables the SDK reads, which ones only look like it, and what else bears on a request."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safe_langsmith._core.endpoints import (
    api_instead_of_ui,
    is_agent_server,
    may_lack_api_path,
    region_named,
    region_of,
    ui_url,
)
from safe_langsmith._core.variables import LOOKALIKES, VARIABLES, related_variables

CANARY = "c0ffeec0ffee"
KEY = f"lsv2_sk_{CANARY}00000000000000000000_0000004321"


class TestSurroundings:
    def test_nothing_else_is_set(self):
        assert related_variables({"LANGSMITH_API_KEY": KEY, "PATH": "/bin"}).messages == ()

    @pytest.mark.parametrize(
        "replicas",
        [
            [{"api_url": "https://eu.api.smith.langchain.com", "api_key": KEY, "project_name": "p"}],
            {"https://eu.api.smith.langchain.com": KEY},
        ],
    )
    def test_replicas_are_named_by_their_hosts(self, replicas):
        said = related_variables({"LANGSMITH_RUNS_ENDPOINTS": json.dumps(replicas)}).messages
        assert said == (
            "LANGSMITH_RUNS_ENDPOINTS sends runs to eu.api.smith.langchain.com, each with a key of its own",
        )

    @given(st.text() | st.recursive(st.none() | st.text() | st.integers(), st.lists).map(json.dumps))
    def test_any_text_may_stand_for_replicas(self, text):
        related_variables({"LANGSMITH_RUNS_ENDPOINTS": text})

    @pytest.mark.parametrize("text", [KEY, json.dumps({KEY: KEY}), json.dumps([{"api_url": KEY}]), f'{{"{KEY}":'])
    def test_replicas_that_are_none_show_no_key(self, text):
        assert CANARY not in repr(related_variables({"LANGSMITH_RUNS_ENDPOINTS": text}))

    @pytest.mark.parametrize(
        ("environ", "otel", "said"),
        [
            ({"LANGSMITH_OTEL_ENABLED": "true"}, "LANGSMITH_OTEL_ENABLED", "through OpenTelemetry as well"),
            (
                {"LANGSMITH_OTEL_ENABLED": "true", "LANGSMITH_OTEL_ONLY": "true"},
                None,
                "through OpenTelemetry, and LANGSMITH_OTEL_ONLY only there",
            ),
        ],
    )
    def test_opentelemetry(self, environ, otel, said):
        found = related_variables(environ)
        assert found.otel == otel
        assert said in found.messages[0]

    def test_opentelemetry_that_is_off_is_not_mentioned(self):
        assert related_variables({"LANGSMITH_OTEL_ENABLED": "false"}).messages == ()

    @pytest.mark.parametrize(
        ("name", "setting", "meant"),
        [
            ("LANGSMITH_TENANT_ID", "workspace_id", "LANGSMITH_WORKSPACE_ID"),
            ("LANGSMITH_KEY", "api_key", "LANGSMITH_API_KEY"),
            ("LANGCHAIN_BASE_URL", "endpoint", "LANGSMITH_ENDPOINT"),
        ],
    )
    def test_a_variable_that_only_looks_like_one(self, name, setting, meant):
        found = related_variables({name: KEY})
        assert found.ignored[setting] == (name,)
        assert found.messages == (f"{name} is set, which the client does not read: it reads {meant}",)

    def test_none_of_them_is_read_by_the_sdk(self):
        read = {name for names in VARIABLES.values() for name in names}
        assert not read & {name for names in LOOKALIKES.values() for name in names}


class TestHosts:
    @pytest.mark.parametrize(
        ("endpoint", "region"),
        [
            ("https://api.smith.langchain.com", "US"),
            ("https://EU.api.smith.langchain.com/api/v1", "EU"),
            ("https://aws.api.smith.langchain.com", "AWS US"),
            ("https://azure.api.smith.langchain.com", "AZURE"),
            ("https://smith.langchain.com", None),
            ("https://api.smith.langchain.com.evil.example", None),
            ("https://langsmith.acme.example/api/v1", None),
            ("no url", None),
        ],
    )
    def test_regions(self, endpoint, region):
        assert region_of(endpoint) == region

    @pytest.mark.parametrize(
        ("url", "api"),
        [
            ("https://smith.langchain.com/o/x/projects", "https://api.smith.langchain.com"),
            ("https://eu.smith.langchain.com", "https://eu.api.smith.langchain.com"),
            ("https://api.smith.langchain.com", None),
            ("https://eu.api.smith.langchain.com", None),
            ("https://smith.langchain.com.evil.example", None),
            ("https://docs.langchain.com", None),
            ("https://status.smith.langchain.com", None),
        ],
    )
    def test_the_api_of_a_web_page(self, url, api):
        assert api_instead_of_ui(url) == api

    def test_a_web_page_names_a_region_too(self):
        assert region_named("https://eu.smith.langchain.com/x") == ("EU", "https://eu.api.smith.langchain.com")
        assert region_named("http://eu.api.smith.langchain.com/x") == ("EU", "https://eu.api.smith.langchain.com")
        assert region_named("https://acme.example") is None
        assert region_named("https://status.smith.langchain.com") is None

    @pytest.mark.parametrize(
        ("endpoint", "may"),
        [
            ("https://langsmith.acme.example", True),
            ("https://langsmith.acme.example/base/", True),
            ("https://langsmith.acme.example/api", False),
            ("https://langsmith.acme.example/api/v1/", False),
            ("https://api.smith.langchain.com", False),
            ("https://smith.langchain.com", False),
        ],
    )
    def test_where_the_api_may_be_below(self, endpoint, may):
        assert may_lack_api_path(endpoint) is may

    def test_deployments_have_a_host_of_their_own(self):
        assert is_agent_server("https://agents-7.us.langgraph.app/x")
        assert not is_agent_server("https://langgraph.app.evil.example")

    def test_the_web_page_of_an_api(self):
        assert ui_url("https://apac.api.smith.langchain.com") == "https://apac.smith.langchain.com"
        assert ui_url("https://langsmith.acme.example/api/v1") == "https://langsmith.acme.example"
