"""`FakeLangSmith` with the endpoints that only this project's own tests need.

A new endpoint is a `Route` in one of the modules here, whose `ROUTES` are part of `ROUTES` below.
"""

from __future__ import annotations

from typing import Any

from safe_langsmith.testing import FakeLangSmith

from . import agents, examples, generated, prompts
from .oauth import RefreshTokens

ROUTES = (*generated.ROUTES, *agents.ROUTES, *examples.ROUTES, *prompts.ROUTES)


class FullLangSmith(FakeLangSmith):
    """A fake server that also has prompts, agents, version 2 of the API, bulk examples and OAuth refresh tokens."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self._refresh_tokens = RefreshTokens(self)
        super().__init__(*args, routes=(*ROUTES, *self._refresh_tokens.routes), **options)

    def add_refresh_token(self, token: str) -> str:
        """Return a refresh token for the user of an OAuth access token."""
        return self._refresh_tokens.add(token)
