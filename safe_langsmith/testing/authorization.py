"""The decision whether a request may run, and in which workspace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from safe_langsmith._core.permissions import ADMIN, EDITOR, VIEWER, Requirement, permissions_of, requirement
from safe_langsmith.testing import error_formats
from safe_langsmith.testing.accounts import Accounts, Key, Kind, Workspace
from safe_langsmith.testing.faults import Reply
from safe_langsmith.testing.recorded import RecordedRequest

_PUBLIC = frozenset({"/info/health", "/ok", "/oauth/token", "/.well-known/oauth-authorization-server"})
_LOGIN_ONLY = frozenset({"/orgs", "/orgs/permissions", "/orgs/pending", "/tenants", "/workspaces/pending", "/me"})
_PERMISSIONS: dict[str | None, frozenset[str]] = {
    role: frozenset(permissions_of(role)) for role in (ADMIN, EDITOR, VIEWER)
}


@dataclass(frozen=True)
class Variations:
    """The answers of LangSmith that vary, or are not documented. `FakeLangSmith` describes each of them."""

    says_workspace_required: bool = True
    names_permissions: bool = False
    malformed_workspace_status: int = 401
    info_needs_key: bool = False


@dataclass(frozen=True)
class Grant:
    """An authorization.

    Attributes:
        key: The key. `None` for a path that needs none.
        workspace: The workspace that the request runs in. `None` for a path outside of workspaces.
    """

    key: Key | None = None
    workspace: Workspace | None = None


def authorize(accounts: Accounts, variations: Variations, request: RecordedRequest, path: str) -> Grant | Reply:
    """Return the authorization of a request, or the refusal to send.

    Args:
        accounts: The workspaces and keys.
        variations: The answers that vary.
        request: The request.
        path: Its canonical path.
    """
    method, is_info = request.method, path == "/info"
    if path in _PUBLIC or path.startswith("/public/") or (is_info and not variations.info_needs_key):
        return Grant()
    key = _key(accounts, path, request.headers)
    if isinstance(key, Reply):
        return key
    if not accounts.allows_address(key, request.client_address):
        return error_formats.forbidden(path)
    if is_info:
        return Grant(key)
    if path in _LOGIN_ONLY or path.startswith("/me/"):
        return Grant(key) if key.kind is Kind.OAUTH else error_formats.forbidden(path)
    if _belongs_to_organization(path):
        if method == "GET" and key.may_list:
            return Grant(key)
        return _missing(variations, path, "organization:read" if method == "GET" else "organization:manage")
    workspace = _workspace(accounts, variations, path, key, _first(request.headers, "x-tenant-id"))
    if isinstance(workspace, Reply):
        return workspace
    if not workspace.is_served_at(request.server_address):
        return error_formats.forbidden(path)
    needed = requirement(method, path)
    if needed is not None and not _has_permission(accounts, key, needed, workspace, path):
        return _missing(variations, path, needed.permission)
    return Grant(key, workspace)


def _key(accounts: Accounts, path: str, headers: Mapping[str, str]) -> Key | Reply:
    secret = _first(headers, "x-api-key")
    scheme, _, token = _first(headers, "authorization").partition(" ")
    if not secret and scheme.lower() == "bearer":
        # LangSmith accepts a key here too, and answers 401 only if it cannot decode the token.
        key = accounts.active_key(token.strip())
        if key is None and not token.startswith("lsv2_"):
            return error_formats.unauthorized(path)
        return key or error_formats.forbidden(path)
    if not secret:
        return error_formats.unauthorized(path)
    if secret.startswith("ls__"):
        return error_formats.error(path, 401, error_formats.LEGACY_KEY)
    key = accounts.active_key(secret)
    return error_formats.forbidden(path) if key is None or key.kind is Kind.OAUTH else key


def _first(headers: Mapping[str, str], name: str) -> str:
    # Generated clients up to 0.13 send the key in two spellings of the header. Servers read the first.
    return headers.get(name, "").partition(",")[0].strip()


def _belongs_to_organization(path: str) -> bool:
    if path == "/workspaces/current" or path.startswith("/workspaces/current/"):
        return False
    return path == "/workspaces" or path.startswith(("/workspaces/", "/orgs/current/"))


def _workspace(
    accounts: Accounts, variations: Variations, path: str, key: Key, workspace_id: str | None
) -> Workspace | Reply:
    if workspace_id:
        try:
            workspace_id = str(UUID(workspace_id))
        except ValueError:
            if variations.malformed_workspace_status == 403:
                return error_formats.forbidden(path)
            return error_formats.error(path, variations.malformed_workspace_status, error_formats.MALFORMED_WORKSPACE)
    else:
        workspace_id = key.default
    if workspace_id is None:
        if variations.says_workspace_required:
            return error_formats.workspace_required(path)
        return error_formats.forbidden(path)
    workspace = accounts.workspaces.get(workspace_id)
    if workspace is None or workspace.deleted or key.role_in(workspace) is None:
        return error_formats.forbidden(path)
    return workspace


def _has_permission(accounts: Accounts, key: Key, needed: Requirement, workspace: Workspace, path: str) -> bool:
    effects = accounts.effects(needed.permission, workspace, path)
    if effects:
        return "deny" not in effects
    # It is not documented which built-in roles have the permissions for sandboxes. Here all of them do.
    return not needed.roles or needed.permission in _PERMISSIONS.get(key.role_in(workspace), frozenset())


def _missing(variations: Variations, path: str, permission: str) -> Reply:
    return error_formats.permission_missing(path, permission if variations.names_permissions else None)
