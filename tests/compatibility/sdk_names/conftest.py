"""Clients of either kind, with a name of the SDK taken away or not."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from safe_langsmith._sdk.compat import sdk_copies_workspace
from safe_langsmith.testing import FakeLangSmith

from ...support.internals import forget_everything
from .situations import Situation, Stage
from .table import Name
from .taking_away import remove, rename


class Play:
    """Plays a situation with a safe client or a plain one, and returns what came of it.

    Args:
        make_server: Makes a server.
        caplog: What is logged.
    """

    _usual: ClassVar[dict[tuple[Situation, bool], str]] = {}

    def __init__(self, make_server: Callable[..., FakeLangSmith], caplog: pytest.LogCaptureFixture) -> None:
        self._make_server = make_server
        self._caplog = caplog

    def __call__(
        self, situation: Situation, safe: bool, name: Name | None = None, how: str = "", named: bool = False
    ) -> str:
        forget_everything()
        sdk_copies_workspace.cache_clear()
        self._caplog.clear()
        with pytest.MonkeyPatch.context() as patch:

            def take(place: str, thing: Any) -> None:
                if name is not None and how == "gone" and (place == name.place or "." in name.place):
                    remove(patch, name, thing)

            server = self._make_server()
            stage = Stage(server, take, safe)
            if named:
                stage.unnamed = stage.owner
            if name is not None and how == "renamed":
                rename(patch, name)
            came = stage.outcome(situation)
        sdk_copies_workspace.cache_clear()
        if safe and any(request.workspace_id for request in server.requests):
            assert [record for record in self._caplog.records if record.levelno == logging.WARNING], "retried silently"
        server.close()
        return came

    def usual(self, situation: Situation) -> str:
        """What comes of it with a safe client where the SDK has every name."""
        return self._kept(situation, True)

    def sdks(self, situation: Situation) -> str:
        """What comes of it with the SDK's own client."""
        return self._kept(situation, False)

    def _kept(self, situation: Situation, safe: bool) -> str:
        if (situation, safe) not in self._usual:
            self._usual[situation, safe] = self(situation, safe)
        return self._usual[situation, safe]


@pytest.fixture
def play(make_server: Callable[..., FakeLangSmith], caplog: pytest.LogCaptureFixture) -> Play:
    return Play(make_server, caplog)
