"""Where each setting's value came from, what it overrode, and what has changed since.

Pure: the environment, the `.env` file, the profile and the SDK's cache come in as plain values. Keys come in as they
are, because they must be compared, and leave masked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from safe_langsmith.diagnosis import Setting

from .answers import canonical_workspace_id
from .clean import HIDDEN, clean
from .hosts import host_of, is_plain_address
from .keys import describe
from .settings import SDK_CACHE, SET_LATER, UNKNOWN, Configuration, Dotenv, DotenvLine, Drift, Profile, Variable
from .variables import DEFAULTS, VARIABLES, effective, ignored, normal, shown, surroundings

SOURCE_LIMIT = 300
NOTE_LIMIT = 500

# What the SDK asks its cache for, the winning name first.
_CACHED_AS = {
    "endpoint": ("ENDPOINT",),
    "api_key": ("API_KEY",),
    "workspace_id": ("WORKSPACE_ID",),
    "project": ("TRACER_PROJECT", "PROJECT"),
    "tracing": ("TRACING_V2",),
}


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
    # Every client pays for this when it is made; mostly the value in use is the variable's, as it stands.
    for variable in VARIABLES[setting] if in_use else ():
        raw = environ.get(variable)
        if raw == in_use:
            return variable
        value = normal(setting, raw)
        if value:
            return variable if value == normal(setting, in_use) else None
    return None


def configuration(
    in_use: Mapping[str, str | None],
    origins: Mapping[str, str | None],
    environ: Mapping[str, str],
    dotenv: Dotenv,
    profile: Profile | None,
    cached: Mapping[str, str | None] | None = None,
) -> Configuration:
    """Returns the settings with their sources.

    Args:
        in_use: What the refused request used: `endpoint`, `api_key` and `workspace_id`.
        origins: Where those came from, as far as that was noted when the client was made.
        environ: The environment now.
        dotenv: What `.env` says now.
        profile: What the profile says now.
        cached: What the SDK keeps of variables it read, by name without its prefix.
    """
    settings, drift = {}, []
    for name in VARIABLES:
        kept = _kept(name, cached or {})
        if name in in_use:
            value, source = normal(name, in_use[name]), origins.get(name)
        else:
            value, source = kept or next((v for _, v in effective(name, environ)), DEFAULTS.get(name)), None
        source = source or _source_of(name, value, environ, profile, kept)
        others = tuple(_differing(name, value, environ, dotenv, profile))
        line = next((line for line in _latest(name, dotenv) if line.name == source), None)
        if line and normal(name, line.value) == value:
            source = f"{source}, as in {dotenv.called}:{line.line}"
        settings[name] = Setting(shown(name, value), clean(source, SOURCE_LIMIT), others)
        on_purpose = source.endswith("argument") or source == SET_LATER
        found = [
            Drift(name, _seen(name, other, place), on_purpose, file, _is_usable(name, other.value))
            for place, other, file in _now(name, value, environ, dotenv)
        ]
        if name == "endpoint":
            # "/api", "/api/v1" and nothing may all be the same API.
            found = [new for new in found if host_of(new.now.value or "") != host_of(value or "")]
        drift += [next((new for new in found if new.is_usable), found[0])] if found else []
    return Configuration(
        settings,
        tuple(_variables(environ)),
        tuple(drift),
        tuple(clean(note, NOTE_LIMIT) for note in _notes(dotenv)),
        None if dotenv.trouble else dotenv.path,
        tuple(clean(remark, NOTE_LIMIT) for remark in _remarks(dotenv)),
        tuple(clean(unread, NOTE_LIMIT) for unread in _unread(dotenv)),
        surroundings(environ),
        profile.label if profile and any(s.source == profile.label for s in settings.values()) else None,
    )


def _source_of(
    name: str, value: str | None, environ: Mapping[str, str], profile: Profile | None, kept: str | None
) -> str:
    if profile and value is not None and normal(name, profile.values.get(name)) == value:
        return profile.label
    if name == "api_key" and value is None and profile and profile.oauth:
        return profile.label
    if any(v == value for _, v in effective(name, environ)):
        return next(s for s, v in effective(name, environ) if v == value)
    if value in (None, DEFAULTS.get(name)):
        return "default"
    return SDK_CACHE if kept == value else UNKNOWN


def _kept(name: str, cached: Mapping[str, str | None]) -> str | None:
    return next((value for as_ in _CACHED_AS[name] if (value := normal(name, cached.get(as_)))), None)


class _Held(NamedTuple):
    """A value that some place holds, and whether it takes in others that may be secrets."""

    value: str
    takes_in: bool = False


def _seen(name: str, held: _Held, place: str) -> Setting:
    hidden = held.takes_in and name != "api_key"
    return Setting(HIDDEN if hidden else shown(name, held.value), clean(place, SOURCE_LIMIT))


def _differing(
    name: str, value: str | None, environ: Mapping[str, str], dotenv: Dotenv, profile: Profile | None
) -> Iterator[Setting]:
    """The values that differ from the one in use, with their sources."""
    found = [(variable, _Held(other)) for variable, other in effective(name, environ)]
    for file in (dotenv, dotenv.elsewhere):
        if file:
            found += [
                (f"{file.called}:{line.line} {line.name}", _Held(normal(name, line.value) or "", line.takes_in))
                for line in _latest(name, file)
            ]
    if profile:
        found.append((profile.label, _Held(normal(name, profile.values.get(name)) or "")))
    found += [(f"{variable}, which the SDK does not read", _Held(other)) for variable, other in ignored(name, environ)]
    return (_seen(name, held, place) for place, held in found if held.value and held.value != value)


def _is_usable(name: str, value: str) -> bool:
    """Whether a value could be used at all; placeholders could not."""
    if name == "api_key":
        return describe(value).flaw is None
    if name == "workspace_id":
        return canonical_workspace_id(value) is not None
    return name != "endpoint" or is_plain_address(value)


def _now(
    name: str, value: str | None, environ: Mapping[str, str], dotenv: Dotenv
) -> Iterator[tuple[str, _Held, str | None]]:
    """What a client would take in place of `value`, made now or after a `.env` is loaded over the environment."""
    for source, other in _first(name, environ):
        if other != value:
            yield source, _Held(other), None
    for file in (dotenv, dotenv.elsewhere):
        lines = {line.name: line for line in _latest(name, file)} if file else {}
        reloaded = {**environ, **{variable: line.value for variable, line in lines.items()}}
        for source, other in _first(name, reloaded):
            if file and source in lines and other != value:
                place = f"{file.called}:{lines[source].line} {source}"
                yield place, _Held(other, lines[source].takes_in), file.path


def _first(name: str, environ: Mapping[str, str]) -> list[tuple[str, str]]:
    return list(effective(name, environ))[:1]


def _latest(name: str, dotenv: Dotenv) -> list[DotenvLine]:
    """The lines of `.env` that count for a setting, the winning variable first."""
    latest = {line.name: line for line in dotenv.lines}
    return [latest[variable] for variable in VARIABLES[name] if variable in latest]


def _variables(environ: Mapping[str, str]) -> Iterator[Variable]:
    for name in VARIABLES:
        winner: str | None = None
        for variable, value in effective(name, environ):
            winner = winner if winner is not None else value
            yield Variable(variable, shown(name, value) or "", value != winner, name)


def _remarks(dotenv: Dotenv) -> Iterator[str]:
    for file in (dotenv, dotenv.elsewhere):
        if file:
            yield from (f"{file.called}, {remark}" for remark in file.remarks)


def _unread(dotenv: Dotenv) -> Iterator[str]:
    for file in (dotenv, dotenv.elsewhere):
        if file and file.trouble:
            yield f"{file.called} could not be read: {file.trouble}"


def _notes(dotenv: Dotenv) -> Iterator[str]:
    if dotenv.path is None and not dotenv.trouble:
        yield "no .env file was found"
    elif not dotenv.trouble and not any(line.name in names for line in dotenv.lines for names in VARIABLES.values()):
        yield f"{dotenv.called} sets none of these variables"
    elif not dotenv.trouble:
        yield f"compared with {dotenv.called}"
    yield from dotenv.hints
    other = dotenv.elsewhere
    if other:
        yield f"load_dotenv() in the main script would read another one, {other.called}"
