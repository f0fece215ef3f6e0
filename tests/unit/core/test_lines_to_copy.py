"""Lines to copy do what they say, in Python and at a shell, and nothing that somebody else has written."""

from __future__ import annotations

import json
import os
import pickle
import shlex
from dataclasses import replace

import pytest

from safe_langsmith import Action, Cause, Confidence
from safe_langsmith._core.engine import fixes_for
from safe_langsmith._core.evidence import Evidence
from safe_langsmith._core.fixes.shared import name_workspace, reach_endpoint, set_endpoint, set_key
from safe_langsmith._core.model import GET_INFO, GET_SETTINGS, LIST_WORKSPACES, PROBING_OFF, Facts, Verdict
from safe_langsmith._core.origins import Origin
from safe_langsmith._core.responses import Answer, read_answer
from safe_langsmith._core.settings import Dotenv, DotenvLine
from safe_langsmith._render.actions import present, render
from safe_langsmith.actions import (
    AskSomebody,
    CorrectDotenv,
    CreateClient,
    EditReplica,
    LoadDotenv,
    PassArgument,
    PassHeader,
    PreferProfile,
    ReloadEnvironment,
    RunCommand,
    SetVariable,
    ShowVariables,
    Steps,
    UnsetVariable,
)
from safe_langsmith.diagnosis import _plain

NEWER = "lsv2_pt_c0ffeec0ffee00000000000000000000_0000005678"
REFUSED = dict.fromkeys((GET_SETTINGS, LIST_WORKSPACES), read_answer(403, b'{"detail":"Forbidden"}'))
REFUSED[GET_INFO] = read_answer(200, b'{"version":"0.16.20","batch_ingest_config":{}}')
A = "11111111-aaaa-4aaa-8aaa-111111111111"
EVIL = 'x"; touch pwned; $(touch pwned) `touch pwned` #\\'
ACTED_ON = set("'$`;|&<>()#\\")


def read_from(origin: Origin, facts: Facts) -> Facts:
    """The same facts with a key that comes from there."""
    key = facts.configuration["api_key"]._replace(origin=origin)
    return replace(facts, configuration=facts.configuration.with_settings({"api_key": key}))


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
    said = the_line(drive(refusal(body=body), {GET_INFO: REFUSED[GET_INFO]}).diagnosis, "LangSmith refuses")
    assert said.startswith('LangSmith refuses GET /sessions:\n"Forbidden - no plan found x touch pwned')
    assert not set(said) & ACTED_ON
    assert said.count('"') == 2


def test_an_endpoint_is_one_word_in_a_shell(refusal):
    curl = render(reach_endpoint(Evidence(refusal(endpoint="http://127.0.0.1:1/;touch$IFS$9pwned;"))), "python")
    assert shlex.split(curl)[-1] == "http://127.0.0.1:1/;touch$IFS$9pwned;/info"


@pytest.mark.parametrize(
    ("origin", "line"),
    [
        (Origin("variable", "LANGCHAIN_API_KEY", ".env", 1), "LANGCHAIN_API_KEY=<the key>"),
        (Origin("default"), "LANGSMITH_API_KEY=<the key>"),
        (Origin("argument", "api_key"), 'client = SafeClient(api_key="<the key>")'),
        (Origin("argument", "api_urls"), None),
        (Origin("argument", "headers"), None),
        (Origin("assignment"), None),
        (Origin("profile", "work", "config.json"), None),
    ],
)
def test_another_key_goes_where_this_one_comes_from(refusal, origin, line):
    action = set_key(Evidence(read_from(origin, refusal())))
    assert (action and render(action, "python")) == line


def test_the_endpoint_that_the_file_names_is_loaded(refusal):
    eu = "https://eu.api.smith.langchain.com"
    file = Dotenv("/home/ann/.env", (DotenvLine("LANGSMITH_ENDPOINT", eu, 1),))
    e = Evidence(refusal(environ={"LANGSMITH_ENDPOINT": "https://api.smith.langchain.com"}, dotenv=file))
    assert render(set_endpoint(e, eu), "python").splitlines() == [
        "from safe_langsmith import reload_environment; reload_environment('/home/ann/.env')",
        "client = SafeClient()",
    ]


def test_what_an_organization_permits_no_role_in_a_workspace_carries(refusal, drive):
    body = json.dumps({"detail": "Only org admins can create org-wide keys"}).encode()
    workspace = {"id": A, "display_name": "Research"}
    home = read_answer(200, json.dumps(workspace).encode())
    answers = {GET_INFO: REFUSED[GET_INFO], GET_SETTINGS: home, LIST_WORKSPACES: Answer(403)}
    asked = drive(refusal(method="POST", body=body), answers).diagnosis.fixes[0]
    assert asked.title == "Ask an admin of the organization for a role with organization:manage"
    assert asked.code == "Please give me a role with organization:manage\nin the LangSmith organization."


def test_who_may_not_ask_is_told_to_let_it_ask(refusal):
    e = Evidence(refusal(), {GET_SETTINGS: PROBING_OFF})
    verdict = Verdict(Cause.UNDETERMINED, Confidence.POSSIBLE, "nothing was asked")
    titles = [fix.title for fix in fixes_for(e, verdict)]
    assert titles[0] == "Let the client send its diagnostic requests"
    assert "Call again when the endpoint answers" not in titles


def test_lines_are_no_longer_than_a_screen_is_wide(refusal):
    facts = read_from(Origin("replica"), refusal())
    replica = name_workspace(Evidence(replace(facts, target=replace(facts.target, primary=False))), A)
    for action in (replica, ShowVariables("proxies"), ShowVariables("langsmith")):
        assert all(len(each) <= 91 for each in render(action, "python").splitlines())


CLEAR = "from langsmith import utils; utils.get_env_var.cache_clear()"
RENDERED: list[tuple[Action, str | None, str | None]] = [
    (SetVariable("A", "it's"), "A=it's", """export A='it'"'"'s'"""),
    (SetVariable("A", "b", ("c",)), "A=b\n# or c", "export A=b\n# or c"),
    (SetVariable("A", "b c", file=".env"), "A=b c", "A=b c"),
    (
        SetVariable("A", "<the key>", in_process=True),
        f'import os; os.environ["A"] = "<the key>"  # or the code that gives it, without quotes\n{CLEAR}',
        "export A='<the key>'",
    ),
    (UnsetVariable(("A",)), 'import os; os.environ.pop("A", None)', "unset A"),
    (UnsetVariable(("A", "B")), 'import os; os.environ.pop("A", None); os.environ.pop("B", None)', "unset A B"),
    (PassArgument("workspace_id", A), f'client = SafeClient(workspace_id="{A}")', None),
    (PassArgument("api_url", "a", ("b",)), 'client = SafeClient(api_url="a")\n# or b', None),
    (PassHeader("X-Tenant-Id", A), f'headers={{"X-Tenant-Id": "{A}"}}  # in the call', None),
    (PassHeader("X-Tenant-Id", A, "client"), f'client = SafeClient(headers={{"X-Tenant-Id": "{A}"}})', None),
    (PassHeader("X-Tenant-Id", A, "sandbox"), f'SandboxClient(headers={{"X-Tenant-Id": "{A}"}})', None),
    (
        PreferProfile(("A", "B")),
        "client = SafeClient(prefer_profile_auth=True)  # langsmith 0.14.15 or newer\n# or unset A, B",
        "unset A B",
    ),
    (PreferProfile(), "client = SafeClient(prefer_profile_auth=True)  # langsmith 0.14.15 or newer", None),
    (CreateClient(), "client = SafeClient()", None),
    (CreateClient(clear_cache=True), f"{CLEAR}\nclient = SafeClient()", None),
    (
        ReloadEnvironment(None),
        "from safe_langsmith import reload_environment; reload_environment()",
        None,
    ),
    (LoadDotenv(), *["from dotenv import load_dotenv; load_dotenv()"] * 2),
    (LoadDotenv("a"), *["from dotenv import load_dotenv; load_dotenv('a')"] * 2),
    (CorrectDotenv(".env"), None, None),
    (RunCommand(("a", "--b", "")), *["a --b ''"] * 2),
    (AskSomebody("Please"), *["Please"] * 2),
    (EditReplica("u", "V", "list", endpoints=("a", "b")), *['"api_url": "a"  # in its entry in V\n# or b'] * 2),
    (Steps((UnsetVariable(("A",)), RunCommand(("b",)))), 'import os; os.environ.pop("A", None)\nb', "unset A\nb"),
    (Steps((CorrectDotenv(None),)), None, None),
]


@pytest.mark.parametrize(("action", "python", "shell"), RENDERED, ids=lambda each: getattr(each, "kind", ""))
def test_an_action_is_rendered_for_python_and_for_a_shell(action, python, shell, monkeypatch):
    monkeypatch.setattr(os, "name", "posix")
    assert render(action, "python") == python
    assert render(action, "shell") == shell
    assert render(action, "async") == (python and python.replace("SafeClient(", "SafeAsyncClient("))


@pytest.mark.parametrize("action", [SetVariable("A", "b c"), UnsetVariable(("A",)), ShowVariables("proxies")])
def test_a_shell_of_windows_is_given_no_line_that_it_does_not_take(action, monkeypatch):
    monkeypatch.setattr(os, "name", "nt")
    assert render(action, "shell") in ("A=b c", None)


@pytest.mark.parametrize("action", [action for action, *_ in RENDERED], ids=lambda action: action.kind)
def test_an_action_is_plain_and_says_which_it_is(action):
    plain = _plain(action)
    assert plain["kind"] == action.kind
    assert json.loads(json.dumps(plain)) == plain
    assert pickle.loads(pickle.dumps(action)) == action
    assert {hash(action)} == {hash(pickle.loads(pickle.dumps(action)))}


def test_every_kind_of_action_has_a_name_of_its_own():
    kinds = [each.kind for each in Action.__subclasses__()]
    assert len(set(kinds)) == len(kinds)
    assert all(kinds)
    assert {type(action) for action, *_ in RENDERED} | {ShowVariables} == set(Action.__subclasses__())


def test_what_is_rendered_once_stays_as_it_is(refusal, drive):
    found = drive(refusal(dotenv=Dotenv("/p/\x1b[31m", (DotenvLine("LANGSMITH_API_KEY", NEWER, 1),))), REFUSED)
    reload = found.diagnosis.fixes[0]
    assert "reload_environment('/p/\\x1b[31m')" in reload.code
    assert reload.action.dotenv_path == "/p/\\x1b[31m"
    assert present(found.diagnosis, "python") == found.diagnosis
