"""A `resolve_workspace` that raises, returns rubbish, changes what it gets, calls the client, or takes its time."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Callable
from typing import Any

import pytest

from safe_langsmith import Cause, ForbiddenDiagnosis, SafeClient, Workspace

from ...support.internals import Probing
from .judging import Outcome, faults_of, outcome_of, plain_outcome
from .stage import NAMES, SCENARIOS, Stage, open_choosing


class Hostile:
    """Raises whatever is asked of it."""

    def __getattribute__(self, name: str) -> Any:
        if name == "__class__":
            return object.__getattribute__(self, name)
        raise RuntimeError(name)

    __str__ = __repr__ = __hash__ = __eq__ = __bool__ = __len__ = __iter__ = lambda *_: 1 / 0  # type: ignore


class HostileText(str):
    __str__ = __repr__ = __hash__ = __eq__ = strip = lower = lambda *_: 1 / 0  # type: ignore


class Pretends(Workspace):
    """Has an id that cannot be read."""

    id = property(lambda self: 1 / 0)  # type: ignore

    def __init__(self) -> None:
        pass


async def never_awaited() -> str:
    return ""


def spoils(found: Any) -> None:
    for spoil in (lambda: found.clear(), lambda: found.append(1), lambda: setattr(found[0], "id", "x")):
        with pytest.raises((AttributeError, TypeError)):
            spoil()


CHOICES: dict[str, Callable[[Any], Any]] = {
    "nothing": lambda found: None,
    "an int": lambda found: 42,
    "true": lambda found: True,
    "bytes": lambda found: found[0].id.encode(),
    "the list itself": lambda found: found,
    "a dictionary": lambda found: {"id": found[0].id},
    "a hostile object": lambda found: Hostile(),
    "a hostile text": lambda found: HostileText("x"),
    "an exception": lambda found: ValueError(found[0].id),
    "a class": lambda found: Workspace,
    "an id of nobody": lambda found: "11111111-1111-4111-8111-111111111111",
    "no id": lambda found: "Research",
    "an endless text": lambda found: "1" * 1_000_000,
    "surrogates": lambda found: "\udcff",
    "another's workspace": lambda found: Workspace("11111111-1111-4111-8111-111111111111", "Research"),
    "a workspace without an id": lambda found: Workspace(None, "Research"),  # type: ignore[arg-type]
    "a workspace that pretends": lambda found: Pretends(),
    "spoils what it gets": spoils,
    "raises": lambda found: 1 / 0,
    "raises at the end of an iteration": lambda found: next(iter(())),
    "recurses": lambda found: CHOICES["recurses"](found),
    "takes no argument": lambda: None,  # type: ignore[dict-item,misc]
    "raises what cannot be shown": lambda found: (_ for _ in ()).throw(Unshowable()),
}


class Unshowable(Exception):
    def __str__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize("choice", CHOICES)
def test_a_callable_that_misbehaves_makes_no_call_fail_otherwise(choice: str, stage: Stage) -> None:
    found, calls = chosen(stage, CHOICES[choice])

    assert found.is_told
    assert found.error.cause is Cause.WORKSPACE_REQUIRED
    assert calls <= 1


def chosen(stage: Stage, choose: Callable[..., Any], name: str = "chosen") -> tuple[Outcome, int]:
    """What a call ends in with a callable of the user's, judged, and how often that was called in two calls."""
    scenario, calls = SCENARIOS[name], []

    def counted(*args: Any) -> Any:
        calls.append(args)
        return choose(*args)

    plain = plain_outcome(scenario, stage)
    stage.reset()
    client = open_choosing(stage, stage.needs_workspace, "async" in name, counted)
    found = outcome_of(scenario, stage, client)
    assert list(faults_of(found, plain, scenario, stage)) == []
    stage.server.clear_requests()
    again = outcome_of(scenario, stage, client)
    assert list(faults_of(again, plain, scenario, stage)) == []
    scenario.close(stage, client)
    return found, len(calls)


@pytest.mark.skipif(not NAMES, reason="AsyncClient can name no workspace")
@pytest.mark.parametrize("choice", ["a hostile object", "spoils what it gets", "raises", "recurses"])
def test_a_callable_that_misbehaves_on_an_event_loop_makes_no_call_fail_otherwise(choice: str, stage: Stage) -> None:
    found, calls = chosen(stage, CHOICES[choice], "async, retried")

    assert found.is_told
    assert calls == 1


def test_a_coroutine_function_chooses_nothing_and_leaves_no_warning(stage: Stage, recwarn: Any) -> None:
    found, _ = chosen(stage, lambda workspaces: never_awaited())
    gc.collect()

    assert "returned a coroutine" in found.error.checks[1].detail
    assert [str(warning.message) for warning in recwarn if "never awaited" in str(warning.message)] == []


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *(("chosen", kind) for kind in (KeyboardInterrupt, SystemExit, GeneratorExit, asyncio.CancelledError)),
        # An event loop takes GeneratorExit for the end of a coroutine.
        *(("async, retried", kind) for kind in (KeyboardInterrupt, SystemExit, asyncio.CancelledError) if NAMES),
    ],
)
def test_an_interrupt_in_the_callable_passes_through(name: str, kind: type[BaseException], stage: Stage) -> None:
    thrown = kind("stop")

    def interrupted(found: Any) -> Any:
        raise thrown

    stage.reset()
    client = open_choosing(stage, stage.needs_workspace, name != "chosen", interrupted)
    with pytest.raises(kind) as caught:
        SCENARIOS[name].call(stage, client)
    sent = len(stage.server.requests)
    SCENARIOS[name].close(stage, client)

    assert name != "chosen" or caught.value is thrown
    assert [r.status for r in stage.server.requests] == [403, 200]
    assert sent == 2
    other = open_choosing(stage, stage.needs_workspace, name != "chosen", lambda found: found[0])
    assert SCENARIOS[name].call(stage, other) is True
    SCENARIOS[name].close(stage, other)


def test_the_callable_may_call_the_client_itself(stage: Stage) -> None:
    """Which is refused as the SDK refuses it, and asked for no second choice."""
    refusals: list[BaseException] = []
    clients: list[SafeClient] = []

    def choose(found: Any) -> Any:
        with pytest.raises(Exception, match="403") as caught:
            clients[0].create_project("inside")
        refusals.append(caught.value)
        return found[0]

    stage.reset()
    clients.append(open_choosing(stage, stage.needs_workspace, False, choose))

    assert SCENARIOS["chosen"].call(stage, clients[0]) is True
    assert len(refusals) == 1
    assert not isinstance(refusals[0], ForbiddenDiagnosis)
    clients[0].session.close()


def test_the_callable_may_have_another_thread_call_the_client(stage: Stage, probing: Probing) -> None:
    """Which cannot be given what is just being chosen, and waits no longer than for questions."""
    refusals: list[BaseException | None] = []
    clients: list[SafeClient] = []

    def choose(found: Any) -> Any:
        other = threading.Thread(
            target=lambda: refusals.append(outcome_of(SCENARIOS["chosen"], stage, clients[0]).error)
        )
        probing.set_deadline(-1)
        other.start()
        other.join()
        return found[0]

    stage.reset()
    clients.append(open_choosing(stage, stage.needs_workspace, False, choose))

    assert SCENARIOS["chosen"].call(stage, clients[0]) is True
    assert isinstance(refusals[0], ForbiddenDiagnosis)
    clients[0].session.close()
