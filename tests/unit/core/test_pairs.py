"""Two rows of the precedence that hold at once: the earlier one is named.

Many refusals are put together from a few traits each. Every rule is asked about each of them by itself, which shows
which rows hold at once; the whole investigation must then name the first of those. `golden/pairs.txt` is the list of
the pairs that were met, so that a row that is added or moved shows what it changes.
"""

from __future__ import annotations

import json
import random
from collections.abc import Generator
from functools import lru_cache
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from safe_langsmith import Confidence
from safe_langsmith._core.engine import PRECEDENCE, Row, judge
from safe_langsmith._core.model import (
    GET_INFO,
    GET_INFO_BELOW,
    GET_SETTINGS,
    LIST_DELETED_WORKSPACES,
    LIST_WORKSPACES,
    Evidence,
    Verdict,
    inside,
)
from safe_langsmith._core.responses import Answer, read_answer

KEPT = Path(__file__).parent / "golden" / "pairs.txt"
A, B = (f"{digit * 8}-aaaa-4aaa-8aaa-{digit * 12}" for digit in "12")
REFUSED = b'{"detail":"Forbidden"}'
NEEDS_ONE = b'{"detail":"This API key is org-scoped and requires workspace specification."}'
EU = {"LANGCHAIN_ENDPOINT": "https://eu.api.smith.langchain.com"}
NEWER = {"LANGSMITH_API_KEY": "lsv2_pt_c0ffeec0ffee00000000000000000000_0000005678"}

TRAITS: dict[str, list[Any]] = {
    "key": ["good", "good", None, "ls__0123456789abcdef", "<your-api-key>"],
    "workspace_id": [None, None, A, B, "Research"],
    "inherited": [None, None, None, B],
    "endpoint": [
        "https://api.smith.langchain.com",
        "https://smith.langchain.com",
        "https://langsmith.acme.example",
        "https://langsmith.acme.example/api/v1",
        "https://agents-7.us.langgraph.app",
        "api.smith.langchain.com",
    ],
    "environ": [{}, {}, EU, NEWER, EU | NEWER],
    "redirected_to": [None, None, None, "login.example"],
    "path": ["/sessions", "/new-thing"],
    "method": ["GET", "POST"],
    "body": [
        *[REFUSED] * 5,
        NEEDS_ONE,
        b"",
        b"<html><title>No</title></html>",
        *[b'{"message":"Forbidden"}'] * 3,
        b'{"kind":"Status","apiVersion":"v1","message":"no"}',
        b'{"detail":"LLM Gateway not enabled for this organization"}',
        b'{"detail":"Forbidden: needs projects:create"}',
        b'{"detail":"Missing authentication headers"}',
        b'{"error":"not enabled for this tenant","detail":"needs runs:read"}',
        b'{"error":"no plan found","detail":"requires a workspace id"}',
        b'{"error":"org_scoped_key_requires_workspace","detail":"needs projects:create"}',
        b'{"detail":"Using legacy API key. Please generate a new API key."}',
        b'{"detail":"X-Tenant-Id: not a valid UUID"}',
    ],
}


def _entry(id_: str, **more: Any) -> str:
    fields = {"id": id_, "display_name": "W", "permissions": ["projects:read"], **more}
    return json.dumps(fields)


_FOREIGN = Answer(403, body=read_answer(403, b'{"message":"Forbidden"}').body)
_WHAT_SETTINGS_SAY = [
    *[read_answer(403, REFUSED)] * 5,
    read_answer(403, NEEDS_ONE),
    read_answer(200, _entry(A).encode()),
    _FOREIGN,
    _FOREIGN,
    Answer(error="ConnectTimeout"),
]
_LISTS = [
    *[read_answer(403, REFUSED)] * 5,
    read_answer(200, f"[{_entry(A)}]".encode()),
    read_answer(200, f"[{_entry(A)},{_entry(B)}]".encode()),
    read_answer(200, f"[{_entry(A, data_plane_url='https://plane.example')}]".encode()),
    read_answer(200, b"[]"),
    _FOREIGN,
    _FOREIGN,
]
_ABOUT = [
    read_answer(200, b'{"version":"0.16","batch_ingest_config":{}}'),
    read_answer(200, b'{"version":"0.16","langgraph_py_version":"1.2"}'),
    read_answer(404, b'{"detail":"Not Found"}'),
]
N = 8_000
QUESTIONS = {
    GET_SETTINGS: _WHAT_SETTINGS_SAY,
    inside(A): _WHAT_SETTINGS_SAY,
    inside(B): _WHAT_SETTINGS_SAY,
    LIST_WORKSPACES: _LISTS,
    LIST_DELETED_WORKSPACES: _LISTS[5:7],
    GET_INFO: _ABOUT,
    GET_INFO_BELOW: _ABOUT,
}


class Case(NamedTuple):
    """The rows that hold, each by itself; the one that is named; and the verdict of the whole."""

    holding: tuple[Row, ...]
    named: Row
    verdict: Verdict | None


def name(row: Row) -> str:
    return f"{row.cause} ({row.rule.__name__})"


def verdict_of(rule_or_all: Any, evidence: Evidence, answers: dict[Any, Answer]) -> Verdict | None:
    asked = rule_or_all(evidence)
    if not isinstance(asked, Generator):
        return asked
    try:
        question = next(asked)
        while True:
            question = asked.send(answers[question])
    except StopIteration as stop:
        return stop.value


@lru_cache(maxsize=1)
def cases(refusal: Any) -> tuple[Case, ...]:
    chance, found = random.Random(403), []
    for _ in range(N):
        traits = {name: chance.choice(values) for name, values in TRAITS.items()}
        answers = {question: chance.choice(given) for question, given in QUESTIONS.items()}
        if traits["inherited"]:
            traits["workspace_id"] = None
        if "langgraph.app" in traits["endpoint"] or b"Missing authentication" in traits["body"]:
            answers[GET_INFO] = chance.choice(_ABOUT[1:])
        if traits["key"] == "good":
            del traits["key"]
        facts = refusal(**traits)
        holding = tuple(row for row in PRECEDENCE if verdict_of(row.rule, Evidence(facts), answers))
        evidence = Evidence(facts)
        named = next(row for row in PRECEDENCE if verdict_of(row.rule, evidence, answers))
        found.append(Case(holding, named, verdict_of(judge, Evidence(facts), answers)))
    return tuple(found)


def met_at_once(refusal: Any) -> list[str]:
    # The last row always holds.
    pairs = {pair for case in cases(refusal) for pair in combinations(case.holding[:-1], 2)}
    return [
        f"{name(first)} before {name(second)}"
        for first, second in combinations(PRECEDENCE, 2)
        if (first, second) in pairs
    ]


@pytest.fixture
def met(refusal):
    return cases(refusal)


def test_the_first_row_that_holds_is_the_one_named(met):
    assert not [
        (name(case.named), [name(row) for row in case.holding]) for case in met if case.named != case.holding[0]
    ]


@pytest.mark.parametrize("row", PRECEDENCE, ids=name)
def test_every_row_is_the_one_named_at_times(row, met):
    assert any(case.named == row for case in met)


def test_the_pairs_that_hold_at_once_are_those_kept(refusal):
    kept = KEPT.read_text(encoding="utf-8").splitlines()
    assert met_at_once(refusal) == kept, "if this is meant: PYTHONPATH=. python tests/unit/core/regenerate.py"


def test_a_verdict_is_what_its_row_says(met):
    sure = list(Confidence)
    assert not [case for case in met if case.verdict is None or case.verdict.cause is not case.named.cause]
    assert not [case for case in met if sure.index(case.verdict.confidence) < sure.index(case.named.at_most)]


def test_the_ranks_are_in_order():
    assert [row.rank for row in PRECEDENCE] == sorted(row.rank for row in PRECEDENCE)
