"""What a case is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

from safe_langsmith import Cause

from . import calls
from .machine import Call, Machine

SetUp = Callable[[Machine], None]


class Helps(Enum):
    """Which of the fixes helps."""

    FIRST = "the first"
    LATER = "one of the others"
    NONE = "none that the caller can carry out"


@dataclass(frozen=True)
class Case:
    """A report, set up anew.

    Attributes:
        id: The id of the report.
        story: What is set up, in a phrase.
        set_up: Sets it up.
        causes: What may be named as the cause; empty where nothing is to be found.
        call: What the reporter called.
        helps: Which of the fixes helps.
        offers: The beginning of the title of a fix that must be offered, or its code.
        retries: Whether the call is sent again, and succeeds, where there is only one workspace.
        untold: Why the cause cannot be told from others, or cannot be seen; empty where it can. Then none is confirmed.
    """

    id: str
    story: str
    set_up: SetUp
    causes: tuple[Cause, ...]
    call: Call = calls.trace
    helps: Helps = Helps.FIRST
    offers: str = ""
    retries: bool = False
    untold: str = ""


class Cases:
    """Collects cases, by decorating what sets them up."""

    def __init__(self) -> None:
        self._cases: list[Case] = []

    def __iter__(self) -> Iterator[Case]:
        return iter(self._cases)

    def add(self, id: str, *causes: Cause, **more: object) -> Callable[[SetUp], SetUp]:
        """Adds a case. What is set up is in the docstring of the function that does it."""

        def note(set_up: SetUp) -> SetUp:
            story = " ".join((set_up.__doc__ or "").split()).removesuffix(".")
            self._cases.append(Case(id, story, set_up, causes, **more))  # type: ignore[arg-type]
            return set_up

        return note
