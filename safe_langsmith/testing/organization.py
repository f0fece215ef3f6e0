"""An organization, through which a test adds workspaces and keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from ipaddress import ip_network
from typing import get_args
from uuid import uuid4

from safe_langsmith._core.permissions import ADMIN, permissions_of
from safe_langsmith.testing.accounts import AccessPolicy, Accounts, Effect, Key, Kind, Workspace
from safe_langsmith.testing.error_formats import canonical_path


class Organization:
    """An organization of the fake server.

    Attributes:
        id: Its UUID.
        name: Its display name.
    """

    def __init__(self, name: str, accounts: Accounts) -> None:
        """Use `FakeLangSmith.add_organization`."""
        self.id: str = str(uuid4())
        self.name = name
        self._accounts = accounts

    def __repr__(self) -> str:
        return f"Organization(id={self.id!r}, name={self.name!r})"

    def add_workspace(self, name: str, *, deleted: bool = False, data_plane_url: str | None = None) -> Workspace:
        """Add a workspace.

        Args:
            name: Its display name.
            deleted: Whether it is deleted already.
            data_plane_url: The URL of its own data plane. Unless that is this server, requests in the workspace
                get a bare `Forbidden`. What LangSmith's shared host answers is not documented.
        """
        workspace = Workspace(str(uuid4()), name, self.id, deleted=deleted, data_plane_url=data_plane_url)
        return self._accounts.add_workspace(workspace)

    def delete_workspace(self, workspace: Workspace) -> None:
        """Delete a workspace. From then on, it is listed only if the request asks for deleted ones."""
        self._accounts.add_workspace(replace(workspace, deleted=True))

    def add_access_policy(
        self, effect: Effect, permission: str, *, workspace: Workspace | None = None, path: str | None = None
    ) -> None:
        """Allow or deny a permission in the workspaces that the organization's keys are members of.

        A policy that denies overrides one that allows. Any policy overrides the role. `GET /workspaces` still lists the
        permissions of the role.

        Args:
            effect: Whether to allow or to deny.
            permission: The permission, one that a role has in workspaces.
            workspace: The only workspace it applies to.
            path: The only resource it applies to, as a path below the API such as `/sessions/<id>`. It applies to every
                other path of that resource too, but does not hide the resource in lists.

        Raises:
            ValueError: If an argument could never apply to a request.
        """
        if effect not in get_args(Effect):
            raise ValueError(f"effect must be 'allow' or 'deny', not {effect!r}")
        if permission not in permissions_of(ADMIN):
            raise ValueError(f"permission must be one that a role has in workspaces, not {permission!r}")
        if path is not None and not path.startswith("/"):
            raise ValueError(f"path must start with a slash, not {path!r}")
        limit = None if path is None else canonical_path(path).rstrip("/")
        policy = AccessPolicy(effect, permission, self.id, workspace.id if workspace else None, limit)
        self._accounts.access_policies.append(policy)

    def restrict_addresses(self, allowed: Iterable[str] | None) -> None:
        """Refuse requests with the organization's keys unless they come from an allowed address.

        Args:
            allowed: IP addresses and networks, such as `203.0.113.7` and `10.0.0.0/8`. An empty list refuses every
                address. `None` removes the restriction.

        Raises:
            ValueError: If one of them is neither an IP address nor a network.
        """
        if allowed is None:
            self._accounts.networks.pop(self.id, None)
        else:
            self._accounts.networks[self.id] = tuple(ip_network(address, strict=False) for address in allowed)

    def add_personal_key(
        self,
        *,
        default: Workspace,
        role: str = ADMIN,
        roles: Mapping[Workspace, str] | None = None,
        permissions_listed: bool = True,
    ) -> str:
        """Create a personal access token and return it.

        Args:
            default: The workspace of requests that name none.
            role: The user's role there: `Admin`, `Editor` or `Viewer`.
            roles: The user's roles in further workspaces. The user is not a member of any other.
            permissions_listed: Whether `GET /workspaces` includes the permissions.
        """
        return self._add_user(Kind.PERSONAL, default, role, roles, permissions_listed)

    def add_oauth_token(
        self,
        *,
        default: Workspace | None,
        role: str = ADMIN,
        roles: Mapping[Workspace, str] | None = None,
        permissions_listed: bool = True,
    ) -> str:
        """Create an OAuth access token, which clients send as `Authorization: Bearer`, and return it.

        Args:
            default: As for `add_personal_key`, or `None` for a login that must name one of the workspaces in `roles`.
            role: See `add_personal_key`.
            roles: See `add_personal_key`.
            permissions_listed: See `add_personal_key`.
        """
        return self._add_user(Kind.OAUTH, default, role, roles, permissions_listed)

    def add_service_key(
        self,
        *,
        workspaces: Iterable[Workspace] | None,
        role: str = ADMIN,
        may_list: bool | None = None,
        permissions_listed: bool = True,
    ) -> str:
        """Create a service key and return it.

        Args:
            workspaces: The workspaces it is scoped to. `None` makes it organization-scoped. A key with exactly one
                workspace uses that one if a request names none. With any other key, a request must name one.
            role: Its role in each of them: `Admin`, `Editor` or `Viewer`.
            may_list: Whether it may list workspaces. By default, every key may but one with exactly one workspace.
            permissions_listed: Whether `GET /workspaces` includes the permissions.
        """
        scope = None if workspaces is None else [workspace.id for workspace in workspaces]
        only = scope[0] if scope is not None and len(scope) == 1 else None
        return self._accounts.add_key(
            Key(
                self._accounts.mint(Kind.SERVICE.value),
                Kind.SERVICE,
                self.id,
                roles=dict.fromkeys(scope or (), role),
                role_everywhere=role if scope is None else None,
                default=only,
                may_list=only is None if may_list is None else may_list,
                permissions_listed=permissions_listed,
            )
        )

    def _add_user(
        self,
        kind: Kind,
        default: Workspace | None,
        role: str,
        roles: Mapping[Workspace, str] | None,
        permissions_listed: bool,
    ) -> str:
        by_workspace = {**({default: role} if default else {}), **(roles or {})}
        return self._accounts.add_key(
            Key(
                self._accounts.mint(kind.value),
                kind,
                self.id,
                roles={workspace.id: role for workspace, role in by_workspace.items()},
                default=default.id if default else None,
                permissions_listed=permissions_listed,
            )
        )
