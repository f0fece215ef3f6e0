"""The stand-in as tests see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any

from safe_langsmith.testing import identity
from safe_langsmith.testing.accounts import Workspace
from safe_langsmith.testing.authorization import Policy
from safe_langsmith.testing.faults import Fault
from safe_langsmith.testing.listener import Listener
from safe_langsmith.testing.organization import Organization
from safe_langsmith.testing.received import RecordedRequest
from safe_langsmith.testing.registry import Registry, mint_key
from safe_langsmith.testing.service import Service


class FakeLangSmith:
    """A server that grants and refuses as LangSmith does. Serves from construction until `close`.

    Attributes:
        url: What to configure as the endpoint.
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
    ) -> None:
        """Binds a free port of 127.0.0.1.

        Args:
            base_path: Where the API starts, `/api` or `/api/v1` for a self-hosted instance. Outside of it a web page
                answers, as it does there.
            says_workspace_required: Whether the refusal of a request that names no workspace says so.
            names_permissions: Whether the refusal of an operation names the missing permission.
            malformed_workspace_status: The answer to an `X-Tenant-Id` that is no UUID: 401, or a bare 403.
            info_needs_key: Whether `GET /info` is refused without a valid key, as a self-hosted instance may be set up.
            info: Overrides for the body of `GET /info`, merged into nested objects such as `instance_flags`.
            mint: Makes a key that starts with the prefix it is given.
        """
        base = "/" + base_path.strip("/") if base_path.strip("/") else ""
        policy = Policy(says_workspace_required, names_permissions, malformed_workspace_status, info_needs_key)
        self._registry = Registry(mint)
        self._service = Service(base, policy, identity.info(info or {}), self._registry)
        self._listener = Listener(self._service)
        self.url: str = f"http://{self._listener.address}{base}"

    def __repr__(self) -> str:
        return f"<FakeLangSmith {self.url}>"

    def __enter__(self) -> FakeLangSmith:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stops serving and ends open connections. Does nothing the second time."""
        self._listener.close()

    def add_organization(self, name: str) -> Organization:
        """Adds an organization, which then takes workspaces and keys."""
        return Organization(name, self._registry)

    def revoke(self, key: str) -> None:
        """Makes `key` unknown from the next request on."""
        self._registry.revoke(key)

    def deactivate(self, key: str) -> None:
        """Refuses the personal access token `key` like an unknown one, from the next request on.

        LangSmith takes up to a minute to notice.

        Raises:
            ValueError: If `key` is no valid personal access token; others cannot be deactivated.
        """
        self._registry.change(lambda directory: directory.with_activity(key, False))

    def reactivate(self, key: str) -> None:
        """Accepts a deactivated `key` again, from the next request on.

        Raises:
            ValueError: See `deactivate`.
        """
        self._registry.change(lambda directory: directory.with_activity(key, True))

    def fault(self, method: str | None, path: str | None, fault: Fault, *, times: int | None = 1) -> None:
        """Scripts a fault in place of the ordinary answer, also of a refusal.

        Args:
            method: The method it happens to; `None` for any.
            path: The path it happens to, without base path and query; `None` for any.
            fault: What happens.
            times: How often; `None` for ever. Faults registered earlier are used up first.
        """
        self._service.script.add(method, path, fault, times)

    @property
    def requests(self) -> tuple[RecordedRequest, ...]:
        """Every request that was read completely, oldest first."""
        return self._service.journal.entries

    def clear_requests(self) -> None:
        """Forgets the requests received so far."""
        self._service.journal.clear()

    def projects(self, workspace: Workspace) -> list[dict[str, Any]]:
        """Returns the projects stored in `workspace`: what was posted, and the id and times where it had none."""
        return self._service.store.all(workspace, "sessions")

    def runs(self, workspace: Workspace) -> list[dict[str, Any]]:
        """Returns the runs that reached `workspace`, each with all that was posted and patched."""
        return self._service.store.all(workspace, "runs")
