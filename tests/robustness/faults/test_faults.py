"""Whatever function of the library fails, and however: a user is never worse off than with the SDK's own client.

In each scenario, every function that it calls is broken in turn, except those at the boundary: see `Step.is_boundary`.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator

import pytest

from ...support.injection import ROOT, Fault, Step, broken, forget_results, injected, steps_of
from .judging import Outcome, faults_of, listening, outcome_of, plain_outcome
from .stage import SCENARIOS, Scenario, Stage

pytestmark = pytest.mark.slow

FAULTS: dict[str, Callable[[Step], Fault]] = {
    "an error": lambda step: Fault(injected(RuntimeError)),
    "an error halfway": lambda step: Fault(injected(RuntimeError), late=True),
    "errors of the machine": lambda step: Fault(injected(_pick(step, MemoryError, RecursionError, OSError))),
}


def _pick(step: Step, *choices: type[BaseException]) -> type[BaseException]:
    # By the name, which stays when lines move.
    return choices[zlib.crc32(step.name.encode()) % len(choices)]


class Trial:
    """A scenario whose functions fail one by one.

    Attributes:
        opening: What making the client calls.
        calling: What the call itself calls.
    """

    def __init__(self, scenario: Scenario, stage: Stage) -> None:
        self.scenario = scenario
        self.stage = stage
        self.plain = plain_outcome(scenario, stage)
        self.opening, self.calling = self._steps(scenario)
        for other in scenario.after:
            done = {step.code for steps in self._steps(SCENARIOS[other]) for step in steps}
            self.calling = [step for step in self.calling if step.code not in done]

    def _steps(self, scenario: Scenario) -> tuple[list[Step], list[Step]]:
        self._afresh()
        key, clients = getattr(self.stage, scenario.key), []
        opening = steps_of(lambda: clients.append(scenario.open(self.stage, key, True)))
        calling = steps_of(lambda: str(outcome_of(scenario, self.stage, clients[0]).error))
        scenario.close(self.stage, clients[0])
        return [s for s in opening if not s.is_boundary], [s for s in calling if not s.is_boundary]

    def _afresh(self) -> None:
        forget_results()
        self.stage.reset()

    def in_opening(self, step: Step, fault: Fault) -> Iterator[str]:
        """Yields what is wrong where a function fails while the client is made."""
        self._afresh()
        with broken(step, fault):
            client = self._open()
        yield from self._judge(outcome_of(self.scenario, self.stage, client))
        self.scenario.close(self.stage, client)

    def in_call(self, step: Step, fault: Fault) -> Iterator[str]:
        """Yields what is wrong where a function fails during the call, and in the next one, when it does not."""
        self._afresh()
        client = self._open()
        with broken(step, fault):
            yield from self._judge(outcome_of(self.scenario, self.stage, client))
        self.stage.server.clear_requests()
        if self.scenario.makes_client:
            # What the call itself made is made once for each client.
            self.scenario.close(self.stage, client)
            client = self._open()
        again = outcome_of(self.scenario, self.stage, client)
        yield from (f"{wrong}, in the next call" for wrong in self._judge(again))
        if again.error is not None and not again.is_told:
            yield "never recovers"
        self.scenario.close(self.stage, client)

    def _open(self) -> object:
        return self.scenario.open(self.stage, getattr(self.stage, self.scenario.key), True)

    def _judge(self, found: Outcome) -> Iterator[str]:
        return faults_of(found, self.plain, self.scenario, self.stage)


def worse(trial: Trial, fault_of: Callable[[Step], Fault], only: Callable[[Step], bool]) -> Iterator[str]:
    with listening() as complaints:
        for run, steps in ((trial.in_opening, trial.opening), (trial.in_call, trial.calling)):
            for step in filter(only, steps):
                fault = fault_of(step)
                found = [*run(step, fault), *complaints.hear(trial.stage)]
                if not fault.times and fault.error.__name__ == "InjectedRuntimeError" and not fault.late:
                    found.append("was not reached")
                yield from (f"{step.name}: {wrong}" for wrong in found)


def test_every_call_path_is_in_a_scenario(stage: Stage) -> None:
    if not all(scenario.exists for scenario in SCENARIOS.values()):
        pytest.skip("the installed SDK has not all call paths")
    tried = {step.name.partition(":")[0] for scenario in SCENARIOS.values() for step in Trial(scenario, stage).calling}
    paths = {f"_sdk/calls/{path.name}" for path in (ROOT / "_sdk" / "calls").glob("[!_]*.py")}

    assert len(paths) > 3
    assert paths <= tried


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_call_ends_as_the_sdks_or_explained_when_any_function_raises(name: str, stage: Stage) -> None:
    if not SCENARIOS[name].exists:
        pytest.skip("the installed SDK has no such call")
    # What is behind the call paths is the same for all of them.
    everything = name in ("denied", "rejected")
    trial = Trial(SCENARIOS[name], stage)

    assert list(worse(trial, FAULTS["an error"], lambda step: everything or "_core/" not in step.name)) == []


@pytest.mark.parametrize(
    ("kind", "name"),
    [("an error halfway", "denied"), ("an error halfway", "retried"), ("errors of the machine", "denied")],
)
def test_a_call_ends_as_the_sdks_or_explained_when_any_function_fails_otherwise(
    kind: str, name: str, stage: Stage
) -> None:
    trial = Trial(SCENARIOS[name], stage)

    # What fails when the request has been sent again cannot be taken back. Nothing follows it in this generator.
    last = "_recovery/handler.py:_send_again"
    halfway = kind == "an error halfway"
    assert list(worse(trial, FAULTS[kind], lambda s: (s.is_generator and s.name != last) or not halfway)) == []
