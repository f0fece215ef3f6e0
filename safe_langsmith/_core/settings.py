"""Where each setting's value came from, what it overrode, and what has changed since.

Pure: the environment, the `.env` file, the profile and the SDK's cache come in as plain values. Keys come in as they
are, because they must be compared, and leave masked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from safe_langsmith._core.credentials import describe
from safe_langsmith._core.endpoints import host_of, is_plain_address
from safe_langsmith._core.redaction import HIDDEN, bare_url, clean
from safe_langsmith._core.responses import canonical_workspace_id, parse
from safe_langsmith.diagnosis import Setting

DEFAULT_ENDPOINT = "https://api.smith.langchain.com"
DEFAULTS = {"endpoint": DEFAULT_ENDPOINT, "project": "default"}
_SUFFIXES = {
    "endpoint": ("ENDPOINT",),
    "api_key": ("API_KEY",),
    "workspace_id": ("WORKSPACE_ID",),
    "project": ("PROJECT", "SESSION"),
    "tracing": ("TRACING_V2", "TRACING"),
}
_SPACES = ("LANGSMITH", "LANGCHAIN")
VARIABLES = {
    setting: tuple(f"{space}_{suffix}" for suffix in suffixes for space in _SPACES)
    for setting, suffixes in _SUFFIXES.items()
}
"""The variables the SDK reads for each setting, the winning one first."""

LABELS = {"api_key": "API key", "workspace_id": "workspace ID"}
"""What a setting is called in sentences, where that is not its own name."""

DOCUMENTED = (
    "LANGSMITH_PROJECT",
    "LANGSMITH_TRACING",
    "LANGSMITH_ENDPOINT",
    "LANGSMITH_API_KEY",
    "LANGSMITH_WORKSPACE_ID",
)
"""The variables that the documented third step looks at."""

# Names that other clients read, or that people guess. Each holds what its setting would, and the SDK ignores it.
_LOOKALIKES = {
    "endpoint": ("BASE_URL", "API_URL", "URL", "HOST"),
    "api_key": ("APIKEY", "KEY", "TOKEN", "API_TOKEN"),
    "workspace_id": ("TENANT_ID", "WORKSPACE"),
}
LOOKALIKES = {
    setting: tuple(f"{space}_{suffix}" for suffix in suffixes for space in _SPACES)
    for setting, suffixes in _LOOKALIKES.items()
}
"""Variables that look as if they held a setting, and that the SDK does not read."""

OTLP_ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
REPLICAS = ("LANGSMITH_RUNS_ENDPOINTS", "LANGCHAIN_RUNS_ENDPOINTS")
OTEL_ENABLED = ("LANGSMITH_OTEL_ENABLED", "LANGCHAIN_OTEL_ENABLED", "OTEL_ENABLED")
OTEL_ONLY = ("LANGSMITH_OTEL_ONLY", "LANGCHAIN_OTEL_ONLY", "OTEL_ONLY")

_A_HOST = re.compile(r"localhost|(?:[a-z0-9-]{1,63}\.){1,8}[a-z0-9-]{1,20}")
_AN_ID = re.compile(r"[0-9a-fA-F-]{36}")
_USUAL_PORT = {"https": ":443", "http": ":80"}
_A_VARIABLE = re.compile(r"(?:LANGSMITH|LANGCHAIN)_[A-Z0-9_]+")


def effective(setting: str, environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yields the variables that are set for a setting, the winning one first, with values as the SDK takes them."""
    for variable in VARIABLES[setting]:
        value = normal(setting, environ.get(variable))
        if value:
            yield variable, value


def ignored(setting: str, environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yields the variables that look as if they held a setting and that the SDK does not read, with their values."""
    for variable in LOOKALIKES.get(setting, ()):
        value = normal(setting, environ.get(variable))
        if value:
            yield variable, value
    exported_to = normal(setting, environ.get(OTLP_ENDPOINT))
    if setting == "endpoint" and exported_to and host_of(exported_to).endswith("smith.langchain.com"):
        yield OTLP_ENDPOINT, exported_to


def variable_in(source: str) -> str | None:
    """Returns the name of the variable that a source names first, or `None`."""
    found = _A_VARIABLE.match(source)
    return found.group() if found else None


class Replica(NamedTuple):
    """A replica that a variable makes.

    Attributes:
        url: The base URL of its API, as it may be shown.
        variable: The variable.
        is_listed: Whether its entry is one of a list, with a name for each value, and not "URL": "key".
    """

    url: str
    variable: str
    is_listed: bool


@dataclass(frozen=True)
class RelatedVariables:
    """What else is set that bears on where requests go and what they carry.

    Attributes:
        said: It in words, the beginning of a sentence each; no keys.
        otel: The variable that sends runs through OpenTelemetry as well, or `None`.
        ignored: The variables that look as if they held a setting and that the SDK does not read, by setting.
        replicas: The replicas that a variable makes.
    """

    said: tuple[str, ...] = ()
    otel: str | None = None
    ignored: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    replicas: tuple[Replica, ...] = ()

    @property
    def ignored_any(self) -> bool:
        """Whether the SDK does not read something that is set."""
        return any(self.ignored.values())


NOTHING_ELSE = RelatedVariables()


def related_variables(environ: Mapping[str, str]) -> RelatedVariables:
    """Returns what else is set that bears on where requests go and what they carry."""
    said, otel = [], None
    variable = next((name for name in REPLICAS if environ.get(name)), None)
    replicas = tuple(_replicas(variable, environ[variable])) if variable else ()
    if variable:
        hosts = [clean(host, 80) for host in (host_of(each.url) for each in replicas[:5]) if _A_HOST.fullmatch(host)]
        shown_hosts = ", ".join(hosts) or "endpoints that could not be read"
        said.append(f"{variable} sends runs to {shown_hosts}, each with a key of its own")
    for name in OTEL_ENABLED:
        if is_true(environ.get(name)):
            only = next((other for other in OTEL_ONLY if is_true(environ.get(other))), None)
            said.append(
                f"{name} asks to send runs through OpenTelemetry{f', and {only} only there' if only else ' as well'}"
            )
            otel = None if only else name
            break
    looking_alike = {
        setting: tuple(name for name, _ in ignored(setting, environ) if name != OTLP_ENDPOINT) for setting in LOOKALIKES
    }
    said += [
        f"{name} is set, which the SDK does not read: it reads {VARIABLES[setting][0]}"
        for setting, names in looking_alike.items()
        for name in names
    ]
    return RelatedVariables(tuple(said), otel, looking_alike, replicas)


def is_true(value: str | None) -> bool:
    """Whether the SDK takes the value of a variable for yes."""
    return (value or "").strip().lower() in ("true", "1")


def normal(setting: str, value: str | None) -> str | None:
    """A value as the SDK takes it: without blanks and quotes around it, an endpoint without a slash at its end."""
    if value is None:
        return None
    value = value.strip().strip('"').strip("'")
    if setting == "endpoint":
        scheme, mark, rest = value.rstrip("/").partition("://")
        host, slash, path = rest.partition("/")
        # Hosts are the same in any case, and requests sends them in lower case.
        return f"{scheme}{mark}{host.lower().removesuffix(_USUAL_PORT.get(scheme, '//'))}{slash}{path}" or None
    if setting == "workspace_id" and _AN_ID.fullmatch(value):
        return value.lower()
    return value or None


def shown(setting: str, value: str | None) -> str | None:
    """A value as it may be shown: keys masked, URLs without passwords, nothing long."""
    if value is None:
        return None
    if setting == "api_key":
        return describe(value).masked
    # An unclosed quote in .env makes other lines, and the secrets in them, a part of this value.
    if len(value.splitlines()) > 1:
        return f"{HIDDEN} (several lines)"
    # Keys get pasted into the wrong variable.
    if describe(value).wrong in ("vendor", "first letters") or value.lower().startswith("bearer "):
        return HIDDEN
    is_url = setting == "endpoint" or "://" in value
    return clean(bare_url(value), 200) if is_url else clean(value, 100)


def _replicas(variable: str, text: str) -> Iterator[Replica]:
    found = parse(text)
    if isinstance(found, dict):
        urls = [url for url in found if isinstance(found[url], str)]
    else:
        entries = found if isinstance(found, list) else []
        urls = [str(entry.get("api_url")) for entry in entries if isinstance(entry, dict)]
    for url in urls:
        yield Replica(shown("endpoint", normal("endpoint", url)) or "", variable, isinstance(found, list))


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
        interpolated: Whether it takes in other variables, whose values may be secrets.
    """

    name: str
    value: str
    line: int
    interpolated: bool = False


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
        related_variables: What else is set that bears on where requests go.
        profile: How the profile is named that some settings came from, or `None` where none did.
    """

    settings: dict[str, Setting]
    variables: tuple[Variable, ...]
    drift: tuple[Drift, ...]
    notes: tuple[str, ...]
    dotenv_path: str | None
    remarks: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    related_variables: RelatedVariables = NOTHING_ELSE
    profile: str | None = None


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
        related_variables(environ),
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
    interpolated: bool = False


def _seen(name: str, held: _Held, place: str) -> Setting:
    hidden = held.interpolated and name != "api_key"
    return Setting(HIDDEN if hidden else shown(name, held.value), clean(place, SOURCE_LIMIT))


def _differing(
    name: str, value: str | None, environ: Mapping[str, str], dotenv: Dotenv, profile: Profile | None
) -> Iterator[Setting]:
    """The values that differ from the one in use, with their sources."""
    found = [(variable, _Held(other)) for variable, other in effective(name, environ)]
    for file in (dotenv, dotenv.elsewhere):
        if file:
            found += [
                (f"{file.called}:{line.line} {line.name}", _Held(normal(name, line.value) or "", line.interpolated))
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
                yield place, _Held(other, lines[source].interpolated), file.path


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
