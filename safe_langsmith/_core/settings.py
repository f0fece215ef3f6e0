"""Where each setting's value came from, what it overrode, and what has changed since.

Pure: the environment, the `.env` file and the profile come in as plain mappings. Keys come in as they are, because they
must be compared, and leave masked.

The SDK resolves each setting by itself: argument, `LANGSMITH_` variable, `LANGCHAIN_` variable, profile, default.
Source: https://docs.langchain.com/langsmith/profile-configuration
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from safe_langsmith.diagnosis import Setting

from .clean import bare_url, clean
from .keys import describe

DEFAULT_ENDPOINT = "https://api.smith.langchain.com"
_DEFAULTS = {"endpoint": DEFAULT_ENDPOINT, "project": "default"}
_SUFFIXES = {
    "endpoint": ("ENDPOINT",),
    "api_key": ("API_KEY",),
    "workspace_id": ("WORKSPACE_ID",),
    "project": ("PROJECT", "SESSION"),
    "tracing": ("TRACING_V2", "TRACING"),
}
VARIABLES = {
    setting: tuple(f"{space}_{suffix}" for suffix in suffixes for space in ("LANGSMITH", "LANGCHAIN"))
    for setting, suffixes in _SUFFIXES.items()
}
"""The variables the SDK reads for each setting, the winning one first."""

DOCUMENTED = (
    "LANGSMITH_PROJECT",
    "LANGSMITH_TRACING",
    "LANGSMITH_ENDPOINT",
    "LANGSMITH_API_KEY",
    "LANGSMITH_WORKSPACE_ID",
)
"""The variables that the documented third step looks at."""

SET_LATER = "an assignment to the client"

SDK_CACHE = "a value that the SDK read earlier and keeps"


class DotenvLine(NamedTuple):
    """One definition in a `.env` file."""

    name: str
    value: str
    line: int


@dataclass(frozen=True)
class Dotenv:
    """What a `.env` file says.

    Attributes:
        path: The file, or `None` where there is none.
        lines: Its definitions in order; the last one of a name counts.
        trouble: Why it could not be read, or `None`.
        remarks: What is wrong with it or surprising about it, the beginning of a sentence each: "line 3: ...".
        elsewhere: The file that `load_dotenv()` in the main script would read, where that is another one.
    """

    path: str | None = None
    lines: tuple[DotenvLine, ...] = field(default=(), repr=False)
    trouble: str | None = None
    remarks: tuple[str, ...] = ()
    elsewhere: Dotenv | None = None


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
    """

    name: str
    shown: str
    overruled: bool


class Drift(NamedTuple):
    """A setting that a client made now would take differently, were it not given as an argument.

    Attributes:
        setting: The setting's name.
        now: The value that the environment or `.env` has now, and where.
        on_purpose: Whether the value in use was given as an argument, so that the difference may be meant.
    """

    setting: str
    now: Setting
    on_purpose: bool


class Configuration(NamedTuple):
    """The five settings a diagnosis shows, and what was noticed on the way.

    Attributes:
        settings: The settings by name.
        variables: The environment variables that are set.
        drift: The settings that differ from what the environment or `.env` says now.
        notes: What was seen of the `.env` file, a sentence each.
        dotenv_path: The `.env` file that was compared with, or `None` where none could be.
    """

    settings: dict[str, Setting]
    variables: tuple[Variable, ...]
    drift: tuple[Drift, ...]
    notes: tuple[str, ...]
    dotenv_path: str | None


def origin(setting: str, in_use: str | None, given: bool, environ: Mapping[str, str]) -> str | None:
    """Returns where a client's setting came from, judged when the client is made, or `None` where that is unclear.

    Args:
        setting: The setting's name.
        in_use: The value that the client took.
        given: Whether it was given as an argument.
        environ: The environment at that moment.
    """
    if given:
        return f"the {'api_url' if setting == 'endpoint' else setting} argument"
    for name in VARIABLES[setting]:
        value = _normal(setting, environ.get(name))
        if value:
            return name if value == in_use else None
    return None


def configuration(
    in_use: Mapping[str, str | None],
    origins: Mapping[str, str | None],
    environ: Mapping[str, str],
    dotenv: Dotenv,
    profile: Profile | None,
) -> Configuration:
    """Returns the settings with their sources.

    Args:
        in_use: What the refused request used: `endpoint`, `api_key` and `workspace_id`.
        origins: Where those came from, as far as that was noted when the client was made.
        environ: The environment now.
        dotenv: What `.env` says now.
        profile: What the profile says now.
    """
    settings, drift = {}, []
    for name in VARIABLES:
        effective = next(_effective(name, environ), None)
        from_client = name in in_use
        value = in_use[name] if from_client else (effective[1] if effective else _DEFAULTS.get(name))
        source = origins.get(name) if from_client else (effective[0] if effective else "default")
        if source is None:
            source = _source_of(name, value, environ, profile)
        others = _differing(name, value, environ, dotenv, profile)
        settings[name] = Setting(_shown(name, value), source, tuple(Setting(_shown(name, v), s) for s, v in others))
        now = _now(name, value, environ, dotenv)
        if now:
            drift.append(
                Drift(name, Setting(_shown(name, now[1]), now[0]), source.endswith("argument") or source == SET_LATER)
            )
    compared = None if dotenv.trouble else dotenv.path
    return Configuration(settings, tuple(_variables(environ)), tuple(drift), tuple(_notes(dotenv)), compared)


def _source_of(name: str, value: str | None, environ: Mapping[str, str], profile: Profile | None) -> str:
    if profile and value is not None and _normal(name, profile.values.get(name)) == value:
        return profile.label
    if name == "api_key" and value is None and profile and profile.oauth:
        return profile.label
    if any(v == value for _, v in _effective(name, environ)):
        return next(s for s, v in _effective(name, environ) if v == value)
    return "default" if value in (None, _DEFAULTS.get(name)) else SDK_CACHE


def _differing(
    name: str, value: str | None, environ: Mapping[str, str], dotenv: Dotenv, profile: Profile | None
) -> list[tuple[str, str]]:
    """The values that differ from the one in use, with their sources."""
    found = [
        *_effective(name, environ),
        *((f"{dotenv.path}:{line.line} {line.name}", _normal(name, line.value)) for line in _latest(name, dotenv)),
    ]
    if profile:
        found.append((profile.label, _normal(name, profile.values.get(name))))
    return [(source, other) for source, other in found if other and other != value]


def _now(name: str, value: str | None, environ: Mapping[str, str], dotenv: Dotenv) -> tuple[str, str] | None:
    """What a client would take in place of `value`, made now or after `.env` is loaded over the environment."""
    lines = {line.name: line for line in _latest(name, dotenv)}
    reloaded = {**environ, **{variable: line.value for variable, line in lines.items()}}
    for source, other in (*_first(name, environ), *_first(name, reloaded)):
        if other != value:
            line = lines.get(source)
            from_file = line is not None and other != _normal(name, environ.get(source))
            return (f"{dotenv.path}:{line.line} {source}", other) if line and from_file else (source, other)
    return None


def _first(name: str, environ: Mapping[str, str]) -> list[tuple[str, str]]:
    return list(_effective(name, environ))[:1]


def _latest(name: str, dotenv: Dotenv) -> list[DotenvLine]:
    """The lines of `.env` that count for a setting, the winning variable first."""
    latest = {line.name: line for line in dotenv.lines}
    return [latest[variable] for variable in VARIABLES[name] if variable in latest]


def _effective(name: str, environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The variables that are set for a setting, the winning one first."""
    for variable in VARIABLES[name]:
        value = _normal(name, environ.get(variable))
        if value:
            yield variable, value


def _variables(environ: Mapping[str, str]) -> Iterator[Variable]:
    for name in VARIABLES:
        winner: str | None = None
        for variable, value in _effective(name, environ):
            winner = winner if winner is not None else value
            yield Variable(variable, _shown(name, value) or "", value != winner)


def _notes(dotenv: Dotenv) -> Iterator[str]:
    if dotenv.trouble:
        yield f"{dotenv.path or '.env'} could not be read: {dotenv.trouble}"
    elif dotenv.path is None:
        yield "no .env file was found"
    elif not any(line.name in names for line in dotenv.lines for names in VARIABLES.values()):
        yield f"{dotenv.path} sets none of these variables"
    else:
        yield f"compared with {dotenv.path}"


def _normal(name: str, value: str | None) -> str | None:
    """A value as the SDK takes it: without blanks and quotes around it, an endpoint without a slash at its end."""
    if value is None:
        return None
    value = value.strip().strip('"').strip("'")
    return (value.rstrip("/") if name == "endpoint" else value) or None


def _shown(name: str, value: str | None) -> str | None:
    if value is None:
        return None
    if name == "api_key":
        return describe(value).masked
    return clean(bare_url(value) if name == "endpoint" else value, 100)
