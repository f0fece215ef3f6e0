"""What is behind the socket: notes each request, looks for a fault, authorizes, and answers."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from safe_langsmith.testing import error_formats as dialects
from safe_langsmith.testing import identity, oauth, routes
from safe_langsmith.testing.authorization import Policy, authorize
from safe_langsmith.testing.faults import Fault, Script
from safe_langsmith.testing.received import Headers, Journal, RecordedRequest
from safe_langsmith.testing.registry import Registry
from safe_langsmith.testing.replies import Reply
from safe_langsmith.testing.store import Store

_WEB_PAGE = "<!doctype html><html><head><title>LangSmith</title></head><body><div id=root></div></body></html>"


class Service:
    """Answers requests; safe to call from several threads."""

    def __init__(self, base: str, policy: Policy, info: dict[str, Any], registry: Registry) -> None:
        """Starts with no faults, nothing received and nothing stored.

        Args:
            base: The path the API starts at, without a slash at the end.
            policy: How to answer where LangSmith varies.
            info: The body of `GET /info`.
            registry: Who exists.
        """
        self.script: Script = Script()
        self.journal: Journal = Journal()
        self.store: Store = Store()
        self._base = base
        # Beside ".../api/v1" are the API's second version and the authorization server, below ".../api".
        self._mount = base.removesuffix("/v1") if base.endswith("/api/v1") else base
        self._policy = policy
        self._info = info
        self._registry = registry

    def receive(
        self, method: str, target: str, headers: Headers, body: bytes, client_address: str, server_address: str
    ) -> tuple[int, RecordedRequest]:
        """Notes a request and returns its number in the journal."""
        # A client that takes the server for its proxy sends whole URLs.
        path, _, query = target.partition("?")
        if not path.startswith("/"):
            path = urlsplit(path).path or "/"
        inside = self._inside(path)
        received = RecordedRequest(
            method,
            path if inside is None else inside,
            query,
            headers,
            body,
            outside=inside is None,
            client_address=client_address,
            server_address=server_address,
        )
        return self.journal.add(received), received

    def fault(self, received: RecordedRequest) -> Fault | None:
        """Returns the fault scripted for a request."""
        return self.script.take(received.method, received.path)

    def answered(self, number: int, status: int) -> None:
        """Notes what is about to be answered."""
        self.journal.answered(number, status)

    def reply(self, received: RecordedRequest) -> Reply:
        """Returns the ordinary answer to a request."""
        if received.outside:
            return Reply(200 if received.method == "GET" else 405, _WEB_PAGE, "text/html")
        path = dialects.canonical(received.path)
        try:
            return self._authorized(received, path)
        except Exception as error:  # A thread of the server has no one to raise to; the test sees this instead.
            return dialects.refusal(path, 500, f"{type(error).__name__}: {error}")

    def _authorized(self, received: RecordedRequest, path: str) -> Reply:
        directory = self._registry.directory
        grant = authorize(directory, self._policy, received, path)
        if isinstance(grant, Reply):
            return grant
        asked = (received.method, path)
        if asked == ("GET", "/info"):
            return Reply(200, self._info)
        if asked == ("GET", oauth.METADATA):
            return oauth.metadata(f"http://{received.headers.get('host', '')}{self._mount}")
        if asked == ("POST", oauth.TOKEN):
            return oauth.token(self._registry, received)
        if asked == ("GET", "/workspaces") and grant.key:
            return Reply(200, identity.workspaces(directory, grant.key, received.query))
        if asked == ("GET", "/settings") and grant.workspace:
            return Reply(200, identity.settings(grant.workspace))
        if grant.workspace:
            return routes.answer(self.store, received, path, grant.workspace)
        return dialects.refusal(path, 404, dialects.NOT_FOUND)

    def _inside(self, path: str) -> str | None:
        """Returns `path` below the base, or `None` where no API answers."""
        if path == self._base or path.startswith(self._base + "/"):
            return path[len(self._base) :] or "/"
        inside = path.removeprefix(self._mount)
        return inside if inside != path and inside.startswith(("/v2/", oauth.TOKEN, oauth.METADATA)) else None
