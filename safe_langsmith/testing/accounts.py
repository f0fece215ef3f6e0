"""Who exists: workspaces, keys, the roles that keys have in workspaces, and what overrules those. Plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from enum import Enum
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Literal
from urllib.parse import urlsplit

from safe_langsmith.testing.error_formats import resource

Effect = Literal["allow", "deny"]
Network = IPv4Network | IPv6Network


def now() -> str:
    """Returns the current time as LangSmith writes it."""
    return datetime.now(timezone.utc).isoformat()


@dataclass(frozen=True)
class Workspace:
    """A workspace.

    Attributes:
        id: Its UUID, what `X-Tenant-Id` and `LANGSMITH_WORKSPACE_ID` name.
        name: Its display name.
        organization_id: The organization it belongs to.
        deleted: Whether it was deleted; then no key reaches it.
        data_plane_url: Where its data plane answers, if it has one of its own; requests in it are served there only.
        created_at: When it was created, ISO 8601.
    """

    id: str
    name: str
    organization_id: str
    deleted: bool = False
    data_plane_url: str | None = None
    created_at: str = field(default_factory=now)

    def is_served_at(self, address: str) -> bool:
        """Whether requests that run in it are served at `address`, an IPv4 address and a port."""
        if not self.data_plane_url:
            return True
        return urlsplit(self.data_plane_url).netloc.replace("localhost:", "127.0.0.1:") == address


class Kind(str, Enum):
    """The kinds of credential."""

    PERSONAL = "personal"
    SERVICE = "service"
    OAUTH = "oauth"


@dataclass(frozen=True)
class Key:
    """A credential and what it reaches.

    Attributes:
        secret: What the client sends.
        kind: A personal access token, a service key or an OAuth access token.
        organization_id: The one organization it belongs to.
        roles: The role it has in each workspace, by workspace id.
        role_everywhere: Its role in every workspace of the organization, for an organization-scoped service key.
        default: The id of the workspace that requests run in when they name none.
        may_list: Whether it may ask for the organization's workspaces.
        permissions_listed: Whether that list tells the permissions.
        active: Whether it is accepted; a deactivated key may be reactivated.
    """

    secret: str = field(repr=False)
    kind: Kind
    organization_id: str
    roles: Mapping[str, str] = field(default_factory=dict)
    role_everywhere: str | None = None
    default: str | None = None
    may_list: bool = True
    permissions_listed: bool = True
    active: bool = True

    def role_in(self, workspace: Workspace) -> str | None:
        """Returns the key's role in `workspace`, or `None` where it is no member."""
        if workspace.organization_id != self.organization_id:
            return None
        return self.role_everywhere or self.roles.get(workspace.id)


@dataclass(frozen=True)
class AccessPolicy:
    """What an organization allows or denies whatever the role says.

    Attributes:
        effect: Whether it allows or denies.
        permission: The permission it is about.
        organization_id: The organization whose policy it is.
        workspace_id: The one workspace it is limited to, if it is.
        path: The one resource it is limited to, as a canonical path, if it is. What is below that path is part of it.
    """

    effect: Effect
    permission: str
    organization_id: str
    workspace_id: str | None = None
    path: str | None = None

    def covers(self, permission: str, workspace: Workspace, path: str) -> bool:
        """Whether it has a say in a request to the canonical `path` in `workspace` that needs `permission`."""
        return (
            permission == self.permission
            and workspace.organization_id == self.organization_id
            and self.workspace_id in (None, workspace.id)
            and (self.path is None or f"{resource(path)}/".startswith(f"{resource(self.path)}/"))
        )


@dataclass(frozen=True)
class Directory:
    """Everything that decides about requests, at one moment. The changing methods return a new directory.

    Attributes:
        workspaces: Every workspace by its id.
        keys: Every key by its secret.
        access_policies: Every access policy.
        networks: Where requests may come from, by the id of the organization; from anywhere for one that is missing.
    """

    workspaces: Mapping[str, Workspace] = field(default_factory=dict)
    keys: Mapping[str, Key] = field(default_factory=dict, repr=False)
    access_policies: tuple[AccessPolicy, ...] = ()
    networks: Mapping[str, tuple[Network, ...]] = field(default_factory=dict)

    def with_workspace(self, workspace: Workspace) -> Directory:
        """Returns this directory with `workspace` added."""
        return replace(self, workspaces={**self.workspaces, workspace.id: workspace})

    def with_key(self, key: Key) -> Directory:
        """Returns this directory with `key` added."""
        return replace(self, keys={**self.keys, key.secret: key})

    def without_key(self, secret: str) -> Directory:
        """Returns this directory without the key `secret`."""
        return replace(self, keys={known: key for known, key in self.keys.items() if known != secret})

    def with_activity(self, secret: str, active: bool) -> Directory:
        """Returns this directory with the personal access token `secret` activated or deactivated."""
        key = self.keys.get(secret)
        if key is None or key.kind is not Kind.PERSONAL:
            raise ValueError("only a valid personal access token can be deactivated and reactivated")
        return self.with_key(replace(key, active=active))

    def with_access_policy(self, policy: AccessPolicy) -> Directory:
        """Returns this directory with `policy` added."""
        return replace(self, access_policies=(*self.access_policies, policy))

    def with_networks(self, organization_id: str, networks: tuple[Network, ...] | None) -> Directory:
        """Returns this directory with requests for an organization limited to `networks`, or no longer limited."""
        others = {id: known for id, known in self.networks.items() if id != organization_id}
        return replace(self, networks=others if networks is None else {**others, organization_id: networks})

    def active_key(self, secret: str) -> Key | None:
        """Returns the key `secret` if it is known and not deactivated."""
        key = self.keys.get(secret)
        return key if key is not None and key.active else None

    def admits(self, key: Key, address: str) -> bool:
        """Whether requests with `key` may come from the IP address `address`."""
        networks = self.networks.get(key.organization_id)
        return networks is None or any(ip_address(address) in network for network in networks)

    def effects(self, permission: str, workspace: Workspace, path: str) -> set[Effect]:
        """Returns what the access policies say to a request to the canonical `path` that needs `permission`."""
        return {policy.effect for policy in self.access_policies if policy.covers(permission, workspace, path)}

    def memberships(self, key: Key) -> list[tuple[Workspace, str]]:
        """Returns the workspaces `key` is a member of, deleted ones too, each with the key's role."""
        found = ((workspace, key.role_in(workspace)) for workspace in self.workspaces.values())
        return [(workspace, role) for workspace, role in found if role is not None]
