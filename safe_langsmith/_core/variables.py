"""The environment variables of LangSmith: which ones the SDK reads for what, and which ones only look like it.

The SDK resolves each setting by itself: argument, `LANGSMITH_` variable, `LANGCHAIN_` variable, profile, default.
Source: https://docs.langchain.com/langsmith/profile-configuration
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from .body import parse
from .clean import HIDDEN, bare_url, clean
from .hosts import host_of
from .keys import describe

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
class Surroundings:
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


NOTHING_ELSE = Surroundings()


def surroundings(environ: Mapping[str, str]) -> Surroundings:
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
    return Surroundings(tuple(said), otel, looking_alike, replicas)


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
