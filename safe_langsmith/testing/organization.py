"""The handle that fills the directory: an organization with its workspaces and keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from ipaddress import ip_network
from typing import get_args
from uuid import uuid4

from safe_langsmith._core.permissions import ADMIN, EDITOR, VIEWER, permissions_of
from safe_langsmith.testing.accounts import AccessPolicy, Effect, Key, Kind, Workspace
from safe_langsmith.testing.error_formats import canonical
from safe_langsmith.testing.registry import OAUTH_PREFIX, PERSONAL_PREFIX, SERVICE_PREFIX, Registry


class Organization:
    """An organization of the stand-in.

    Attributes:
        id: Its UUID.
        name: Its display name.
    """

    def __init__(self, name: str, registry: Registry) -> None:
        """Use `FakeLangSmith.add_organization`."""
        self.id: str = str(uuid4())
        self.name = name
        self._registry = registry

    def __repr__(self) -> str:
        return f"Organization(id={self.id!r}, name={self.name!r})"

    def add_workspace(self, name: str, *, deleted: bool = False, data_plane_url: str | None = None) -> Workspace:
        """Adds a workspace.

        Args:
            name: Its display name.
            deleted: Whether it is deleted already.
            data_plane_url: Where its own data plane answers. Unless that is this server, requests that run in the
                workspace are plainly forbidden here; what LangSmith's shared host says to them is not documented.
        """
        return self._registry.add(
            Workspace(str(uuid4()), name, self.id, deleted=deleted, data_plane_url=data_plane_url)
        )

    def delete_workspace(self, workspace: Workspace) -> None:
        """Deletes a workspace, from the next request on; it is only listed where deleted ones are asked for."""
        self._registry.add(replace(workspace, deleted=True))

    def add_access_policy(
        self, effect: Effect, permission: str, *, workspace: Workspace | None = None, path: str | None = None
    ) -> None:
        """Allows or denies the organization's keys a permission in the workspaces that they are members of.

        What one policy denies is denied, else what one allows is allowed, and only else the role decides. The
        permissions that `GET /workspaces` lists are the role's.

        Args:
            effect: Whether to allow or to deny.
            permission: The permission, one that a role carries in workspaces.
            workspace: The only workspace it applies to.
            path: The only resource it applies to, as its path below the API, for example `/sessions/<id>`, also where
                that resource has another path. The resource stays in what lists several.
        """
        if effect not in get_args(Effect):
            raise ValueError(f"effect must be 'allow' or 'deny', not {effect!r}")
        if permission not in permissions_of(ADMIN):
            raise ValueError(f"no operation in a workspace needs {permission!r}, as far as the stand-in knows")
        if path is not None and not path.startswith("/"):
            raise ValueError(f"path must start with a slash, not {path!r}")
        limit = None if path is None else canonical(path).rstrip("/")
        policy = AccessPolicy(effect, permission, self.id, workspace.id if workspace else None, limit)
        self._registry.change(lambda directory: directory.with_access_policy(policy))

    def restrict_addresses(self, allowed: Iterable[str] | None) -> None:
        """Refuses the organization's keys wherever they come from another address, from the next request on.

        Args:
            allowed: IP addresses and networks, for example `203.0.113.7` and `10.0.0.0/8`. Nothing in it refuses all;
                `None` lifts the restriction.
        """
        networks = None if allowed is None else tuple(ip_network(address, strict=False) for address in allowed)
        self._registry.change(lambda directory: directory.with_networks(self.id, networks))

    def add_personal_key(
        self,
        *,
        default: Workspace,
        role: str = ADMIN,
        roles: Mapping[Workspace, str] | None = None,
        permissions_listed: bool = True,
    ) -> str:
        """Mints a personal access token and returns it.

        Args:
            default: The workspace it uses when a request names none.
            role: The user's role there.
            roles: The user's role in further workspaces; in all others the user is no member.
            permissions_listed: Whether `GET /workspaces` tells the permissions.
        """
        return self._add_user(Kind.PERSONAL, PERSONAL_PREFIX, default, role, roles, permissions_listed)

    def add_oauth_token(
        self,
        *,
        default: Workspace | None,
        role: str = ADMIN,
        roles: Mapping[Workspace, str] | None = None,
        permissions_listed: bool = True,
    ) -> str:
        """Mints an OAuth access token, to be sent as `Authorization: Bearer`.

        Args:
            default: As for `add_personal_key`, or `None` for a login that has to name a workspace of `roles`.
            role: See `add_personal_key`.
            roles: See `add_personal_key`.
            permissions_listed: See `add_personal_key`.
        """
        return self._add_user(Kind.OAUTH, OAUTH_PREFIX, default, role, roles, permissions_listed)

    def add_refresh_token(self, token: str) -> str:
        """Mints a refresh token for the user of an OAuth access token and returns it.

        `POST /oauth/token` takes it once, also when the access token was revoked meanwhile, and answers with a new
        access token and the next refresh token of the same user.

        Args:
            token: What `add_oauth_token` returned.
        """
        return self._registry.add_refresh_token(token)

    def add_service_key(
        self,
        *,
        workspaces: Iterable[Workspace] | None,
        role: str = ADMIN,
        may_list: bool | None = None,
        permissions_listed: bool = True,
    ) -> str:
        """Mints a service key and returns it.

        Args:
            workspaces: What it is scoped to; `None` makes it organization-scoped. A key with exactly one workspace
                uses that one when a request names none; any other has to be told.
            role: Its role in each of them.
            may_list: Whether it may list workspaces; by default all may but a key with exactly one workspace.
            permissions_listed: Whether `GET /workspaces` tells the permissions.
        """
        scope = None if workspaces is None else [workspace.id for workspace in workspaces]
        only = scope[0] if scope is not None and len(scope) == 1 else None
        return self._add_key(
            Key(
                self._registry.mint(SERVICE_PREFIX),
                Kind.SERVICE,
                self.id,
                roles={id: _known(role) for id in scope or ()},
                role_everywhere=_known(role) if scope is None else None,
                default=only,
                may_list=only is None if may_list is None else may_list,
                permissions_listed=permissions_listed,
            )
        )

    def _add_user(
        self,
        kind: Kind,
        prefix: str,
        default: Workspace | None,
        role: str,
        roles: Mapping[Workspace, str] | None,
        permissions_listed: bool,
    ) -> str:
        reach = {**({default: role} if default else {}), **(roles or {})}
        return self._add_key(
            Key(
                self._registry.mint(prefix),
                kind,
                self.id,
                roles={workspace.id: _known(role) for workspace, role in reach.items()},
                default=default.id if default else None,
                permissions_listed=permissions_listed,
            )
        )

    def _add_key(self, key: Key) -> str:
        return self._registry.add(key).secret


def _known(role: str) -> str:
    # A misspelt role would carry no permission and look like a refusal under test.
    if role not in (ADMIN, EDITOR, VIEWER):
        raise ValueError(f"role must be {ADMIN!r}, {EDITOR!r} or {VIEWER!r}, not {role!r}")
    return role
