"""From the SDK's exception back to the 403 it was raised for, and from that to facts."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from safe_langsmith._core.answers import NO_BODY, Body, read_body
from safe_langsmith._core.clean import HIDDEN, bare_url, clean
from safe_langsmith._core.evidence import Facts
from safe_langsmith._core.keys import MISSING, OAUTH, Credential, describe

from .safeguard import Safeguard

_REQUEST_ID_HEADERS = ("x-request-id", "x-langsmith-request-id", "x-amzn-requestid", "x-trace-id", "cf-ray")
_CREDENTIAL_HEADERS = ("x-api-key", "authorization", "x-service-key", "cookie")
_MOST_BODY = 100_000
_REPLICA = "the replica's settings"
_SALT = os.urandom(16)


def response_of(error: BaseException) -> Any:
    """Returns the response that an exception of the SDK was raised for, or `None`.

    Only the exception itself and its direct cause and context are looked at: further down there may be an unrelated
    refusal that the user's code was just handling.
    """
    import requests

    for candidate in (error, error.__context__, error.__cause__):
        if isinstance(candidate, requests.HTTPError):
            if candidate.response is not None:
                return candidate.response
            # Before langsmith 0.14 the SDK's own HTTPError holds no response, and requests' behind it does.
            return getattr(candidate.__cause__, "response", None)
    return None


def as_sent(url: str) -> str:
    """Returns a URL as `requests` sends it: host in lower case and ASCII, path quoted."""
    import requests

    try:
        return requests.Request("GET", url).prepare().url or url
    except (requests.RequestException, ValueError):
        return url


def netloc_of(url: str) -> str:
    """Returns host and port of a URL, without user information."""
    return urlsplit(as_sent(url)).netloc.rpartition("@")[2]


def asked_url(response: Any) -> str | None:
    """Returns the URL that was asked first, before any redirect, or `None` where the response does not know."""
    history = getattr(response, "history", None)
    first = history[0] if isinstance(history, (list, tuple)) and history else response
    url = getattr(getattr(first, "request", None), "url", None)
    return url if isinstance(url, str) else None


def status_of(error: BaseException | None) -> int | None:
    """Returns the HTTP status that an exception of the SDK was raised for, or `None`."""
    return getattr(response_of(error), "status_code", None) if error is not None else None


@dataclass(frozen=True, repr=False)
class Refusal:
    """A 403, as it came back from `requests`.

    No tuple, and with a `repr` of its own, because error trackers look into the locals of frames.

    Attributes:
        headers: The headers of the request as it was sent, by lower-case name. They hold the key.
        method: The request's method.
        url: The request's URL, as it was sent.
        body: What the answer's body says.
        request_id: The id the server gave the request.
        redirected_to: The host that answered in place of the one that was asked, if another did.
        prepared: The request as it was sent, or `None`.
    """

    headers: dict[str, str]
    method: str
    url: str
    body: Body
    request_id: str | None
    redirected_to: str | None
    prepared: Any

    def __repr__(self) -> str:
        """Shows nothing of the headers."""
        return f"Refusal({self.method} {bare_url(self.url)})"

    @property
    def is_plain(self) -> bool:
        """Whether LangSmith itself refused, and named no reason that a workspace does not cure."""
        elsewhere = self.redirected_to or self.body.form != "json"
        return not (elsewhere or self.body.unavailable or self.body.permission)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not appear in any text."""
        values = [self.headers[name] for name in _CREDENTIAL_HEADERS if name in self.headers]
        values += [value.partition(" ")[2] for value in values if " " in value]
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
        return hashlib.blake2b("\0".join(self.secrets).encode(), salt=_SALT, digest_size=16).hexdigest()


def read_refusal(response: Any, method: str, url: str, default_headers: Mapping[str, str]) -> Refusal:
    """Returns what a refused response says about itself.

    Args:
        response: The response, of `requests` or of something that stands in for it.
        method: The method that the caller asked for.
        url: The URL that the caller asked for, used where the response does not know its request.
        default_headers: The headers that the client sends, used likewise.
    """
    history = getattr(response, "history", None)
    first = history[0] if isinstance(history, (list, tuple)) and history else response
    prepared = getattr(first, "request", None)
    sent = getattr(prepared, "headers", None)
    headers = _plain_headers(sent if isinstance(sent, Mapping) else default_headers)
    asked = asked_url(response) or as_sent(url)
    answered = getattr(response, "url", None)
    elsewhere = netloc_of(answered) if first is not response and isinstance(answered, str) else ""
    answer_headers = _plain_headers(getattr(response, "headers", None))
    refusal = Refusal(headers, method, asked, NO_BODY, None, None, prepared)
    content = getattr(response, "content", b"")
    raw = content[:_MOST_BODY] if isinstance(content, bytes) else b""
    request_id = next((answer_headers[name] for name in _REQUEST_ID_HEADERS if name in answer_headers), "")
    return replace(
        refusal,
        body=read_body(raw, answer_headers.get("content-type", ""), refusal.secrets),
        request_id=clean(request_id, 80, refusal.secrets) or None,
        redirected_to=clean(elsewhere, 200) if elsewhere and elsewhere != netloc_of(asked) else None,
    )


def facts_of(
    refusal: Refusal,
    endpoint: str,
    workspace_id: str | None,
    sources: dict[str, str],
    safeguard: Safeguard,
    is_own: bool = True,
) -> Facts:
    """Returns the facts of a refusal.

    Args:
        refusal: The refusal.
        endpoint: The base URL of the API that was asked.
        workspace_id: The workspace that the user named, or `None`.
        sources: Where the settings came from, as far as the request itself shows it.
        safeguard: The client's safeguard.
        is_own: Whether endpoint and key are the client's own, and not a replica's.
    """
    if not is_own:
        sources = {"endpoint": _REPLICA, "api_key": _REPLICA, "workspace_id": _REPLICA, **sources}
    in_use = {"endpoint": endpoint, "api_key": refusal.api_key, "workspace_id": workspace_id}
    local = safeguard.configuration(in_use, sources)
    settings = local.settings
    if refusal.api_key is None and refusal.credential.kind != "missing":
        settings["api_key"] = replace(settings["api_key"], value=refusal.credential.masked)
    if not is_own:
        # What the environment says is about the client, not about its replicas.
        settings.update({name: replace(settings[name], others=()) for name in in_use})
    shown = bare_url(endpoint)
    url = bare_url(refusal.url)
    return Facts(
        endpoint=shown,
        credential=refusal.credential,
        settings=settings,
        workspace_id=workspace_id,
        workspace_source=settings["workspace_id"].source,
        method=refusal.method,
        path=url[len(shown) :] if url.startswith(shown) else urlsplit(url).path,
        url=url,
        status_code=403,
        request_id=refusal.request_id,
        body=refusal.body,
        redirected_to=refusal.redirected_to,
        variables=local.variables,
        drift=local.drift if is_own else (),
        is_own=is_own,
        notes=local.notes,
        dotenv_path=local.dotenv_path,
    )


def _plain_headers(headers: Any) -> dict[str, str]:
    if not isinstance(headers, Mapping):
        return {}
    return {
        str(name).lower(): value.decode("latin-1") if isinstance(value, bytes) else str(value)
        for name, value in headers.items()
    }
