"""The environment variables of LangSmith: those that the SDK reads, those that look alike, and how to show values.

Pure: the environment comes in as a mapping. Keys come in unmasked, because they must be compared, and leave masked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from safe_langsmith._core.credentials import inspect_key
from safe_langsmith._core.endpoints import host_of
from safe_langsmith._core.redaction import HIDDEN, bare_url, sanitize

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
"""The variables that the SDK reads for each setting, the one that wins first."""

LABELS = {"api_key": "API key", "workspace_id": "workspace ID"}
"""The words for settings in sentences, if they differ from the names."""

DOCUMENTED = (
    "LANGSMITH_PROJECT",
    "LANGSMITH_TRACING",
    "LANGSMITH_ENDPOINT",
    "LANGSMITH_API_KEY",
    "LANGSMITH_WORKSPACE_ID",
)
"""The variables that the documented third step looks at."""

# Names that other clients read, or that people guess. The SDK's client ignores them.
_LOOKALIKES = {
    "endpoint": (
        "BASE_URL",
        "API_URL",
        "URL",
        "HOST",
        "ENDPOINT_URL",
        "API_ENDPOINT",
        "API_HOST",
        "API_BASE",
        "API_BASE_URL",
        "SERVER_URL",
        "INSTANCE_URL",
        "WEB_URL",
        "HUB_API_URL",
        "REGION",
    ),
    "api_key": ("APIKEY", "KEY", "TOKEN", "API_TOKEN", "SECRET_KEY"),
    "workspace_id": (
        "TENANT_ID",
        "TENANT",
        "TENANT_UUID",
        "DEFAULT_TENANT_ID",
        "WORKSPACE",
        "WORKSPACE_NAME",
        "WORKSPACE_UUID",
        "WORKSPACEID",
        "DEFAULT_WORKSPACE",
        "DEFAULT_WORKSPACE_ID",
        "WS_ID",
        "ORG_ID",
        "ORGANIZATION_ID",
    ),
}
# Other programs read these for other purposes, so it is not a mistake to set them.
_FOR_OTHERS = ("WEB_URL", "HUB_API_URL", "ORG_ID", "ORGANIZATION_ID")
# In the order in which HTTP libraries look for them.
_PROXIES = {
    "http": ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"),
    "https": ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"),
}
LOOKALIKES = {
    setting: tuple(f"{space}_{suffix}" for suffix in suffixes for space in _SPACES)
    for setting, suffixes in _LOOKALIKES.items()
}
"""Variables that look as if they held a setting, and that the SDK's client does not read."""

OTLP_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
# However the words are put together: LANGSMITH_X_TENANT_ID, LANGSMITH_WORKSPACE_SLUG.
_OF_A_WORKSPACE = re.compile(
    r"(?:LANGSMITH|LANGCHAIN)_(?:[A-Z0-9]+_)*(?:TENANT|WORKSPACE)_?(?:ID|UUID|NAME|SLUG|HANDLE)"
)
# The SDK's generated client and OpenTelemetry read headers from these. One of them may name a workspace.
_HEADERS = (
    "LANGSMITH_CUSTOM_HEADERS",
    "LANGCHAIN_CUSTOM_HEADERS",
    "OTEL_EXPORTER_OTLP_HEADERS",
    "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
)
_TENANT_IN_HEADERS = re.compile(r"x-tenant-id[\"']?\s*(?::|=|%3D)\s*[\"']?([^\s,;\"'}]+)", re.IGNORECASE)
# The address of a page of the web UI holds the workspace's ID.
_PAGE_OF_WORKSPACE = re.compile(r"/o/[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
REPLICAS = ("LANGSMITH_RUNS_ENDPOINTS", "LANGCHAIN_RUNS_ENDPOINTS")
OTEL_ENABLED = ("LANGSMITH_OTEL_ENABLED", "LANGCHAIN_OTEL_ENABLED", "OTEL_ENABLED")
OTEL_ONLY = ("LANGSMITH_OTEL_ONLY", "LANGCHAIN_OTEL_ONLY", "OTEL_ONLY")

_A_HOST = re.compile(r"localhost|(?:[a-z0-9-]{1,63}\.){1,8}[a-z0-9-]{1,20}")
_BARE_ID = re.compile(r"[0-9a-fA-F]{32}")
_AN_ID = re.compile(r"[0-9a-fA-F-]{36}")
_LONG_WORD = re.compile(r"[A-Za-z0-9]{16,}")
_LETTERS_OR_DIGITS = re.compile(r"[A-Za-z]+|[0-9]+")
_LONGEST_NAME = 32
_USUAL_PORT = {"https": ":443", "http": ":80"}


class Environment(dict[str, str]):
    """A copy of the environment. Its `repr` shows no value: tracebacks show locals."""

    def __repr__(self) -> str:
        """Show the names."""
        return f"Environment({list(self)})"


def is_for_workspace(variable: str) -> bool:
    """Return whether a variable names a workspace, whether the client reads it or not."""
    listed = (*VARIABLES["workspace_id"], *LOOKALIKES["workspace_id"])
    return variable.upper() in listed or _OF_A_WORKSPACE.fullmatch(variable.upper()) is not None


def effective(setting: str, environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the variables that are set for a setting, the one that wins first, with values as the SDK reads them."""
    for variable in VARIABLES[setting]:
        value = normal(setting, environ.get(variable))
        if value:
            yield variable, value


def ignored(setting: str, environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the variables that look as if they held a setting and that the client does not read, with their values."""
    meant = (*VARIABLES[setting], *LOOKALIKES.get(setting, ()))
    # Names in lower case are other variables, except on Windows.
    in_lower_case = [name for name in environ if name not in meant and name.upper() in meant]
    for variable in (*LOOKALIKES.get(setting, ()), *in_lower_case):
        value = normal(setting, environ.get(variable))
        if value:
            yield variable, value
    for variable in OTLP_ENDPOINTS if setting == "endpoint" else ():
        exported_to = normal(setting, environ.get(variable))
        if exported_to and _is_langsmiths(exported_to):
            yield variable, exported_to
    if setting == "workspace_id":
        yield from _naming_workspaces(environ)


def _naming_workspaces(environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the variables that name a workspace under a name that is not listed, by a page's address or in a header."""
    for variable, value in environ.items():
        if not variable.upper().startswith((*_SPACES, "OTEL_")):
            continue
        # OpenTelemetry's may be for another service.
        is_ours = not variable.startswith("OTEL_") or any(_is_langsmiths(environ.get(name)) for name in OTLP_ENDPOINTS)
        in_headers = _TENANT_IN_HEADERS.search(value) if variable in _HEADERS and is_ours else None
        if in_headers:
            yield variable, in_headers[1]
        elif _PAGE_OF_WORKSPACE.search(value) and variable not in (*VARIABLES["workspace_id"], *REPLICAS):
            yield variable, value
        elif _OF_A_WORKSPACE.fullmatch(variable) and variable not in (
            *VARIABLES["workspace_id"],
            *LOOKALIKES["workspace_id"],
        ):
            found = normal("workspace_id", value)
            if found:
                yield variable, found
    yield from _named_for_own_key(environ)


def _is_langsmiths(url: str | None) -> bool:
    return host_of(normal("endpoint", url) or "").endswith("smith.langchain.com")


def _named_for_own_key(environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the workspace that a replica names which has the host and key of the variables, or the default host."""
    variable = next((name for name in REPLICAS if environ.get(name)), None)
    if variable is None:
        return
    own_host = host_of(next((value for _, value in effective("endpoint", environ)), DEFAULT_ENDPOINT))
    own_keys = [value for _, value in effective("api_key", environ)][:1]
    for entry in _entries(environ[variable]):
        url, key, id_ = (entry.get(name) for name in ("api_url", "api_key", "workspace_id"))
        auth = entry.get("auth")
        if isinstance(auth, dict):
            key, id_ = auth.get("api_key", key), auth.get("tenant_id", id_)
        if isinstance(url, str) and isinstance(id_, str) and key in own_keys and host_of(url) == own_host:
            yield variable, id_


class Replica(NamedTuple):
    """A replica that a variable makes.

    Attributes:
        url: The base URL of its API, fit to be shown.
        variable: The variable.
        is_listed: Whether its entry is one of a list, with a name for each value, and not "URL": "key".
    """

    url: str
    variable: str
    is_listed: bool


class NamedProxy(NamedTuple):
    """A proxy that a variable names.

    Attributes:
        variable: The variable.
        address: The proxy's host and port, without a user's name and password.
    """

    variable: str
    address: str


@dataclass(frozen=True)
class RelatedVariables:
    """Variables beside the five settings' own that decide the destination and content of requests.

    Attributes:
        messages: A sentence part about each of them, without keys.
        otel: The variable that sends runs through OpenTelemetry as well, or `None`.
        ignored: The variables that look as if they held a setting and that the client does not read, by setting.
        misplaced_key: The variable for a workspace or an endpoint that holds a LangSmith key, or `None`.
        empty: The variables that the client reads and that are set, but empty.
        replicas: The replicas that a variable makes.
        proxies: The proxies that variables name for the endpoint's scheme, the one in use first.
    """

    messages: tuple[str, ...] = ()
    otel: str | None = None
    ignored: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    empty: tuple[str, ...] = ()
    misplaced_key: str | None = None
    replicas: tuple[Replica, ...] = ()
    proxies: tuple[NamedProxy, ...] = ()

    @property
    def empty_key(self) -> str | None:
        """The variable for the API key that is set, but empty, or `None`."""
        return next((name for name in self.empty if name in VARIABLES["api_key"]), None)

    @property
    def ignored_by_mistake(self) -> bool:
        """Whether a variable is set that the client does not read, and that no other program is known to read."""
        return any(not name.endswith(_FOR_OTHERS) for names in self.ignored.values() for name in names)


NO_RELATED_VARIABLES = RelatedVariables()


def related_variables(environ: Mapping[str, str], endpoint: str = DEFAULT_ENDPOINT) -> RelatedVariables:
    """Return the variables beside the five settings' own that decide the destination and content of requests.

    Args:
        environ: The environment.
        endpoint: The endpoint in use.
    """
    messages, otel = [], None
    variable = next((name for name in REPLICAS if environ.get(name)), None)
    replicas = tuple(_replicas(variable, environ[variable])) if variable else ()
    if variable:
        hosts = [sanitize(host, 80) for host in (host_of(each.url) for each in replicas[:5]) if _A_HOST.fullmatch(host)]
        shown_hosts = ", ".join(hosts) or "endpoints that could not be read"
        messages.append(f"{variable} sends runs to {shown_hosts}, each with a key of its own")
    for name in OTEL_ENABLED:
        if is_true(environ.get(name)):
            only = next((other for other in OTEL_ONLY if is_true(environ.get(other))), None)
            messages.append(
                f"{name} asks to send runs through OpenTelemetry{f', and {only} only there' if only else ' as well'}"
            )
            otel = None if only else name
            break
    looking_alike = {
        setting: tuple(
            name
            for name, _ in ignored(setting, environ)
            if name.upper() in (*VARIABLES[setting], *LOOKALIKES[setting])
            or (setting == "workspace_id" and _OF_A_WORKSPACE.fullmatch(name))
        )
        for setting in LOOKALIKES
    }
    messages += [
        f"{name} is set, which the client does not read: it reads {VARIABLES[setting][0]}"
        for setting, names in looking_alike.items()
        for name in names
    ]
    names = [name for setting in ("api_key", "endpoint", "workspace_id") for name in VARIABLES[setting]]
    empty = tuple(name for name in names if name in environ and not environ[name].strip().strip("\"'"))
    messages += [f"{name} is set, but empty" for name in empty]
    proxies = tuple(_proxies(environ, endpoint))
    misplaced = _misplaced_key(environ)
    return RelatedVariables(tuple(messages), otel, looking_alike, empty, misplaced, replicas, proxies)


def _misplaced_key(environ: Mapping[str, str]) -> str | None:
    for setting in ("workspace_id", "endpoint", "project"):
        for name, value in (*effective(setting, environ), *ignored(setting, environ)):
            if inspect_key(value).kind in ("personal", "service"):
                return name
    return None


def _proxies(environ: Mapping[str, str], endpoint: str) -> Iterator[NamedProxy]:
    """Yield the proxies for a URL, the one in use first."""
    for name in _PROXIES["http" if endpoint.startswith("http:") else "https"]:
        address = bare_url(environ.get(name, "")).rpartition("://")[2].rstrip("/")
        if address:
            yield NamedProxy(name, sanitize(address, 100))


def is_true(value: str | None) -> bool:
    """Return whether the SDK reads the value of a variable as true."""
    return (value or "").strip().lower() in ("true", "1")


def normal(setting: str, value: str | None) -> str | None:
    """Return a value as the SDK reads it: without blanks and quotes around it, an endpoint without a final slash."""
    if value is None:
        return None
    value = value.strip().strip('"').strip("'")
    if setting == "endpoint":
        scheme, mark, rest = value.rstrip("/").partition("://")
        host, slash, path = rest.partition("/")
        # Host names ignore case, and requests sends them in lower case.
        return f"{scheme}{mark}{host.lower().removesuffix(_USUAL_PORT.get(scheme, '//'))}{slash}{path}" or None
    if setting == "workspace_id" and _AN_ID.fullmatch(value):
        return value.lower()
    return value or None


def shown(setting: str, value: str | None) -> str | None:
    """Return a value fit to be shown: keys masked, URLs without passwords, long values cut."""
    if value is None:
        return None
    if setting == "api_key":
        return inspect_key(value).masked
    # An unclosed quote in .env makes the following lines, which may hold secrets, a part of this value.
    if len(value.splitlines()) > 1:
        return f"{HIDDEN} (several lines)"
    # A key may have been pasted into the wrong variable.
    if inspect_key(value).kind in ("personal", "service", "legacy"):
        return inspect_key(value).masked
    if inspect_key(value).problem_kind in ("vendor", "first letters", "encoded", "token") or value.lower().startswith(
        "bearer "
    ):
        return HIDDEN
    if "://" in value:
        return sanitize(bare_url(value), 200)
    # An id without hyphens looks like a token, and the user must see it to correct it.
    is_id = setting == "workspace_id" and _BARE_ID.fullmatch(value)
    return sanitize(
        value if is_id else _masked(bare_url(value) if setting == "endpoint" else value),
        200 if setting == "endpoint" else 100,
    )


def _masked(value: str) -> str:
    """Return a value without long random tokens, which may be secrets of any service."""
    return _LONG_WORD.sub(lambda word: HIDDEN if _is_random(word[0]) else word[0], value)


def _is_random(word: str) -> bool:
    # "experiment20260112run3" changes three times between letters and digits.
    return len(_LETTERS_OR_DIGITS.findall(word)) > 4 or (len(word) >= _LONGEST_NAME and not word.isalpha())


def _replicas(variable: str, text: str) -> Iterator[Replica]:
    is_listed = text.lstrip().startswith("[")
    for entry in _entries(text):
        yield Replica(shown("endpoint", normal("endpoint", str(entry.get("api_url")))) or "", variable, is_listed)


def _entries(text: str) -> list[dict[str, Any]]:
    """Return the replicas in the text of a variable, each as an object; the shorter form has a key for each URL."""
    # Importing it takes milliseconds, which only a client that is refused or checked needs to pay.
    from safe_langsmith._core.responses import parse

    found = parse(text)
    if isinstance(found, dict):
        return [{"api_url": url, "api_key": key} for url, key in found.items() if isinstance(key, str)]
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []
