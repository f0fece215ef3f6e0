"""What `--json` prints: of the same shape, whatever was found."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from safe_langsmith import Diagnosis, SafeClient, diagnose
from safe_langsmith._core.engine import HealthReport
from safe_langsmith.testing import Reply

PAGE = Path(__file__).parents[3] / "docs" / "command-line.md"
KEYS = ["schema", *(field.name for field in dataclasses.fields(Diagnosis))]


def test_nothing_wrong_has_the_fields_of_a_diagnosis():
    assert [f.name for f in dataclasses.fields(HealthReport)] == [f.name for f in dataclasses.fields(Diagnosis)]


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


def test_it_is_what_the_library_says_but_for_how_to_do_it_at_a_shell(read, service):
    printed = read(LANGSMITH_API_KEY=service)
    client = SafeClient(auto_batch_tracing=False)
    found = diagnose(client).to_dict()
    client.session.close()

    assert {fix["title"] for fix in printed.pop("fixes")} <= {fix["title"] for fix in found.pop("fixes")}
    assert printed == {"schema": 1, **found}


def test_it_speaks_of_options_as_the_text_does(cli, personal, server):
    typed = ("--endpoint", server.url, "--workspace-id", "1")
    printed, text = cli("--json", *typed, LANGSMITH_API_KEY=personal).out, cli(*typed, LANGSMITH_API_KEY=personal).out
    found = json.loads(printed)

    assert (found["settings"]["endpoint"]["source"], found["settings"]["workspace_id"]["source"]) == (
        "--endpoint",
        "--workspace-id",
    )
    assert "argument" not in printed
    assert [fix["code"] for fix in found["fixes"] if fix["code"]] == [
        line.strip() for line in text.splitlines() if line.startswith(" " * 9)
    ]
    assert found["summary"] in " ".join(text.split())


def test_the_words_of_others_stay_theirs(read, server, org):
    theirs = "Call again, said the api_url argument"
    for _ in range(2):
        org.add_workspace(theirs)
    server.fault("GET", "/settings", Reply(403, {"detail": theirs}), times=None)
    found = read(LANGSMITH_API_KEY=org.add_service_key(workspaces=None), LANGSMITH_PROJECT=theirs)

    assert [workspace["name"] for workspace in found["workspaces"]] == [theirs, theirs]
    assert found["settings"]["project"]["value"] == theirs


def test_the_page_shows_its_shape(read, service):
    found = read(LANGSMITH_API_KEY=service)
    shown = json.loads(PAGE.read_text(encoding="utf-8").partition("```json\n")[2].partition("```")[0])

    assert list(shown) == list(found)
    for name in ("checks", "fixes", "workspaces", "probes"):
        assert list(shown[name][0]) == list(found[name][0])
    assert list(shown["key"]) == list(found["key"])
    assert list(shown["settings"]["endpoint"]) == list(found["settings"]["endpoint"])
