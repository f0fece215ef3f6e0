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
    "_sdk/calls/generated_client.py:_request",
    "_sdk/calls/generated_client.py:_request_async",
    "_sdk/calls/generated_client.py:_copy",
    "errors.py:__str__",
    "diagnosis.py:__str__",
    # What the SDK raises in there is the user's, and it does nothing else.
    "_sdk/calls/requests.py:send",
    "_sdk/calls/hard_delete.py:send",
    "_sdk/calls/generated.py:send",
    "_sdk/calls/async_.py:send",
    # All of their body is guarded, or can hardly fail.
    "_recovery/state.py:__init__",
    "_recovery/state.py:given_arguments",
    "_recovery/state.py:note_origins",
    "_sdk/headers.py:with_chosen_workspace",
    "_sdk/headers.py:apart_from_chosen_workspace",
    "_sdk/replay.py:note_position",
    "_sdk/calls/generated_client.py:_keep_apart",
    "_recovery/handler.py:refused",
    "_recovery/handler.py:answer",
    "_recovery/handler.py:answer_async",
    "_recovery/handler.py:_deliver",
    "_recovery/handler.py:_drop_all",
    "_recovery/echo.py:answer",
    "_recovery/echo.py:answer_async",
    "_recovery/echo.py:remember",
    "_recovery/log.py:log_failure",
    "_probe/driver.py:work",
    "_probe/driver.py:give",
    "_probe/driver.py:run",
    "_probe/driver.py:<lambda>",
}
# What these return goes to the user as it is.
HANDED_OUT = {
    "_core/summary.py:summarize",
    "_render/text.py:as_text",
    "_recovery/echo.py:recall",
    "_sdk/replay.py:arguments_for",
    "_core/redaction.py:clean",
    "_core/redaction.py:redact",
    "_core/redaction.py:_without",
    "_core/redaction.py:shorten",
    "_core/redact_value.py:<lambda>",
    "_recovery/handler.py:_explain",
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
