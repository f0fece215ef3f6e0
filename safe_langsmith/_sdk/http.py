"""What a refused response, of `requests` or of either httpx, says about itself and about its request."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote, urlsplit

from safe_langsmith._core.credentials import MISSING, OAUTH, Credential, describe
from safe_langsmith._core.redaction import HIDDEN, bare_url, clean
from safe_langsmith._core.responses import NO_BODY, Body, read_body

_REQUEST_ID_HEADERS = ("x-request-id", "x-langsmith-request-id", "x-amzn-requestid", "x-trace-id", "cf-ray")
CREDENTIAL_HEADERS = ("x-api-key", "authorization", "x-service-key", "cookie")
_MOST_BODY = 100_000
_SHORTEST_SECRET = 6
_SHORTEST_TOKEN = 16
_SALT = os.urandom(16)
# What is plain enough that no HTTP library changes it. Nearly all are, and asking requests takes as long as the rest.
_AS_SENT = re.compile(
    r"https?://[a-z0-9-]+(?:\.[a-z0-9-]+)*(?::(?!80/|443/)[1-9][0-9]{1,4})?(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)+"
    r"(?:\?[A-Za-z0-9._=&-]+)?"
)


def normalize_url(url: str) -> str:
    """Returns a URL as HTTP libraries send it: host in lower case and ASCII, path quoted, no port that goes without."""
    if _AS_SENT.fullmatch(url):
        return url
    import requests

    try:
        sent = requests.Request("GET", url).prepare().url or url
    except (requests.RequestException, ValueError):
        return url
    parts = urlsplit(sent)
    needless = {"http": ":80", "https": ":443"}.get(parts.scheme, "")
    return parts._replace(netloc=parts.netloc.removesuffix(needless)).geturl() if needless else sent


def netloc_of(url: str) -> str:
    """Returns host and port of a URL, without user information."""
    return urlsplit(normalize_url(url)).netloc.rpartition("@")[2]


def asked_url(response: Any) -> str | None:
    """Returns the URL that was asked first, before any redirect, or `None` where the response does not know."""
    return _text(getattr(_request_of(_first(response)), "url", None))


def fingerprint(headers: Mapping[str, str]) -> str:
    """Returns what tells the credential in a request's headers from others, and is none.

    Args:
        headers: The headers by lower-case name.
    """
    values = [headers.get(name, "") for name in CREDENTIAL_HEADERS]
    # Load balancers set cookies, too; one tells who somebody is only where nothing else does.
    told = values[:-1] if any(values[:-1]) else values
    return hashlib.blake2b("\0".join(told).encode(), salt=_SALT, digest_size=16).hexdigest()


@dataclass(frozen=True, repr=False)
class ForbiddenResponse:
    """A 403, as it came back.

    No tuple, and with a `repr` of its own, because error trackers look into the locals of frames.

    Attributes:
        headers: The headers of the request as it was sent, by lower-case name. They hold the key.
        method: The request's method.
        url: The request's URL, as it was sent.
        body: What the answer's body says.
        request_id: The id the server gave the request.
        redirected_to: The host that answered in place of the one that was asked, if another did.
        prepared: The request as it was sent, or `None`.
        further_secrets: What is a secret beside the credentials in `headers`: a second key, a password in the URL.
    """

    headers: dict[str, str]
    method: str
    url: str
    body: Body
    request_id: str | None
    redirected_to: str | None
    prepared: Any
    further_secrets: tuple[str, ...] = field(default=(), repr=False)

    def __repr__(self) -> str:
        """Shows nothing of the headers."""
        return f"ForbiddenResponse({self.method} {bare_url(self.url)})"

    def forget(self) -> None:
        """Forgets the headers, and whatever else holds the key."""
        self.headers.clear()
        object.__setattr__(self, "prepared", None)
        object.__setattr__(self, "further_secrets", ())

    @property
    def is_plain(self) -> bool:
        """Whether LangSmith itself refused, and named no reason that a workspace does not cure."""
        elsewhere = self.redirected_to or self.body.form != "json"
        return not (elsewhere or self.body.unavailable or self.body.permission)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not appear in any text."""
        values = [*self.further_secrets, *(self.headers[name] for name in CREDENTIAL_HEADERS if name in self.headers)]
        values += [part for value in values for part in parts_of(value)]
        # A part of a key is a secret, too: what follows the eight characters that every key of its kind begins with.
        return (*values, *(value[8:] for value in values if len(value) >= 24))

    @property
    def api_key(self) -> str | None:
        """The API key that was sent."""
        return self.headers.get("x-api-key") or None

    @property
    def credential(self) -> Credential:
        """What the credential looks like."""
        if self.api_key:
            return describe(self.api_key)
        if self.headers.get("authorization", "").lower().startswith("bearer "):
            return OAUTH
        return Credential("unrecognized", HIDDEN) if self.secrets else MISSING

    @property
    def fingerprint(self) -> str:
        """What tells this request's credential from others, and is none."""
        return fingerprint(self.headers)


def read_forbidden(response: Any, method: str, url: str, default_headers: Mapping[str, str]) -> ForbiddenResponse:
    """Returns what a refused response says about itself.

    Args:
        response: The response, of `requests`, of httpx, or of something that stands in for it.
        method: The method that the caller asked for.
        url: The URL that the caller asked for, used where the response does not know its request.
        default_headers: The headers that the client sends, used likewise.
    """
    refusal = read_answered(response, method, url, default_headers)
    asked = refusal.url
    elsewhere = netloc_of(_text(getattr(response, "url", None)) or asked) if _first(response) is not response else ""
    content_type = plain_headers(getattr(response, "headers", None)).get("content-type", "")
    content = getattr(response, "content", b"")
    raw = content[:_MOST_BODY] if isinstance(content, bytes) else b""
    return replace(
        refusal,
        body=read_body(raw, content_type, refusal.secrets),
        redirected_to=clean(elsewhere, 200) if elsewhere and elsewhere != netloc_of(asked) else None,
    )


def read_answered(response: Any, method: str, url: str, default_headers: Mapping[str, str]) -> ForbiddenResponse:
    """Returns what `read_forbidden` does, without what the answer says beside the id that it gave the request."""
    prepared = _request_of(_first(response))
    sent = getattr(prepared, "headers", None)
    headers = plain_headers(sent if isinstance(sent, Mapping) else default_headers)
    asked = normalize_url(asked_url(response) or url)
    refusal = ForbiddenResponse(
        headers, method, asked, NO_BODY, None, None, prepared, _further_secrets(sent, headers, asked)
    )
    # A server may write anything there, also what it was sent.
    told = clean(told_id(plain_headers(getattr(response, "headers", None))), 80, refusal.secrets)
    return replace(refusal, request_id=told or None)


def told_id(headers: Mapping[str, str]) -> str:
    """Returns the id that a server gave a request, as it is in the headers of its answer."""
    return next((headers[name] for name in _REQUEST_ID_HEADERS if name in headers), "")


def plain_headers(headers: Any) -> dict[str, str]:
    """Returns headers by lower-case name, with values that are text.

    Of a name that is there twice, as the key is from some generated clients, the first value counts, as for servers.
    """
    if not isinstance(headers, Mapping):
        return {}
    items: Iterable[tuple[Any, Any]] = headers.multi_items() if hasattr(headers, "multi_items") else headers.items()
    found: dict[str, str] = {}
    for name, value in items:
        found.setdefault(str(name).lower(), value.decode("latin-1") if isinstance(value, bytes) else str(value))
    return found


def parts_of(value: str) -> list[str]:
    """Returns the secrets within a credential: a token after its scheme, a password, the values of cookies."""
    scheme, _, rest = value.partition(" ")
    parts = [rest]
    if scheme.lower() == "basic":
        with contextlib.suppress(ValueError):
            parts.append(base64.b64decode(rest, validate=True).decode("utf-8", "replace").partition(":")[2])
    parts += [cookie.partition("=")[2].strip() for cookie in value.split(";") if "=" in cookie]
    # What is shorter may stand in any text.
    return [part for part in parts if len(part) >= _SHORTEST_SECRET]


def _further_secrets(sent: Any, headers: Mapping[str, str], url: str) -> tuple[str, ...]:
    multi = sent.multi_items() if hasattr(sent, "multi_items") else ()
    repeated = [value for name, value in multi if name.lower() in CREDENTIAL_HEADERS and value != headers[name.lower()]]
    user, password = urlsplit(url).username or "", urlsplit(url).password or ""
    # A token may stand in place of the user's name. A name by itself may be any word.
    given = password if password or len(user) < _SHORTEST_TOKEN else user
    return (*repeated, *([given, unquote(given)] if len(given) >= _SHORTEST_SECRET else ()))


def _first(response: Any) -> Any:
    history = getattr(response, "history", None)
    return history[0] if isinstance(history, (list, tuple)) and history else response


def _request_of(response: Any) -> Any:
    try:
        return response.request
    except (AttributeError, RuntimeError):  # httpx raises where a response was made without a request.
        return None


def _text(url: Any) -> str | None:
    return str(url) if isinstance(url, str) or type(url).__name__ == "URL" else None
