"""The path of a request: recorded, then authorized, then answered by the route for its path."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from safe_langsmith.testing import error_formats, resources, runs
from safe_langsmith.testing.accounts import Accounts
from safe_langsmith.testing.authorization import Variations, authorize
from safe_langsmith.testing.endpoints import AuthorizedRequest, Record, Route, Store
from safe_langsmith.testing.faults import FaultScript, Reply
from safe_langsmith.testing.recorded import Headers, RecordedRequest, RequestLog

_WEB_PAGE = "<!doctype html><html><head><title>LangSmith</title></head><body><div id=root></div></body></html>"
# Paths that a self-hosted instance serves at `.../api/v2` and so on, next to `.../api/v1`.
_NEXT_TO_V1 = ("/v2/", "/oauth/token", "/.well-known/oauth-authorization-server")


class Service:
    """LangSmith without a socket: authorizes requests and replies. Safe to use from several threads."""

    def __init__(
        self,
        accounts: Accounts,
        variations: Variations,
        *,
        base: str = "",
        info: Mapping[str, Any] | None = None,
        routes: Iterable[Route] = (),
    ) -> None:
        """Start without faults, records and recorded requests.

        Args:
            accounts: The workspaces and keys.
            variations: The answers that vary.
            base: The path of the API, without a slash at the end.
            info: Overrides for the body of `GET /info`.
            routes: Further endpoints. One with the path of an existing endpoint replaces it.
        """
        self.faults: FaultScript = FaultScript()
        self.log: RequestLog = RequestLog()
        self.store: Store = Store()
        self.info: Record = resources.service_info(info or {})
        self._accounts = accounts
        self._variations = variations
        self._base = base
        self._base_of_v2 = base.removesuffix("/v1") if base.endswith("/api/v1") else base
        # The first route that matches is used.
        self._routes = (*routes, *resources.service_routes(accounts, self.info), *runs.ROUTES, *resources.ROUTES)

    def record(
        self, method: str, target: str, headers: Headers, body: bytes, client_address: str, server_address: str
    ) -> RecordedRequest:
        """Record a request and return it."""
        path, _, query = target.partition("?")
        if not path.startswith("/"):  # A client that uses this server as its proxy sends the whole URL.
            path = urlsplit(path).path or "/"
        below = self._below_base(path)
        request = RecordedRequest(
            method,
            path if below is None else below,
            query,
            headers,
            body,
            outside=below is None,
            client_address=client_address,
            server_address=server_address,
        )
        self.log.add(request)
        return request

    def reply(self, request: RecordedRequest) -> Reply:
        """Return the ordinary reply to a request."""
        if request.outside:
            return Reply(200 if request.method == "GET" else 405, _WEB_PAGE, "text/html")
        path = error_formats.canonical_path(request.path)
        try:
            return self._reply(request, path)
        except Exception as error:  # The test that sent the request sees it. This thread could only print it.
            return error_formats.error(path, 500, f"{type(error).__name__}: {error}")

    def _reply(self, request: RecordedRequest, path: str) -> Reply:
        grant = authorize(self._accounts, self._variations, request, path)
        if isinstance(grant, Reply):
            return grant
        owner = grant.workspace.id if grant.workspace else grant.key.organization_id if grant.key else ""
        segments = path.rstrip("/").split("/")
        for route in self._routes:
            matched = route.match(segments) if route.method == request.method else None
            if matched is not None:
                with self.store.lock:
                    reply = route.handler(AuthorizedRequest(request, path, grant, self.store.of(owner), matched))
                    # Encoded under the lock, since the body may contain records that another request may change.
                    return replace(reply, body=reply.content())
        return error_formats.error(path, 404, error_formats.NOT_FOUND)

    def _below_base(self, path: str) -> str | None:
        """Return `path` below the base path, or `None` if the API does not serve it."""
        if path == self._base or path.startswith(self._base + "/"):
            return path[len(self._base) :] or "/"
        below = path.removeprefix(self._base_of_v2)
        return below if below != path and below.startswith(_NEXT_TO_V1) else None
