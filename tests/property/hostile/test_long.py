"""Much of what a careless pattern would read again and again takes no longer than as much of anything else.

With a pattern that takes quadratic time, one of these would take minutes.
"""

from __future__ import annotations

import json

import pytest

from safe_langsmith._core.credentials import inspect_key
from safe_langsmith._core.dotenv import is_too_much, read_text
from safe_langsmith._core.endpoints import host_of, is_plain_address, region_named
from safe_langsmith._core.permissions import requirement
from safe_langsmith._core.redaction import bare_url
from safe_langsmith._core.responses import read_answer, read_body
from safe_langsmith._core.variables import normal, related_variables, shown
from safe_langsmith._core.workspaces import canonical_workspace_id

from .driving import Came, diagnose, facts_of, refusal_of
from .promises import assert_keeps_all_promises
from .strategies import IDS, KEY

US = "https://api.smith.langchain.com"
LENGTH = 300_000
pytestmark = pytest.mark.slow

SECRETS = (KEY, KEY[8:])
UNITS = (
    *"\\ l a A 0 - _ : / . @ = # ? & % $ < > [ { ( \" ' ` \n \t \x1b \x00 \u202e \u0130 \ud800 \u0300".split(" "),
    "\r\n",
    "\\\\n",
    "\\u006c",
    "\\x6c",
    '\\"',
    '{"',
    '{"a":',
    '"a",',
    "[]",
    "[0,",
    '["',
    '"\\',
    "<title>",
    "</title",
    "<!--",
    "<!-- -",
    "-->",
    "a-a:",
    "runs:",
    "runs:read ",
    "missing ",
    "\x1b[",
    "\x1b]",
    "l ",
    "l\\n",
    "ls__",
    "lsv2_sk_",
    "sk-proj-",
    "s?v2_pt_",
    "?key=",
    "?token",
    "http://",
    "https://a@",
    "://",
    "//",
    "/a",
    "a.",
    "${",
    "${a:-",
    "LANGSMITH_A",
    "LANGSMITH_API_KEY",
    "export ",
    "set ",
    "A='",
    'A="',
    "A='\n",
    "A=1\n",
    "A B\n",
    KEY,
)
texts = pytest.mark.parametrize("text", [unit * (LENGTH // len(unit)) for unit in UNITS], ids=[repr(u) for u in UNITS])


@texts
def test_a_long_body(text):
    raw = text[:100_000].encode("utf-8", "surrogatepass")
    assert len(read_body(raw, "", SECRETS).message or "") <= 320
    assert len(read_body(raw, "text/html", SECRETS).message or "") <= 320
    assert len(read_body(b"<title>" + raw[:10_000] + b"</title>", "", SECRETS).message or "") <= 320


@texts
def test_a_long_answer(text):
    assert not read_answer(200, text.encode("utf-8", "surrogatepass"), "", SECRETS).authorized
    (workspace,) = read_answer(200, json.dumps([{"id": IDS[0], "display_name": text}]).encode(), "", SECRETS).workspaces
    assert len(workspace.name) <= 80


@texts
def test_a_long_value(text):
    assert len(shown("project", text) or "") <= 200
    assert len(inspect_key(f"lsv2_pt_{text[:130_000]}").masked) < 30
    for about in (bare_url, host_of, is_plain_address, region_named, canonical_workspace_id):
        about(f"https://{text}")
    normal("endpoint", text)
    requirement("GET", f"/{text[:65_536]}")
    related_variables({"LANGSMITH_RUNS_ENDPOINTS": text[:130_000], "OTEL_EXPORTER_OTLP_ENDPOINT": text[:130_000]})


@texts
def test_a_long_env_file(text):
    # python-dotenv's own patterns are quadratic, so what would take it long is not given to it.
    for written in (text[:200_000], f"LANGSMITH_API_KEY={text[:190_000]}", f"LANGSMITH_API_KEY='{text[:190_000]}"):
        if not is_too_much(written):
            try:
                told = read_text(written, {})
            except ValueError:
                continue
            assert all(len(remark) < 300 for remark in told.warnings)


@pytest.mark.parametrize("unit", ["x", "a/", "%20", "-", "a-", ":", "runs/"])
def test_a_long_path_is_no_reason_to_leave_out_what_to_do(unit):
    path = f"/commits/{unit * (8_000 // len(unit))}"
    refusal = refusal_of(f"{US}{path}", KEY, b'{"detail":"Forbidden"}', {})
    found = diagnose(facts_of(refusal, US, KEY, path), [Came(200, b"[]")] * 3, refusal.secrets)
    assert_keeps_all_promises(found)
    assert found.url == f"{US}{path}"
