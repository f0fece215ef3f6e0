"""The error bodies of version 2 of the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from safe_langsmith.testing import FakeLangSmith, Organization, Workspace

PROBLEM = "application/problem+json"


def problem(status: int, title: str, detail: str, instance: str) -> dict[str, Any]:
    return {"type": "about:blank", "title": title, "status": status, "detail": detail, "instance": instance}


def post(
    server: FakeLangSmith, path: str, key: str | None = None, workspace: Workspace | None = None
) -> requests.Response:
    headers = {
        name: value for name, value in (("X-Api-Key", key), ("X-Tenant-Id", workspace and workspace.id)) if value
    }
    return requests.post(server.url + path, headers=headers, json={}, timeout=10)


@pytest.mark.parametrize("prefix", ["", "/api"])
def test_refusals_are_problem_details(
    server: FakeLangSmith, acme: Organization, research: Workspace, prefix: str
) -> None:
    foreign = server.add_organization("Other").add_workspace("Theirs")
    key, query = acme.add_service_key(workspaces=None), "/v2/runs/query"
    cases = [
        (post(server, prefix + query), problem(401, "Unauthorized", "Unauthorized", query)),
        (post(server, prefix + query, "lsv2_pt_unknown"), problem(403, "Forbidden", "Forbidden", query)),
        (post(server, prefix + query, key, foreign), problem(403, "Forbidden", "Forbidden", query)),
        (
            post(server, prefix + query, key),
            problem(403, "Forbidden", "This API key requires a workspace ID.", query),
        ),
        (
            post(server, f"{prefix}/v2/unknown", key, research),
            problem(404, "Not Found", "Not Found", "/v2/unknown"),
        ),
    ]
    for answer, expected in cases:
        assert (answer.status_code, answer.headers["Content-Type"]) == (expected["status"], PROBLEM)
        assert answer.json() == expected


@pytest.mark.parametrize(
    ("named", "detail"),
    [(False, "forbidden (insufficient permission)"), (True, "Forbidden: missing permission runs:read")],
)
def test_a_missing_permission(make_server: Callable[..., FakeLangSmith], named: bool, detail: str) -> None:
    server = make_server(names_permissions=named)
    acme = server.add_organization("Acme")
    key = acme.add_personal_key(default=acme.add_workspace("Research"))
    acme.add_access_policy("deny", "runs:read")
    answer = post(server, "/v2/runs/query", key)
    assert (answer.status_code, answer.headers["Content-Type"]) == (403, PROBLEM)
    assert answer.json()["detail"] == detail


def test_a_refusal_may_not_mention_the_missing_workspace(make_server: Callable[..., FakeLangSmith]) -> None:
    server = make_server(says_workspace_required=False)
    key = server.add_organization("Acme").add_service_key(workspaces=None)
    assert post(server, "/v2/runs/query", key).json()["detail"] == "Forbidden"
    assert post(server, "/v2/sandboxes/boxes", key).json()["detail"]["message"] == "Forbidden"


def test_the_detail_of_sandboxes_is_an_object(server: FakeLangSmith, acme: Organization, research: Workspace) -> None:
    key = acme.add_service_key(workspaces=None)
    cases = [
        (post(server, "/v2/sandboxes/boxes"), (401, "Unauthorized", "Unauthorized")),
        (post(server, "/v2/sandboxes/boxes", "lsv2_pt_unknown"), (403, "Forbidden", "Forbidden")),
        (
            post(server, "/api/v2/sandboxes/boxes", key),
            (403, "org_scoped_key_requires_workspace", "This API key requires a workspace ID."),
        ),
        (post(server, "/v2/sandboxes", key, research), (404, "NotFound", "Not Found")),
    ]
    ids = set()
    for answer, expected in cases:
        assert answer.headers["Content-Type"] == "application/json"
        assert set(answer.json()) == {"detail"}
        detail = answer.json()["detail"]
        ids.add(detail.pop("error_id"))
        assert (answer.status_code, detail["error"], detail["message"]) == expected
        assert set(detail) == {"error", "message"}
    assert len(ids) == len(cases)
    assert all(int(id, 16) for id in ids)


def test_a_path_that_only_starts_like_sandboxes_is_a_problem(server: FakeLangSmith) -> None:
    assert post(server, "/v2/sandboxes-of-mine").headers["Content-Type"] == PROBLEM
