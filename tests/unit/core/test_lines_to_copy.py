"""What is offered to be copied does what it says, and nothing that somebody else has written."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace

import pytest

from safe_langsmith import Cause, Confidence
from safe_langsmith._core.fixes import fixes_for
from safe_langsmith._core.fixes.actions import SHOW_PROXIES, argument, endpoint_line, key_line, reach
from safe_langsmith._core.model import GET_SETTINGS, LIST_WORKSPACES, Evidence, Verdict
from safe_langsmith._core.responses import Answer, read_answer
from safe_langsmith._core.settings import Dotenv, DotenvLine
from safe_langsmith.diagnosis import Setting

A = "11111111-aaaa-4aaa-8aaa-111111111111"
EVIL = 'x"; touch pwned; $(touch pwned) `touch pwned` #\\'
ACTED_ON = set("'$`;|&<>()#\\")


def the_line(diagnosis, start):
    (code,) = [fix.code for fix in diagnosis.fixes if (fix.code or "").startswith(start)]
    return code


def test_the_name_of_a_workspace_does_nothing_in_a_shell(refusal, drive):
    workspace = {"id": A, "display_name": EVIL, "role_name": "WORKSPACE_VIEWER", "permissions": ["runs:read"]}
    answers = {GET_SETTINGS: workspace, LIST_WORKSPACES: [workspace]}
    answers = {question: read_answer(200, json.dumps(body).encode()) for question, body in answers.items()}
    asked = the_line(drive(refusal(method="POST"), answers).diagnosis, "Please give me")
    assert asked.endswith(f'\nin the LangSmith workspace "x touch pwned touch pwned touch pwned " ({A}).')


def test_what_the_server_said_does_nothing_in_a_shell(refusal, drive):
    body = json.dumps({"detail": f"Forbidden - no plan found {EVIL}"}).encode()
    said = the_line(drive(refusal(body=body), {}).diagnosis, "LangSmith refuses")
    assert said.startswith('LangSmith refuses GET /sessions:\n"Forbidden - no plan found x touch pwned')
    assert not set(said) & ACTED_ON
    assert said.count('"') == 2


def test_an_endpoint_is_one_word_in_a_shell(refusal):
    curl = reach(Evidence(refusal(endpoint="http://127.0.0.1:1/;touch$IFS$9pwned;")))
    assert shlex.split(curl)[-1] == "http://127.0.0.1:1/;touch$IFS$9pwned;/info"


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("LANGCHAIN_API_KEY, as in .env:1", "LANGCHAIN_API_KEY=<the key>"),
        ("default", "LANGSMITH_API_KEY=<the key>"),
        ("the api_key argument", 'client = SafeClient(api_key="<the key>")'),
        ("the api_urls argument", None),
        ("the headers argument", None),
        ("an assignment to the client", None),
        ('profile "work" in config.json', None),
    ],
)
def test_another_key_goes_where_this_one_comes_from(refusal, source, line):
    e = Evidence(refusal())
    e.facts.settings["api_key"] = Setting("lsv2_pt_****1234", source)
    assert key_line(e) == line


def test_the_endpoint_that_the_file_names_is_loaded(refusal):
    eu = "https://eu.api.smith.langchain.com"
    file = Dotenv("/home/ann/.env", (DotenvLine("LANGSMITH_ENDPOINT", eu, 1),))
    e = Evidence(refusal(environ={"LANGSMITH_ENDPOINT": "https://api.smith.langchain.com"}, dotenv=file))
    assert endpoint_line(e, eu).splitlines() == [
        "from langsmith import utils; utils.get_env_var.cache_clear()",
        "from dotenv import load_dotenv; load_dotenv('/home/ann/.env', override=True)",
        "client = SafeClient()  # made anew",
    ]


def test_what_an_organization_permits_no_role_in_a_workspace_carries(refusal, drive):
    body = json.dumps({"detail": "Only org admins can create org-wide keys"}).encode()
    workspace = {"id": A, "display_name": "Research"}
    answers = {GET_SETTINGS: read_answer(200, json.dumps(workspace).encode()), LIST_WORKSPACES: Answer(403)}
    asked = drive(refusal(method="POST", body=body), answers).diagnosis.fixes[0]
    assert asked.title == "Ask an admin of the organization for a role with organization:manage"
    assert asked.code == "Please give me a role with organization:manage\nin the LangSmith organization."


def test_who_may_not_ask_is_told_to_let_it_ask(refusal):
    e = Evidence(refusal(), {GET_SETTINGS: Answer(error="not asked", asked=False)})
    verdict = Verdict(Cause.UNDETERMINED, Confidence.POSSIBLE, "nothing was asked")
    titles = [fix.title for fix in fixes_for(e, verdict)]
    assert titles[0] == "Let the client ask"
    assert "Call again when the endpoint answers" not in titles


def test_lines_are_no_longer_than_a_screen_is_wide(refusal):
    e = Evidence(refusal())
    assert all(len(line) <= 91 for line in SHOW_PROXIES.splitlines())
    e.facts.settings["api_key"] = Setting("lsv2_pt_****1234", "the replica's settings")
    line = argument(Evidence(replace(e.facts, is_own=False)), A)
    assert all(len(each) <= 91 for each in line.splitlines())
