"""Lines of Python that a diagnosis holds have their like at a shell. Reworded in the core, they would slip through."""

from __future__ import annotations

import importlib.util
import json
import os

import pytest

from safe_langsmith._cli.options import Options
from safe_langsmith._cli.shell import for_shell
from safe_langsmith._core.engine import HealthReport
from safe_langsmith._core.settings import Dotenv
from safe_langsmith.diagnosis import ApiKey, Fix, Setting
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


def spelt(code, source="LANGSMITH_ENDPOINT", **typed):
    """What a line becomes that no server brings about."""
    names = ("endpoint", "api_key", "workspace_id", "project", "tracing")
    settings = {name: Setting("https://x.example", source) for name in names}
    found = HealthReport(
        summary="", checks=(), fixes=(Fix("It", code=code),), key=ApiKey("personal", "****", source), settings=settings
    )
    return for_shell(found, Dotenv(), Options(**typed))[0].code


def test_what_begins_with_a_quote_is_quoted():
    assert spelt("LANGSMITH_PROJECT='a' b") == """export LANGSMITH_PROJECT=''"'"'a'"'"' b'"""
    assert spelt('LANGSMITH_PROJECT="$(id)"') == """export LANGSMITH_PROJECT='"$(id)"'"""


def test_several_endpoints_of_which_one_is_right():
    code = 'client = SafeClient(api_url="https://a.example")\n# or https://b.example'
    assert spelt(code) == "export LANGSMITH_ENDPOINT=https://a.example\n# or https://b.example"
    again = "python -m safe_langsmith --endpoint https://a.example\n# or https://b.example"
    assert spelt(code, "--endpoint", endpoint="https://x.example") == again
