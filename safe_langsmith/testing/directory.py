"""Who exists: workspaces, keys and the roles that keys have in workspaces. Plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from enum import Enum


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
        data_plane_url: Where its data plane answers, if it has one of its own.
        created_at: When it was created, ISO 8601.
    """

    id: str
    name: str
    organization_id: str
    deleted: bool = False
    data_plane_url: str | None = None
    created_at: str = field(default_factory=now)


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
    """

    secret: str = field(repr=False)
    kind: Kind
    organization_id: str
    roles: Mapping[str, str] = field(default_factory=dict)
    role_everywhere: str | None = None
    default: str | None = None
    may_list: bool = True
    permissions_listed: bool = True

    def role_in(self, workspace: Workspace) -> str | None:
        """Returns the key's role in `workspace`, or `None` where it is no member."""
        if workspace.organization_id != self.organization_id:
            return None
        return self.role_everywhere or self.roles.get(workspace.id)


@dataclass(frozen=True)
class Directory:
    """Every workspace and every key at one moment. The changing methods return a new directory."""

    workspaces: Mapping[str, Workspace] = field(default_factory=dict)
    keys: Mapping[str, Key] = field(default_factory=dict, repr=False)

    def with_workspace(self, workspace: Workspace) -> Directory:
        """Returns this directory with `workspace` added."""
        return replace(self, workspaces={**self.workspaces, workspace.id: workspace})

    def with_key(self, key: Key) -> Directory:
        """Returns this directory with `key` added."""
        return replace(self, keys={**self.keys, key.secret: key})

    def without_key(self, secret: str) -> Directory:
        """Returns this directory without the key `secret`."""
        return replace(self, keys={known: key for known, key in self.keys.items() if known != secret})

    def memberships(self, key: Key) -> list[tuple[Workspace, str]]:
        """Returns the workspaces `key` is a member of, deleted ones too, each with the key's role."""
        found = ((workspace, key.role_in(workspace)) for workspace in self.workspaces.values())
        return [(workspace, role) for workspace, role in found if role is not None]
