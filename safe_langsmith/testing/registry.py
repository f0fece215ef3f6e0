"""Who exists by now, and the secrets that make them known."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from safe_langsmith.testing.accounts import Directory, Key, Kind, Workspace

PERSONAL_PREFIX, SERVICE_PREFIX, OAUTH_PREFIX, REFRESH_PREFIX = "lsv2_pt_", "lsv2_sk_", "eyJ", "rt_"

_T = TypeVar("_T", Workspace, Key)


def mint_key(prefix: str) -> str:
    """Returns a random secret in the shape of LangSmith's keys."""
    return f"{prefix}{secrets.token_hex(16)}_{secrets.token_hex(5)}"


class Registry:
    """The current directory. Requests are judged by one snapshot of it, so it is replaced and never changed."""

    def __init__(self, mint: Callable[[str], str] = mint_key) -> None:
        """Starts empty; `mint` makes the secret that starts with a given prefix."""
        self.mint = mint
        self._lock = threading.Lock()
        self._directory = Directory()
        self._refreshable: dict[str, Key] = {}

    @property
    def directory(self) -> Directory:
        """The directory as of now."""
        return self._directory

    def add(self, entry: _T) -> _T:
        """Adds a workspace or a key and returns it."""
        with self._lock:
            if isinstance(entry, Workspace):
                self._directory = self._directory.with_workspace(entry)
            else:
                self._directory = self._directory.with_key(entry)
        return entry

    def change(self, step: Callable[[Directory], Directory]) -> None:
        """Replaces the directory by what `step` makes of it."""
        with self._lock:
            self._directory = step(self._directory)

    def revoke(self, secret: str) -> None:
        """Forgets the key `secret`; LangSmith does not tell a revoked key from an unknown one either."""
        self.change(lambda directory: directory.without_key(secret))

    def add_refresh_token(self, secret: str) -> str:
        """Mints a refresh token for the OAuth access token `secret` and returns it."""
        key = self._directory.keys.get(secret)
        if key is None or key.kind is not Kind.OAUTH:
            raise ValueError("only a valid OAuth access token can be refreshed")
        with self._lock:
            return self._add_refresh_token(key)

    def refresh(self, refresh_token: str) -> tuple[str, str] | None:
        """Uses up a refresh token and returns the next access token and refresh token; `None` where it is unknown."""
        with self._lock:
            key = self._refreshable.pop(refresh_token, None)
            if key is None:
                return None
            renewed = replace(key, secret=self.mint(OAUTH_PREFIX))
            self._directory = self._directory.with_key(renewed)
            return renewed.secret, self._add_refresh_token(renewed)

    def _add_refresh_token(self, key: Key) -> str:
        refresh_token = self.mint(REFRESH_PREFIX)
        self._refreshable[refresh_token] = key
        return refresh_token
