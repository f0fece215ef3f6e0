"""Resolve the settings: the origin of each value, the values it overrode, and the changes since.

Pure: the environment, the `.env` file and the profile come in as plain values. Keys come in as they
are, because they must be compared, and leave masked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from safe_langsmith._core.credentials import inspect_key
from safe_langsmith._core.endpoints import host_of, is_plain_address, region_of
from safe_langsmith._core.model import Configuration, Drift, SettingInUse, Variable
from safe_langsmith._core.origins import DEFAULT, ORIGINS, UNKNOWN, Origin
from safe_langsmith._core.redaction import HIDDEN, sanitize
from safe_langsmith._core.variables import (
    DEFAULT_ENDPOINT,
    DEFAULTS,
    VARIABLES,
    Environment,
    effective,
    ignored,
    normal,
    related_variables,
    shown,
)
from safe_langsmith._core.workspaces import canonical_workspace_id

PATH_LIMIT = 200
NAME_LIMIT = 80
NOTE_LIMIT = 500


class DotenvLine(NamedTuple):
    """One definition in a `.env` file.

    Attributes:
        name: The variable.
        value: Its value, with other variables interpolated.
        line: The number of its line.
        interpolated: Whether other variables were interpolated, whose values may be secrets.
    """

    name: str
    value: str
    line: int
    interpolated: bool = False

    def __repr__(self) -> str:
        """Show no value: tracebacks show locals."""
        return f"DotenvLine({self.name!r}, line={self.line})"


@dataclass(frozen=True)
class Dotenv:
    """The definitions in a `.env` file.

    Attributes:
        path: The file, or `None` if there is none.
        lines: Its definitions in order; the last one of a name counts.
        error: Why it could not be read, or `None`.
        warnings: Mistakes in it, the beginning of a sentence each: "line 3: ...".
        hints: Remarks on surprising content that is not a mistake.
        elsewhere: The file that `load_dotenv()` in the main script would read, if that is another one.
        misread: The variables that the mistakes are about.
        is_forbidden: Whether this user has no permission to read it.
        unread: The workspaces that it names where python-dotenv cannot read it.
    """

    path: str | None = None
    lines: tuple[DotenvLine, ...] = field(default=(), repr=False)
    error: str | None = None
    warnings: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    elsewhere: Dotenv | None = None
    misread: tuple[str, ...] = ()
    is_forbidden: bool = False
    unread: tuple[DotenvLine, ...] = field(default=(), repr=False)

    @property
    def display_path(self) -> str:
        """The path as it may be shown in a sentence."""
        return sanitize(self.path or ".env", PATH_LIMIT)


@dataclass(frozen=True)
class Profile:
    """The selected profile of the SDK's config file.

    Attributes:
        name: The profile's name.
        file: The config file's name.
        values: `endpoint`, `api_key` and `workspace_id`, as far as the profile sets them.
        oauth: Whether it holds a login.
    """

    name: str
    file: str
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    oauth: bool = False

    @property
    def origin(self) -> Origin:
        """The profile as the origin of a setting."""
        return Origin("profile", sanitize(self.name, NAME_LIMIT), sanitize(self.file, NAME_LIMIT))


def configuration(
    in_use: Mapping[str, str | None],
    origins: Mapping[str, Origin | None],
    environ: Mapping[str, str],
    dotenv: Dotenv,
    profile: Profile | None,
    unexplained: Origin = UNKNOWN,
) -> Configuration:
    """Return the settings with their origins, and what else this machine says about them.

    Args:
        in_use: The values that the refused request used: `endpoint`, `api_key` and `workspace_id`.
        origins: Their origins, as far as they were noted when the client was made.
        environ: The environment now.
        dotenv: The `.env` file as it is now.
        profile: The profile as it is now.
        unexplained: The origin of a value in use that no place on this machine holds.
    """
    settings, drift = {}, []
    for name in VARIABLES:
        if name in in_use:
            value, source = normal(name, in_use[name]), origins.get(name)
        else:
            value, source = next((v for _, v in effective(name, environ)), DEFAULTS.get(name)), None
        source = source or _origin_of(name, value, environ, profile) or unexplained
        at_cloud = region_of(in_use.get("endpoint") or DEFAULT_ENDPOINT) is not None
        others = tuple(_differing(name, value, environ, dotenv, profile, at_cloud))
        line = next((line for line in _latest(name, dotenv) if source == ORIGINS[line.name]), None)
        if line and normal(name, line.value) == value:
            source = Origin("variable", line.name, dotenv.display_path, line.line)
        settings[name] = SettingInUse(shown(name, value), source, others)
        found = [
            Drift(name, _seen(name, other, place, at_cloud), source.is_explicit, file)
            for place, other, file in _now(name, value, environ, dotenv)
        ]
        if name == "endpoint":
            # "/api", "/api/v1" and nothing may all be the same API.
            found = [new for new in found if host_of(new.now.value or "") != host_of(value or "")]
        drift += [next((new for new in found if new.now.is_usable), found[0])] if found else []
    return Configuration(
        settings,
        variables=tuple(_variables(environ)),
        drift=tuple(drift),
        notes=tuple(sanitize(note, NOTE_LIMIT) for note in _notes(dotenv)),
        dotenv_path=None if dotenv.error else dotenv.path,
        warnings=tuple(sanitize(warning, NOTE_LIMIT) for warning in _warnings(dotenv)),
        misread=tuple(name for file in (dotenv, dotenv.elsewhere) if file for name in file.misread),
        read_errors=tuple(sanitize(error, NOTE_LIMIT) for error in _read_errors(dotenv)),
        related_variables=related_variables(environ, in_use.get("endpoint") or DEFAULT_ENDPOINT),
        profile=next((each.origin for each in settings.values() if each.origin.kind == "profile"), None),
    )


def _origin_of(name: str, value: str | None, environ: Mapping[str, str], profile: Profile | None) -> Origin | None:
    """Return the place on this machine that holds a value now, or `None`."""
    if profile and value is not None and normal(name, profile.values.get(name)) == value:
        return profile.origin
    if name == "api_key" and value is None and profile and profile.oauth:
        return profile.origin
    if any(v == value for _, v in effective(name, environ)):
        return next(ORIGINS[variable] for variable, v in effective(name, environ) if v == value)
    return DEFAULT if value in (None, DEFAULTS.get(name)) else None


class _Held(NamedTuple):
    """A value that some place holds, and whether others were interpolated in it that may be secrets."""

    value: str
    interpolated: bool = False

    def __repr__(self) -> str:
        """Show no value: tracebacks show locals."""
        return "_Held()"


def _seen(name: str, held: _Held, place: Origin, at_cloud: bool) -> SettingInUse:
    hidden = held.interpolated and name != "api_key"
    value = HIDDEN if hidden else shown(name, held.value)
    return SettingInUse(value, place, is_usable=_is_usable(name, held.value, at_cloud))


def _differing(
    name: str,
    value: str | None,
    environ: Mapping[str, str],
    dotenv: Dotenv,
    profile: Profile | None,
    at_cloud: bool,
) -> Iterator[SettingInUse]:
    """Yield the values that differ from the one in use, with their origins."""
    found = [(ORIGINS[variable], _Held(other)) for variable, other in effective(name, environ)]
    for file in (dotenv, dotenv.elsewhere):
        if file:
            found += [
                (_place(file, line), _Held(normal(name, line.value) or "", line.interpolated))
                for line in _latest(name, file)
            ]
            # A line that the client would not read says what is meant, too.
            if name == "workspace_id":
                found += [(_place(file, line), _Held(line.value)) for line in file.unread]
            lines = {line.name: line for line in file.lines}
            unread = ignored(name, {line.name: line.value for line in file.lines}) if name != "endpoint" else ()
            found += [
                (_place(file, lines[variable]), _Held(other, lines[variable].interpolated))
                for variable, other in unread
            ]
    if profile:
        found.append((profile.origin, _Held(normal(name, profile.values.get(name)) or "")))
    found += [(Origin("unread-variable", variable), _Held(other)) for variable, other in ignored(name, environ)]
    return (_seen(name, held, place, at_cloud) for place, held in found if held.value and held.value != value)


def _place(file: Dotenv, line: DotenvLine) -> Origin:
    return Origin("dotenv", line.name, file.display_path, line.line)


def _is_usable(name: str, value: str, at_cloud: bool) -> bool:
    """Return whether a value could be used at all; placeholders could not."""
    if name == "api_key":
        found = inspect_key(value)
        # One that begins like a key, and only seems to be miswritten, may be right.
        perhaps = found.may_be_valid_elsewhere and (not at_cloud or found.kind != "unrecognized")
        return found.kind != "legacy" and (not found.problem or perhaps)
    if name == "workspace_id":
        return canonical_workspace_id(value) is not None
    return name != "endpoint" or is_plain_address(value)


def _now(
    name: str, value: str | None, environ: Mapping[str, str], dotenv: Dotenv
) -> Iterator[tuple[Origin, _Held, str | None]]:
    """Yield what a client would take in place of `value`, made now or after a `.env` is loaded over the environment."""
    for variable, other in _first(name, environ):
        if other != value:
            yield ORIGINS[variable], _Held(other), None
    for file in (dotenv, dotenv.elsewhere):
        lines = {line.name: line for line in _latest(name, file)} if file else {}
        reloaded = Environment({**environ, **{variable: line.value for variable, line in lines.items()}})
        for variable, other in _first(name, reloaded):
            if file and variable in lines and other != value:
                line = lines[variable]
                yield _place(file, line), _Held(other, line.interpolated), file.path


def _first(name: str, environ: Mapping[str, str]) -> list[tuple[str, str]]:
    return list(effective(name, environ))[:1]


def _latest(name: str, dotenv: Dotenv) -> list[DotenvLine]:
    """Return the lines of `.env` that count for a setting, the winning variable first."""
    latest = {line.name: line for line in dotenv.lines}
    return [latest[variable] for variable in VARIABLES[name] if variable in latest]


def _variables(environ: Mapping[str, str]) -> Iterator[Variable]:
    for name in VARIABLES:
        winner: str | None = None
        for variable, value in effective(name, environ):
            winner = winner if winner is not None else value
            yield Variable(variable, shown(name, value) or "", value != winner, name)


def _warnings(dotenv: Dotenv) -> Iterator[str]:
    for file in (dotenv, dotenv.elsewhere):
        if file:
            yield from (f"{file.display_path}, {warning}" for warning in file.warnings)


def _read_errors(dotenv: Dotenv) -> Iterator[str]:
    for file in (dotenv, dotenv.elsewhere):
        if file and file.error:
            yield f"{file.display_path} could not be read: {file.error}"


def _notes(dotenv: Dotenv) -> Iterator[str]:
    if dotenv.path is None and not dotenv.error:
        yield "no .env file was found"
    elif not dotenv.error and not any(line.name in names for line in dotenv.lines for names in VARIABLES.values()):
        yield f"{dotenv.display_path} sets none of these variables"
    elif not dotenv.error:
        yield f"compared with {dotenv.display_path}"
    yield from dotenv.hints
    other = dotenv.elsewhere
    if other:
        yield f"load_dotenv() in the main script would read another one, {other.display_path}"
