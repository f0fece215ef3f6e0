"""The permission that an operation needs, and the built-in roles that have it.

Source: "Organization and workspace operations",
https://docs.langchain.com/langsmith/organization-workspace-operations, and for sandboxes
https://docs.langchain.com/langsmith/sandbox-permissions. The pages name operations; the paths are those of the public
OpenAPI document. The set of permissions grows monthly, so an operation that is not listed here is unknown, never
allowed or forbidden.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import NamedTuple

DOCS_URL = "https://docs.langchain.com/langsmith/organization-workspace-operations"

ADMIN, EDITOR, VIEWER = "Admin", "Editor", "Viewer"
_ALL = (ADMIN, EDITOR, VIEWER)
_WRITE = (ADMIN, EDITOR)
_ADMIN = (ADMIN,)


class Requirement(NamedTuple):
    """The permission that an operation needs.

    Attributes:
        permission: The permission's name as LangSmith spells it, for example `projects:create`.
        roles: The built-in workspace roles that have it. Empty if it belongs to the organization, or is not documented.
        also: Further permissions that the operation needs.
    """

    permission: str
    roles: tuple[str, ...]
    also: tuple[str, ...] = ()


# Method, path, permission ("+" further ones), roles. `*` stands for one segment, `**` for zero or more. The first match
# wins.
_OPERATIONS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    # Tracing projects ("sessions" in the API)
    ("GET", "/sessions/*/insights/configs/**", "rules:read", _ALL),
    ("POST", "/sessions/*/insights/configs/**", "rules:create", _WRITE),
    ("PATCH", "/sessions/*/insights/configs/*", "rules:update", _WRITE),
    ("DELETE", "/sessions/*/insights/configs/*", "rules:delete", _WRITE),
    # The page gives Viewers a tick, but none for rules:create.
    ("POST", "/sessions/*/insights", "projects:read+rules:create", _WRITE),
    ("PATCH", "/sessions/*/insights/*", "projects:update", _WRITE),
    ("GET", "/sessions/**", "projects:read", _ALL),
    ("POST", "/sessions/*/dashboard", "projects:read", _ALL),
    ("POST", "/sessions", "projects:create", _ADMIN),
    ("POST", "/sessions/*/views", "projects:create", _ADMIN),
    ("PATCH", "/sessions/*/views/*", "projects:update", _WRITE),
    ("PATCH", "/sessions/*", "projects:update", _WRITE),
    ("DELETE", "/sessions/**", "projects:delete", _ADMIN),
    # Runs
    ("POST", "/runs", "runs:create", _WRITE),
    ("POST", "/runs/batch", "runs:create", _WRITE),
    ("POST", "/runs/multipart", "runs:create", _WRITE),
    ("POST", "/otel/v1/traces", "runs:create", _WRITE),
    ("POST", "/runs/query", "runs:read", _ALL),
    ("POST", "/runs/stats", "runs:read", _ALL),
    ("POST", "/runs/group/**", "runs:read", _ALL),
    ("POST", "/runs/generate-query", "runs:read", _ALL),
    ("POST", "/threads/query", "runs:read", _ALL),
    ("POST", "/threads/stats", "runs:read", _ALL),
    ("GET", "/threads/*/stats", "runs:read", _ALL),
    ("GET", "/threads/*/traces", "runs:read", _ALL),
    ("POST", "/traces/query", "runs:read", _ALL),
    ("GET", "/traces/*/runs", "runs:read", _ALL),
    ("POST", "/runs/delete", "runs:delete", _ADMIN),
    ("GET", "/runs/rules/**", "rules:read", _ALL),
    ("POST", "/runs/rules", "rules:create", _WRITE),
    ("POST", "/runs/rules/trigger", "rules:update", _WRITE),
    ("POST", "/runs/rules/*/trigger", "rules:update", _WRITE),
    ("PATCH", "/runs/rules/*", "rules:update", _WRITE),
    ("DELETE", "/runs/rules/*", "rules:delete", _WRITE),
    ("PUT", "/runs/*/share", "runs:share", _WRITE),
    ("POST", "/runs/*/share", "runs:share", _WRITE),
    ("DELETE", "/runs/*/share", "runs:share", _WRITE),
    ("PATCH", "/runs/*", "runs:create", _WRITE),
    ("GET", "/runs/**", "runs:read", _ALL),
    # Alerts
    ("GET", "/alerts/**", "runs:read", _ALL),
    ("POST", "/alerts/**", "runs:read", _ALL),
    ("PATCH", "/alerts/**", "runs:read", _ALL),
    ("DELETE", "/alerts/**", "runs:read", _ALL),
    # Datasets and examples
    ("POST", "/datasets/studio_experiment", "projects:create+datasets:read", _ADMIN),
    ("POST", "/datasets/playground_experiment/**", "projects:create+datasets:read+prompts:read", _ADMIN),
    ("POST", "/datasets/comparative", "projects:create", _ADMIN),
    ("DELETE", "/datasets/comparative/*", "projects:delete", _ADMIN),
    ("POST", "/datasets/upload-experiment", "projects:create+datasets:create+datasets:update+runs:create", _ADMIN),
    ("POST", "/datasets", "datasets:create", _WRITE),
    ("POST", "/datasets/upload", "datasets:create", _WRITE),
    ("POST", "/datasets/clone", "datasets:update", _WRITE),
    ("GET", "/datasets/*/csv", "datasets:download", _ALL),
    ("GET", "/datasets/*/jsonl", "datasets:download", _ALL),
    ("GET", "/datasets/*/openai", "datasets:download", _ALL),
    ("GET", "/datasets/*/openai_ft", "datasets:download", _ALL),
    ("PUT", "/datasets/*/share", "datasets:share", _ADMIN),
    ("DELETE", "/datasets/*/share", "datasets:share", _ADMIN),
    ("PUT", "/datasets/*/splits", "datasets:read", _ALL),
    ("GET", "/datasets/*/comparative", "projects:read", _ALL),
    ("GET", "/datasets/*/experiment-view-overrides/**", "datasets:update", _WRITE),
    ("POST", "/datasets/*/search", "datasets:read", _ALL),
    ("POST", "/datasets/*/runs", "datasets:read", _ALL),
    ("POST", "/datasets/*/runs/delta", "datasets:read", _ALL),
    ("POST", "/datasets/*/group/runs", "datasets:read", _ALL),
    ("POST", "/datasets/*/experiments/grouped", "datasets:read", _ALL),
    ("POST", "/datasets/**", "datasets:update", _WRITE),
    ("PUT", "/datasets/**", "datasets:update", _WRITE),
    ("PATCH", "/datasets/**", "datasets:update", _WRITE),
    ("DELETE", "/datasets/*/examples/**", "datasets:update", _WRITE),
    ("DELETE", "/datasets/*/index", "datasets:update", _WRITE),
    ("DELETE", "/datasets/*/experiment-view-overrides/*", "datasets:update", _WRITE),
    ("DELETE", "/datasets/*", "datasets:delete", _ADMIN),
    ("GET", "/datasets/**", "datasets:read", _ALL),
    ("GET", "/examples/**", "datasets:read", _ALL),
    ("POST", "/examples/validate/**", "datasets:read", _ALL),
    ("POST", "/examples/**", "datasets:update", _WRITE),
    ("PATCH", "/examples/**", "datasets:update", _WRITE),
    ("DELETE", "/examples/**", "datasets:update", _WRITE),
    # Feedback
    ("GET", "/feedback/tokens", "feedback:create", _WRITE),
    ("PUT", "/feedback/formulas/*", "feedback:update", _WRITE),
    ("DELETE", "/feedback/formulas/*", "feedback:delete", _WRITE),
    ("GET", "/feedback/**", "feedback:read", _ALL),
    ("POST", "/feedback/**", "feedback:create", _WRITE),
    ("PATCH", "/feedback/*", "feedback:update", _WRITE),
    ("DELETE", "/feedback/*", "feedback:delete", _WRITE),
    ("GET", "/feedback-configs/**", "feedback:read", _ALL),
    ("POST", "/feedback-configs", "feedback:create", _WRITE),
    ("PATCH", "/feedback-configs", "feedback:update", _WRITE),
    ("DELETE", "/feedback-configs", "feedback:update", _WRITE),
    # Annotation queues
    ("GET", "/annotation-queues/**", "annotation-queues:read", _ALL),
    ("POST", "/annotation-queues/*/export", "annotation-queues:read", _ALL),
    ("POST", "/annotation-queues", "annotation-queues:create", _WRITE),
    ("DELETE", "/annotation-queues/*", "annotation-queues:delete", _ADMIN),
    ("POST", "/annotation-queues/**", "annotation-queues:update", _WRITE),
    ("PATCH", "/annotation-queues/**", "annotation-queues:update", _WRITE),
    ("PUT", "/annotation-queues/**", "annotation-queues:update", _WRITE),
    ("DELETE", "/annotation-queues/**", "annotation-queues:update", _WRITE),
    # Prompts ("repos" and "commits" in the API)
    ("GET", "/comments/**", "prompts:read", _ALL),
    ("POST", "/comments/**", "prompts:read", _WRITE),
    ("DELETE", "/comments/**", "prompts:read", _WRITE),
    ("GET", "/likes/**", "prompts:read", _ALL),
    ("POST", "/likes/*/*", "prompts:read", _WRITE),
    ("DELETE", "/likes/**", "prompts:read", _WRITE),
    ("POST", "/repos/*/*/tags", "prompts:tag", _WRITE),
    ("PATCH", "/repos/*/*/tags/*", "prompts:tag", _WRITE),
    ("DELETE", "/repos/*/*/tags/*", "prompts:tag", _WRITE),
    ("GET", "/repos/**", "prompts:read", _ALL),
    ("GET", "/commits/**", "prompts:read", _ALL),
    ("POST", "/commits/**", "prompts:update", _WRITE),
    ("PATCH", "/repos/**", "prompts:update", _WRITE),
    ("POST", "/repos/**", "prompts:create", _WRITE),
    ("DELETE", "/repos/**", "prompts:delete", _WRITE),
    # Sandboxes
    ("GET", "/sandboxes/boxes", "sandboxes:read", ()),
    ("GET", "/sandboxes/boxes/*", "sandboxes:read", ()),
    ("GET", "/sandboxes/boxes/*/status", "sandboxes:read", ()),
    ("POST", "/sandboxes/boxes", "sandboxes:create", ()),
    ("POST", "/sandboxes/boxes/batch-delete", "sandboxes:delete", ()),
    ("PATCH", "/sandboxes/boxes/*", "sandboxes:update", ()),
    ("DELETE", "/sandboxes/boxes/*", "sandboxes:delete", ()),
    # Workspace and organization
    ("GET", "/charts/**", "charts:read", _ALL),
    ("POST", "/charts/create", "charts:create", _WRITE),
    ("POST", "/charts/section", "charts:create", _WRITE),
    ("POST", "/charts/section/clone", "charts:create", _WRITE),
    ("POST", "/charts/**", "charts:read", _ALL),
    ("PATCH", "/charts/**", "charts:update", _WRITE),
    ("DELETE", "/charts/**", "charts:delete", _WRITE),
    ("GET", "/workspaces/current/**", "workspaces:read", _ALL),
    ("POST", "/workspaces/current/members/**", "workspaces:manage-members", _ADMIN),
    ("PATCH", "/workspaces/current/members/**", "workspaces:manage-members", _ADMIN),
    ("DELETE", "/workspaces/current/members/**", "workspaces:manage-members", _ADMIN),
    ("POST", "/workspaces/current/tags/resources", "workspaces:read", _ALL),
    ("POST", "/workspaces/current/taggings", "workspaces:manage", _ADMIN),
    ("DELETE", "/workspaces/current/taggings/*", "workspaces:manage", _ADMIN),
    ("DELETE", "/workspaces/current/shared", "workspaces:manage", _ADMIN),
    ("POST", "/workspaces/current/secrets", "workspaces:manage-secrets", _ADMIN),
    ("POST", "/workspaces/current/tag-keys/**", "workspaces:manage", _ADMIN),
    ("PATCH", "/workspaces/current/tag-keys/**", "workspaces:manage", _ADMIN),
    ("DELETE", "/workspaces/current/tag-keys/**", "workspaces:manage", _ADMIN),
    ("PATCH", "/workspaces/*", "workspaces:manage", _ADMIN),
    ("DELETE", "/workspaces/*", "workspaces:manage", _ADMIN),
    ("POST", "/api-key", "workspaces:manage-keys", _ADMIN),
    ("DELETE", "/api-key/*", "workspaces:manage-keys", _ADMIN),
    ("GET", "/bulk-exports/**", "bulk-exports:read", _ALL),
    ("POST", "/bulk-exports/**", "bulk-exports:manage", _ADMIN),
    ("PATCH", "/bulk-exports/**", "bulk-exports:manage", _ADMIN),
    ("GET", "/workspaces/**", "organization:read", ()),
    ("GET", "/orgs/current/**", "organization:read", ()),
    ("POST", "/workspaces", "organization:manage", ()),
    ("POST", "/orgs/current/personal-access-tokens", "organization:pats:create", ()),
    ("POST", "/orgs/current/service-keys", "organization:pats:create", ()),
    ("POST", "/orgs/current/**", "organization:manage", ()),
    ("PATCH", "/orgs/current/**", "organization:manage", ()),
    ("DELETE", "/orgs/current/**", "organization:manage", ()),
)

# LangSmith's other permissions, which the API names for access policies:
# https://docs.langchain.com/langsmith/abac. No operation of the table needs them.
_OTHERS = (
    "agent-auth-connections:{create,delete,read,revoke,update} alerts:{create,delete,read,update} "
    "charts:{create,delete,update} custom-apps:{create,delete,download,read,update} "
    "datasets:{clone,tag-on-create} deployments:{create,delete,read,update} experiments:{run} "
    "feedback-configs:{create,delete,update} fleet:{read-admin-config,write-admin-config} gateway:{invoke} "
    "issues:{create,delete,read,update} mcp-servers:{create,delete,invoke,read,update} "
    "model-price-map:{create,delete,read,update} organization:{manage-model-configs,manage-model-secrets,"
    "pats:read,read-metadata} projects:{decrease-trace-tier,increase-trace-tier,tag-on-create} "
    "prompts:{share,tag-on-create} rules:{configure-retention} runs:{read-stats} sandboxes:{exec,tag-on-create} "
    "snapshots:{create,delete,update} workspaces:{manage-model-configs}"
)


def _others() -> set[str]:
    groups = [group.rstrip("}").split(":{") for group in _OTHERS.split()]
    return {f"{resource}:{action}" for resource, actions in groups for action in actions.split(",")}


PERMISSIONS = tuple(sorted({name for _, _, names, _ in _OPERATIONS for name in names.split("+")} | _others()))
"""Every permission whose name is known. LangSmith adds some each month."""

_BUILT_IN = {
    "admin": ADMIN,
    "workspaceadmin": ADMIN,
    # An organization's admins have every permission in each of its workspaces.
    "organizationadmin": ADMIN,
    "editor": EDITOR,
    "workspaceeditor": EDITOR,
    "viewer": VIEWER,
    "workspaceviewer": VIEWER,
}
_OF_A_TOKEN = re.compile(r"/(?:feedback/tokens|public)/[^/?]+")
_PREFIX = re.compile(r"^(?:/api)?(?:/v[12])?(?:/platform)?(?=/)")


def requirement(method: str, path: str) -> Requirement | None:
    """Return the requirement of `method` on `path`, or `None` if it is not in the table.

    Args:
        method: The HTTP method, in any case.
        path: The path below the API's base, without a query, for example `/sessions`.
    """
    segments = _segments(path)
    if is_for_token_holders(path):
        return None
    for known_method, pattern, permission, roles in _OPERATIONS:
        if known_method == method.upper() and _matches(_segments(pattern), segments):
            main, *also = permission.split("+")
            return Requirement(main, roles, tuple(also))
    return None


def is_for_token_holders(path: str) -> bool:
    """Return whether the path holds a token that permits the operation by itself, whoever sends it."""
    return _OF_A_TOKEN.match(_PREFIX.sub("", path, count=1)) is not None


def has_key_of_its_own(path: str) -> bool:
    """Return whether the path is about a token or a key that is not an API key: one of a link, or of feedback."""
    return is_for_token_holders(path) or (_segments(path) or [""])[0] in ("feedback", "feedback-configs")


def owner_of_prompt(path: str) -> str | None:
    """Return the owner that the path of a prompt names, or `None`: "-" is the caller's own organization."""
    resource, owner, *_ = [*_segments(path), "", ""]
    return owner if resource in ("repos", "commits") and owner not in ("", "-") else None


def built_in_role(name: str | None) -> str | None:
    """Return the built-in workspace role that the server's name of a role means, or `None`."""
    return _BUILT_IN.get(re.sub(r"[^a-z]", "", (name or "").lower()))


def permissions_of(role: str) -> tuple[str, ...]:
    """Return every workspace permission in the table that the built-in `role` has, sorted."""
    return tuple(sorted({name for _, _, names, roles in _OPERATIONS if role in roles for name in names.split("+")}))


def roles_with(permission: str) -> tuple[str, ...]:
    """Return the built-in workspace roles that have a permission; none if that is not documented."""
    return tuple(role for role in _ALL if permission in permissions_of(role))


_TRACING = "runs:create"


def still_allowed(lacking: str, permissions: Collection[str]) -> str | None:
    """Return the permissions of a role for the same resource as one that it lacks, or `None` if there are none.

    Args:
        lacking: The permission that the role lacks.
        permissions: The permissions that it has.
    """
    resource = lacking.partition(":")[0]
    near = sorted(name for name in permissions if name.partition(":")[0] == resource)
    if _TRACING in permissions and _TRACING not in near:
        near.append(f"{_TRACING} (tracing)")
    return ", ".join(near) or None


def spoken(permission: str) -> str:
    """Return a permission as a verb and its object: `annotation-queues:read` is "read annotation queues"."""
    resource, _, action = permission.replace("-", " ").rpartition(":")
    verb, _, part = action.partition(" ")
    return f"{verb} {f'{part} of ' if part else ''}{resource.replace(':', ' ')}"


def _segments(path: str) -> list[str]:
    return [segment for segment in _PREFIX.sub("", path, count=1).split("/") if segment]


def _matches(pattern: list[str], segments: list[str]) -> bool:
    if pattern and pattern[-1] == "**":
        pattern, segments = pattern[:-1], segments[: len(pattern) - 1]
    return len(pattern) == len(segments) and all(
        want in ("*", got) for want, got in zip(pattern, segments, strict=True)
    )
