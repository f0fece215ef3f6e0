"""What this machine says of the settings, as plain values: the `.env` file, the profile, and what follows from all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from safe_langsmith.diagnosis import Setting

from .clean import clean
from .variables import NOTHING_ELSE, Surroundings

SET_LATER = "an assignment to the client"

SDK_CACHE = "a value that the SDK read earlier and keeps"

PATH_LIMIT = 200

UNKNOWN = "an argument, or a variable that has changed since"


class DotenvLine(NamedTuple):
    """One definition in a `.env` file.

    Attributes:
        name: The variable.
        value: Its value, with other variables taken in.
        line: The number of its line.
        takes_in: Whether it takes in other variables, whose values may be secrets.
    """

    name: str
    value: str
    line: int
    takes_in: bool = False


@dataclass(frozen=True)
class Dotenv:
    """What a `.env` file says.

    Attributes:
        path: The file, or `None` where there is none.
        lines: Its definitions in order; the last one of a name counts.
        trouble: Why it could not be read, or `None`.
        remarks: What is wrong with it, the beginning of a sentence each: "line 3: ...".
        hints: What is surprising about it, and no mistake.
        elsewhere: The file that `load_dotenv()` in the main script would read, where that is another one.
    """

    path: str | None = None
    lines: tuple[DotenvLine, ...] = field(default=(), repr=False)
    trouble: str | None = None
    remarks: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    elsewhere: Dotenv | None = None

    @property
    def called(self) -> str:
        """The file as it may be named in a sentence."""
        return clean(self.path or ".env", PATH_LIMIT)


@dataclass(frozen=True)
class Profile:
    """What the selected profile of the config file says.

    Attributes:
        label: How to name the profile and its file.
        values: `endpoint`, `api_key` and `workspace_id`, as far as the profile sets them.
        oauth: Whether it holds a login.
    """

    label: str
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    oauth: bool = False


class Variable(NamedTuple):
    """An environment variable that is set.

    Attributes:
        name: Its name.
        shown: Its value as it may be shown.
        overruled: Whether a variable that wins over it says something else.
        setting: The setting it is for.
    """

    name: str
    shown: str
    overruled: bool
    setting: str


class Drift(NamedTuple):
    """A setting that a client made now would take differently, were it not given as an argument.

    Attributes:
        setting: The setting's name.
        now: The value that the environment or `.env` has now, and where.
        on_purpose: Whether the value in use was given as an argument, so that the difference may be meant.
        dotenv_path: The `.env` file that has it, or `None` where the environment does.
        is_usable: Whether it could be used: a placeholder is no better than what is in use.
    """

    setting: str
    now: Setting
    on_purpose: bool
    dotenv_path: str | None = None
    is_usable: bool = True


class Configuration(NamedTuple):
    """The five settings a diagnosis shows, and what was noticed on the way.

    Attributes:
        settings: The settings by name.
        variables: The environment variables that are set.
        drift: The settings that differ from what the environment or `.env` says now.
        notes: What was seen of the `.env` file, a sentence each.
        dotenv_path: The `.env` file that was compared with, or `None` where none could be.
        remarks: What is wrong with that file, the beginning of a sentence each.
        unread: Which `.env` could not be read, and why, a sentence each.
        surroundings: What else is set that bears on where requests go.
        profile: How the profile is named that some settings came from, or `None` where none did.
    """

    settings: dict[str, Setting]
    variables: tuple[Variable, ...]
    drift: tuple[Drift, ...]
    notes: tuple[str, ...]
    dotenv_path: str | None
    remarks: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    surroundings: Surroundings = NOTHING_ELSE
    profile: str | None = None
