"""Renewal of OAuth access tokens."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import requests
from langsmith import Client

from safe_langsmith.testing import Organization

from ...fake_service import FullLangSmith

REFRESH = {"grant_type": "refresh_token", "client_id": "langsmith-cli"}


def renew(server: FullLangSmith, refresh_token: str) -> requests.Response:
    return requests.post(f"{server.url}/oauth/token", data={**REFRESH, "refresh_token": refresh_token})


@pytest.mark.parametrize("revoked", [False, True])
def test_a_refresh_token_works_once(server: FullLangSmith, acme: Organization, revoked: bool) -> None:
    research = acme.add_workspace("Research")
    token = acme.add_oauth_token(default=research, role="Viewer")
    refresh_token = server.add_refresh_token(token)
    if revoked:
        server.revoke(token)

    renewed = renew(server, refresh_token).json()
    assert (renewed["token_type"], renewed["expires_in"] > 0) == ("Bearer", True)
    headers = {"Authorization": f"Bearer {renewed['access_token']}"}
    assert requests.get(f"{server.url}/settings", headers=headers).json()["id"] == research.id
    assert requests.post(f"{server.url}/datasets", headers=headers, json={"name": "d"}).status_code == 403

    again = renew(server, refresh_token)
    assert (again.status_code, again.json()) == (400, {"error": "invalid_grant"})
    assert renew(server, renewed["refresh_token"]).status_code == 200


def test_other_grant_types_are_refused(server: FullLangSmith) -> None:
    answer = requests.post(f"{server.url}/oauth/token", data={"grant_type": "password"})
    assert (answer.status_code, answer.json()) == (400, {"error": "unsupported_grant_type"})


def test_only_an_access_token_can_be_refreshed(server: FullLangSmith, acme: Organization) -> None:
    key = acme.add_service_key(workspaces=None)
    for given in (key, "unknown"):
        with pytest.raises(ValueError, match="OAuth") as error:
            server.add_refresh_token(given)
        assert given not in str(error.value)


@pytest.mark.skipif(importlib.util.find_spec("langsmith._internal._profiles") is None, reason="no profiles")
@pytest.mark.parametrize("base", ["", "/api", "/api/v1"])
def test_the_sdk_renews_the_token_of_its_profile(
    base: str,
    make_server: Callable[..., FullLangSmith],
    make_sdk: Callable[..., Client],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    server = make_server(base)
    acme = server.add_organization("Acme")
    token = acme.add_oauth_token(default=acme.add_workspace("Research"))
    oauth: dict[str, Any] = {
        "access_token": token,
        "refresh_token": server.add_refresh_token(token),
        "expires_at": (datetime.now(timezone.utc) - timedelta(hours=1)).isoformat(),
    }
    server.revoke(token)
    config = tmp_path / "config.json"
    profile = {"api_url": server.url, "oauth": oauth}
    config.write_text(json.dumps({"current_profile": "work", "profiles": {"work": profile}}), encoding="utf-8")
    monkeypatch.setenv("LANGSMITH_CONFIG_FILE", str(config))

    assert make_sdk(server).create_dataset("questions").name == "questions"

    saved = json.loads(config.read_text(encoding="utf-8"))["profiles"]["work"]["oauth"]
    assert saved["access_token"] != token
    assert saved["refresh_token"] != oauth["refresh_token"]
    statuses = [seen.status for seen in server.requests if not seen.outside]
    assert set(statuses) == {200}
