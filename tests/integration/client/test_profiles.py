"""Logins: no API key, but a token from a profile of the config file, which the SDK renews."""

from __future__ import annotations

import asyncio
import importlib.util
import json
from datetime import datetime, timedelta, timezone

import pytest

from safe_langsmith import Cause, ForbiddenDiagnosis, SafeAsyncClient, diagnose
from safe_langsmith.testing import Reply

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("langsmith._internal._profiles") is None, reason="this SDK has no profiles"
)


@pytest.fixture
def log_in(server, monkeypatch, tmp_path):
    """Makes a token the selected profile's."""

    def log_in(token, **more):
        oauth = {"access_token": token, **more}
        config = tmp_path / "config.json"
        profiles = {"work": {"api_url": server.url, "oauth": oauth}}
        config.write_text(json.dumps({"current_profile": "work", "profiles": profiles}), encoding="utf-8")
        monkeypatch.setenv("LANGSMITH_CONFIG_FILE", str(config))

    return log_in


@pytest.fixture(params=["sync", "generated", "async"])
def post(request, make_client):
    """How the client of the profile posts something."""

    def sync(path, body):
        client = make_client()
        return client, client.request_with_retries("POST", path, json=body).json()

    def generated(path, body):
        if importlib.util.find_spec("langsmith._internal._openapi_auth") is None:
            pytest.skip("this SDK's generated clients want a key")
        client = make_client()
        return client, client._get_langsmith_api_sync().post(path, cast_to=object, body=body)

    def asynchronous(path, body):
        async def post():
            async with SafeAsyncClient() as client:
                response = await client._arequest_with_retries("POST", path, content=json.dumps(body))
            return client, response.json()

        return asyncio.run(post())

    return {"sync": sync, "generated": generated, "async": asynchronous}[request.param]


def test_a_login_that_needs_a_workspace_is_given_the_only_one(server, workspace, org, log_in, post):
    log_in(org.add_oauth_token(default=None, roles={workspace: "Admin"}))
    client, project = post("/sessions", {"name": "p"})

    assert project["name"] == "p"
    assert client.workspace_id == workspace.id
    assert [project["name"] for project in server.projects(workspace)] == ["p"]
    assert {r.headers.get("x-api-key") for r in server.requests} == {None}
    assert [r.path for r in server.requests] == ["/sessions", "/workspaces", "/sessions"]


def test_a_login_without_the_permission_gets_a_diagnosis_that_names_it(server, workspace, org, log_in, post, canary):
    log_in(org.add_oauth_token(default=workspace, role="Viewer"))
    with pytest.raises(ForbiddenDiagnosis) as caught:
        post("/sessions", {"name": "p"})

    error = caught.value
    assert error.cause is Cause.PERMISSION_DENIED
    assert error.key.kind == "oauth"
    assert error.summary.startswith('The OAuth token from profile "work" in config.json cannot create projects')
    assert canary not in str(error)


def test_an_expired_login_is_renewed_by_the_sdk_and_retried_with_the_new_token(server, workspace, org, log_in, post):
    token = org.add_oauth_token(default=None, roles={workspace: "Admin"})
    an_hour_ago = (datetime.now(timezone.utc) - timedelta(hours=1)).isoformat()
    log_in(token, refresh_token=server.add_refresh_token(token), expires_at=an_hour_ago)
    server.revoke(token)
    client, project = post("/sessions", {"name": "p"})

    assert (client.workspace_id, project["name"]) == (workspace.id, "p")
    told = [r for r in server.requests if r.path in ("/sessions", "/workspaces")]
    assert [(r.path, r.status) for r in told] == [("/sessions", 403), ("/workspaces", 200), ("/sessions", 200)]
    (used,) = {r.headers["authorization"] for r in told}
    assert token not in used


def test_a_key_of_the_environment_for_a_profiles_workspace_is_called_mixed(
    server, workspace, org, make_client, monkeypatch, tmp_path
):
    mine = server.add_organization("Mine")
    key = mine.add_personal_key(default=mine.add_workspace("Home"))
    config = tmp_path / "config.json"
    profiles = {"work": {"api_url": server.url, "workspace_id": workspace.id}}
    config.write_text(json.dumps({"current_profile": "work", "profiles": profiles}), encoding="utf-8")
    monkeypatch.setenv("LANGSMITH_CONFIG_FILE", str(config))
    monkeypatch.setenv("LANGSMITH_API_KEY", key)
    with pytest.raises(ForbiddenDiagnosis) as refused:
        list(make_client().list_projects())

    assert refused.value.cause is Cause.WORKSPACE_NOT_ACCESSIBLE
    said = 'the endpoint and the workspace come from profile "work" in config.json, but the key from LANGSMITH_API_KEY'
    assert f"mixed: {said}" in refused.value.checks[2].detail
    (fix,) = [fix for fix in refused.value.fixes if "from one place" in fix.title]
    assert "prefer_profile_auth=True" in fix.code
    assert "unset LANGSMITH_API_KEY" in fix.code


@pytest.mark.parametrize("expired", [True, False])
@pytest.mark.parametrize("status", [401, 403])
def test_a_login_that_is_over_is_renewed_first(server, workspace, org, log_in, make_client, expired, status):
    token = org.add_oauth_token(default=workspace)
    at = datetime.now(timezone.utc) + timedelta(hours=-1 if expired else 1)
    log_in(token, refresh_token="unknown-refresh-token", expires_at=at.isoformat())
    server.revoke(token)
    if status == 403:
        for path in ("/settings", "/workspaces"):
            server.fault("GET", path, Reply(403, {"detail": "Forbidden"}), times=None)
    found = diagnose(make_client())

    assert found.cause is Cause.KEY_REJECTED
    assert (found.fixes[0].title, found.fixes[0].code) == ("Log in again", "langsmith login")
    assert "the login has expired" in found.summary
