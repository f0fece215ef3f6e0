"""What scenes are made of: what is wrong, and which secrets are about that must not be told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest

from safe_langsmith.testing import FakeLangSmith

from .leaks import secret_part

NOWHERE = "11111111-1111-4111-8111-111111111111"
# A password of somebody's gateway: in no shape that could be recognized, and without a letter of any key.
PASSWORD = "5w0rdf1sh-0f-hunter2"


@dataclass
class Scene:
    """A configuration, and what of it is secret.

    Attributes:
        url: The endpoint.
        key: The API key, or `None` where there is none.
        hidden: What must not be told.
        ends: How a call that creates a project ends: explained, retried, or as the SDK wants it.
        options: Further arguments of the clients.
        elsewhere: A host that must not be asked.
        apart_from: The call paths on which a call is not refused.
        unsent_by: The call paths that never send what is hidden, so that no server can echo it.
    """

    url: str
    key: str | None
    hidden: tuple[str, ...]
    ends: Literal["explained", "retried", "as with the SDK"] = "explained"
    options: dict[str, Any] = field(default_factory=dict)
    elsewhere: FakeLangSmith | None = None
    apart_from: tuple[str, ...] = ()
    unsent_by: tuple[str, ...] = ()


class Stage:
    """What scenes are made of: a server with an organization, a second one, and this machine."""

    def __init__(self, make_server: Callable[..., FakeLangSmith], machine: pytest.MonkeyPatch, directory: Path) -> None:
        self.make_server = make_server
        self.server = make_server()
        self.machine = machine
        self.directory = directory
        self.org = self.server.add_organization("Acme")
        self.workspace = self.org.add_workspace("Research")

    def viewer(self) -> str:
        """A key that may not create projects."""
        return self.org.add_personal_key(default=self.workspace, role="Viewer")

    def revoked(self) -> str:
        key = self.org.add_personal_key(default=self.workspace)
        self.server.revoke(key)
        return key

    def dotenv(self, text: str) -> None:
        Path(".env").write_text(text, encoding="utf-8")

    def scene(self, key: str | None, *hidden: str, **more: Any) -> Scene:
        of_key = (secret_part(key),) if key else ()
        return Scene(more.pop("url", self.server.url), key, (*of_key, *hidden), **more)


SCENES: dict[str, Callable[[Stage], Scene]] = {}


def scene(make: Callable[[Stage], Scene]) -> Callable[[Stage], Scene]:
    SCENES[make.__name__.replace("_", " ")] = make
    return make


def environment_of(scene: Scene) -> dict[str, str]:
    """The variables that configure a program as a scene's options configure a client."""
    named = {
        "LANGSMITH_ENDPOINT": scene.url,
        "LANGSMITH_API_KEY": scene.key,
        "LANGSMITH_WORKSPACE_ID": scene.options.get("workspace_id"),
    }
    return {name: value for name, value in named.items() if value is not None}
