"""Which permission an operation needs, and who has it."""

from __future__ import annotations

import re
from pathlib import Path

import langsmith
import pytest

from safe_langsmith._core.permissions import (
    _matches,
    _segments,
    built_in_role,
    owner_of_prompt,
    permissions_of,
    requirement,
    spoken,
    still_allowed,
)

ALL, WRITE, ADMIN, ORGANIZATION = ("Admin", "Editor", "Viewer"), ("Admin", "Editor"), ("Admin",), ()
ID = "11111111-aaaa-4aaa-8aaa-111111111111"


@pytest.mark.parametrize(
    ("operation", "permission", "roles"),
    [
        ("GET /sessions", "projects:read", ALL),
        (f"GET /sessions/{ID}", "projects:read", ALL),
        ("POST /sessions", "projects:create", ADMIN),
        (f"PATCH /sessions/{ID}", "projects:update", WRITE),
        (f"DELETE /sessions/{ID}", "projects:delete", ADMIN),
        ("POST /runs", "runs:create", WRITE),
        ("POST /runs/batch", "runs:create", WRITE),
        ("POST /runs/multipart", "runs:create", WRITE),
        ("POST /otel/v1/traces", "runs:create", WRITE),
        (f"PATCH /runs/{ID}", "runs:create", WRITE),
        (f"GET /runs/{ID}", "runs:read", ALL),
        ("POST /runs/query", "runs:read", ALL),
        ("POST /v2/runs/query", "runs:read", ALL),
        ("POST /v2/threads/query", "runs:read", ALL),
        (f"PUT /runs/{ID}/share", "runs:share", WRITE),
        (f"DELETE /runs/{ID}/share", "runs:share", WRITE),
        ("POST /runs/delete", "runs:delete", ADMIN),
        ("GET /runs/rules", "rules:read", ALL),
        ("POST /runs/rules", "rules:create", WRITE),
        (f"POST /runs/rules/{ID}/trigger", "rules:update", WRITE),
        ("GET /datasets", "datasets:read", ALL),
        (f"GET /datasets/{ID}/versions", "datasets:read", ALL),
        ("POST /datasets", "datasets:create", WRITE),
        ("POST /datasets/upload", "datasets:create", WRITE),
        (f"PATCH /datasets/{ID}", "datasets:update", WRITE),
        (f"DELETE /datasets/{ID}", "datasets:delete", ADMIN),
        (f"GET /datasets/{ID}/csv", "datasets:download", ALL),
        (f"PUT /datasets/{ID}/share", "datasets:share", ADMIN),
        (f"PUT /datasets/{ID}/splits", "datasets:read", ALL),
        ("POST /datasets/comparative", "projects:create", ADMIN),
        ("GET /examples", "datasets:read", ALL),
        ("POST /examples/bulk", "datasets:update", WRITE),
        (f"POST /v1/platform/datasets/{ID}/examples", "datasets:update", WRITE),
        (f"PATCH /v1/platform/datasets/{ID}/examples", "datasets:update", WRITE),
        (f"GET /feedback/{ID}", "feedback:read", ALL),
        ("POST /feedback", "feedback:create", WRITE),
        ("POST /feedback/tokens", "feedback:create", WRITE),
        (f"PATCH /feedback/{ID}", "feedback:update", WRITE),
        (f"DELETE /feedback/{ID}", "feedback:delete", WRITE),
        ("POST /annotation-queues", "annotation-queues:create", WRITE),
        (f"POST /annotation-queues/{ID}/runs", "annotation-queues:update", WRITE),
        (f"DELETE /annotation-queues/{ID}", "annotation-queues:delete", ADMIN),
        (f"DELETE /annotation-queues/{ID}/runs/{ID}", "annotation-queues:update", WRITE),
        ("GET /repos", "prompts:read", ALL),
        ("GET /commits/-/prompt/latest", "prompts:read", ALL),
        ("POST /repos", "prompts:create", WRITE),
        ("POST /commits/-/prompt", "prompts:update", WRITE),
        ("PATCH /repos/-/prompt", "prompts:update", WRITE),
        ("DELETE /repos/-/prompt", "prompts:delete", WRITE),
        ("POST /repos/-/prompt/tags", "prompts:tag", WRITE),
        ("GET /charts", "charts:read", ALL),
        ("POST /charts", "charts:read", ALL),
        ("POST /charts/create", "charts:create", WRITE),
        ("PATCH /charts/section/x", "charts:update", WRITE),
        ("DELETE /charts/x", "charts:delete", WRITE),
        ("GET /workspaces/current/members", "workspaces:read", ALL),
        ("POST /workspaces/current/members", "workspaces:manage-members", ADMIN),
        ("POST /api-key", "workspaces:manage-keys", ADMIN),
        ("GET /bulk-exports", "bulk-exports:read", ALL),
        ("POST /bulk-exports", "bulk-exports:manage", ADMIN),
        ("GET /workspaces", "organization:read", ORGANIZATION),
        ("GET /orgs/current/info", "organization:read", ORGANIZATION),
        ("POST /workspaces", "organization:manage", ORGANIZATION),
        ("POST /orgs/current/service-keys", "organization:pats:create", ORGANIZATION),
        ("PATCH /orgs/current/members/me", "organization:manage", ORGANIZATION),
        ("POST /workspaces/current/secrets", "workspaces:manage-secrets", ADMIN),
        ("DELETE /workspaces/current/tag-keys/x", "workspaces:manage", ADMIN),
        (f"PATCH /workspaces/{ID}", "workspaces:manage", ADMIN),
        ("GET /v2/sandboxes/boxes", "sandboxes:read", ()),
        ("GET /v2/sandboxes/boxes/name/status", "sandboxes:read", ()),
        ("POST /v2/sandboxes/boxes", "sandboxes:create", ()),
        ("PATCH /v2/sandboxes/boxes/name", "sandboxes:update", ()),
        ("DELETE /v2/sandboxes/boxes/name", "sandboxes:delete", ()),
        ("POST /v2/traces/query", "runs:read", ALL),
        (f"GET /v2/traces/{ID}/runs", "runs:read", ALL),
        (f"GET /v2/threads/{ID}/traces", "runs:read", ALL),
        (f"GET /v2/threads/{ID}/stats", "runs:read", ALL),
        ("POST /v2/threads/stats", "runs:read", ALL),
        (f"POST /sessions/{ID}/insights", "projects:read", WRITE),
        (f"GET /sessions/{ID}/insights/{ID}", "projects:read", ALL),
        (f"PATCH /sessions/{ID}/insights/{ID}", "projects:update", WRITE),
        (f"DELETE /sessions/{ID}/insights/{ID}", "projects:delete", ADMIN),
        (f"POST /sessions/{ID}/insights/configs", "rules:create", WRITE),
        (f"POST /sessions/{ID}/dashboard", "projects:read", ALL),
        (f"POST /sessions/{ID}/views", "projects:create", ADMIN),
        (f"PUT /v1/platform/annotation-queues/{ID}/items/{ID}/finals/key", "annotation-queues:update", WRITE),
        (f"POST /annotation-queues/{ID}/export", "annotation-queues:read", ALL),
        (f"DELETE /api/v1/platform/datasets/{ID}/examples/{ID}", "datasets:update", WRITE),
        (f"DELETE /datasets/{ID}/index", "datasets:update", WRITE),
        (f"POST /v2/runs/{ID}/share", "runs:share", WRITE),
        (f"GET /runs/{ID}/share", "runs:read", ALL),
        ("POST /likes/acme/prompt", "prompts:read", WRITE),
        ("GET /likes/acme/prompt", "prompts:read", ALL),
        ("POST /comments/acme/prompt", "prompts:read", WRITE),
        ("POST /examples/validate/bulk", "datasets:read", ALL),
        (f"GET /datasets/{ID}/comparative", "projects:read", ALL),
        (f"POST /datasets/{ID}/group/runs", "datasets:read", ALL),
        ("GET /feedback/tokens", "feedback:create", WRITE),
        (f"POST /v1/platform/alerts/{ID}", "runs:read", ALL),
        ("POST /workspaces/current/taggings", "workspaces:manage", ADMIN),
        ("POST /workspaces/current/members/batch", "workspaces:manage-members", ADMIN),
    ],
)
def test_a_documented_operation_needs_a_permission(operation, permission, roles):
    method, path = operation.split()
    assert requirement(method, path)[:2] == (permission, roles)


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/sessions",
        "/api/sessions",
        "/v1/sessions",
        "/v1/platform/sessions",
        "/sessions/",
        "sessions",
        "/api/v1/platform/sessions",
        "/api/v2/sessions",
    ],
)
def test_the_prefix_of_a_path_makes_no_difference(path):
    assert requirement("post", path).permission == "projects:create"


@pytest.mark.parametrize(
    "operation",
    [
        "GET /settings",
        "GET /info",
        "GET /",
        "POST /sessions/id/views/other",
        "PUT /sessions",
        "GET /sessionsx",
        "GET /apiv1/sessions",
        "OPTIONS /orgs/current/service-keys",
        "OPTIONS /runs",
    ],
)
def test_an_operation_that_is_not_documented_is_unknown(operation):
    assert requirement(*operation.split()) is None


def test_a_wider_role_carries_all_that_a_narrower_one_does():
    viewer, editor, admin = (set(permissions_of(role)) for role in ("Viewer", "Editor", "Admin"))
    assert viewer < editor < admin
    assert "projects:create" in admin - editor
    assert "runs:create" in editor - viewer
    assert "projects:read" in viewer


def test_an_unknown_role_carries_nothing():
    assert permissions_of("Owner") == ()


@pytest.mark.parametrize(
    ("permission", "words"),
    [
        ("projects:read", "read projects"),
        ("annotation-queues:create", "create annotation queues"),
        ("bulk-exports:manage", "manage bulk exports"),
        ("workspaces:manage-keys", "manage keys of workspaces"),
        ("runs:read-stats", "read stats of runs"),
        ("organization:pats:create", "create organization pats"),
    ],
)
def test_a_permission_is_spoken_as_verb_and_object(permission, words):
    assert spoken(permission) == words


def test_an_operation_may_need_several():
    needed = requirement("POST", "/datasets/upload-experiment")
    assert (needed.permission, needed.also) == (
        "projects:create",
        ("datasets:create", "datasets:update", "runs:create"),
    )


@pytest.mark.parametrize(
    ("lacking", "permissions", "said"),
    [
        ("projects:create", ("projects:read", "runs:create"), "projects:read, runs:create (tracing)"),
        ("runs:delete", ("runs:create", "runs:read"), "runs:create, runs:read"),
        ("projects:create", ("datasets:read",), None),
    ],
)
def test_what_a_role_still_allows(lacking, permissions, said):
    assert still_allowed(lacking, permissions) == said


UNDOCUMENTED = """
/agents/** /evaluators/** /fleet/** /hub/** /info /issues/** /prompt-webhooks/** /product-feedbacks/** /settings
/ai-search/** /sql/** /runs/rules/decision-models /workspaces/current/secrets/* /threads/*/share
/sandboxes/registries/** /sandboxes/snapshots/** /sandboxes/snapshots-by-name/* /sandboxes/volumes/**
/sandboxes/usage/** /sandboxes/boxes/*/* /feedback/tokens/* /public/**
""".split()
"""The operations of the SDK that the vendor's pages do not have, beside those that a token in the path permits."""


def operations_of_the_sdk() -> set[tuple[str, str]]:
    """Every method and path in the source of the installed SDK, with `x` for each variable part."""
    folder = Path(langsmith.__file__).parent
    generated = "\n".join(path.read_text("utf-8") for path in sorted(folder.rglob("resources/**/*.py")))
    written = "\n".join((folder / name).read_text("utf-8") for name in ("client.py", "async_client.py"))
    found = re.findall(r'self\._(get|post|put|patch|delete)\(\s*(?:path_template\(\s*)?f?"(/[^"]+)"', generated)
    found += re.findall(r'request_with_retries\(\s*"(\w+)",\s*f?"(/[^"]*)"', written)
    found += [("GET", path) for path in re.findall(r'_paginated_list\(\s*f?"(/[^"]*)"', written)]
    return {(method.upper(), re.sub(r"\{[^}]*\}", "x", path)) for method, path in found}


def test_every_operation_of_the_sdk_is_documented_or_known_not_to_be():
    unknown = [f"{m} {path}" for m, path in sorted(operations_of_the_sdk()) if requirement(m, path) is None]
    patterns = [_segments(pattern) for pattern in UNDOCUMENTED]
    assert len(operations_of_the_sdk()) > 50
    assert not [each for each in unknown if not any(_matches(p, _segments(each.split()[1])) for p in patterns)]


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("WORKSPACE_ADMIN", "Admin"),
        ("Workspace Editor", "Editor"),
        ("viewer", "Viewer"),
        ("ORGANIZATION_ADMIN", "Admin"),
        ("ORGANIZATION_USER", None),
        ("Administrators of billing", None),
        (None, None),
    ],
)
def test_the_servers_name_of_a_built_in_role_is_recognized(name, role):
    assert built_in_role(name) == role


@pytest.mark.parametrize(
    ("path", "owner"),
    [("/repos/acme/x", "acme"), ("/api/v1/commits/acme/x/latest", "acme"), ("/repos/-/x", None), ("/sessions/a", None)],
)
def test_a_prompt_has_the_owner_that_its_path_names(path, owner):
    assert owner_of_prompt(path) == owner
