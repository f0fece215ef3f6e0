"""The example notebook runs from top to bottom without an account, and shows what it is there to show."""

from __future__ import annotations

import ast
import sys

import pytest

from .running import as_kept, code_cells, same_everywhere, shown


@pytest.fixture
def cell(ran):
    """What was shown by the one cell that has some words in its source."""

    def find(words, kind="text/plain"):
        (found,) = [cell for cell in code_cells(ran) if words in cell.source]
        return shown(found, kind)

    return find


def test_it_runs_on_the_interpreter_that_is_tested(cell):
    assert ast.literal_eval(cell("sys.executable").strip())[-1] == sys.executable


def test_a_call_without_a_workspace_is_retried_and_the_retry_is_logged(cell):
    retried = cell("organization_key)\n")
    assert "'my-first-project'" in retried
    assert "sent again for workspace" in retried
    assert "LANGSMITH_WORKSPACE_ID=" in retried
    assert cell("server.requests") == "['POST /sessions -> 403', 'GET /workspaces -> 200', 'POST /sessions -> 200']"


def test_a_refusal_ends_in_the_diagnosis(cell):
    screen = cell("SafeClient(api_key=editor_key)")
    assert "ForbiddenDiagnosis: permission-denied: Personal access token lsv2_pt_****" in " ".join(screen.split())
    assert "Failed to POST http://127.0.0.1:" in screen
    assert "\nWhat to do: Ask an admin" in screen
    assert "in the LangSmith workspace" in screen.rstrip().splitlines()[-1]


def test_what_is_caught_is_shown_as_a_card(cell):
    card = cell("display(e", "text/html")
    assert card.startswith('<div class="safe-langsmith">')
    assert "<b>permission-denied</b> (likely)" in card
    assert "For code: permission-denied likely" in card


def test_without_html_the_card_is_the_text(cell):
    text = cell("display(e")
    assert text.startswith("permission-denied: Personal access token")
    assert "What to do: Ask an admin" in text


def test_what_a_role_permits_is_checked(cell):
    assert cell("diagnose(client, can=").startswith("Tracing: None\n")
    assert "<b>permission-denied</b>" in cell("diagnose(client, can=", "text/html")


def test_the_stale_key_is_named_and_replaced(cell):
    assert "<b>stale-environment</b> (likely)" in cell("diagnose(SafeClient(dotenv", "text/html")
    reloaded = cell("in reload_environment")
    assert reloaded.startswith("LANGSMITH_API_KEY=lsv2_pt_****")
    assert "/.env:1, was lsv2_pt_****" in reloaded
    assert reloaded.endswith("['my-first-project']")


def test_it_shows_no_key(ran):
    *cells, secret = code_cells(ran)
    everything = str([cell.outputs for cell in cells])
    secrets = ast.literal_eval(shown(secret).strip())[:-1]
    assert len(set(secrets)) == 4
    for key in secrets:
        assert not [key[at : at + 8] for at in range(len(key) - 7) if key[at : at + 8] in everything]


def test_what_the_repository_keeps_is_what_a_run_gives(kept, ran):
    # The last cell shows the keys that were made, and is run for the tests only.
    *again, _ = code_cells(as_kept(ran))
    for stored, now in zip(code_cells(kept), again, strict=True):
        for kind in ("text/plain", "text/html"):
            assert same_everywhere(shown(stored, kind)) == same_everywhere(shown(now, kind)), (
                "if this is meant: python -m tests.integration.notebook.write"
            )
