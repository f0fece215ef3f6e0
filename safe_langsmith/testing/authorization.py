"""Decides what a request may do, from values alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from safe_langsmith._core.permissions import ADMIN, EDITOR, VIEWER, permissions_of, requirement
from safe_langsmith.testing import error_formats as dialects
from safe_langsmith.testing import oauth
from safe_langsmith.testing.accounts import Directory, Key, Kind, Workspace
from safe_langsmith.testing.received import RecordedRequest
from safe_langsmith.testing.replies import Reply

_BEARER_ONLY = frozenset({"/orgs", "/orgs/permissions", "/orgs/pending", "/tenants", "/workspaces/pending", "/me"})
_INFO = "/info"
_OPEN = frozenset({_INFO, "/info/health", "/ok", oauth.TOKEN, oauth.METADATA})
_CARRIED: dict[str | None, frozenset[str]] = {role: frozenset(permissions_of(role)) for role in (ADMIN, EDITOR, VIEWER)}


@dataclass(frozen=True)
class Policy:
    """Where LangSmith's answers vary or are not documented.

    Attributes:
        says_workspace_required: Whether a missing workspace is called so, or answered with a bare `Forbidden`.
        names_permissions: Whether a refusal names the missing permission.
        malformed_workspace_status: The answer to an `X-Tenant-Id` that is no UUID: 401, or a bare 403.
        info_needs_key: Whether `GET /info` is for the holders of a key only.
    """

    says_workspace_required: bool = True
    names_permissions: bool = False
    malformed_workspace_status: int = 401
    info_needs_key: bool = False


@dataclass(frozen=True)
class Grant:
    """A request that may go on.

    Attributes:
        key: Who asks; `None` where no key is needed.
        workspace: Where it runs; `None` for what belongs to the organization or to nobody.
    """

    key: Key | None = None
    workspace: Workspace | None = None


def authorize(directory: Directory, policy: Policy, received: RecordedRequest, path: str) -> Grant | Reply:
    """Returns what the request may do, or the refusal to answer.

    Args:
        directory: Who exists.
        policy: How to answer where LangSmith varies.
        received: The request.
        path: Its canonical path.
    """
    method = received.method
    if (path in _OPEN or path.startswith("/public/")) and not (path == _INFO and policy.info_needs_key):
        return Grant()
    key = _identify(directory, path, received.headers)
    if isinstance(key, Reply):
        return key
    if not directory.admits(key, received.client_address):
        return _forbidden(path)
    if path == _INFO:
        return Grant(key)
    if path in _BEARER_ONLY or path.startswith("/me/"):
        return Grant(key) if key.kind is Kind.OAUTH else _forbidden(path)
    if _is_of_organization(path):
        return _grant_organization(policy, method, path, key)
    workspace = _resolve(directory, policy, path, key, _first(received.headers, "x-tenant-id"))
    if isinstance(workspace, Reply):
        return workspace
    if not workspace.is_served_at(received.server_address):
        return _forbidden(path)
    needed = requirement(method, path)
    if needed is not None and not _may(directory, key, needed.permission, workspace, path):
        return _lacking(policy, path, needed.permission)
    return Grant(key, workspace)


def _identify(directory: Directory, path: str, headers: Mapping[str, str]) -> Key | Reply:
    secret = _first(headers, "x-api-key")
    scheme, _, token = _first(headers, "authorization").partition(" ")
    if not secret and scheme.lower() == "bearer":
        # What is no token at all cannot be decoded (401); a key in the wrong header is still a key.
        key = directory.active_key(token.strip())
        if key is None and not token.startswith("lsv2_"):
            return dialects.unauthorized(path)
        return key or _forbidden(path)
    if not secret:
        return dialects.unauthorized(path)
    if secret.startswith("ls__"):
        return dialects.refusal(path, 401, dialects.LEGACY_KEY)
    key = directory.active_key(secret)
    return _forbidden(path) if key is None or key.kind is Kind.OAUTH else key


def _first(headers: Mapping[str, str], name: str) -> str:
    # Generated clients up to 0.13 send the key twice, in two spellings of the header. Servers read the first.
    return headers.get(name, "").partition(",")[0].strip()


def _is_of_organization(path: str) -> bool:
    if path == "/workspaces/current" or path.startswith("/workspaces/current/"):
        return False
    return path == "/workspaces" or path.startswith(("/workspaces/", "/orgs/current/"))


def _grant_organization(policy: Policy, method: str, path: str, key: Key) -> Grant | Reply:
    if method == "GET" and key.may_list:
        return Grant(key)
    return _lacking(policy, path, "organization:read" if method == "GET" else "organization:manage")


def _resolve(directory: Directory, policy: Policy, path: str, key: Key, named: str) -> Workspace | Reply:
    """Returns the workspace the request runs in."""
    if named:
        try:
            id = str(UUID(named))
        except ValueError:
            if policy.malformed_workspace_status == 403:
                return _forbidden(path)
            return dialects.refusal(path, policy.malformed_workspace_status, dialects.MALFORMED_WORKSPACE)
    elif key.default is not None:
        id = key.default
    else:
        return dialects.workspace_required(path) if policy.says_workspace_required else _forbidden(path)
    workspace = directory.workspaces.get(id)
    if workspace is None or workspace.deleted or key.role_in(workspace) is None:
        return _forbidden(path)
    return workspace


def _may(directory: Directory, key: Key, permission: str, workspace: Workspace, path: str) -> bool:
    effects = directory.effects(permission, workspace, path)
    if effects:
        return "deny" not in effects
    return permission in _CARRIED.get(key.role_in(workspace), frozenset())


def _forbidden(path: str) -> Reply:
    return dialects.refusal(path, 403, dialects.FORBIDDEN)


def _lacking(policy: Policy, path: str, permission: str) -> Reply:
    return dialects.permission_missing(path, permission if policy.names_permissions else None)
