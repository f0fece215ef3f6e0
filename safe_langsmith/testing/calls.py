"""An authorized request to a workspace as those see it who answer, and the table that finds them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs

from safe_langsmith.testing import error_formats as dialects
from safe_langsmith.testing import payloads
from safe_langsmith.testing.accounts import Workspace
from safe_langsmith.testing.received import RecordedRequest
from safe_langsmith.testing.replies import Reply
from safe_langsmith.testing.store import WorkspaceStore


@dataclass(frozen=True)
class Call:
    """What was asked, and all that is needed to answer.

    Attributes:
        received: The request.
        path: Its canonical path.
        workspace: The workspace it runs in.
        holdings: What that workspace holds.
        names: The segments of the path that the route leaves open, such as an id.
    """

    received: RecordedRequest
    path: str
    workspace: Workspace
    holdings: WorkspaceStore
    names: tuple[str, ...]

    @cached_property
    def query(self) -> dict[str, list[str]]:
        """The values of each query parameter."""
        return parse_qs(self.received.query)

    @cached_property
    def last(self) -> dict[str, str]:
        """The last value of each query parameter."""
        return {name: values[-1] for name, values in self.query.items()}

    @cached_property
    def body(self) -> dict[str, Any] | None:
        """The JSON object sent, or `None` where there is none."""
        return payloads.json_object(self.received.body)

    def not_found(self, text: str = dialects.NOT_FOUND) -> Reply:
        """Returns a 404 in the words of the backend that is asked."""
        return dialects.refusal(self.path, 404, text)

    def unprocessable(self, text: str = "Input should be a valid dictionary") -> Reply:
        """Returns the answer to a body that is not what it should be."""
        return Reply(422, {"detail": [{"loc": ["body"], "msg": text, "type": "value_error"}]})


Handler = Callable[[Call], Reply]
Route = tuple[str, str, Handler]
"""A method, a path in which `*` stands for any one segment, and who answers."""


class Routes:
    """Finds who answers a path."""

    def __init__(self, routes: Iterable[Route]) -> None:
        """Takes the routes; one without `*` goes before all others, and among those the first that matches wins."""
        self._exact: dict[tuple[str, str], Handler] = {}
        self._open: list[tuple[str, list[str], Handler]] = []
        for method, path, handler in routes:
            if "*" in path:
                self._open.append((method, path.split("/"), handler))
            else:
                self._exact[method, path] = handler

    def find(self, method: str, path: str) -> tuple[Handler, tuple[str, ...]] | None:
        """Returns the handler for a canonical path and the segments it leaves open, or `None` where nobody answers."""
        path = path.rstrip("/")
        exact = self._exact.get((method, path))
        if exact is not None:
            return exact, ()
        segments = path.split("/")
        for known, pattern, handler in self._open:
            if known == method and len(pattern) == len(segments):
                pairs = list(zip(pattern, segments, strict=True))
                if all(wanted in ("*", got) for wanted, got in pairs):
                    return handler, tuple(got for wanted, got in pairs if wanted == "*")
        return None
