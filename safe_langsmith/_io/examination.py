"""Examining a refusal: facts, questions, conclusion, and the workspace to name in a second request."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import NamedTuple

from safe_langsmith._core.afterthoughts import add_to_workspace_check
from safe_langsmith._core.answers import Answer
from safe_langsmith._core.evidence import Question
from safe_langsmith._core.facts import Facts
from safe_langsmith._core.investigation import investigate
from safe_langsmith.diagnosis import Diagnosis, Workspace

from . import probes
from .choice import choose
from .ledger import Case, Hold
from .probes import no_questions, too_long
from .safeguard import Safeguard

_examining = threading.local()


class Examination(NamedTuple):
    """What an examination found.

    Attributes:
        diagnosis: The diagnosis.
        workspace: The workspace to name in a second request, or `None` where there must not be one.
    """

    diagnosis: Diagnosis
    workspace: Workspace | None


def under_examination() -> bool:
    """Whether this thread is examining a refusal already, so that another one comes from the user's own callable."""
    return getattr(_examining, "now", False)


def examine(
    facts: Facts,
    case: Case,
    ask: Callable[[Question], Answer],
    safeguard: Safeguard,
    may_choose: bool,
    needs_thread: int | None = None,
) -> Examination:
    """Examines one refusal; others of the same endpoint and key wait and are given the same answers.

    Args:
        facts: What is known before anything is asked.
        case: What is known about the endpoint and key.
        ask: Sends one question.
        safeguard: The client's options.
        may_choose: Whether a workspace may be chosen where none was named.
        needs_thread: The thread without which a question gets no answer, or `None`.
    """
    # Who waits longer than the questions may take, waits for the user's callable, and goes on without. And who is
    # waited for by the one who asks must not wait, but ask, too.
    with case.hold(probes.DEADLINE + 1, needs_thread) as hold:
        try:
            _examining.now = True
            asking = too_long if hold is Hold.TOO_LONG else ask
            conclusion = case.drive(investigate(facts), asking if safeguard.probe else no_questions)
            by_rule = hold is Hold.NEEDS_ME and safeguard.resolve_workspace is True
            if not (may_choose and (hold is Hold.MINE or by_rule)):
                return Examination(conclusion.diagnosis, None)
            workspace, declined = choose(conclusion.candidates, safeguard.resolve_workspace, case)
            diagnosis = add_to_workspace_check(conclusion.diagnosis, declined) if declined else conclusion.diagnosis
            return Examination(diagnosis, workspace)
        finally:
            _examining.now = False
