"""Plays each report, and tries the fixes that come out."""

from __future__ import annotations

import functools
import os
from typing import NamedTuple

import pytest

from safe_langsmith import Diagnosis

from .case import Case
from .following import helps
from .machine import Attempt, Machine, new_machine
from .reports import beyond, keys, places

CASES = {case.id: case for cases in (places.CASES, keys.CASES, beyond.CASES) for case in cases}


class Outcome(NamedTuple):
    """What came out.

    Attributes:
        attempt: How the call ended.
        title: The title of the first fix, without names of this machine.
        tried: Whether each fix that was tried makes the call succeed, by its number from 1; `None` where it is for
            somebody else to do. All are tried up to the first that helps, and the one that must be offered.
        retried: Whether the call succeeded by itself where there was one workspace; `None` where that cannot be.
    """

    attempt: Attempt
    title: str
    tried: dict[int, bool | None]
    retried: bool | None

    @property
    def diagnosis(self) -> Diagnosis | None:
        return self.attempt.diagnosis

    @property
    def helped(self) -> int | None:
        """The number of the first fix that helps; `None` where none does."""
        return min((number for number, helped in self.tried.items() if helped), default=None)


@functools.cache
def outcome(id: str) -> Outcome:
    """Plays a report, once for all that ask."""
    case = CASES[id]
    with new_machine(case.call, 2) as machine:
        attempt, title = _play(case, machine), ""
        assert not attempt.succeeded, f"{id} is not set up as reported"
        if attempt.diagnosis:
            title = attempt.diagnosis.fixes[0].title.replace(f"{machine.folder}{os.sep}", "")
    retried = None
    if case.retries:
        with new_machine(case.call, 1) as machine:
            retried = _play(case, machine).succeeded
    return Outcome(attempt, title, _try_fixes(case, attempt.diagnosis), retried)


def offered(case: Case, diagnosis: Diagnosis | None) -> int | None:
    """Returns the number of the fix that must be offered, if it is."""
    fixes = enumerate(diagnosis.fixes, 1) if diagnosis else ()
    return next((n for n, fix in fixes if fix.title.startswith(case.offers) or fix.code == case.offers), None)


def _play(case: Case, machine: Machine) -> Attempt:
    try:
        case.set_up(machine)
    except ImportError as error:
        pytest.skip(f"this SDK lacks it: {error}")
    return machine.attempt()


def _try_fixes(case: Case, diagnosis: Diagnosis | None) -> dict[int, bool | None]:
    tried: dict[int, bool | None] = {}
    must = offered(case, diagnosis) if case.offers else None
    for number in range(1, len(diagnosis.fixes) + 1 if diagnosis else 1):
        if number == must or True not in tried.values():
            tried[number] = _try(case, number)
    return tried


def _try(case: Case, number: int) -> bool | None:
    """Does what a fix says, on a machine of its own."""
    with new_machine(case.call, 2) as machine:
        diagnosis = _play(case, machine).diagnosis
        assert diagnosis is not None
        return helps(diagnosis.fixes[number - 1], diagnosis.key.source, machine)
