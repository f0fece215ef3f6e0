"""Identify the endpoint and key of a request, and the origin of its workspace."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from safe_langsmith._core.endpoints import TENANT_HEADER
from safe_langsmith._core.origins import Origin
from safe_langsmith._core.redaction import bare_url
from safe_langsmith._probe import cache
from safe_langsmith._probe.cache import KeyState
from safe_langsmith._recovery.state import ClientState
from safe_langsmith._sdk.calls.base import InterceptedCall
from safe_langsmith._sdk.compat import (
    custom_headers_of,
    sdk_copies_workspace,
    workspace_of,
    write_endpoints_of,
)
from safe_langsmith._sdk.http import ForbiddenResponse, has_tenant, normalize_url
from safe_langsmith.diagnosis import Workspace


@dataclass(frozen=True)
class Target:
    """The endpoint and key of a request: the client's own, another endpoint it writes to, or a replica.

    Attributes:
        endpoint: The base URL of the API, as requests spell it.
        configured_endpoint: The same, as the user spelled it.
        base: The URL that the request's path is relative to; a generated client has one of its own.
        primary: Whether endpoint and credential are the client's own, so that a workspace may become the client's.
        is_for_client: Whether what the user names for the client is named for the request, too. It is not for another
            endpoint, or for another key.
        fingerprint: A salted hash of the request's credential.
        key_state: The cached results for the endpoint and key.
        workspace_id: The workspace that the user or this library named; `None` if the request named none.
        workspace_origin: The origin of that workspace, if the request itself shows it; else `None`.
        inherited_workspace: The client's workspace, if the SDK put it on a request for another key; else `None`.
    """

    endpoint: str
    configured_endpoint: str
    base: str
    primary: bool
    is_for_client: bool
    fingerprint: str
    key_state: KeyState
    workspace_id: str | None = None
    workspace_origin: Origin | None = None
    inherited_workspace: str | None = None

    def __repr__(self) -> str:
        """Show the endpoint without a password."""
        return f"Target({bare_url(self.endpoint)!r})"


def target_of(
    call: InterceptedCall, forbidden: ForbiddenResponse, state: ClientState, retried: Workspace | None = None
) -> Target | None:
    """Return the endpoint and key of a request, or `None` if the client is not configured for its URL.

    Args:
        call: The refused call.
        forbidden: The response.
        state: The client's state.
        retried: The workspace that this library named in a second send, if that was refused.
    """
    found = _endpoint_and_base(call, forbidden.url)
    if found is None:
        return None
    endpoint, base = found
    own_endpoint, own_credential = _base(call.endpoint), call.uses_own_credential(forbidden.headers)
    fingerprint = forbidden.fingerprint
    workspace_id, origin, inherited = _workspace(call, forbidden, state, own_credential)
    auto_workspace = retried.id if retried else state.auto_workspaces.get((endpoint, fingerprint))
    if auto_workspace is not None and (retried or workspace_id == auto_workspace):
        workspace_id, origin, inherited = auto_workspace, _LIBRARY, None
    return Target(
        endpoint,
        call.endpoint if endpoint == own_endpoint else endpoint,
        base,
        endpoint == own_endpoint and own_credential,
        endpoint == own_endpoint and (own_credential or not call.brings_credential(forbidden.headers)),
        fingerprint,
        cache.CACHE.state(endpoint, fingerprint),
        workspace_id,
        origin,
        inherited,
    )


_LIBRARY = Origin("library")


def _endpoint_and_base(call: InterceptedCall, url: str) -> tuple[str, str] | None:
    """Return the endpoint that a URL belongs to, and the URL that its path is relative to."""
    own = _base(call.endpoint)
    endpoints = {_base(sibling): own for sibling in call.sibling_endpoints if _host(sibling) == _host(own)}
    endpoints |= {base: base for base in map(_base, write_endpoints_of(call.client))}
    endpoints[own] = own
    # Replicas receive runs and nothing else.
    replica, runs, _ = url.rpartition("/runs")
    if runs and replica not in endpoints and not any(replica.startswith(f"{base}/") for base in endpoints):
        endpoints[replica] = replica
    # The platform's paths begin beside "/api/v1", not below it.
    endpoints.setdefault(_host(own), own)
    matching = [base for base in endpoints if url.startswith((f"{base}/", f"{base}?"))]
    if not matching:
        return None
    base = max(matching, key=len)
    return endpoints[base], base


def _workspace(
    call: InterceptedCall, forbidden: ForbiddenResponse, state: ClientState, own_credential: bool
) -> tuple[str | None, Origin | None, str | None]:
    """Return the workspace that was named, its origin, and the one that the SDK sent although none was named."""
    sent, client = forbidden.workspace_id, call.client
    if sent is None:
        return None, None, None
    if sent != workspace_of(client):
        by_client = has_tenant(custom_headers_of(client))
        return sent, Origin("client-header" if by_client else "header", TENANT_HEADER), None
    is_auto = sent == state.auto_workspace
    if own_credential or not (is_auto or call.brings_credential(forbidden.headers)):
        return sent, _LIBRARY if is_auto else None, None
    if has_tenant(custom_headers_of(client)):
        # A header that the user gave to the client is meant for every request.
        return sent, Origin("client-header", TENANT_HEADER), None
    # The SDK puts the client's workspace on requests for other keys, too. The user did not name it for this one.
    if not has_tenant(call.caller_headers) or (is_auto and sdk_copies_workspace()):
        return None, Origin("inherited"), sent
    # Older SDKs copy it into the headers of the call. The user may have put it there as well, and is not overridden.
    return sent, Origin("perhaps-inherited") if sdk_copies_workspace() else None, None


def _base(url: str) -> str:
    return normalize_url(url).rstrip("/")


def _host(url: str) -> str:
    parts = urlsplit(normalize_url(url))
    return f"{parts.scheme}://{parts.netloc}"
