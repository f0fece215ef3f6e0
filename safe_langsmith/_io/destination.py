"""Whom a request was for: the client's own endpoint and key, another it writes to, or a replica."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from safe_langsmith._core.clean import bare_url

from . import ledger
from .owner import endpoint_of, is_own_credential
from .refusals import Refusal, as_sent


class Destination(NamedTuple):
    """Whom a request was for.

    Attributes:
        endpoint: The base URL of the API, as requests write it.
        configured: The same, as the user wrote it.
        base: What the request's path is below; not the endpoint where a road has a base URL of its own.
        is_own: Whether endpoint and credential are the client's own, so that what was found may become the client's.
        own_credential: Whether the credential is.
        fingerprint: What tells the request's credential from others.
        case: What is known about the endpoint and key.
    """

    endpoint: str
    configured: str
    base: str
    is_own: bool
    own_credential: bool
    fingerprint: str
    case: ledger.Case

    def __repr__(self) -> str:
        """Shows the endpoint without a password."""
        return f"Destination({bare_url(self.endpoint)!r})"


def destination_of(
    client: Any, refusal: Refusal, siblings: Iterable[str], caller_headers: Mapping[str, Any]
) -> Destination | None:
    """Returns whom a request was for, or `None` where that is no API that the client is configured for.

    Args:
        client: The SDK's client.
        refusal: The refusal of the request.
        siblings: Base URLs under which the road reaches the client's own endpoint, too.
        caller_headers: The headers that the call itself sets.
    """
    own = _base(endpoint_of(client))
    endpoints = {_base(url): own for url in siblings if _origin(url) == _origin(own)}
    endpoints |= {base: base for base in (_base(str(url)) for url in getattr(client, "_write_api_urls", None) or ())}
    endpoints[own] = own
    # Replicas are sent runs and nothing else.
    replica, runs, _ = refusal.url.rpartition("/runs")
    if runs and replica not in endpoints and not any(replica.startswith(f"{base}/") for base in endpoints):
        endpoints[replica] = replica
    # The platform's paths begin beside "/api/v1", not below it.
    endpoints.setdefault(_origin(own), own)
    matching = [base for base in endpoints if refusal.url.startswith((f"{base}/", f"{base}?"))]
    if not matching:
        return None
    base = max(matching, key=len)
    endpoint = endpoints[base]
    own_credential = is_own_credential(client, refusal.headers, caller_headers)
    case = ledger.LEDGER.case(endpoint, refusal.fingerprint)
    configured = endpoint_of(client) if endpoint == own else endpoint
    return Destination(
        endpoint, configured, base, endpoint == own and own_credential, own_credential, refusal.fingerprint, case
    )


def _base(url: str) -> str:
    return as_sent(url).rstrip("/")


def _origin(url: str) -> str:
    parts = urlsplit(as_sent(url))
    return f"{parts.scheme}://{parts.netloc}"
