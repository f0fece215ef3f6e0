"""What `--json` prints: of the same shape, whatever was found."""

from __future__ import annotations

import dataclasses
import json

import pytest

from safe_langsmith import Diagnosis, SafeClient, diagnose
from safe_langsmith._core.healthy import Healthy

KEYS = ["schema", *(field.name for field in dataclasses.fields(Diagnosis))]


def test_nothing_wrong_has_the_fields_of_a_diagnosis():
    assert [f.name for f in dataclasses.fields(Healthy)] == [f.name for f in dataclasses.fields(Diagnosis)]


@pytest.fixture
def read(cli):
    def read(*arguments, **variables):
        printed = cli("--json", *arguments, **variables).out
        assert printed.isascii()
        return json.loads(printed)

    return read


class TestShape:
    def test_nothing_wrong(self, read, personal):
        found = read(LANGSMITH_API_KEY=personal)

        assert list(found) == KEYS
        assert (found["schema"], found["cause"], found["server_message"]) == (1, None, None)
        assert [check["step"] for check in found["checks"]][:5] == [1, 2, 3, 4, 5]
        assert {check["result"] for check in found["checks"]} == {"ok", "not-applicable"}
        assert found["key"] == {
            "kind": "personal",
            "masked": f"lsv2_pt_****{personal[-4:]}",
            "source": "LANGSMITH_API_KEY",
        }
        assert set(found["settings"]) == {"endpoint", "api_key", "workspace_id", "project", "tracing"}
        assert found["probes"] == [{"method": "GET", "path": "/settings", "status": 200}]

    def test_a_problem(self, read, service):
        found = read(LANGSMITH_API_KEY=service)

        assert list(found) == KEYS
        assert [workspace["name"] for workspace in found["workspaces"]] == ["Research", "Support"]

    def test_what_the_sdk_makes_no_client_of(self, read, personal):
        found = read(LANGSMITH_API_KEY=personal, LANGSMITH_TRACING_SAMPLING_RATE="often")

        assert list(found) == KEYS
        assert found["cause"] == "undetermined"

    def test_being_verbose_changes_nothing(self, read, service):
        assert read(LANGSMITH_API_KEY=service) == read("-v", LANGSMITH_API_KEY=service)


def test_it_is_what_the_library_says(read, service, server):
    printed = read(LANGSMITH_API_KEY=service)
    client = SafeClient(auto_batch_tracing=False)
    found = diagnose(client)
    client.session.close()

    assert printed == {"schema": 1, **found.to_dict()}
