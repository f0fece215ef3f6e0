"""The fake LangSmith server, as tests use it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Any

from safe_langsmith.testing.accounts import Accounts, Workspace, mint_key
from safe_langsmith.testing.authorization import Variations
from safe_langsmith.testing.endpoints import Record, Route
from safe_langsmith.testing.faults import Fault
from safe_langsmith.testing.http_server import HTTPServer
from safe_langsmith.testing.organization import Organization
from safe_langsmith.testing.recorded import RecordedRequest
from safe_langsmith.testing.service import Service


class FakeLangSmith:
    """A server that authorizes and refuses requests as LangSmith does. It serves from construction until `close`.

    Attributes:
        url: The API URL to configure in the client.
    """

    def __init__(
        self,
        base_path: str = "",
        *,
        says_workspace_required: bool = True,
        names_permissions: bool = False,
        malformed_workspace_status: int = 401,
        info_needs_key: bool = False,
        info: Mapping[str, Any] | None = None,
        mint: Callable[[str], str] = mint_key,
        routes: Iterable[Route] = (),
    ) -> None:
        """Bind a free port of 127.0.0.1.

        Args:
            base_path: The path of the API, `/api` or `/api/v1` for a self-hosted instance. Every other path then
                returns a web page, as it does there.
            says_workspace_required: Whether the refusal of a request that names no workspace gives that reason.
            names_permissions: Whether a refusal names the missing permission.
            malformed_workspace_status: The status for an `X-Tenant-Id` that is not a UUID. 403 comes without a reason.
            info_needs_key: Whether `GET /info` needs a valid key, as a self-hosted instance may be configured.
            info: Overrides for the body of `GET /info`. They are merged into nested objects such as `instance_flags`.
            mint: A function that returns a new key with the given prefix.
            routes: Further endpoints. One with the path of an existing endpoint replaces it.
        """
        base = "/" + base_path.strip("/") if base_path.strip("/") else ""
        variations = Variations(says_workspace_required, names_permissions, malformed_workspace_status, info_needs_key)
        self._accounts = Accounts(mint)
        self._service = Service(self._accounts, variations, base=base, info=info, routes=routes)
        self._http = HTTPServer(self._service)
        self.url: str = f"http://{self._http.address}{base}"

    def __repr__(self) -> str:
        return f"<FakeLangSmith {self.url}>"

    def __enter__(self) -> FakeLangSmith:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop serving and end open connections. The second call does nothing."""
        self._http.close()

    def add_organization(self, name: str) -> Organization:
        """Add an organization, which has methods to add workspaces and keys."""
        return Organization(name, self._accounts)

    def revoke(self, key: str) -> None:
        """Remove `key`. From then on, it is refused like an unknown one, as LangSmith does."""
        self._accounts.keys.pop(key, None)

    def deactivate(self, key: str) -> None:
        """Refuse the personal access token `key` like an unknown one.

        It takes effect with the next request. On LangSmith, that takes up to a minute.

        Raises:
            ValueError: If `key` is not a valid personal access token. Other keys cannot be deactivated.
        """
        self._accounts.set_active(key, False)

    def reactivate(self, key: str) -> None:
        """Accept a deactivated `key` again.

        Raises:
            ValueError: See `deactivate`.
        """
        self._accounts.set_active(key, True)

    def fault(self, method: str | None, path: str | None, fault: Fault, *, times: int | None = 1) -> None:
        """Script a fault. It happens in place of the ordinary reply, and of a refusal too.

        Args:
            method: The HTTP method of the requests. `None` means any.
            path: The path of the requests, without base path and query. `None` means any.
            fault: What happens.
            times: The number of requests. `None` means all of them. Faults scripted earlier are used up first.

        Raises:
            ValueError: If `times` is less than 1.
        """
        self._service.faults.add(method, path, fault, times)

    @property
    def requests(self) -> tuple[RecordedRequest, ...]:
        """Every request that was read completely, oldest first."""
        return self._service.log.requests()

    def clear_requests(self) -> None:
        """Remove the requests recorded so far."""
        self._service.log.clear()

    def projects(self, workspace: Workspace) -> list[Record]:
        """Return the projects in `workspace`: what was posted, and an ID and times if the request had none."""
        return self.records(workspace, "sessions")

    def runs(self, workspace: Workspace) -> list[Record]:
        """Return the runs that `workspace` received, each with all that was posted and patched."""
        return self.records(workspace, "runs")

    def records(self, workspace: Workspace, collection: str) -> list[Record]:
        """Return copies of the records in a collection of `workspace`, oldest first.

        Args:
            workspace: The workspace.
            collection: The collection, which is named like its path: `datasets`, `examples`, `feedback` and so on.
        """
        return self._service.store.copy(workspace, collection)
