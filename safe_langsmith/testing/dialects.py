"""Which of LangSmith's two backends answers a path, and how each words an error.

The Go backend says `{"error": ...}` and ends with a newline, the Python backend says `{"detail": ...}`.
"""

from __future__ import annotations

import json

from safe_langsmith.testing.replies import Reply

FORBIDDEN = "Forbidden"
NOT_FOUND = "Not Found"
LEGACY_KEY = "Using legacy API key. Please generate a new API key."
MALFORMED_WORKSPACE = "UUID header value was not a valid UUID"

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


def speaks_go(path: str) -> bool:
    """Whether the Go backend answers the canonical `path`."""
    return path in _GO_EXACTLY or path.startswith(_GO_BELOW)


def refusal(path: str, status: int, text: str) -> Reply:
    """Returns an error that says `text` in the dialect of the canonical `path`."""
    return _go(status, {"error": text}) if speaks_go(path) else Reply(status, {"detail": text})


def unauthorized(path: str) -> Reply:
    """Returns the answer to a request without a usable credential."""
    return refusal(path, 401, "Unauthorized" if speaks_go(path) else "Invalid token")


def workspace_required(path: str) -> Reply:
    """Returns the answer to a key that serves several workspaces when the request names none."""
    if speaks_go(path):
        message = "This API key requires a workspace ID."
        return _go(403, {"error": "org_scoped_key_requires_workspace", "message": message})
    wanted = "Please provide 'X-Tenant-ID' header."
    return Reply(403, {"detail": f"This API key is org-scoped and requires workspace specification. {wanted}"})


def _go(status: int, body: dict[str, str]) -> Reply:
    return Reply(status, json.dumps(body, separators=(",", ":")) + "\n")
