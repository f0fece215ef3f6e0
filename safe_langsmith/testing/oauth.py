"""How an OAuth access token is renewed, and where that is described (RFC 6749, RFC 8414)."""

from __future__ import annotations

from urllib.parse import parse_qs

from safe_langsmith.testing.received import RecordedRequest
from safe_langsmith.testing.registry import Registry
from safe_langsmith.testing.replies import Reply

TOKEN = "/oauth/token"  # noqa: S105 - a path
METADATA = "/.well-known/oauth-authorization-server"

_LIFETIME = 3600  # What is announced, in seconds. A token here ends only when a test revokes it.


def metadata(issuer: str) -> Reply:
    """Returns the description of the authorization server at the URL `issuer`."""
    return Reply(
        200,
        {
            "issuer": issuer,
            "token_endpoint": issuer + TOKEN,
            "device_authorization_endpoint": f"{issuer}/oauth/device/code",
            "grant_types_supported": ["refresh_token"],
        },
    )


def token(registry: Registry, received: RecordedRequest) -> Reply:
    """Returns a new access token for a refresh token, which is used up."""
    form = parse_qs(received.body.decode("utf-8", "replace"))
    if form.get("grant_type") != ["refresh_token"]:
        return Reply(400, {"error": "unsupported_grant_type"})
    renewed = registry.refresh(form.get("refresh_token", [""])[-1])
    if renewed is None:
        return Reply(400, {"error": "invalid_grant"})
    access, refresh = renewed
    return Reply(
        200, {"access_token": access, "refresh_token": refresh, "token_type": "Bearer", "expires_in": _LIFETIME}
    )
