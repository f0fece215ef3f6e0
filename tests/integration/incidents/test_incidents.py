"""Public reports of LangSmith's 401 and 403, set up on the fake server: is the cause named, and does the fix help?"""

from __future__ import annotations

from pathlib import Path

import pytest

from safe_langsmith import Confidence

from ...conftest import CANARY
from .case import Helps
from .playing import CASES, offered, outcome
from .table import REPORTS, document


def test_every_report_is_set_up():
    assert set(CASES) == set(REPORTS)


@pytest.mark.parametrize("id", CASES)
def test_the_answer_is_the_one_that_was_reported(id):
    assert REPORTS[id]["status"] in (None, *outcome(id).attempt.statuses)


@pytest.mark.parametrize("id", CASES)
def test_the_cause_is_named(id):
    case, found = CASES[id], outcome(id)

    assert (found.diagnosis.cause if found.diagnosis else None) in (case.causes or (None,))
    if found.diagnosis and case.untold:
        assert found.diagnosis.confidence is not Confidence.CONFIRMED


@pytest.mark.parametrize("id", [id for id in CASES if CASES[id].retries])
def test_with_one_workspace_nothing_is_lost(id):
    assert outcome(id).retried


@pytest.mark.parametrize("id", CASES)
def test_a_fix_helps(id):
    case, found = CASES[id], outcome(id)

    if case.helps is Helps.FIRST:
        assert found.helped == 1
    elif case.helps is Helps.LATER:
        assert found.helped is not None
    else:
        assert found.helped is None


@pytest.mark.parametrize("id", [id for id in CASES if CASES[id].offers])
def test_what_must_be_offered_is_offered(id):
    fix = offered(CASES[id], outcome(id).diagnosis)

    assert fix is not None
    assert outcome(id).tried.get(fix) is not False


@pytest.mark.parametrize("id", CASES)
def test_the_text_is_short_and_ends_in_what_to_do(id):
    found = outcome(id)
    if found.diagnosis is None:
        return
    text = found.attempt.text
    lines, code = text.splitlines(), {line for fix in found.diagnosis.fixes for line in (fix.code or "").splitlines()}

    assert len(lines) <= 20
    assert [line for line in lines if len(line) > 80 and line.strip() not in code and "://" not in line] == []
    todo = " ".join(text[text.rindex("What to do: ") :].split())
    assert todo.startswith(f"What to do: {found.diagnosis.fixes[0].title}")
    first = (found.diagnosis.fixes[0].code or "").splitlines()
    assert set(first[:5]) <= {line.strip() for line in lines}
    if "403 Client Error: Forbidden for url" in found.attempt.sdk_message:
        assert "403 Client Error: Forbidden for url" in text


@pytest.mark.parametrize("id", CASES)
def test_no_key_is_shown(id):
    found = outcome(id).diagnosis

    if found:
        assert CANARY not in f"{found} {found.to_dict()} {found._repr_html_()}"


def test_the_document_is_up_to_date():
    """Where it is not: `python -m tests.integration.incidents.write`."""
    assert (Path(__file__).parents[3] / "docs" / "incidents.md").read_text("utf-8") == document()
