"""Read a refused response of `requests`, httpx or httpx2, and the request that it answers."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from http.cookiejar import CookieJar
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from safe_langsmith._core.endpoints import TENANT_HEADER
from safe_langsmith._core.redaction import HIDDEN, Secrets, bare_url, is_no_key, sanitize, secrets_of

if TYPE_CHECKING:
    from safe_langsmith._core.credentials import Credential
    from safe_langsmith._core.responses import Body

API_KEY = "x-api-key"
TENANT = TENANT_HEADER.lower()
AUTHENTICATED = "authenticated"
"""The entry of `session_identity` that says that code of the user's authenticates each request."""
CREDENTIAL_HEADERS = (API_KEY, "authorization", "x-service-key", "cookie")
# Headers that say nothing about the caller: those of HTTP itself, of the SDK and its generated clients, and of tracing
# systems, whose values differ from one request to the next.
_OF_NOBODY = frozenset(
    "accept accept-charset accept-encoding accept-language b3 baggage cache-control connection content-encoding "
    "content-length content-type date expect host idempotency-key if-match if-modified-since if-none-match "
    "if-unmodified-since langsmith-agent-environment langsmith-agent-id langsmith-project pragma range sentry-trace te "
    "traceparent tracestate trailer transfer-encoding upgrade "
    "user-agent x-amzn-trace-id x-cloud-trace-context x-correlation-id x-post-compressed-size x-pre-compressed-size "
    "x-request-id x-tenant-id".split()
)
_OF_NOBODY_PREFIXES = ("x-stainless-", "x-b3-", "x-datadog-")
# Cookies with which load balancers and firewalls recognize a connection. They say nothing about the caller, and some of
# them change with each response.
_OF_LOAD_BALANCERS = tuple("awsalb awselb gclb arraffinity __cf_bm _cfuvid bigipserver incap_ses_".split())
_REQUEST_ID_HEADERS = ("x-request-id", "x-langsmith-request-id", "x-amzn-requestid", "x-trace-id", "cf-ray")
_MOST_BODY = 100_000
_SHORTEST_TOKEN = 16
_SALT = os.urandom(16)
# URLs that no HTTP library changes. Nearly all are of this form, and preparing a request takes as long as all the rest.
_HOST = r"https?://[a-z0-9-]+(?:\.[a-z0-9-]+)*(?::(?!80(?:/|$)|443(?:/|$))[1-9][0-9]{1,4})?"
_NORMALIZED = re.compile(rf"{_HOST}(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)+(?:\?[A-Za-z0-9._=&-]+)?")
_TOKEN_IN_PATH = re.compile(r"/(?:feedback/tokens|public)/([^/]+)")
_BARE_HOST = re.compile(_HOST)


@dataclass(frozen=True, repr=False)
class ForbiddenResponse:
    """A 403, and the request that it answers; or a client's next request, if nothing was refused yet.

    It is not a tuple, and its `repr` shows nothing, because error trackers show the locals of frames.

    Attributes:
        headers: The headers of the request as it was sent, by lower-case name. They hold the key.
        method: The request's method, or `None` if nothing was refused.
        url: The request's URL, as it was sent.
        body: What the response's body says.
        request_id: The id that the server gave the request.
        redirected_to: The host that answered in place of the requested one, if another did.
        prepared: The request as it was sent, or `None`.
        further_secrets: Secrets beside the credentials in `headers`: a second key, a password in the URL.
        cookies_set: The names of the cookies that the response set. The next request has them, whoever sends it.
        of_session: What the session says about the caller beside the headers: see `identity.session_identity`.
        is_url_of_caller: Whether the user's authentication may have put into the URL who the caller is.
    """

    headers: dict[str, str]
    method: str | None
    url: str
    body: Body
    request_id: str | None = None
    redirected_to: str | None = None
    prepared: Any = None
    further_secrets: tuple[str, ...] = field(default=())
    cookies_set: frozenset[str] = frozenset()
    of_session: Mapping[str, str] = field(default_factory=dict)
    is_url_of_caller: bool = False

    def __repr__(self) -> str:
        """Show nothing of the headers."""
        return f"ForbiddenResponse({self.method} {bare_url(self.url)})"

    @property
    def names_no_other_reason(self) -> bool:
        """Whether LangSmith itself seems to have refused, for no reason that a workspace would not change."""
        elsewhere = self.redirected_to or self.body.form != "json"
        return not (elsewhere or self.body.unavailable or self.body.permission)

    @cached_property
    def secrets(self) -> Secrets:
        """The strings that must not appear in any text: all that the client sends beyond the SDK's constants.

        Ordinary words are left out, unless the name says that they are secret: a header may say "production".
        """
        sent = [*identity_headers(self.headers).items(), *_secret_parameters(self.url), *self.of_session.items()]
        shown = bare_url(self.url).lower()
        proxies = [value for name, value in self.of_session.items() if name.startswith("proxies ")]
        found = [*self.further_secrets, *_proxy_passwords(proxies)]
        for name, value in sent:
            if name == API_KEY and is_no_key(value):
                continue
            is_secret = bool(_IS_SECRET.search(name))
            for part in (value, *_secrets_in(value)):
                if is_secret or not (_is_ordinary(part) or part.lower() in shown):
                    found.append(part)
        return secrets_of(found)

    @property
    def api_key(self) -> str | None:
        """The API key that was sent."""
        return self.headers.get(API_KEY) or None

    @property
    def workspace_id(self) -> str | None:
        """The workspace that the request named, as it was sent."""
        return self.headers.get(TENANT) or None

    @property
    def credential(self) -> Credential:
        """What the credential looks like."""
        from safe_langsmith._core.credentials import MISSING, OAUTH, Credential, inspect_key

        if self.api_key:
            return inspect_key(self.api_key)
        if self.headers.get("authorization", "").lower().startswith("bearer "):
            return OAUTH
        sends_any = self.further_secrets or any(name in self.headers for name in CREDENTIAL_HEADERS)
        return Credential("unrecognized", HIDDEN) if sends_any else MISSING

    def has_same_caller(self, sent: Mapping[str, str], expected: Mapping[str, str]) -> bool:
        """Return whether two requests say the same about the caller, apart from cookies that the response has set.

        Args:
            sent: The headers of one request.
            expected: Those of the other.
        """
        one, other = plain_headers(sent), plain_headers(expected)
        is_same = fingerprint(one, self.cookies_set) == fingerprint(other, self.cookies_set)
        return is_same and one.get(TENANT) == other.get(TENANT)

    @property
    def fingerprint(self) -> str:
        """A salted hash of the caller's identity."""
        of_session = {**self.of_session, "url": self.url} if self.is_url_of_caller else self.of_session
        return fingerprint(self.headers, of_session=of_session)


def read_forbidden(
    response: Any,
    method: str,
    url: str,
    client_headers: Callable[[], Mapping[str, Any]],
    of_session: Mapping[str, str] | None = None,
) -> ForbiddenResponse:
    """Return what a refused response says, and what its request was.

    Args:
        response: The response, of `requests`, httpx or httpx2, or something that stands in for one in a test.
        method: The method that the caller asked for.
        url: The URL that the caller asked for, used if the response does not know its request.
        client_headers: Returns the headers that the client sends, used likewise.
        of_session: What the session says about the caller beside the headers.
    """
    # Only a refused client needs it.
    from safe_langsmith._core.responses import NO_BODY, read_body

    prepared = _request_of(_first(response))
    requested = normalize_url(requested_url(response) or url)
    knows_headers = isinstance(getattr(prepared, "headers", None), Mapping)
    headers = plain_headers(prepared.headers if knows_headers else client_headers())
    further_secrets = _further_secrets(prepared, headers, requested)
    forbidden = ForbiddenResponse(
        headers,
        method,
        requested,
        NO_BODY,
        prepared=prepared if knows_headers else None,
        further_secrets=further_secrets,
        cookies_set=_cookies_set_by(response),
        of_session=of_session or {},
    )
    received = plain_headers(getattr(response, "headers", None))
    content = getattr(response, "content", b"")
    raw = content[:_MOST_BODY] if isinstance(content, bytes) else b""
    other_host = _other_host(response, requested)
    return replace(
        forbidden,
        body=read_body(raw, received.get("content-type", ""), forbidden.secrets),
        # A server may write anything into this header, also what it was sent.
        request_id=sanitize(
            next((received[name] for name in _REQUEST_ID_HEADERS if name in received), ""), 80, forbidden.secrets
        )
        or None,
        redirected_to=sanitize(other_host, 200) if other_host else None,
    )


def normalize_url(url: str) -> str:
    """Return a URL as HTTP libraries send it: host in lower case and ASCII, path quoted, without a default port."""
    if _NORMALIZED.fullmatch(url):
        return url
    if _BARE_HOST.fullmatch(url):
        return f"{url}/"
    import requests

    try:
        sent = requests.Request("GET", url).prepare().url or url
    except (requests.RequestException, ValueError):
        return url
    parts = urlsplit(sent)
    default_port = {"http": ":80", "https": ":443"}.get(parts.scheme, "")
    return parts._replace(netloc=parts.netloc.removesuffix(default_port)).geturl() if default_port else sent


def netloc_of(url: str) -> str:
    """Return host and port of a URL, without user information."""
    return urlsplit(normalize_url(url)).netloc.rpartition("@")[2]


def requested_url(response: Any) -> str | None:
    """Return the URL that was requested first, before any redirect, or `None` if the response does not know it."""
    return _text(getattr(_request_of(_first(response)), "url", None))


def fingerprint(
    headers: Mapping[str, str], cookies_of_response: Collection[str] = (), of_session: Mapping[str, str] | None = None
) -> str:
    """Return a salted hash of what a request says about the caller, which tells one caller from another.

    Args:
        headers: The headers by lower-case name.
        cookies_of_response: The names of cookies that a response has just set, which do not count.
        of_session: What the request says beside the headers.
    """
    found = Headers({**identity_headers(headers), **(of_session or {})})
    if "cookie" in found:
        kept = [cookie for cookie in found.pop("cookie").split(";") if not _is_of_server(cookie, cookies_of_response)]
        found["cookie"] = ";".join(sorted(cookie.strip() for cookie in kept))
    identifying = "\0".join(f"{name}:{found[name]}" for name in sorted(found) if found[name])
    return hashlib.blake2b(identifying.encode("utf-8", "surrogateescape"), salt=_SALT, digest_size=16).hexdigest()


def has_load_balancer_name(cookie: str) -> bool:
    """Return whether a cookie of this name says nothing about the caller."""
    # The cookies of a load balancer's sign-in begin like those of its connections.
    name = cookie.lower()
    return name.startswith(_OF_LOAD_BALANCERS) and not name.startswith("awselbauth")


def _is_of_server(cookie: str, set_by_response: Collection[str]) -> bool:
    name = cookie.partition("=")[0].strip()
    return has_load_balancer_name(name) or name in set_by_response


def is_requests_session(session: Any) -> bool:
    """Return whether a session is one of `requests`, and not a test's double."""
    import requests

    return issubclass(type(session), requests.Session)


class Headers(dict[str, str]):
    """Headers by lower-case name. Its `repr` shows no value: they hold the key, and tracebacks show locals."""

    def __repr__(self) -> str:
        """Show the names."""
        return f"Headers({list(self)})"


def plain_headers(headers: Any) -> Headers:
    """Return headers by lower-case name, with values that are text.

    If a name occurs twice, as the key's does from some generated clients, the first value counts, as for servers.
    """
    found = Headers()
    if not isinstance(headers, Mapping):
        return found
    items: Iterable[tuple[Any, Any]] = headers.multi_items() if hasattr(headers, "multi_items") else headers.items()
    for name, value in items:
        # requests sends no header whose value is None.
        if value is not None:
            found.setdefault(str(name).lower(), value.decode("latin-1") if isinstance(value, bytes) else str(value))
    return found


def identity_headers(headers: Mapping[str, str]) -> Headers:
    """Return the headers that can make a difference to who is asking: all but those of HTTP, the SDK and tracing.

    A gateway may tell users apart by any header. All of these are secret.

    Args:
        headers: The headers by lower-case name.
    """
    return Headers(
        {
            name: value
            for name, value in headers.items()
            if name not in _OF_NOBODY and not name.startswith(_OF_NOBODY_PREFIXES)
        }
    )


def has_tenant(headers: Mapping[str, Any]) -> bool:
    """Return whether headers name a workspace, in whichever case the name is written."""
    return any(str(name).lower() == TENANT for name in headers)


def without_tenant(headers: Mapping[str, Any]) -> dict[str, Any]:
    """Return headers that name no workspace, in whichever case the name was written."""
    return {name: value for name, value in headers.items() if str(name).lower() != TENANT}


def with_tenant(headers: Mapping[str, Any], workspace_id: str) -> dict[str, Any]:
    """Return headers that name a workspace, once: another spelling beside it would be sent as a second header."""
    return {**without_tenant(headers), TENANT_HEADER: workspace_id}


# Names of headers and parameters whose values are secret, whatever they look like.
_IS_SECRET = re.compile(
    r"(?:authorization|api[-_]?key|service-key|cookie|token|secret|passw[a-z]*|credentials?|jwt|sig(?:nature)?)$",
    re.IGNORECASE,
)
_AN_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z0-9]+")
_ORDINARY_WORD = re.compile(r"[A-Z]?[a-z]{1,19}|[A-Z]{1,19}|[0-9]{1,6}|[A-Za-z0-9]{1,5}")
_PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy")


def _is_ordinary(value: str) -> bool:
    """Return whether a value is made of words, short numbers and ids, and not of what nobody could guess."""
    return bool(_AN_ID.fullmatch(value)) or all(map(_ORDINARY_WORD.fullmatch, _WORD.findall(value)))


def _secrets_in(value: str) -> list[str]:
    """Return the secrets within a credential: the token after its scheme, a password, the values of cookies."""
    scheme, _, rest = value.partition(" ")
    parts = [rest]
    if scheme.lower() == "basic":
        with contextlib.suppress(ValueError):
            pair = base64.b64decode(rest, validate=True).decode("utf-8", "replace")
            parts += [pair, pair.partition(":")[2]]
    parts += [cookie.partition("=")[2].strip().strip('"') for cookie in value.split(";") if "=" in cookie]
    return parts


def _secret_parameters(url: str) -> list[tuple[str, str]]:
    """Return the parameters of a URL whose names say that they are secret."""
    try:
        query = urlsplit(url).query
        given = parse_qsl(query, max_num_fields=100) if query else []
    except ValueError:
        return []
    return [(name, value) for name, value in given if _IS_SECRET.search(name)]


def _proxy_passwords(of_session: Iterable[str]) -> list[str]:
    names = [spelt for name in _PROXY_VARIABLES for spelt in (name, name.upper())]
    of_machine = [os.environ[name] for name in names if os.environ.get(name)]
    return [part for url in (*of_session, *of_machine) for part in _userinfo(url)]


def _userinfo(url: str) -> tuple[str, ...]:
    """Return the password in a URL, or a token in place of the user's name, as it is written and as it is meant."""
    try:
        user, password = urlsplit(url).username or "", urlsplit(url).password or ""
    except ValueError:
        return ()
    # A name by itself may be any word.
    given = password if password or len(user) < _SHORTEST_TOKEN else user
    return given, unquote(given)


def _further_secrets(prepared: Any, headers: Mapping[str, str], url: str) -> Secrets:
    sent: Any = getattr(prepared, "headers", None)
    multi = sent.multi_items() if hasattr(sent, "multi_items") else ()
    repeated = [value for name, value in multi if name.lower() in CREDENTIAL_HEADERS and value != headers[name.lower()]]
    # A token in the path permits the operation to whoever knows it.
    return secrets_of((*repeated, *_userinfo(url), *_TOKEN_IN_PATH.findall(urlsplit(url).path)))


def _other_host(response: Any, requested: str) -> str | None:
    if _first(response) is response:
        return None
    answering = netloc_of(_text(getattr(response, "url", None)) or requested)
    return answering if answering != netloc_of(requested) else None


def _first(response: Any) -> Any:
    history = getattr(response, "history", None)
    return history[0] if isinstance(history, (list, tuple)) and history else response


def _cookies_set_by(response: Any) -> frozenset[str]:
    history = getattr(response, "history", None)
    responses = (*(history if isinstance(history, (list, tuple)) else ()), response)
    # httpx wraps the jar of the standard library, requests subclasses it.
    jars = [getattr(jar, "jar", jar) for jar in (getattr(each, "cookies", None) for each in responses)]
    return frozenset(cookie.name for jar in jars if isinstance(jar, CookieJar) for cookie in jar)


def _request_of(response: Any) -> Any:
    try:
        return response.request
    except (AttributeError, RuntimeError):  # httpx raises if a response was made without a request.
        return None


def _text(url: Any) -> str | None:
    return str(url) if isinstance(url, str) or type(url).__name__ == "URL" else None
