"""Which of LangSmith's backends answers a path, and how each words an error.

The Go backend says `{"error": ...}` and ends with a newline, the Python backend says `{"detail": ...}`. The second
version of the API writes problem details (RFC 7807), and the sandboxes below it an object as the `detail`.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from uuid import uuid4

from safe_langsmith.testing.replies import Reply

FORBIDDEN = "Forbidden"
NOT_FOUND = "Not Found"
LEGACY_KEY = "Using legacy API key. Please generate a new API key."
MALFORMED_WORKSPACE = "UUID header value was not a valid UUID"

_REQUIRES_WORKSPACE = "org_scoped_key_requires_workspace"
_SANDBOXES = "/v2/sandboxes"
_GO_EXACTLY = frozenset({"/runs", "/runs/batch", "/runs/multipart", "/info", "/me", "/commits", "/traces"})
_GO_BELOW = (
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


def canonical(path: str) -> str:
    """Returns `path` as the bare host knows it: the API answers at `/x`, `/api/x` and `/api/v1/x` alike."""
    for prefix in ("/api/v1", "/api", "/v1"):
        if path.startswith(prefix + "/") and not path.startswith("/v1/platform/"):
            path = path[len(prefix) :]
            break
    return "/v1" + path if path.startswith("/platform/") else path


def resource(path: str) -> str:
    """Returns the canonical `path` of a resource as the first version of the API has it."""
    for prefix in ("/v1/platform", "/v2"):
        if path.startswith(prefix + "/"):
            return path[len(prefix) :]
    return path


def speaks_go(path: str) -> bool:
    """Whether the Go backend answers the canonical `path`."""
    return path in _GO_EXACTLY or path.startswith(_GO_BELOW)


def refusal(path: str, status: int, text: str) -> Reply:
    """Returns an error that says `text` in the dialect of the canonical `path`."""
    if _is_of_sandboxes(path):
        return _of_sandboxes(status, HTTPStatus(status).phrase.replace(" ", ""), text)
    if path.startswith("/v2/"):
        return _problem(path, status, text)
    return _go(status, {"error": text}) if speaks_go(path) else Reply(status, {"detail": text})


def unauthorized(path: str) -> Reply:
    """Returns the answer to a request without a usable credential."""
    return refusal(path, 401, "Unauthorized" if speaks_go(path) else "Invalid token")


def permission_missing(path: str, permission: str | None = None) -> Reply:
    """Returns the answer to a member who lacks `permission`, which it names if it is given."""
    if permission is not None:
        return refusal(path, 403, f"{FORBIDDEN}: missing permission {permission}")
    return refusal(path, 403, "forbidden (insufficient permission)" if path.startswith("/v2/") else FORBIDDEN)


def workspace_required(path: str) -> Reply:
    """Returns the answer to a key that serves several workspaces when the request names none."""
    message = "This API key requires a workspace ID."
    if _is_of_sandboxes(path):
        return _of_sandboxes(403, _REQUIRES_WORKSPACE, message)
    if path.startswith("/v2/"):
        return _problem(path, 403, message)
    if speaks_go(path):
        return _go(403, {"error": _REQUIRES_WORKSPACE, "message": message})
    wanted = "Please provide 'X-Tenant-ID' header."
    return Reply(403, {"detail": f"This API key is org-scoped and requires workspace specification. {wanted}"})


def _go(status: int, body: dict[str, str]) -> Reply:
    return Reply(status, json.dumps(body, separators=(",", ":")) + "\n")


def _problem(path: str, status: int, text: str) -> Reply:
    title = HTTPStatus(status).phrase
    body = {"type": "about:blank", "title": title, "status": status, "detail": text, "instance": path}
    return Reply(status, body, "application/problem+json")


def _is_of_sandboxes(path: str) -> bool:
    return f"{path}/".startswith(f"{_SANDBOXES}/")


def _of_sandboxes(status: int, error: str, text: str) -> Reply:
    return Reply(status, {"detail": {"error": error, "error_id": uuid4().hex, "message": text}})
