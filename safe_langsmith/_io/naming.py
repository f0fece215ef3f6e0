"""Who named the workspace of a request: the user, and where; or nobody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from .owner import has_tenant, sdk_copies_workspace, workspace_of
from .refusals import Refusal

OURS = "safe_langsmith, which chose it"
PERHAPS_INHERITED = "the client or the replica, which this version of the SDK does not tell apart"
OF_THE_REQUEST = "the X-Tenant-Id header of the request"
INHERITED = "the client, whose workspace the SDK sends along with the replica's key"


class Naming(NamedTuple):
    """The workspace that a request named.

    Attributes:
        workspace_id: The id as it was sent, or `None` where nobody named one.
        sources: Where it came from, under `workspace_id`, where the request itself shows that.
        inherited: The client's workspace, where the SDK put it on a request for another key and nobody named one.
    """

    workspace_id: str | None
    sources: dict[str, str]
    inherited: str | None = None


def ours(workspace_id: str) -> Naming:
    """Returns the naming of a request whose workspace this library chose."""
    return Naming(workspace_id, {"workspace_id": OURS})


def naming_of(refusal: Refusal, client: Any, caller_headers: Mapping[str, Any], own_credential: bool) -> Naming:
    """Returns who named the workspace of a refused request.

    Args:
        refusal: The refusal.
        client: The SDK's client.
        caller_headers: The headers that the call itself set.
        own_credential: Whether the request went for the client's own credential.
    """
    sent = refusal.headers.get("x-tenant-id") or None
    if sent is None:
        return Naming(None, {})
    if sent == workspace_of(client):
        is_ours = sent == getattr(getattr(client, "_safeguard", None), "chosen_workspace", None)
        if own_credential:
            return ours(sent) if is_ours else Naming(sent, {})
        # The SDK puts the client's workspace on requests for other keys, too. Nobody named it for this one.
        if not has_tenant(caller_headers) or (is_ours and sdk_copies_workspace()):
            return Naming(None, {"workspace_id": INHERITED}, sent)
        # Older SDKs copy it into the headers of the call. It may be a wish all the same, and a wish is not overridden.
        return Naming(sent, {"workspace_id": PERHAPS_INHERITED} if sdk_copies_workspace() else {})
    given = has_tenant(getattr(client, "_custom_headers", None) or {})
    return Naming(sent, {"workspace_id": "the X-Tenant-Id header given to the client" if given else OF_THE_REQUEST})
