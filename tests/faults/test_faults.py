"""Whatever function of the library fails, and however: a user is never worse off than with the SDK's own client.

In each scenario, every function that it calls is broken in turn.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator

import pytest
from faults.injection import ROOT, Fault, Step, broken, forget_results, injected, steps_of
from faults.judging import Outcome, faults_of, listening, outcome_of, plain_outcome
from faults.stage import SCENARIOS, Scenario, Stage

# What stands between the library and the user. They have to hold, so what they call is broken and they are not.
GUARDS = {
    # In place of the SDK's own methods, or of its constructor.
    "client.py:__init__",
    "client.py:request_with_retries",
    "client.py:delete_examples",
    "client.py:_set_api_key",
    "client.py:_get_langsmith_api",
    "client.py:_get_langsmith_api_sync",
    "client.py:_guarded",
    "async_client.py:__init__",
    "async_client.py:_arequest_with_retries",
    "async_client.py:_set_api_key",
    "_io/roads/generated_client.py:_request",
    "_io/roads/generated_client.py:_request_async",
    "_io/roads/generated_client.py:_copy",
    "errors.py:__str__",
    "diagnosis.py:__str__",
    # What the SDK raises in there is the user's, and it does nothing else.
    "_io/roads/requests_road.py:send",
    "_io/roads/direct_road.py:send",
    "_io/roads/generated_road.py:send",
    "_io/roads/async_road.py:send",
    # All of their body is guarded, or can hardly fail.
    "_io/safeguard.py:__init__",
    "_io/safeguard.py:given_arguments",
    "_io/safeguard.py:note_origins",
    "_io/first_send.py:with_chosen_workspace",
    "_io/first_send.py:apart_from_chosen_workspace",
    "_io/second_send.py:note_position",
    "_io/roads/generated_client.py:_keep_apart",
    "_io/refused_call.py:refused",
    "_io/refused_call.py:answer",
    "_io/refused_call.py:answer_async",
    "_io/refused_call.py:_deliver",
    "_io/refused_call.py:_drop_all",
    "_io/echo.py:answer",
    "_io/echo.py:answer_async",
    "_io/echo.py:remember",
    "_io/trouble.py:log_failure",
    "_io/futures.py:work",
    "_io/futures.py:give",
    "_io/worker.py:run",
    "_io/worker.py:<lambda>",
}
# What these return goes to the user as it is.
HANDED_OUT = {
    "_core/summary.py:summarize",
    "_render/text.py:as_text",
    "_io/echo.py:recall",
    "_io/second_send.py:arguments_for",
    "_core/clean.py:clean",
    "_core/clean.py:redact",
    "_core/clean.py:_without",
    "_core/clean.py:shorten",
    "_core/scrub.py:<lambda>",
    "_io/refused_call.py:_explain",
    "errors.py:explain",
}
FAULTS: dict[str, Callable[[Step], Fault]] = {
    "an error": lambda step: Fault(injected(RuntimeError)),
    "an error halfway": lambda step: Fault(injected(RuntimeError), late=True),
    "errors of the machine": lambda step: Fault(injected(_pick(step, MemoryError, RecursionError, OSError))),
    "rubbish": lambda step: Fault(returned=_pick(step, None, object(), "")),
}


def _pick(step: Step, *choices: object) -> object:
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
        return [s for s in opening if s.name not in GUARDS], [s for s in calling if s.name not in GUARDS]

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
        again = outcome_of(self.scenario, self.stage, client)
        yield from (f"{wrong}, in the next call" for wrong in self._judge(again))
        # Rubbish may be taken for what was learned, and a client that cannot be guarded stays the SDK's.
        if fault.error and again.error is not None and not again.is_told and "guard" not in step.name:
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
                if not fault.times and fault.error is RuntimeError and not fault.late:
                    found.append("was not reached")
                yield from (f"{step.name}: {wrong}" for wrong in found)


def test_every_road_is_in_a_scenario(stage: Stage) -> None:
    if not all(scenario.exists for scenario in SCENARIOS.values()):
        pytest.skip("the installed SDK has not all roads")
    tried = {step.name.partition(":")[0] for scenario in SCENARIOS.values() for step in Trial(scenario, stage).calling}

    assert {f"_io/roads/{path.name}" for path in (ROOT / "_io" / "roads").glob("[!_]*.py")} <= tried


@pytest.mark.parametrize("name", SCENARIOS)
def test_an_error(name: str, stage: Stage) -> None:
    if not SCENARIOS[name].exists:
        pytest.skip("the installed SDK has no such call")
    # What is behind the roads is the same for all of them.
    everything = name in ("denied", "rejected")

    assert (
        list(
            worse(
                Trial(SCENARIOS[name], stage), FAULTS["an error"], lambda step: everything or "_core/" not in step.name
            )
        )
        == []
    )


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("an error halfway", "denied"),
        ("an error halfway", "healed"),
        ("errors of the machine", "denied"),
        ("rubbish", "denied"),
        ("rubbish", "healed"),
    ],
)
def test_another_fault(kind: str, name: str, stage: Stage) -> None:
    only = {
        "an error halfway": lambda step: step.is_generator,
        "errors of the machine": lambda step: True,
        "rubbish": lambda step: (
            step.name not in HANDED_OUT
            and step.code.co_name != "__init__"
            and (name == "denied" or "_core/" not in step.name)
        ),
    }

    assert list(worse(Trial(SCENARIOS[name], stage), FAULTS[kind], only[kind])) == []
