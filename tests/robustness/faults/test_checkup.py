"""A check that fails says so, does not say that all is well, and leaves nothing behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from safe_langsmith import Diagnosis, adiagnose, diagnose

from ...support.injection import Fault, Step, broken, forget_results, injected, steps_of
from .judging import listening, outcome_of
from .stage import SCENARIOS, Stage

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", ["rejected", "async, denied"])
def test_an_error(name: str, stage: Stage) -> None:
    scenario = SCENARIOS[name]
    client = scenario.open(stage, stage.revoked, True)

    def check() -> Any:
        return stage.loop.run_until_complete(adiagnose(client)) if "async" in name else diagnose(client)

    stage.reset()
    forget_results()
    found = []
    with listening() as complaints:
        for step in steps_of(check):
            if not step.is_boundary:
                forget_results()
                stage.reset()
                wrong = list(judged(check, step))
                if not outcome_of(scenario, stage, client).is_told:
                    wrong.append("leaves something to the next call")
                found += [f"{step.name}: {text}" for text in (*wrong, *complaints.hear(stage))]
    scenario.close(stage, client)
    assert found == []


def judged(check: Callable[[], Any], step: Step) -> Iterator[str]:
    kind = injected(RuntimeError)
    try:
        with broken(step, Fault(kind)):
            result = check()
    except kind:
        return
    if not isinstance(result, Diagnosis):
        yield f"concluded {result!r}"
