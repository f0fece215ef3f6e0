"""The error bodies of LangSmith's backends, and which backend serves a path.

The Python backend writes `{"detail": ...}`. The Go backend writes `{"error": ...}` and ends with a newline. Version 2
of the API writes problem details (RFC 7807), and its sandboxes write an object as the `detail`.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from uuid import uuid4

from safe_langsmith.testing.faults import Reply

FORBIDDEN = "Forbidden"
NOT_FOUND = "Not Found"
LEGACY_KEY = "Using legacy API key. Please generate a new API key."
MALFORMED_WORKSPACE = "UUID header value was not a valid UUID"

_WORKSPACE_REQUIRED = "This API key requires a workspace ID."
_WORKSPACE_REQUIRED_CODE = "org_scoped_key_requires_workspace"
_GO_PATHS = frozenset({"/runs", "/runs/batch", "/runs/multipart", "/info", "/me", "/commits", "/traces"})
_GO_PREFIXES = (
    "/info/",
    "/me/",
    "/auth",
    "/otel/",
    "/v1/platform/",
    "/v2/",
    "/public/",
    "/commits/",
    "/fleet",
    "/agent-builder",
    "/oauth/",
    "/scim",
    "/annotation-queues/pairwise",
)


def canonical_path(path: str) -> str:
    """Return `path` as the bare host serves it: `/x`, `/api/x`, `/v1/x` and `/api/v1/x` are the same endpoint."""
    for prefix in ("/api/v1", "/api", "/v1"):
        if path.startswith(prefix + "/") and not path.startswith("/v1/platform/"):
            path = path[len(prefix) :]
            break
    return "/v1" + path if path.startswith("/platform/") else path


def resource_path(path: str) -> str:
    """Return the canonical `path` of a resource without the prefix of the API version or of the platform API."""
    for prefix in ("/v1/platform", "/v2"):
        if path.startswith(prefix + "/"):
            return path[len(prefix) :]
    return path


def error(path: str, status: int, text: str) -> Reply:
    """Return an error with `text`, in the format of the canonical `path`."""
    if _is_sandbox(path):
        return _sandbox_error(status, HTTPStatus(status).phrase.replace(" ", ""), text)
    if path.startswith("/v2/"):
        return _problem(path, status, text)
    return _go_error(status, {"error": text}) if _is_go(path) else Reply(status, {"detail": text})


def forbidden(path: str) -> Reply:
    """Return a 403 that states no reason."""
    return error(path, 403, FORBIDDEN)


def unauthorized(path: str) -> Reply:
    """Return the response to a request without a usable credential."""
    return error(path, 401, "Unauthorized" if _is_go(path) else "Invalid token")


def permission_missing(path: str, permission: str | None = None) -> Reply:
    """Return the response to a member who lacks `permission`. Without an argument, it names no permission."""
    if permission is not None:
        return error(path, 403, f"{FORBIDDEN}: missing permission {permission}")
    return error(path, 403, "forbidden (insufficient permission)" if path.startswith("/v2/") else FORBIDDEN)


def workspace_required(path: str) -> Reply:
    """Return the response to a request that names no workspace, with a key for several."""
    if _is_sandbox(path):
        return _sandbox_error(403, _WORKSPACE_REQUIRED_CODE, _WORKSPACE_REQUIRED)
    if path.startswith("/v2/"):
        return _problem(path, 403, _WORKSPACE_REQUIRED)
    if _is_go(path):
        return _go_error(403, {"error": _WORKSPACE_REQUIRED_CODE, "message": _WORKSPACE_REQUIRED})
    wanted = "Please provide 'X-Tenant-ID' header."
    return Reply(403, {"detail": f"This API key is org-scoped and requires workspace specification. {wanted}"})


def _is_go(path: str) -> bool:
    return path in _GO_PATHS or path.startswith(_GO_PREFIXES)


def _go_error(status: int, body: dict[str, str]) -> Reply:
    return Reply(status, json.dumps(body, separators=(",", ":")) + "\n")


def _problem(path: str, status: int, text: str) -> Reply:
    title = HTTPStatus(status).phrase
    body = {"type": "about:blank", "title": title, "status": status, "detail": text, "instance": path}
    return Reply(status, body, "application/problem+json")


def _is_sandbox(path: str) -> bool:
    return f"{path}/".startswith("/v2/sandboxes/")


def _sandbox_error(status: int, error: str, text: str) -> Reply:
    return Reply(status, {"detail": {"error": error, "error_id": uuid4().hex, "message": text}})
