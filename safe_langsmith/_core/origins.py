"""The origin of a setting, as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from safe_langsmith._core.variables import VARIABLES, normal

OriginKind = Literal[
    "argument",  # of the constructor; `name` is the argument
    "assignment",  # an attribute of the client that was set after the client was made
    "option",  # of the command line; `name` is the option
    "variable",  # of the environment; `file` and `line` locate the same value in `.env`
    "dotenv",  # a line of a `.env` file
    "profile",  # a login profile; `name` is the profile, `file` the config file's name
    "default",
    "client-header",  # a header given to the client's constructor
    "header",  # a header of the refused request
    "replica",  # the settings of a replica
    "call",  # the headers that the call itself set
    "library",  # this library chose it
    "sdk-cache",  # the SDK read it earlier and keeps it
    "inherited",  # the SDK sends the client's workspace along with a replica's key
    "perhaps-inherited",  # the SDK may have done that, and this version does not tell
    "unread-variable",  # a variable that looks as if it held the setting, and that the client does not read
    "unknown",
]


@dataclass(frozen=True)
class Origin:
    """The origin of a setting's value. `str()` returns it in the words of diagnoses.

    Attributes:
        kind: The kind of place.
        name: The name of the argument, option, variable, header or profile, or `None` if the kind has none.
        file: The file, as it may be shown, or `None`.
        line: The number of the line in that file, or `None`.
    """

    kind: OriginKind
    name: str | None = None
    file: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        """Return the origin in words, to stand behind "from" or at the start of a sentence."""
        if self.kind == "variable" and self.file:
            return f"{self.name}, as in {self.file}:{self.line}"
        return _WORDS[self.kind].format(name=self.name, file=self.file, line=self.line)

    @property
    def variable(self) -> str | None:
        """The name of the environment variable, whether the SDK reads it or not, or `None` for other kinds."""
        return self.name if self.kind in ("variable", "unread-variable") else None

    @property
    def is_explicit(self) -> bool:
        """Whether the program or the command line gave the value explicitly."""
        return self.kind in ("argument", "option", "assignment")


_WORDS: dict[OriginKind, str] = {
    "argument": "the {name} argument",
    "assignment": "an assignment to the client",
    "option": "{name}",
    "variable": "{name}",
    "dotenv": "{file}:{line} {name}",
    "profile": 'profile "{name}" in {file}',
    "default": "default",
    "client-header": "the {name} header given to the client",
    "header": "the {name} header of the request",
    "replica": "the replica's settings",
    "call": "the call's own headers",
    "library": "safe_langsmith, which chose it",
    "sdk-cache": "a value that the SDK read earlier and keeps",
    "inherited": "the client, whose workspace the SDK sends along with the replica's key",
    "perhaps-inherited": "the client or the replica, which this version of the SDK does not tell apart",
    "unread-variable": "{name}, which the client does not read",
    "unknown": "an argument, or a variable that has changed since",
}

DEFAULT = Origin("default")
ASSIGNMENT = Origin("assignment")
SDK_CACHE = Origin("sdk-cache")
UNKNOWN = Origin("unknown")

# Created once, because each new client notes the origins of its settings.
_ARGUMENTS = {name: Origin("argument", "api_url" if name == "endpoint" else name) for name in VARIABLES}
ORIGINS = {variable: Origin("variable", variable) for names in VARIABLES.values() for variable in names}


def origin(setting: str, in_use: str | None, given: bool, environ: Mapping[str, str]) -> Origin | None:
    """Return the origin of a client's setting at the time the client is created, or `None` if that is unclear.

    Args:
        setting: The setting's name.
        in_use: The value that the client took.
        given: Whether it was given as an argument.
        environ: The environment at that moment.
    """
    if given:
        return _ARGUMENTS[setting]
    # Every client pays for this when it is made; mostly the value in use is the variable's, as it stands.
    for variable in VARIABLES[setting] if in_use else ():
        raw = environ.get(variable)
        if raw == in_use:
            return ORIGINS[variable]
        value = normal(setting, raw)
        if value:
            return ORIGINS[variable] if value == normal(setting, in_use) else None
    return None
