"""The identity that a client's requests share.

A workspace is found for one identity: the endpoint, the key, and whatever else can make a difference to who is asking.
A gateway may tell users apart by any header, cookie or client certificate. A client that has been given a workspace for
one identity must not name it for another, so its identity is computed again before each of its requests.
"""

from __future__ import annotations

import contextlib
import os
import weakref
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from uuid import uuid4

from requests.utils import get_netrc_auth, should_bypass_proxies

from safe_langsmith._sdk.compat import endpoint_of, headers_of, httpx_client_of, is_async, session_of
from safe_langsmith._sdk.http import (
    AUTHENTICATED,
    Headers,
    has_load_balancer_name,
    identity_headers,
    is_requests_session,
    plain_headers,
)

_BASIC = frozenset({"HTTPBasicAuth", "BasicAuth"})
# Code of these adds nothing to a request that tells callers apart: HTTP libraries, the SDK and tracing systems.
_NEUTRAL_PACKAGES = frozenset({"requests", "urllib3", "langsmith", "httpx", "httpx2", "opentelemetry", "ddtrace"})
_tokens: weakref.WeakKeyDictionary[Any, str] = weakref.WeakKeyDictionary()


def takes_proxies_of_environment(sender: Any, url: str) -> bool:
    """Return whether a session or httpx client takes its proxy for a URL from the environment.

    Args:
        sender: The session or client.
        url: The URL.
    """
    # In requests, the environment goes before the session's own proxies.
    trusts = getattr(sender, "trust_env", True)
    return bool(trusts) and not should_bypass_proxies(url, no_proxy=None)


def identity_of(client: Any, with_cookies: bool = True) -> int | None:
    """Return a hash of the identity that the client's next request has, or `None` if that cannot be known.

    It cannot be known if code of the user's authenticates or sends each request. Python salts the hash anew in each
    process, and it does not reveal the key.

    Args:
        client: The client.
        with_cookies: Whether its cookies count. A server may set some with each response.
    """
    sender = sender_of(client)
    if (not is_async(client) and not is_requests_session(sender)) or runs_code_of_user(sender):
        return None
    auth = _constant(sender.auth)
    if sender.auth is not None and auth is None:
        return None
    return hash(
        (
            endpoint_of(client),
            frozenset(own_headers(client).items()),
            auth,
            tuple([(c.domain, c.name, c.value) for c in _jar(sender) if not has_load_balancer_name(c.name)])
            if with_cookies
            else (),
            frozenset(session_identity(sender).items()),
            str(getattr(sender, "base_url", "")),
            _of_netrc(sender, endpoint_of(client)),
        )
    )


def runs_code_of_user(sender: Any) -> bool:
    """Return whether code of the user's has a hand in each request, and may tell callers apart in any way.

    A class of the user's that only makes connections in another way, as for a company's certificates, has none.

    Args:
        sender: A session of `requests`, or an httpx client.
    """
    if any(_overrides(part, _SENDING) for part in _parts_of(sender)):
        return True
    hooks = getattr(sender, "event_hooks", None)
    return bool(hooks.get("request")) if isinstance(hooks, Mapping) else False


_SENDING = tuple(
    "send request prepare_request rebuild_auth get_adapter add_headers request_url "
    "build_request handle_request handle_async_request".split()
)
"""The methods of sessions, adapters, httpx clients and transports through which a request goes."""


def _parts_of(sender: Any) -> list[Any]:
    parts = [sender, getattr(sender, "_transport", None)]
    for name in ("adapters", "_mounts"):
        # A test's double may have anything there.
        found = getattr(sender, name, None)
        parts += found.values() if isinstance(found, Mapping) else ()
    return [part for part in parts if part is not None]


def _is_of_user(kind: type) -> bool:
    return kind.__module__.partition(".")[0] not in _NEUTRAL_PACKAGES


def _overrides(part: Any, names: tuple[str, ...]) -> bool:
    """Return whether a class of the user's, or the object itself, has a method in place of a library's."""
    for name in names:
        if name in getattr(part, "__dict__", ()):
            return True
        owner = next((kind for kind in type(part).__mro__ if name in vars(kind)), None)
        if owner is not None and _is_of_user(owner):
            return True
    return False


def _of_netrc(sender: Any, url: str) -> tuple[str, str] | None:
    """Return the user and password that a `netrc` file has for a URL, which requests sends if nothing else does."""
    if not _reads_netrc(sender):
        return None
    found: tuple[str, str] | None = get_netrc_auth(url)
    return found


def settings_hash(client: Any) -> int:
    """Return a hash of all that `identity_of` reads, as it is: it changes more often, and takes less time.

    Args:
        client: The client.
    """
    sender, headers = sender_of(client), headers_of(client)
    # The headers of `requests` are slow to iterate over in another way.
    of_session = getattr(sender.headers, "lower_items", sender.headers.items)()
    auth, params = _constant(sender.auth), sender.params
    proxies, cert = getattr(sender, "proxies", None), getattr(sender, "cert", None)
    return hash(
        (
            endpoint_of(client),
            *headers.items(),
            *of_session,
            *[(cookie.domain, cookie.name, cookie.value) for cookie in _jar(sender)],
            # Code of the user's authenticates each request as it likes.
            auth if auth is not None or sender.auth is None else object(),
            str(getattr(sender, "base_url", "")),
            str(params) if params else None,
            str(proxies) if proxies else None,
            str(cert) if cert else None,
            *map(id, getattr(sender, "adapters", {}).values()),
            id(getattr(sender, "_transport", None)),
            bool(getattr(sender, "event_hooks", {}).get("request")),
            _netrc_seen() if _reads_netrc(sender) else None,
        )
    )


def _reads_netrc(sender: Any) -> bool:
    # httpx reads none by itself.
    return hasattr(sender, "adapters") and sender.auth is None and bool(sender.trust_env)


def _netrc_seen() -> tuple[Any, ...]:
    """Return what changes if requests would read another `netrc` file, or the same with other content."""
    named = os.environ.get("NETRC")
    paths = (named,) if named else _netrc_files(os.environ.get("HOME"))
    return (named, *[os.stat(path).st_mtime_ns for path in paths if os.access(path, os.F_OK)])


@lru_cache(maxsize=4)
def _netrc_files(home: str | None) -> tuple[str, ...]:
    # Each request of a client that has been given a workspace asks for them.
    return tuple(map(os.path.expanduser, ("~/.netrc", "~/_netrc")))


def is_own_identity(client: Any, sent: Mapping[str, str], sender: Any) -> bool:
    """Return whether a request that was sent has the identity of the client itself, and nothing that a call added.

    Args:
        client: The client.
        sent: The headers of the request, by lower-case name.
        sender: What sent it: the client's session or httpx client, or that of a generated client.
    """
    if sender is not sender_of(client) and adds_identity(sender_of(client)):
        return False
    own, found, auth = own_headers(client), identity_headers(sent), getattr(sender_of(client), "auth", None)
    # The client's own cookies are among those of each request.
    explicit = _cookies_in(own)
    if not explicit <= _cookies_in(found) <= explicit | {f"{c.name}={c.value}" for c in _jar(sender_of(client))}:
        return False
    # A password becomes a header only while sending.
    has_password = auth is not None or "@" in endpoint_of(client)
    names = (own.keys() | found.keys()) - {"cookie", *(["authorization"] if has_password else [])}
    return all(own.get(name) == found.get(name) for name in names)


def _cookies_in(headers: Mapping[str, str]) -> set[str]:
    cookies = {cookie.strip() for cookie in headers.get("cookie", "").split(";") if cookie.strip()}
    return {cookie for cookie in cookies if not has_load_balancer_name(cookie)}


def session_identity(sender: Any) -> Headers:
    """Return what a session says about the caller beside headers: parameters, proxies and a certificate.

    Args:
        sender: A session of `requests`, or an httpx client.
    """
    said = Headers()
    for name in ("params", "proxies", "cert"):
        given: Any = getattr(sender, name, None)
        # A session may also take text, bytes or pairs, and httpx has several values for a name.
        if hasattr(given, "multi_items"):
            items = list(given.multi_items())
        else:
            items = list(given.items()) if isinstance(given, Mapping) else [("", given)] if given else []
        said.update({f"{name} {number} {key}": str(value) for number, (key, value) in enumerate(items)})
    host = plain_headers(getattr(sender, "headers", None)).get("host")
    if host:
        said["host"] = host
    if any(_is_of_user(type(part)) for part in _parts_of(sender)):
        # It may tell callers apart without a trace in the request, as by a client certificate.
        with contextlib.suppress(TypeError):
            said["sender"] = _tokens.setdefault(sender, uuid4().hex)
    if getattr(sender, "auth", None) is not None and _constant(sender.auth) is None:
        said[AUTHENTICATED] = "by code of the user's"
    return said


def adds_identity(sender: Any) -> bool:
    """Return whether a session adds something to each request that tells callers apart, beside headers.

    Args:
        sender: A session of `requests`, or an httpx client.
    """
    cookies = [cookie for cookie in _jar(sender) if not has_load_balancer_name(cookie.name)]
    return bool(sender.auth is not None or getattr(sender, "params", None) or cookies)


def own_headers(client: Any) -> Headers:
    """Return the headers of the client's that can make a difference to who is asking.

    Args:
        client: The client.
    """
    of_session = plain_headers(getattr(sender_of(client), "headers", None))
    return identity_headers({**of_session, **plain_headers(headers_of(client))})


def sender_of(client: Any) -> Any:
    """Return the session of a client, or the httpx client of an async one.

    Args:
        client: The client.
    """
    return httpx_client_of(client) if is_async(client) else session_of(client)


def _constant(auth: Any) -> object:
    """Return a value that stands for how requests are authenticated, or `None` if the user's code does that."""
    if isinstance(auth, tuple):
        return auth
    if type(auth).__name__ in _BASIC and type(auth).__module__.partition(".")[0] in ("requests", "httpx", "httpx2"):
        return tuple(sorted(vars(auth).items()))
    return None


def _jar(sender: Any) -> Any:
    cookies = sender.cookies
    # httpx wraps the jar of the standard library, requests subclasses it.
    return getattr(cookies, "jar", cookies)
