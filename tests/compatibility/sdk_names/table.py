"""The table of the SDK's private names. It is in `docs/call-paths.md` for people, and is read from there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import langsmith

PAGE = Path(__file__).parents[3] / "docs" / "call-paths.md"
HEADING = "## Private names of the SDK"
_OLDEST = "0.4.60"
_ROW = re.compile(r"^\| (`.*?) \| (.*?) \| (.*?) \| (.*?) \|$", re.MULTILINE)


def version(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", text)[:3])


INSTALLED = version(langsmith.__version__)


class Name(NamedTuple):
    """One private name in one place.

    Attributes:
        name: The name.
        place: The class or module that has it, or whose instances do.
        since: The first version of the SDK that has it.
        purpose: What it is used for.
        loss: What users lose without it.
    """

    name: str
    place: str
    since: str
    purpose: str
    loss: str

    def __str__(self) -> str:
        return f"{self.place} {self.name}"

    @property
    def is_expected(self) -> bool:
        """Whether the installed SDK is to have it."""
        return version(self.since) <= INSTALLED


def _read() -> tuple[Name, ...]:
    section = PAGE.read_text(encoding="utf-8").partition(HEADING)[2].partition("\n## ")[0]
    found = []
    for names, places, purpose, loss in _ROW.findall(section):
        for name in re.findall(r"`(\w+)`", names):
            for place in places.split(", "):
                where, _, since = place.replace("`", "").partition(" from ")
                found.append(Name(name, where, since or _OLDEST, purpose, loss))
    return tuple(found)


NAMES = _read()
