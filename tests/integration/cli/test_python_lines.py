"""No line of Python is offered at a shell if a shell has a line for the same action."""

from __future__ import annotations

import importlib.util
import json
import os

import pytest

from safe_langsmith._cli.fixes import Situation, fixes_for_shell
from safe_langsmith._cli.options import Options
from safe_langsmith._core.model import Configuration, SettingInUse
from safe_langsmith._core.origins import Origin
from safe_langsmith._core.settings import Dotenv
from safe_langsmith._render.actions import render
from safe_langsmith.actions import PassArgument, SetVariable
from safe_langsmith.diagnosis import Fix
from safe_langsmith.testing import Reply

pytestmark = pytest.mark.skipif(os.name == "nt", reason="its shells have other forms")
UNKNOWN = "lsv2_pt_c0ffeec0ffee0123456789abcdef0123_0123456789"


@pytest.fixture
def lines(cli):
    def copied(*arguments, **variables):
        found = json.loads(cli("--json", *arguments, **variables).out)
        codes = [fix["code"] for fix in found["fixes"] if fix["code"]]
        assert not [code for code in codes if "import os" in code or "SafeClient" in code or "# made" in code]
        return codes

    return copied


def test_proxies(lines, server, personal):
    server.fault(None, None, Reply(403, "<html><title>Sign in</title></html>", "text/html"), times=None)
    assert "env | grep -io '^[a-z]*_proxy'  # nothing: no proxy is set here" in lines(LANGSMITH_API_KEY=personal)


def test_two_variables_that_disagree(lines, personal):
    assert lines(LANGSMITH_API_KEY=personal, LANGCHAIN_API_KEY=UNKNOWN) == ["unset LANGCHAIN_API_KEY"]


def test_an_endpoint_that_the_file_has_already(lines, tmp_path, personal):
    (tmp_path / ".env").write_text("LANGSMITH_ENDPOINT=https://api.smith.langchain.com\n")
    variables = {"LANGSMITH_API_KEY": personal, "LANGSMITH_ENDPOINT": "api.smith.langchain.com"}
    assert lines(**variables) == ["unset LANGSMITH_ENDPOINT\npython -m safe_langsmith --load-env"]


def test_code_in_place_of_a_key(lines):
    assert lines(LANGSMITH_API_KEY="os.environ['LANGSMITH_API_KEY']")[0] == "export LANGSMITH_API_KEY='<the key>'"


@pytest.mark.skipif(
    importlib.util.find_spec("langsmith._internal._profiles") is None, reason="this SDK has no profiles"
)
def test_an_endpoint_that_was_typed_and_a_profile(lines, tmp_path, server):
    config = tmp_path / "config.json"
    profile = {"api_url": "https://eu.api.smith.langchain.com", "api_key": UNKNOWN}
    config.write_text(json.dumps({"profiles": {"default": profile}}))
    lines("--endpoint", server.url, LANGSMITH_CONFIG_FILE=str(config))


FROM_VARIABLE = Origin("variable", "LANGSMITH_ENDPOINT")


def at_shell(action, origin=FROM_VARIABLE, **typed):
    """The code of an action that no server brings about."""
    names = ("endpoint", "api_key", "workspace_id", "project", "tracing")
    configuration = Configuration({name: SettingInUse("https://x.example", origin) for name in names})
    situation = Situation(Options(**typed), configuration, Dotenv())
    (fix,) = fixes_for_shell((Fix("It", action=action),), None, None, situation)
    return fix.action and render(fix.action, "shell")


def test_what_begins_with_a_quote_is_quoted():
    assert at_shell(SetVariable("A", "'a' b")) == """export A=''"'"'a'"'"' b'"""
    assert at_shell(SetVariable("A", '"$(id)"')) == """export A='"$(id)"'"""


def test_several_endpoints_of_which_one_is_right():
    action = PassArgument("api_url", "https://a.example", ("https://b.example",))
    assert at_shell(action) == "export LANGSMITH_ENDPOINT=https://a.example\n# or https://b.example"
    again = "python -m safe_langsmith --endpoint https://a.example\n# or https://b.example"
    assert at_shell(action, Origin("option", "--endpoint"), endpoint="https://x.example") == again


def test_a_line_of_the_file_stays_one_if_the_file_is_loaded():
    action = SetVariable("LANGSMITH_ENDPOINT", "https://a.example", file=".env")
    assert at_shell(action, load_env=True) == "LANGSMITH_ENDPOINT=https://a.example"
    assert at_shell(action) == "export LANGSMITH_ENDPOINT=https://a.example"
