"""Who named the workspace of a request: the user, and where; or nobody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from .owner import has_tenant, key_of, sdk_copies_workspace, workspace_of
from .refusals import Refusal

OURS = "safe_langsmith, which chose it"
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


def naming_of(refusal: Refusal, client: Any, caller_headers: Mapping[str, Any]) -> Naming:
    """Returns who named the workspace of a refused request.

    Args:
        refusal: The refusal.
        client: The SDK's client.
        caller_headers: The headers that the call itself set.
    """
    sent = refusal.headers.get("x-tenant-id") or None
    if sent is None:
        return Naming(None, {})
    if sent == workspace_of(client):
        if refusal.api_key != key_of(client) and (sdk_copies_workspace() or not has_tenant(caller_headers)):
            # The SDK puts the client's workspace on requests for other keys, too. Nobody named it for this one.
            return Naming(None, {"workspace_id": INHERITED}, sent)
        chosen = getattr(getattr(client, "_safeguard", None), "chosen_workspace", None)
        return ours(sent) if sent == chosen else Naming(sent, {})
    given = has_tenant(getattr(client, "_custom_headers", None) or {})
    return Naming(
        sent, {"workspace_id": f"the X-Tenant-Id header {'given to the client' if given else 'of the request'}"}
    )
