"""What a notebook shows of a call that was refused and not caught."""

from __future__ import annotations

import pytest
from nbformat.v4 import new_code_cell, new_notebook

from .running import code_cells, run, shown

PREPARED = """
from safe_langsmith import SafeAsyncClient, SafeClient
from safe_langsmith.testing import FakeLangSmith

server = FakeLangSmith(info={"instance_flags": {"zstd_compression_enabled": True}})
acme = server.add_organization("Acme")
viewer = acme.add_personal_key(default=acme.add_workspace("Research"), role="Viewer")
client = SafeClient(api_url=server.url, api_key=viewer)

def in_a_function_of_the_user():
    client.create_project("p")
"""
CALLS = {
    "plainly": 'client.create_project("p")',
    "in a function": "in_a_function_of_the_user()",
    "again": "in_a_function_of_the_user()",
    "on the event loop": 'await SafeAsyncClient(api_url=server.url, api_key=viewer).create_project("p")',
    "missing": 'client.read_project(project_name="missing")',
}
LOOKED_AT = "import sys\nsys.last_value"


@pytest.fixture(scope="module")
def screens(tmp_path_factory):
    cells = [new_code_cell(PREPARED), *(new_code_cell(call) for call in CALLS.values())]
    for cell in cells[1:]:
        cell.metadata["tags"] = ["raises-exception"]
    cells.insert(2, new_code_cell(LOOKED_AT))
    ran = run(new_notebook(cells=cells), tmp_path_factory.mktemp("screen"))
    return {cell.source: cell for cell in code_cells(ran)}


REFUSED = [name for name in CALLS if name != "missing"]


@pytest.mark.parametrize("name", REFUSED)
def test_an_uncaught_error_shows_the_line_that_failed_and_the_short_text(screens, name):
    screen = shown(screens[CALLS[name]])
    place, message = screen.split("\nForbiddenDiagnosis: ")
    assert place.startswith("line ")
    assert place.endswith('create_project("p")')
    assert len(place.splitlines()) == 1
    assert message.startswith("permission-denied: Personal access token")
    assert len(message.splitlines()) <= 20


def test_a_function_of_the_user_is_named(screens):
    assert shown(screens[CALLS["again"]]).startswith("line 10, in in_a_function_of_the_user: ")


def test_what_the_sdk_raises_itself_has_no_frame_of_ours(screens):
    screen = shown(screens[CALLS["missing"]])
    assert "LangSmithNotFoundError" in screen
    assert "/safe_langsmith/" not in screen


def test_what_was_not_caught_can_still_be_looked_at(screens):
    assert "<b>permission-denied</b>" in shown(screens[LOOKED_AT], "text/html")


QUIET = """
from langsmith import traceable
import safe_langsmith
safe_langsmith.install()
tracer = SafeClient(api_url=server.url, api_key=viewer)

@traceable(client=tracer, enabled=True)
def traced():
    return 1

def trace():
    traced()
    tracer.flush()
"""


def test_refusals_in_the_background_are_shown_below_one_cell(tmp_path):
    sources = (PREPARED, QUIET, *["trace()"] * 3, "safe_langsmith.uninstall()\ntrace()")
    cells = [new_code_cell(source) for source in sources]
    *_, first, second, third, last = code_cells(run(new_notebook(cells=cells), tmp_path))

    assert "What to do" in shown(first)
    assert (shown(second), shown(third)) == ("", "")
    assert "4 batches lost" in shown(last)
