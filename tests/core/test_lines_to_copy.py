"""What is offered to be copied does what it says, and nothing that somebody else has written."""

from __future__ import annotations

import json
import shlex

import pytest

from safe_langsmith._core.answers import read_answer
from safe_langsmith._core.evidence import HOME, LISTING, Evidence
from safe_langsmith._core.fixes.lines import key_line, reach
from safe_langsmith.diagnosis import Setting

A = "11111111-aaaa-4aaa-8aaa-111111111111"
EVIL = 'x"; touch pwned; $(touch pwned) `touch pwned` #\\'
ACTED_ON = set("'$`;|&<>()#\\")


def the_line(diagnosis, start):
    (line,) = [line for fix in diagnosis.fixes for line in (fix.code or "").splitlines() if line.startswith(start)]
    return line


def test_the_name_of_a_workspace_does_nothing_in_a_shell(refusal, drive):
    workspace = {"id": A, "display_name": EVIL, "role_name": "WORKSPACE_VIEWER", "permissions": ["runs:read"]}
    answers = {HOME: workspace, LISTING: [workspace]}
    answers = {question: read_answer(200, json.dumps(body).encode()) for question, body in answers.items()}
    asked = the_line(drive(refusal(method="POST"), answers).diagnosis, "Please give me")
    assert asked.endswith(f'in the LangSmith workspace "x touch pwned touch pwned touch pwned " ({A}).')


def test_what_the_server_said_does_nothing_in_a_shell(refusal, drive):
    body = json.dumps({"detail": f"Forbidden - no plan found {EVIL}"}).encode()
    said = the_line(drive(refusal(body=body), {}).diagnosis, "LangSmith refuses")
    assert said.startswith('LangSmith refuses GET /sessions: "Forbidden - no plan found x touch pwned')
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
