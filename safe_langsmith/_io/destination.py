"""Whom a request was for: the client's own endpoint and key, another it writes to, or a replica."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from . import ledger
from .refusals import Refusal, as_sent

if TYPE_CHECKING:
    from safe_langsmith.client import SafeClient


class Destination(NamedTuple):
    """Whom a request was for.

    Attributes:
        endpoint: The base URL of the API.
        is_own: Whether endpoint and key are the client's own, so that what was found may become the client's.
        case: What is known about the endpoint and key.
    """

    endpoint: str
    is_own: bool
    case: ledger.Case


def url_of(client: SafeClient, pathname: str) -> str:
    """Returns the URL that the SDK makes of a path or a whole URL."""
    return pathname if pathname.startswith("http") else f"{client.api_url.rstrip('/')}/{pathname.lstrip('/')}"


def destination_of(client: SafeClient, refusal: Refusal) -> Destination | None:
    """Returns whom a request was for, or `None` where that is no API that the client is configured for.

    Args:
        client: The client.
        refusal: The refusal of the request.
    """
    own = as_sent(client.api_url).rstrip("/")
    known = {own, *(as_sent(str(url)).rstrip("/") for url in getattr(client, "_write_api_urls", None) or ())}
    # Replicas are sent runs and nothing else.
    replica, runs, _ = refusal.url.rpartition("/runs")
    if runs and replica not in known and not any(replica.startswith(f"{base}/") for base in known):
        known.add(replica)
    matching = [base for base in known if refusal.url.startswith((f"{base}/", f"{base}?"))]
    if not matching:
        return None
    endpoint = max(matching, key=len)
    key = next((value for name, value in client._headers.items() if name.lower() == "x-api-key"), None)
    is_own = endpoint == own and (refusal.api_key or None) == (key or None)
    return Destination(endpoint, is_own, ledger.LEDGER.case(endpoint, refusal.fingerprint))
