"""Renewal of OAuth access tokens (RFC 6749), and the description of the authorization server (RFC 8414)."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qs

from safe_langsmith.testing import AuthorizedRequest, FakeLangSmith, Reply, Route
from safe_langsmith.testing.accounts import Key, Kind

_TOKEN = "/oauth/token"
_METADATA = "/.well-known/oauth-authorization-server"
_LIFETIME = 3600  # In seconds, as announced. A token of the fake server ends only when a test revokes it.


class RefreshTokens:
    """The refresh tokens of one server. Each is valid for one renewal, even if the access token was revoked."""

    def __init__(self, server: FakeLangSmith) -> None:
        self._server = server
        self._keys: dict[str, Key] = {}
        self.routes = (Route("GET", _METADATA, self._describe), Route("POST", _TOKEN, self._renew))

    def add(self, token: str) -> str:
        key = self._server._accounts.keys.get(token)
        if key is None or key.kind is not Kind.OAUTH:
            raise ValueError("only a valid OAuth access token can be refreshed")
        return self._add(key)

    def _add(self, key: Key) -> str:
        refresh_token = self._server._accounts.mint("rt_")
        self._keys[refresh_token] = key
        return refresh_token

    def _describe(self, call: AuthorizedRequest) -> Reply:
        # A self-hosted authorization server is at ".../api", next to ".../api/v1".
        url = self._server.url
        issuer = url.removesuffix("/v1") if url.endswith("/api/v1") else url
        return Reply(
            200,
            {
                "issuer": issuer,
                "token_endpoint": issuer + _TOKEN,
                "device_authorization_endpoint": f"{issuer}/oauth/device/code",
                "grant_types_supported": ["refresh_token"],
            },
        )

    def _renew(self, call: AuthorizedRequest) -> Reply:
        form = parse_qs(call.request.body.decode("utf-8", "replace"))
        if form.get("grant_type") != ["refresh_token"]:
            return Reply(400, {"error": "unsupported_grant_type"})
        key = self._keys.pop(form.get("refresh_token", [""])[-1], None)
        if key is None:
            return Reply(400, {"error": "invalid_grant"})
        renewed = replace(key, secret=self._server._accounts.mint(Kind.OAUTH.value))
        return Reply(
            200,
            {
                "access_token": self._server._accounts.add_key(renewed),
                "refresh_token": self._add(renewed),
                "token_type": "Bearer",
                "expires_in": _LIFETIME,
            },
        )
