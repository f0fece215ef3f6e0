"""Authorization, without a socket."""

from __future__ import annotations

import json
from typing import Any

import pytest

from safe_langsmith.testing import RecordedRequest, Reply, Workspace
from safe_langsmith.testing.accounts import Accounts
from safe_langsmith.testing.authorization import Grant, Variations, authorize
from safe_langsmith.testing.error_formats import canonical_path
from safe_langsmith.testing.organization import Organization

ACCOUNTS = Accounts()
ACME, OTHER = Organization("Acme", ACCOUNTS), Organization("Other", ACCOUNTS)
RESEARCH, SUPPORT = ACME.add_workspace("Research"), ACME.add_workspace("Support")
DELETED, FOREIGN = ACME.add_workspace("Old", deleted=True), OTHER.add_workspace("Foreign")

PERSONAL = ACME.add_personal_key(default=RESEARCH, role="Editor", roles={DELETED: "Admin"})
SINGLE = ACME.add_service_key(workspaces=[RESEARCH])
SEVERAL = ACME.add_service_key(workspaces=[RESEARCH, SUPPORT])
WIDE = ACME.add_service_key(workspaces=None)
OAUTH = ACME.add_oauth_token(default=SUPPORT)
VIEWER = ACME.add_personal_key(default=RESEARCH, role="Viewer")
UNKNOWN = "99999999-9999-4999-8999-999999999999"

# Keys and ids are minted anew in each process, so a test is named after what they belong to.
NAMES = {PERSONAL: "personal", SINGLE: "single", SEVERAL: "several", WIDE: "wide", OAUTH: "oauth", VIEWER: "viewer"}
NAMES |= {ACME.id: "organization", SUPPORT.id.upper(): "upper-case"}


def name_of(value: object) -> str | None:
    """Return the name in a test's id, or `None` for pytest's own choice."""
    return value.name if isinstance(value, Workspace) else NAMES.get(value) if isinstance(value, str) else None


FORBIDDEN = (403, {"detail": "Forbidden"})
REQUIRED = (
    403,
    {"detail": "This API key is org-scoped and requires workspace specification. Please provide 'X-Tenant-ID' header."},
)


def ask(
    key: str | None,
    path: str = "/settings",
    *,
    workspace: Workspace | str | None = None,
    method: str = "GET",
    bearer: bool = False,
    variations: Variations | None = None,
) -> Grant | tuple[int, Any]:
    headers = {}
    if key is not None:
        headers = {"authorization": f"Bearer {key}"} if bearer else {"x-api-key": key}
    if workspace is not None:
        headers["x-tenant-id"] = workspace if isinstance(workspace, str) else workspace.id
    answer = authorize(ACCOUNTS, variations or Variations(), RecordedRequest(method, path, headers=headers), path)
    return (answer.status, json.loads(answer.content())) if isinstance(answer, Reply) else answer


def where(answer: Grant | tuple[int, Any]) -> Workspace | None:
    assert isinstance(answer, Grant), answer
    return answer.workspace


@pytest.mark.parametrize(
    ("key", "named", "resolved"),
    [
        (PERSONAL, None, RESEARCH),
        (PERSONAL, RESEARCH, RESEARCH),
        (PERSONAL, "", RESEARCH),
        (SINGLE, None, RESEARCH),
        (SINGLE, RESEARCH, RESEARCH),
        (SEVERAL, SUPPORT, SUPPORT),
        (SEVERAL, SUPPORT.id.upper(), SUPPORT),
        (WIDE, RESEARCH, RESEARCH),
    ],
    ids=name_of,
)
def test_a_request_runs_in_the_named_or_the_keys_own_workspace(
    key: str, named: Workspace | str | None, resolved: Workspace
) -> None:
    assert where(ask(key, workspace=named)) == resolved


@pytest.mark.parametrize(
    ("key", "named"),
    [
        (PERSONAL, SUPPORT),
        (PERSONAL, DELETED),
        (PERSONAL, FOREIGN),
        (PERSONAL, ACME.id),
        (SINGLE, SUPPORT),
        (SEVERAL, FOREIGN),
        (WIDE, DELETED),
        (WIDE, FOREIGN),
        (WIDE, UNKNOWN),
    ],
    ids=name_of,
)
def test_a_workspace_out_of_reach_is_plainly_forbidden(key: str, named: Workspace | str) -> None:
    assert ask(key, workspace=named) == FORBIDDEN


@pytest.mark.parametrize("key", [SEVERAL, WIDE], ids=name_of)
def test_a_key_for_several_workspaces_must_name_one(key: str) -> None:
    assert ask(key) == REQUIRED
    assert ask(key, "/runs/multipart", method="POST") == (
        403,
        {"error": "org_scoped_key_requires_workspace", "message": "This API key requires a workspace ID."},
    )
    assert ask(key, variations=Variations(says_workspace_required=False)) == FORBIDDEN


@pytest.mark.parametrize(
    ("key", "bearer", "python", "go"),
    [
        (None, False, (401, {"detail": "Invalid token"}), (401, {"error": "Unauthorized"})),
        ("  ", False, (401, {"detail": "Invalid token"}), (401, {"error": "Unauthorized"})),
        ("nonsense", True, (401, {"detail": "Invalid token"}), (401, {"error": "Unauthorized"})),
        ("lsv2_pt_unknown", False, FORBIDDEN, (403, {"error": "Forbidden"})),
        ("lsv2_pt_unknown", True, FORBIDDEN, (403, {"error": "Forbidden"})),
        (OAUTH, False, FORBIDDEN, (403, {"error": "Forbidden"})),
    ],
    ids=name_of,
)
def test_credentials_that_are_not_accepted(key: str | None, bearer: bool, python: Any, go: Any) -> None:
    assert ask(key, bearer=bearer) == python
    assert ask(key, "/runs/batch", method="POST", bearer=bearer) == go


def test_a_legacy_key_is_told_so() -> None:
    assert ask("ls__0123") == (401, {"detail": "Using legacy API key. Please generate a new API key."})


def test_a_bearer_token_is_a_credential() -> None:
    assert where(ask(OAUTH, bearer=True)) == SUPPORT
    assert where(ask(PERSONAL, bearer=True)) == RESEARCH


def test_a_malformed_workspace_id() -> None:
    assert ask(PERSONAL, workspace="Research") == (401, {"detail": "UUID header value was not a valid UUID"})
    assert ask(PERSONAL, workspace="Research", variations=Variations(malformed_workspace_status=403)) == FORBIDDEN


@pytest.mark.parametrize(
    ("key", "method", "path", "permission"),
    [
        (PERSONAL, "POST", "/sessions", "projects:create"),
        (VIEWER, "POST", "/datasets", "datasets:create"),
        (VIEWER, "POST", "/runs/multipart", "runs:create"),
        (VIEWER, "POST", "/v1/platform/datasets/0/examples", "datasets:update"),
        (VIEWER, "POST", "/workspaces/current/members", "workspaces:manage-members"),
        (WIDE, "POST", "/workspaces", "organization:manage"),
        (SINGLE, "GET", "/orgs/current/info", "organization:read"),
    ],
    ids=name_of,
)
def test_a_role_without_the_permission_is_refused(key: str, method: str, path: str, permission: str) -> None:
    name = "error" if path.startswith(("/runs", "/v1/")) else "detail"
    assert ask(key, path, method=method) == (403, {name: "Forbidden"})
    named = ask(key, path, method=method, variations=Variations(names_permissions=True))
    assert named == (403, {name: f"Forbidden: missing permission {permission}"})


def test_a_role_with_the_permission_may_go_on() -> None:
    assert where(ask(SINGLE, "/sessions", method="POST")) == RESEARCH
    assert where(ask(PERSONAL, "/runs/multipart", method="POST")) == RESEARCH
    assert where(ask(VIEWER, "/sessions")) == RESEARCH
    assert where(ask(VIEWER, "/never-heard-of", method="POST")) == RESEARCH


@pytest.mark.parametrize("named", [None, RESEARCH, FOREIGN, "not-a-uuid"])
@pytest.mark.parametrize(
    ("key", "allowed"),
    [(PERSONAL, True), (SEVERAL, True), (WIDE, True), (VIEWER, True), (SINGLE, False)],
    ids=name_of,
)
def test_listing_workspaces_depends_on_the_key_alone(key: str, allowed: bool, named: Workspace | str | None) -> None:
    answer = ask(key, "/workspaces", workspace=named)
    assert where(answer) is None if allowed else answer == FORBIDDEN


def test_may_list_overrides() -> None:
    assert where(ask(ACME.add_service_key(workspaces=[RESEARCH], may_list=True), "/workspaces")) is None
    assert ask(ACME.add_service_key(workspaces=None, may_list=False), "/workspaces") == FORBIDDEN


@pytest.mark.parametrize("path", ["/orgs", "/orgs/permissions", "/tenants", "/me/onboarding"])
def test_bearer_only_endpoints_refuse_keys(path: str) -> None:
    answer = ask(WIDE, path, workspace=RESEARCH)
    assert isinstance(answer, tuple)
    assert answer[0] == 403
    assert where(ask(OAUTH, path, bearer=True)) is None


def test_info_needs_no_key() -> None:
    assert ask(None, "/info") == Grant()


def test_a_revoked_key_is_unknown() -> None:
    key = ACME.add_personal_key(default=RESEARCH)
    assert where(ask(key)) == RESEARCH
    del ACCOUNTS.keys[key]
    assert ask(key) == FORBIDDEN
    assert where(ask(PERSONAL)) == RESEARCH


def test_a_key_may_lose_its_default_workspace() -> None:
    temporary = ACME.add_workspace("Temporary")
    key = ACME.add_personal_key(default=temporary)
    ACME.delete_workspace(temporary)
    assert ask(key) == FORBIDDEN


@pytest.mark.parametrize(
    ("asked", "known"),
    [
        ("/sessions", "/sessions"),
        ("/api/v1/sessions", "/sessions"),
        ("/api/sessions", "/sessions"),
        ("/v1/sessions", "/sessions"),
        ("/v1/platform/datasets", "/v1/platform/datasets"),
        ("/platform/datasets", "/v1/platform/datasets"),
        ("/api/v1/platform/datasets", "/v1/platform/datasets"),
        ("/api/v2/runs/query", "/v2/runs/query"),
    ],
)
def test_the_api_answers_under_several_prefixes(asked: str, known: str) -> None:
    assert canonical_path(asked) == known


def test_no_repr_shows_a_key() -> None:
    shown = repr(ACCOUNTS) + repr(ACCOUNTS.keys[WIDE]) + repr(ACME) + repr(ask(WIDE, "/workspaces"))
    assert WIDE not in shown
    assert PERSONAL not in shown


def test_a_misspelt_role_is_an_error() -> None:
    with pytest.raises(ValueError, match="editor"):
        ACME.add_personal_key(default=RESEARCH, role="editor")
