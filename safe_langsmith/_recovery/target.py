"""Whom a request was for: the client's own endpoint and key, another it writes to, or a replica."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from safe_langsmith._core.redaction import bare_url
from safe_langsmith._probe import cache as ledger
from safe_langsmith._sdk.compat import endpoint_of, has_tenant, is_own_credential, sdk_copies_workspace, workspace_of
from safe_langsmith._sdk.http import ForbiddenResponse, normalize_url


class Target(NamedTuple):
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
        return f"Target({bare_url(self.endpoint)!r})"


def target_of(
    client: Any, refusal: ForbiddenResponse, siblings: Iterable[str], caller_headers: Mapping[str, Any]
) -> Target | None:
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
    case = ledger.CACHE.case(endpoint, refusal.fingerprint)
    configured = endpoint_of(client) if endpoint == own else endpoint
    return Target(
        endpoint, configured, base, endpoint == own and own_credential, own_credential, refusal.fingerprint, case
    )


def _base(url: str) -> str:
    return normalize_url(url).rstrip("/")


def _origin(url: str) -> str:
    parts = urlsplit(normalize_url(url))
    return f"{parts.scheme}://{parts.netloc}"


OURS = "safe_langsmith, which chose it"
PERHAPS_INHERITED = "the client or the replica, which this version of the SDK does not tell apart"
OF_THE_REQUEST = "the X-Tenant-Id header of the request"
INHERITED = "the client, whose workspace the SDK sends along with the replica's key"


class WorkspaceOrigin(NamedTuple):
    """The workspace that a request named.

    Attributes:
        workspace_id: The id as it was sent, or `None` where nobody named one.
        sources: Where it came from, under `workspace_id`, where the request itself shows that.
        inherited: The client's workspace, where the SDK put it on a request for another key and nobody named one.
    """

    workspace_id: str | None
    sources: dict[str, str]
    inherited: str | None = None


def ours(workspace_id: str) -> WorkspaceOrigin:
    """Returns the naming of a request whose workspace this library chose."""
    return WorkspaceOrigin(workspace_id, {"workspace_id": OURS})


def workspace_origin_of(
    refusal: ForbiddenResponse, client: Any, caller_headers: Mapping[str, Any], own_credential: bool
) -> WorkspaceOrigin:
    """Returns who named the workspace of a refused request.

    Args:
        refusal: The refusal.
        client: The SDK's client.
        caller_headers: The headers that the call itself set.
        own_credential: Whether the request went for the client's own credential.
    """
    sent = refusal.headers.get("x-tenant-id") or None
    if sent is None:
        return WorkspaceOrigin(None, {})
    if sent == workspace_of(client):
        is_ours = sent == getattr(getattr(client, "_state", None), "chosen_workspace", None)
        if own_credential:
            return ours(sent) if is_ours else WorkspaceOrigin(sent, {})
        # The SDK puts the client's workspace on requests for other keys, too. Nobody named it for this one.
        if not has_tenant(caller_headers) or (is_ours and sdk_copies_workspace()):
            return WorkspaceOrigin(None, {"workspace_id": INHERITED}, sent)
        # Older SDKs copy it into the headers of the call. It may be a wish all the same, and a wish is not overridden.
        return WorkspaceOrigin(sent, {"workspace_id": PERHAPS_INHERITED} if sdk_copies_workspace() else {})
    given = has_tenant(getattr(client, "_custom_headers", None) or {})
    return WorkspaceOrigin(
        sent, {"workspace_id": "the X-Tenant-Id header given to the client" if given else OF_THE_REQUEST}
    )
