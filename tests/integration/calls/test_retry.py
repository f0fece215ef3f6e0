"""A request that lacked nothing but a workspace is sent once more with it, on every call path."""

from __future__ import annotations

import json
import logging
import pickle

import pytest

from safe_langsmith import Cause, ForbiddenDiagnosis
from safe_langsmith.testing import Reply

LARGE = {"name": "p", "description": "naïve 名前 " * 400}
UNNAMED = Reply(403, {"error": "org_scoped_key_requires_workspace"})


def test_a_read_is_answered_with_one_probe_and_one_retry(retrying_kind, server, workspace, key, make_call_path, seen):
    call_path = make_call_path(retrying_kind, server, key)

    assert call_path.call("GET", "/sessions") == []

    assert seen(server) == [
        ("GET", "/sessions", None, 403),
        ("GET", "/workspaces", None, 200),
        ("GET", "/sessions", workspace.id, 200),
    ]
    assert call_path.client.workspace_id == workspace.id


def test_the_next_call_costs_one_request(retrying_kind, server, workspace, key, make_call_path, seen):
    call_path = make_call_path(retrying_kind, server, key)
    call_path.call()
    server.clear_requests()

    assert call_path.call() == []
    assert call_path.call("POST", "/sessions", {"name": "p"})["name"] == "p"

    assert seen(server) == [("GET", "/sessions", workspace.id, 200), ("POST", "/sessions", workspace.id, 200)]


def test_a_write_arrives_byte_for_byte_and_once(retrying_kind, server, workspace, key, make_call_path, of):
    call_path = make_call_path(retrying_kind, server, key)

    assert call_path.call("POST", "/sessions", LARGE)["tenant_id"] == workspace.id

    first, second = [r for r in server.requests if r.method == "POST"]
    assert len(first.body) > 5_000
    assert first.body == second.body
    assert json.loads(second.body) == LARGE
    assert [stored["name"] for stored in server.projects(workspace)] == ["p"]


def test_the_second_request_differs_from_the_first_in_nothing_but_the_workspace(
    retrying_kind, server, key, make_call_path, workspace
):
    call_path = make_call_path(retrying_kind, server, key)
    call_path.call("POST", "/sessions", {"name": "p"}, headers={"X-Custom": "kept"})

    first, second = [dict(r.headers) for r in server.requests if r.method == "POST"]
    assert second.pop("x-tenant-id") == workspace.id
    assert first["x-custom"] == "kept"
    assert second == first


def test_a_server_that_gives_no_reason_costs_one_more_probe(retrying_kind, make_server, make_call_path, seen):
    server = make_server(says_workspace_required=False)
    org = server.add_organization("Acme")
    workspace = org.add_workspace("Research")
    call_path = make_call_path(retrying_kind, server, org.add_service_key(workspaces=None))

    call_path.call()

    assert seen(server) == [
        ("GET", "/sessions", None, 403),
        ("GET", "/settings", None, 403),
        ("GET", "/workspaces", None, 200),
        ("GET", "/sessions", workspace.id, 200),
    ]


def test_one_warning_names_the_workspace_and_the_variable(
    retrying_kind, server, workspace, key, make_call_path, caplog
):
    for call_path in (make_call_path(retrying_kind, server, key) for _ in range(2)):
        call_path.call()
        call_path.call()

    (warning,) = [r for r in caplog.records if r.name == "safe_langsmith" and r.levelno >= logging.WARNING]
    assert "Research" in warning.getMessage()
    assert f"LANGSMITH_WORKSPACE_ID={workspace.id}" in warning.getMessage()


def test_the_warnings_record_carries_the_diagnosis(retrying_kind, server, key, make_call_path, caplog):
    """As plain values, which any formatter can show and any handler can pickle."""
    make_call_path(retrying_kind, server, key).call("GET", "/sessions")

    (warning,) = [r for r in caplog.records if r.name == "safe_langsmith" and r.levelno >= logging.WARNING]
    told = json.loads(json.dumps(warning.diagnosis))
    assert (told["cause"], told["confidence"]) == ("workspace-required", "confirmed")
    assert (told["method"], told["url"]) == ("GET", f"{server.url}/sessions")
    assert [workspace["name"] for workspace in told["workspaces"]] == ["Research"]
    assert pickle.loads(pickle.dumps(vars(warning)))["diagnosis"] == told


def test_what_one_call_path_has_learned_every_other_knows(
    retrying_kind, v1, server, workspace, key, make_call_path, of
):
    call_path = make_call_path(retrying_kind, server, key)
    make_call_path(v1, server, key).call()
    call_path.call()

    assert of(server, "/sessions")[2:] == [(None, 403), (workspace.id, 200)]
    assert len(of(server, "/workspaces")) == 1


def test_a_second_refusal_is_explained_and_not_sent_a_third_time(
    retrying_kind, server, org, workspace, make_call_path, of, refused
):
    call_path = make_call_path(retrying_kind, server, org.add_service_key(workspaces=None, role="Viewer"))
    error = refused(call_path.call, "POST", "/sessions", {"name": "p"})

    assert of(server, "/sessions") == [(None, 403), (workspace.id, 403)]
    assert error.cause is Cause.PERMISSION_DENIED
    assert "projects:create" in error.summary
    assert "safe_langsmith" in error.settings["workspace_id"].source
    assert call_path.client.workspace_id is None
    server.clear_requests()
    assert call_path.call("GET", "/sessions") == []
    assert len(of(server, "/sessions")) == 2


@pytest.mark.parametrize("status", [404, 500])
def test_any_other_second_answer_is_the_sdks_and_the_workspace_stays(
    status, retrying_kind, server, workspace, key, make_call_path
):
    server.fault("GET", "/sessions", UNNAMED)
    server.fault("GET", "/sessions", Reply(status, {"detail": "no"}), times=2)
    call_path = make_call_path(retrying_kind, server, key)
    with pytest.raises(Exception, match="no") as caught:
        call_path.call()
    with pytest.raises(Exception, match="no") as plain:
        make_call_path(retrying_kind, server, key, plain=True, workspace_id=workspace.id).call()

    assert type(caught.value) is type(plain.value)
    assert str(caught.value) == str(plain.value)
    assert not isinstance(caught.value, ForbiddenDiagnosis)
    assert call_path.client.workspace_id == workspace.id
    server.clear_requests()
    assert call_path.call() == []
    assert len(server.requests) == 1


def test_a_second_401_is_the_sdks_and_keeps_nothing(retrying_kind, server, key, make_call_path):
    server.fault("GET", "/sessions", UNNAMED)
    server.fault("GET", "/sessions", Reply(401, {"detail": "Invalid token"}))
    call_path = make_call_path(retrying_kind, server, key)
    with pytest.raises(Exception, match="Invalid token") as caught:
        call_path.call()

    assert not isinstance(caught.value, ForbiddenDiagnosis)
    assert call_path.client.workspace_id is None


def test_the_sdks_error_keeps_its_own_context_inside_an_exception_handler(
    retrying_kind, server, workspace, key, make_call_path, nowhere
):
    path = f"/sessions/{nowhere}"
    with pytest.raises(Exception, match="404") as plain:
        make_call_path(retrying_kind, server, key, plain=True, workspace_id=workspace.id).call("GET", path)
    call_path = make_call_path(retrying_kind, server, key)
    try:
        raise KeyError("the caller's own trouble")
    except KeyError:
        with pytest.raises(Exception, match="404") as caught:
            call_path.call("GET", path)

    assert type(caught.value.__context__) in (type(plain.value.__context__), KeyError)
    assert type(caught.value.__cause__) is type(plain.value.__cause__)
    assert caught.value.__suppress_context__ == plain.value.__suppress_context__


def test_a_named_workspace_is_never_overridden(
    retrying_kind, server, workspace, key, make_call_path, of, nowhere, refused
):
    call_path = make_call_path(
        retrying_kind, server, key, workspace_id=nowhere, resolve_workspace=lambda found: found[0]
    )
    error = refused(call_path.call)

    assert error.cause is Cause.WORKSPACE_NOT_ACCESSIBLE
    assert of(server, "/sessions") == [(nowhere, 403)]
    assert call_path.client.workspace_id == nowhere


def test_another_key_given_for_one_call_does_not_get_this_keys_workspace(
    retrying_kind, server, org, workspace, key, make_call_path, of, caplog
):
    # Of the headers of a call, the SDK itself logs all there is.
    caplog.set_level(logging.INFO, "langsmith")
    call_path = make_call_path(retrying_kind, server, key)
    call_path.call()
    production = org.add_workspace("Production")
    other = org.add_personal_key(default=production, roles={workspace: "Admin"})
    server.clear_requests()
    header = "X-API-Key" if retrying_kind.is_generated else "x-api-key"
    call_path.call("POST", "/sessions", {"name": "p"}, headers={header: other})

    assert [project["name"] for project in server.projects(production)] == ["p"]
    assert of(server, "/sessions") == [(None, 200)]
    assert call_path.client.workspace_id == workspace.id


def test_a_client_that_cannot_name_a_workspace_gets_a_diagnosis_that_names_it(
    unretried_kind, server, workspace, key, make_call_path, of, refused
):
    error = refused(make_call_path(unretried_kind, server, key).call)

    assert error.cause is Cause.WORKSPACE_REQUIRED
    assert [found.id for found in error.workspaces] == [workspace.id]
    assert workspace.id in str(error)
    assert of(server, "/sessions") == [(None, 403)]
