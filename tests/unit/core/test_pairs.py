"""If two causes hold at once, the earlier one in the precedence is named.

Each two rows of `ROWS` are put together to one refusal. Every rule is asked about it by itself, which shows which rules
hold at once; the whole investigation must then name the first of those.
"""

from __future__ import annotations

import runpy
from collections.abc import Callable, Generator, Mapping
from functools import lru_cache
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from safe_langsmith import Confidence
from safe_langsmith._core.engine import PRECEDENCE, Row, judge
from safe_langsmith._core.evidence import Evidence
from safe_langsmith._core.model import GET_INFO, GET_INFO_BELOW, Facts, ProbeRequest, Verdict
from safe_langsmith._core.responses import Answer

PRECEDENCE_TESTS = runpy.run_path(str(Path(__file__).parent / "test_precedence.py"))
ROWS: dict[str, tuple[dict[str, Any], dict[ProbeRequest, Answer], Any, Any]] = PRECEDENCE_TESTS["ROWS"]


class Case(NamedTuple):
    """The rules that hold, each by itself; the first one of a whole investigation that holds; and its verdict."""

    rows: str
    holding: tuple[Row, ...]
    named: Row
    verdict: Verdict


def name(row: Row) -> str:
    return f"{row.cause} ({row.rule.__name__})"


def verdict_of(rule: Callable[[Evidence], Any], evidence: Evidence, answers: Mapping[ProbeRequest, Answer]) -> Any:
    asked = rule(evidence)
    if not isinstance(asked, Generator):
        return asked
    try:
        probe = next(asked)
        while True:
            probe = asked.send(answer_to(probe, answers))
    except StopIteration as stop:
        return stop.value


def answer_to(probe: ProbeRequest, answers: Mapping[ProbeRequest, Answer]) -> Answer:
    """The answer of the rows; LangSmith's own of a probe that they do not send."""
    default = PRECEDENCE_TESTS["LANGSMITH" if probe in (GET_INFO, GET_INFO_BELOW) else "REFUSED"]
    return answers.get(probe, default)


def case(rows: str, facts: Facts, answers: Mapping[ProbeRequest, Answer]) -> Case:
    evidence = Evidence(facts)
    return Case(
        rows,
        tuple(row for row in PRECEDENCE if verdict_of(row.rule, Evidence(facts), answers)),
        next(row for row in PRECEDENCE if verdict_of(row.rule, evidence, answers)),
        verdict_of(judge, Evidence(facts), answers),
    )


@lru_cache(maxsize=1)
def cases(refusal: Callable[..., Facts]) -> tuple[Case, ...]:
    found = []
    for first, second in combinations(ROWS, 2):
        refused = ROWS[first][0] | ROWS[second][0]
        if refused.get("inherited"):
            refused["workspace_id"] = None
        if refused.get("method", "GET") is not None:
            found.append(case(f"{first} + {second}", refusal(**refused), ROWS[first][1] | ROWS[second][1]))
    return tuple(found)


@pytest.fixture
def met(refusal):
    return cases(refusal)


def test_the_first_row_that_holds_is_the_one_named(met):
    # If no rule but the last one holds by itself, one may hold with the answers that other rules asked for.
    assert not [
        (case.rows, name(case.named), [name(row) for row in case.holding])
        for case in met
        if case.named != case.holding[0] is not PRECEDENCE[-1]
    ]


@pytest.mark.parametrize("row", PRECEDENCE, ids=name)
def test_every_row_is_the_one_named_at_times(row, met):
    assert any(case.named == row for case in met)


@pytest.mark.parametrize(("first", "second"), list(combinations(sorted({row.rank for row in PRECEDENCE}), 2)))
def test_if_two_ranks_hold_the_first_one_decides(first, second, met):
    both = [case for case in met if {first, second} <= {row.rank for row in case.holding}]
    assert any(case.named.rank == first for case in both)
    assert all(case.named.rank <= first for case in both)


def test_a_verdict_is_what_its_row_says(met):
    sure = list(Confidence)
    assert not [case for case in met if case.verdict is None or case.verdict.cause is not case.named.cause]
    assert not [case for case in met if sure.index(case.verdict.confidence) < sure.index(case.named.at_most)]


def test_the_ranks_are_in_order():
    assert [row.rank for row in PRECEDENCE] == sorted(row.rank for row in PRECEDENCE)
