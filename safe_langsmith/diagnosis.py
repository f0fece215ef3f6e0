"""The values that a diagnosis consists of. All are frozen, picklable and plain, and hold no secret."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, ClassVar, Literal

from safe_langsmith._log import boundary

KeyKind = Literal["personal", "service", "legacy", "oauth", "unrecognized", "missing"]
CheckResult = Literal["ok", "problem", "unknown", "not-applicable"]


class _Code(str, Enum):
    """An enum whose members are their values, also in f-strings and on every supported Python."""

    def __str__(self) -> str:
        return str(self.value)


class Cause(_Code):
    """Why LangSmith refused. The list is closed: a new member is a new minor version.

    `python -m safe_langsmith --explain CAUSE` prints what a cause means and what to do.
    """

    WORKSPACE_REQUIRED = "workspace-required"
    """The key serves several workspaces and the request named none."""

    WORKSPACE_NOT_ACCESSIBLE = "workspace-not-accessible"
    """A workspace was named and this key cannot reach it."""

    WORKSPACE_ID_MALFORMED = "workspace-id-malformed"
    """The named workspace id is not a UUID."""

    KEY_MALFORMED = "key-malformed"
    """The key cannot be a LangSmith key, but is a placeholder, code, the name of a secret, encoded, cut, or doubled."""

    KEY_LEGACY = "key-legacy"
    """An `ls__` key, unsupported since 2024-10-22.

    Source: https://docs.langchain.com/langsmith/administration-overview
    """

    KEY_MISSING = "key-missing"
    """No credential was sent."""

    KEY_REJECTED = "key-rejected"
    """A well-formed key that this endpoint refuses for everything. Never `confirmed`."""

    WRONG_REGION = "wrong-region"
    """Something on this machine names another LangSmith region, and the key is refused here."""

    STALE_ENVIRONMENT = "stale-environment"
    """The key or the workspace in use is refused, and the environment or `.env` now holds another."""

    PERMISSION_DENIED = "permission-denied"
    """Key and workspace are fine, this operation is not allowed."""

    FEATURE_UNAVAILABLE = "feature-unavailable"
    """The response says that a plan or a feature is missing."""

    BLOCKED_UPSTREAM = "blocked-upstream"
    """The 403 came from a proxy, a firewall, a login page or another service, or the key did not reach LangSmith."""

    WRONG_ENDPOINT = "wrong-endpoint"
    """The configured host is not a LangSmith API."""

    UNDETERMINED = "undetermined"
    """The evidence does not settle the cause."""


class Confidence(_Code):
    """How well the evidence supports a cause."""

    CONFIRMED = "confirmed"
    """The body of the response or a probe proved it."""

    LIKELY = "likely"
    """It explains everything that was seen, but another cause could, too."""

    POSSIBLE = "possible"
    """Nothing that was seen contradicts it."""


@dataclass(frozen=True)
class Workspace:
    """A workspace, as the server described it.

    Attributes:
        id: The workspace's UUID.
        name: Its display name.
        role: The name of the caller's role there, or `None` if the server did not tell.
        permissions: The caller's permissions there, or `None` if the server did not tell, which does not mean "none".
    """

    id: str
    name: str
    role: str | None = None
    permissions: tuple[str, ...] | None = None


@dataclass(frozen=True)
class ApiKey:
    """The credential of a refused request.

    Attributes:
        kind: The kind that its first letters show.
        masked: The kind and the last four characters of a well-formed key, and neither for anything else.
        source: Its origin: an argument, the name of a variable, or a profile.
    """

    kind: KeyKind
    masked: str
    source: str


@dataclass(frozen=True)
class Setting:
    """One setting, with its origin.

    Attributes:
        value: The value in use; an API key is masked. `None` if nothing is set.
        source: An argument, the name of a variable, the line of a `.env` file, a profile, or `default`.
        others: The values that this one overrides or now differs from.
    """

    value: str | None
    source: str
    others: tuple[Setting, ...] = ()


@dataclass(frozen=True)
class Check:
    """One check and its result.

    Attributes:
        step: The number of the documented troubleshooting step (1 to 5), or `None` for a check of this library.
        title: The subject of the check.
        result: `ok`, `problem`, `unknown` or `not-applicable`.
        detail: The actual result, in words.
    """

    step: int | None
    title: str
    result: CheckResult
    detail: str


@dataclass(frozen=True)
class Action:
    """A step of a fix as a typed value. Each subclass is one kind of step, which `to_dict()` names.

    `Fix.code` is rendered from it: as Python for `SafeClient` or `SafeAsyncClient`, or as a line for a shell.

    Attributes:
        kind: The kind, such as `set-variable`.
    """

    kind: ClassVar[str] = ""


@dataclass(frozen=True)
class Fix:
    """One thing to do.

    Attributes:
        title: The step, in the imperative.
        detail: Why and how.
        code: Something to copy, filled in with the real values, or `None`. If one of several workspaces is meant, each
            has a line of its own.
        action: The same as a typed value, or `None`.
        url: A page on which to do it or read about it, or `None`.
        step: The documented troubleshooting step that it belongs to (1 to 5), or `None`.
    """

    title: str
    detail: str = ""
    code: str | None = None
    action: Action | None = None
    url: str | None = None
    step: int | None = None


@dataclass(frozen=True)
class Probe:
    """One diagnostic request and its response.

    Attributes:
        method: Always `GET`.
        path: The path below the endpoint, and in brackets the workspace that the request named.
        status: The HTTP status, or the name of the network error if there was no response.
    """

    method: str
    path: str
    status: int | str


@dataclass(frozen=True, repr=False)
class Diagnosis:
    """Why a request was refused, the evidence, and what to do.

    Attributes:
        cause: The best-supported cause.
        confidence: How well the evidence supports it.
        summary: One sentence that names principal, operation, place and reason.
        checks: All five documented checks, then those of this library.
        fixes: The things to do, most useful first; never empty.
        key: The credential of the refused request.
        settings: `endpoint`, `api_key` (masked), `workspace_id`, `project` and `tracing`, with their sources.
        workspaces: The live workspaces, or `None` if they could not be listed.
        method: The method of the refused request. This and the next four are `None` if no request was refused yet.
        url: Its URL, without user information and query.
        status_code: The status of the response, 403.
        request_id: The id that the server gave the request, for a support ticket.
        server_message: The server's own message, shortened and without control characters.
        probes: The diagnostic requests that were sent, and their responses.
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

    def __repr__(self) -> str:
        """Return the cause and the sentence in one line. Streamlit shows it, and cuts it off after 300 characters."""
        return f"Diagnosis({self.cause}, {self.confidence}: {self.summary})"

    def __str__(self) -> str:
        """Return the diagnosis as short text: at most 20 lines of 80 columns, and last what to do."""
        # A failure in here would hide the SDK's error from the user.
        with boundary():
            from safe_langsmith._render.text import as_text

            return as_text(self)
        return self.summary

    def report(self, width: int | None = None) -> str:
        """Return everything as plain text: all checks, all things to do, all workspaces.

        Args:
            width: The columns of a line; 80 by default. Addresses and lines to copy are not broken.
        """
        from safe_langsmith._render.report import as_report

        return as_report(self, width)

    def _repr_html_(self) -> str | None:
        """Return the diagnosis as HTML for notebooks; if that fails, as text in HTML."""
        with boundary():
            from safe_langsmith._render.html import as_html

            return as_html(self)
        with boundary():
            from html import escape

            return f"<pre>{escape(str(self))}</pre>"
        return None

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Print the result of `str()` in an IPython terminal and in notebooks without HTML."""
        printer.text(str(self))

    def to_dict(self) -> dict[str, Any]:
        """Return the diagnosis as JSON-able values: codes as strings, collections as lists and dictionaries."""
        plain: dict[str, Any] = _plain(self)
        return plain


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        kind = {"kind": value.kind} if isinstance(value, Action) else {}
        return kind | {item.name: _plain(getattr(value, item.name)) for item in dataclasses.fields(value)}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return str(value) if isinstance(value, Enum) else value
