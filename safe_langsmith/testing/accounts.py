"""Workspaces and keys, and what limits them: roles, access policies, IP allow-lists."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from enum import Enum
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Literal
from urllib.parse import urlsplit

from safe_langsmith._core.permissions import ADMIN, EDITOR, VIEWER
from safe_langsmith.testing.error_formats import resource_path

Effect = Literal["allow", "deny"]


def now() -> str:
    """Return the current time as LangSmith writes it."""
    return datetime.now(timezone.utc).isoformat()


def mint_key(prefix: str) -> str:
    """Return a random secret in the form of LangSmith's keys."""
    return f"{prefix}{secrets.token_hex(16)}_{secrets.token_hex(5)}"


@dataclass(frozen=True)
class Workspace:
    """A workspace.

    Attributes:
        id: Its UUID, the value of `X-Tenant-Id` and `LANGSMITH_WORKSPACE_ID`.
        name: Its display name.
        organization_id: The organization it belongs to.
        deleted: Whether it was deleted. No key has access to a deleted workspace.
        data_plane_url: The URL of its own data plane, if it has one. Only that server then serves its requests.
        created_at: When it was created, ISO 8601.
    """

    id: str
    name: str
    organization_id: str
    deleted: bool = False
    data_plane_url: str | None = None
    created_at: str = field(default_factory=now)

    def is_served_at(self, address: str) -> bool:
        """Return whether the server at `address`, an IPv4 address and a port, serves its requests."""
        if not self.data_plane_url:
            return True
        return urlsplit(self.data_plane_url).netloc.replace("localhost:", "127.0.0.1:") == address


class Kind(str, Enum):
    """The kinds of credential. The value is the prefix of their secrets."""

    PERSONAL = "lsv2_pt_"
    SERVICE = "lsv2_sk_"
    OAUTH = "eyJ"


@dataclass(frozen=True)
class Key:
    """A credential and its access.

    Attributes:
        secret: The value that the client sends.
        kind: A personal access token, a service key or an OAuth access token.
        organization_id: The organization it belongs to.
        roles: Its role in each workspace, by workspace ID.
        role_everywhere: Its role in every workspace of the organization, for an organization-scoped service key.
        default: The ID of the workspace of requests that name none.
        may_list: Whether it may list the workspaces.
        permissions_listed: Whether that list includes the permissions.
    """

    secret: str = field(repr=False)
    kind: Kind
    organization_id: str
    roles: Mapping[str, str] = field(default_factory=dict)
    role_everywhere: str | None = None
    default: str | None = None
    may_list: bool = True
    permissions_listed: bool = True

    def __post_init__(self) -> None:
        # A misspelt role would have no permissions, and the test would blame the library for the 403.
        for role in (*self.roles.values(), self.role_everywhere or ADMIN):
            if role not in (ADMIN, EDITOR, VIEWER):
                raise ValueError(f"role must be {ADMIN!r}, {EDITOR!r} or {VIEWER!r}, not {role!r}")

    def role_in(self, workspace: Workspace) -> str | None:
        """Return the key's role in `workspace`, or `None` if it is not a member."""
        if workspace.organization_id != self.organization_id:
            return None
        return self.role_everywhere or self.roles.get(workspace.id)


@dataclass(frozen=True)
class AccessPolicy:
    """A permission that an organization allows or denies, whatever the role.

    Attributes:
        effect: Whether it allows or denies.
        permission: The permission.
        organization_id: The organization.
        workspace_id: The only workspace it applies to, if it is limited to one.
        path: The canonical path of the only resource it applies to and of those below it, if it is limited to one.
    """

    effect: Effect
    permission: str
    organization_id: str
    workspace_id: str | None = None
    path: str | None = None

    def applies_to(self, permission: str, workspace: Workspace, path: str) -> bool:
        """Return whether it applies to a request to the canonical `path` in `workspace` that needs `permission`."""
        return (
            permission == self.permission
            and workspace.organization_id == self.organization_id
            and self.workspace_id in (None, workspace.id)
            and (self.path is None or f"{resource_path(path)}/".startswith(f"{resource_path(self.path)}/"))
        )


class Accounts:
    """Every workspace, key and restriction.

    Needs no lock: the entries are immutable, and each change adds, replaces or removes one entry.

    Attributes:
        mint: A function that returns a new secret with the given prefix.
        workspaces: Every workspace, by ID.
        keys: Every key, by secret.
        deactivated: The secrets of the keys that are deactivated.
        access_policies: Every access policy.
        networks: The networks that requests may come from, by organization ID. An organization without an entry has no
            restriction.
    """

    def __init__(self, mint: Callable[[str], str] = mint_key) -> None:
        self.mint = mint
        self.workspaces: dict[str, Workspace] = {}
        self.keys: dict[str, Key] = {}
        self.deactivated: set[str] = set()
        self.access_policies: list[AccessPolicy] = []
        self.networks: dict[str, tuple[IPv4Network | IPv6Network, ...]] = {}

    def add_workspace(self, workspace: Workspace) -> Workspace:
        """Add or replace a workspace, and return it."""
        self.workspaces[workspace.id] = workspace
        return workspace

    def add_key(self, key: Key) -> str:
        """Add a key and return its secret."""
        self.keys[key.secret] = key
        return key.secret

    def set_active(self, secret: str, active: bool) -> None:
        """Reactivate or deactivate the personal access token `secret`.

        Raises:
            ValueError: If it is not a known personal access token.
        """
        key = self.keys.get(secret)
        if key is None or key.kind is not Kind.PERSONAL:
            raise ValueError("only a valid personal access token can be deactivated and reactivated")
        (self.deactivated.discard if active else self.deactivated.add)(secret)

    def active_key(self, secret: str) -> Key | None:
        """Return the key `secret`, or `None` if it is unknown or deactivated."""
        return None if secret in self.deactivated else self.keys.get(secret)

    def allows_address(self, key: Key, address: str) -> bool:
        """Return whether requests with `key` may come from the IP address `address`."""
        networks = self.networks.get(key.organization_id)
        return networks is None or any(ip_address(address) in network for network in networks)

    def effects(self, permission: str, workspace: Workspace, path: str) -> set[Effect]:
        """Return the effects of the access policies on a request to the canonical `path` that needs `permission`."""
        return {
            policy.effect for policy in tuple(self.access_policies) if policy.applies_to(permission, workspace, path)
        }

    def memberships(self, key: Key) -> list[tuple[Workspace, str]]:
        """Return the workspaces that `key` is a member of, deleted ones too, each with the key's role."""
        found = [(workspace, key.role_in(workspace)) for workspace in tuple(self.workspaces.values())]
        return [(workspace, role) for workspace, role in found if role is not None]
