"""The values a diagnosis is made of. All are frozen, picklable and plain, and hold no secret."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal

KeyKind = Literal["personal", "service", "legacy", "oauth", "unrecognized", "missing"]
CheckResult = Literal["ok", "problem", "unknown", "not-applicable"]


class _Code(str, Enum):
    """An enum whose members are their values, also in f-strings and on every supported Python."""

    def __str__(self) -> str:
        return str(self.value)


class Cause(_Code):
    """Why LangSmith refused. The list is closed: a new member is a new minor version.

    What each means, and what to do: `python -m safe_langsmith --explain CAUSE`.
    """

    WORKSPACE_REQUIRED = "workspace-required"
    """The key serves several workspaces and the request named none."""

    WORKSPACE_NOT_ACCESSIBLE = "workspace-not-accessible"
    """A workspace was named and this key cannot reach it."""

    WORKSPACE_ID_MALFORMED = "workspace-id-malformed"
    """The named workspace id is not a UUID."""

    KEY_MALFORMED = "key-malformed"
    """The key cannot be one of LangSmith's, but is a placeholder, code, cut short, or another vendor's."""

    KEY_LEGACY = "key-legacy"
    """An `ls__` key, unsupported since 2024-10-22."""

    KEY_MISSING = "key-missing"
    """No credential was sent."""

    KEY_REJECTED = "key-rejected"
    """A well-formed key that this endpoint refuses for everything. Never `confirmed`."""

    WRONG_REGION = "wrong-region"
    """Something on this machine names another LangSmith region, and the key is refused here."""

    STALE_ENVIRONMENT = "stale-environment"
    """The key in use is refused, and the environment or `.env` now holds another."""

    PERMISSION_DENIED = "permission-denied"
    """Key and workspace are fine, this operation is not allowed."""

    FEATURE_UNAVAILABLE = "feature-unavailable"
    """The answer says that a plan or a feature is missing."""

    BLOCKED_UPSTREAM = "blocked-upstream"
    """The 403 was not LangSmith's, but that of a proxy, a firewall or a login page."""

    WRONG_ENDPOINT = "wrong-endpoint"
    """The configured host is not a LangSmith API."""

    UNDETERMINED = "undetermined"
    """The evidence does not settle it."""


class Confidence(_Code):
    """How well the evidence supports a cause."""

    CONFIRMED = "confirmed"
    """The answer's body or a diagnostic request proved it."""

    LIKELY = "likely"
    """It explains everything that was seen, but something else could too."""

    POSSIBLE = "possible"
    """Nothing seen speaks against it."""


@dataclass(frozen=True)
class Workspace:
    """A workspace, as the server described it.

    Attributes:
        id: The workspace's UUID.
        name: Its display name.
        role: The name of the caller's role there, or `None` where the server did not tell.
        permissions: The caller's permissions there; `None` where the server did not tell, which is not "none".
    """

    id: str
    name: str
    role: str | None = None
    permissions: tuple[str, ...] | None = None


@dataclass(frozen=True)
class ApiKey:
    """The credential of a refused request.

    Attributes:
        kind: What its first letters say it is.
        masked: The kind and the last four characters of a well-formed key, and neither for anything else.
        source: Where it came from: an argument, a variable's name, a profile.
    """

    kind: KeyKind
    masked: str
    source: str


@dataclass(frozen=True)
class Setting:
    """One setting, with where it came from.

    Attributes:
        value: The value in use; an API key is masked. `None` where nothing is set.
        source: An argument, the variable's name, the line of a `.env` file, a profile, or `default`.
        others: The values this one overrode or now differs from.
    """

    value: str | None
    source: str
    others: tuple[Setting, ...] = ()


@dataclass(frozen=True)
class Check:
    """One check and what it saw.

    Attributes:
        step: The number of the documented troubleshooting step (1 to 5), or `None` for one of this library's own.
        title: What was looked at.
        result: `ok`, `problem`, `unknown` or `not-applicable`.
        detail: What was actually seen.
    """

    step: int | None
    title: str
    result: CheckResult
    detail: str


@dataclass(frozen=True)
class Fix:
    """One thing to do.

    Attributes:
        title: The action, in the imperative.
        detail: Why and how.
        code: Something to copy, filled in with the real values, or `None`.
        url: Where to do it or read about it, or `None`.
        step: The documented troubleshooting step it belongs to (1 to 5), or `None`.
    """

    title: str
    detail: str = ""
    code: str | None = None
    url: str | None = None
    step: int | None = None


@dataclass(frozen=True)
class Probe:
    """One diagnostic request and its answer.

    Attributes:
        method: Always `GET`.
        path: The path below the endpoint, and in brackets the workspace it was asked for.
        status: The HTTP status, or the network error's name where no answer came.
    """

    method: str
    path: str
    status: int | str


@dataclass(frozen=True)
class Diagnosis:
    """Who was refused what, where, why, and what to do.

    Attributes:
        cause: The best-supported cause.
        confidence: How well it is supported.
        summary: One sentence naming principal, operation, place and reason.
        checks: All five documented checks, then this library's own.
        fixes: What to do, most useful first; never empty.
        key: The credential that was refused.
        settings: `endpoint`, `api_key` (masked), `workspace_id`, `project` and `tracing`, with their sources.
        workspaces: The live workspaces, or `None` where they could not be listed.
        method: The refused request's method. This and the next four are `None` where nothing was refused yet.
        url: Its URL, without user information and query.
        status_code: The status of the refusal, 403.
        request_id: The id the server gave the request, for a support ticket.
        server_message: What the server said, shortened and cleaned.
        probes: What was asked to find out, and answered.
    """

    cause: Cause
    confidence: Confidence
    summary: str
    checks: tuple[Check, ...]
    fixes: tuple[Fix, ...]
    key: ApiKey
    settings: dict[str, Setting] = field(hash=False)
    workspaces: tuple[Workspace, ...] | None = None
    method: str | None = None
    url: str | None = None
    status_code: int | None = None
    request_id: str | None = None
    server_message: str | None = None
    probes: tuple[Probe, ...] = ()

    def __str__(self) -> str:
        """Returns the whole diagnosis as plain text."""
        try:
            from safe_langsmith._render.text import as_text

            return as_text(self)
        except Exception:  # An exception that cannot be shown would be worse than the SDK's.
            return self.summary

    def _repr_html_(self) -> str | None:
        """Returns the whole diagnosis as HTML for notebooks, or as text in it where that fails."""
        with contextlib.suppress(Exception):
            from safe_langsmith._render.html import as_html

            return as_html(self)
        with contextlib.suppress(Exception):
            from html import escape

            return f"<pre>{escape(str(self))}</pre>"
        return None

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Shows IPython in a terminal, and notebooks without HTML, what `str()` returns."""
        printer.text(str(self))

    def to_dict(self) -> dict[str, Any]:
        """Returns the diagnosis as JSON-able values: codes as strings, collections as lists and dictionaries."""
        plain: dict[str, Any] = _plain(self)
        return plain


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return {item.name: _plain(getattr(value, item.name)) for item in dataclasses.fields(value)}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return str(value) if isinstance(value, Enum) else value
