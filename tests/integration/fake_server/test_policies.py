"""Access policies, addresses, data planes and deactivated keys, over the socket, with `requests` and the SDK."""

from __future__ import annotations

import http.client
import sys
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from langsmith import Client
from langsmith.utils import LangSmithError

from safe_langsmith.testing import FakeLangSmith, Organization, Workspace

FORBIDDEN = (403, b'{"detail":"Forbidden"}')


def ask(
    server: FakeLangSmith,
    key: str,
    path: str,
    workspace: Workspace | None = None,
    *,
    method: str = "GET",
    json: Any = None,
) -> requests.Response:
    headers = {"X-Api-Key": key, **({"X-Tenant-Id": workspace.id} if workspace else {})}
    return requests.request(method, server.url + path, headers=headers, json=json, timeout=10)


def said(answer: requests.Response) -> tuple[int, bytes]:
    return answer.status_code, answer.content


class TestAccessPolicies:
    @pytest.mark.parametrize(
        ("role", "effects", "allowed"),
        [
            ("Admin", [], True),
            ("Admin", ["deny"], False),
            ("Viewer", [], False),
            ("Viewer", ["allow"], True),
            ("Viewer", ["allow", "deny"], False),
            ("Admin", ["deny", "allow"], False),
        ],
    )
    def test_a_denial_beats_an_allowance_beats_the_role(
        self,
        server: FakeLangSmith,
        acme: Organization,
        research: Workspace,
        make_sdk: Callable[..., Client],
        role: str,
        effects: list[Any],
        allowed: bool,
    ) -> None:
        sdk = make_sdk(server, api_key=acme.add_personal_key(default=research, role=role))
        for effect in effects:
            acme.add_access_policy(effect, "datasets:create")

        if allowed:
            assert sdk.create_dataset("questions").name == "questions"
        else:
            with pytest.raises(LangSmithError, match="403"):
                sdk.create_dataset("questions")
        assert list(sdk.list_projects()) == []

    def test_it_takes_effect_with_the_next_request(
        self, server: FakeLangSmith, acme: Organization, research: Workspace
    ) -> None:
        key = acme.add_personal_key(default=research)
        assert ask(server, key, "/sessions").status_code == 200
        acme.add_access_policy("deny", "projects:read")
        assert said(ask(server, key, "/sessions")) == FORBIDDEN

    def test_it_can_be_limited_to_a_workspace(
        self, server: FakeLangSmith, acme: Organization, research: Workspace
    ) -> None:
        support = acme.add_workspace("Support")
        key = acme.add_service_key(workspaces=None)
        acme.add_access_policy("deny", "projects:read", workspace=research)
        assert said(ask(server, key, "/sessions", research)) == FORBIDDEN
        assert ask(server, key, "/sessions", support).status_code == 200

    def test_it_does_not_apply_to_other_organizations(self, server: FakeLangSmith, acme: Organization) -> None:
        other = server.add_organization("Other")
        key = other.add_personal_key(default=other.add_workspace("Theirs"))
        acme.add_access_policy("deny", "projects:read")
        assert ask(server, key, "/sessions").status_code == 200

    def test_it_can_be_limited_to_a_resource(
        self, server: FakeLangSmith, acme: Organization, research: Workspace, make_sdk: Callable[..., Client]
    ) -> None:
        key = acme.add_personal_key(default=research)
        sdk = make_sdk(server, api_key=key)
        secret, public = sdk.create_project("secret"), sdk.create_project("public")
        acme.add_access_policy("deny", "projects:read", path=f"/sessions/{secret.id}")

        assert sdk.read_project(project_id=public.id).name == "public"
        with pytest.raises(LangSmithError, match="403"):
            sdk.read_project(project_id=secret.id)
        for path in (f"/api/v1/sessions/{secret.id}", f"/v2/sessions/{secret.id}", f"/sessions/{secret.id}/views"):
            assert ask(server, key, path).status_code == 403
        for path in ("/sessions", f"/sessions/{secret.id}0"):
            assert ask(server, key, path).status_code != 403

    def test_it_applies_to_every_path_of_a_resource(
        self, server: FakeLangSmith, acme: Organization, research: Workspace, make_sdk: Callable[..., Client]
    ) -> None:
        key = acme.add_personal_key(default=research, role="Viewer")
        dataset = make_sdk(server, api_key=acme.add_personal_key(default=research)).create_dataset("questions").id
        acme.add_access_policy("allow", "datasets:update", path=f"/api/v1/datasets/{dataset}/")

        def change(path: str, method: str) -> int:
            return ask(server, key, path, method=method, json={"description": "d"}).status_code

        assert change(f"/datasets/{dataset}", "PATCH") == 200
        assert change(f"/v1/platform/datasets/{dataset}/examples", "POST") != 403
        assert change("/v1/platform/datasets/0/examples", "POST") == 403
        assert change(f"/datasets/{dataset}", "DELETE") == 403

    def test_the_listed_permissions_are_the_roles(
        self, server: FakeLangSmith, acme: Organization, research: Workspace
    ) -> None:
        key = acme.add_personal_key(default=research, role="Viewer")
        before = ask(server, key, "/workspaces").json()
        acme.add_access_policy("allow", "projects:create")
        acme.add_access_policy("deny", "projects:read")
        assert ask(server, key, "/workspaces").json() == before

    def test_it_makes_no_key_a_member(self, server: FakeLangSmith, acme: Organization, research: Workspace) -> None:
        support = acme.add_workspace("Support")
        key = acme.add_personal_key(default=research)
        acme.add_access_policy("allow", "projects:read", workspace=support)
        assert said(ask(server, key, "/sessions", support)) == FORBIDDEN
        assert [row["id"] for row in ask(server, key, "/workspaces").json()] == [research.id]

    def test_the_missing_permission_may_be_named(self, make_server: Callable[..., FakeLangSmith]) -> None:
        server = make_server(names_permissions=True)
        acme = server.add_organization("Acme")
        key = acme.add_personal_key(default=acme.add_workspace("Research"))
        acme.add_access_policy("deny", "projects:read")
        assert ask(server, key, "/sessions").json() == {"detail": "Forbidden: missing permission projects:read"}

    def test_a_policy_that_could_never_apply_is_an_error(self, acme: Organization) -> None:
        with pytest.raises(ValueError, match="Deny"):
            acme.add_access_policy("Deny", "projects:read")  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="project:read"):
            acme.add_access_policy("deny", "project:read")
        with pytest.raises(ValueError, match="slash"):
            acme.add_access_policy("deny", "projects:read", path="sessions/0")


class TestDataPlanes:
    def test_a_workspace_with_its_own_is_not_served_here(
        self, server: FakeLangSmith, acme: Organization, research: Workspace
    ) -> None:
        own = acme.add_workspace("Own", data_plane_url="https://plane.acme.example")
        key = acme.add_personal_key(default=own, roles={research: "Admin"})

        for path in ("/settings", "/sessions"):
            assert said(ask(server, key, path)) == FORBIDDEN
            assert said(ask(server, key, path, own)) == FORBIDDEN
            assert ask(server, key, path, research).status_code == 200
        refused = ask(server, key, "/runs/multipart", own, method="POST")
        assert said(refused) == (403, b'{"error":"Forbidden"}\n')
        assert ask(server, key, "/v2/runs/query", own, method="POST").json()["detail"] == "Forbidden"

    def test_it_is_listed_with_its_address(self, server: FakeLangSmith, acme: Organization) -> None:
        own = acme.add_workspace("Own", data_plane_url="https://plane.acme.example")
        (row,) = ask(server, acme.add_personal_key(default=own), "/workspaces").json()
        assert (row["id"], row["data_plane_url"]) == (own.id, "https://plane.acme.example")

    def test_a_missing_workspace_is_still_reported(self, server: FakeLangSmith, acme: Organization) -> None:
        acme.add_workspace("Own", data_plane_url="https://plane.acme.example")
        assert "requires workspace" in ask(server, acme.add_service_key(workspaces=None), "/settings").text

    @pytest.mark.parametrize("base", ["", "/api/v1"])
    @pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
    def test_the_data_plane_may_be_this_server(
        self, make_server: Callable[..., FakeLangSmith], make_sdk: Callable[..., Client], base: str, host: str
    ) -> None:
        server = make_server(base)
        acme = server.add_organization("Acme")
        own = acme.add_workspace("Own", data_plane_url=server.url.replace("127.0.0.1", host))
        sdk = make_sdk(server, api_key=acme.add_personal_key(default=own))
        assert sdk.create_dataset("questions").name == "questions"

    def test_another_port_is_another_data_plane(self, make_server: Callable[..., FakeLangSmith]) -> None:
        shared, plane = make_server(), make_server()
        acme = shared.add_organization("Acme")
        own = acme.add_workspace("Own", data_plane_url=plane.url)
        assert said(ask(shared, acme.add_personal_key(default=own), "/settings")) == FORBIDDEN


class TestAddresses:
    @pytest.mark.parametrize("allowed", [[], ["203.0.113.7"], ["10.0.0.0/8", "::1"]])
    def test_a_key_from_another_address_is_refused(
        self, server: FakeLangSmith, acme: Organization, research: Workspace, allowed: list[str]
    ) -> None:
        key = acme.add_personal_key(default=research)
        acme.restrict_addresses(allowed)
        for path in ("/workspaces", "/settings", "/sessions", "/orgs/current/info"):
            assert said(ask(server, key, path)) == FORBIDDEN
        refused = ask(server, key, "/runs/batch", method="POST")
        assert said(refused) == (403, b'{"error":"Forbidden"}\n')
        assert requests.get(f"{server.url}/info").status_code == 200

    @pytest.mark.parametrize("allowed", [["203.0.113.7", "127.0.0.1"], ["127.0.0.0/8"], None])
    def test_a_key_from_an_allowed_address_is_served(
        self, server: FakeLangSmith, acme: Organization, research: Workspace, allowed: list[str] | None
    ) -> None:
        key = acme.add_personal_key(default=research)
        acme.restrict_addresses([])
        acme.restrict_addresses(allowed)
        assert ask(server, key, "/workspaces").status_code == 200
        assert ask(server, key, "/settings").status_code == 200

    def test_logins_are_restricted_too(self, server: FakeLangSmith, acme: Organization, research: Workspace) -> None:
        headers = {"Authorization": f"Bearer {acme.add_oauth_token(default=research)}"}
        acme.restrict_addresses([])
        assert said(requests.get(f"{server.url}/settings", headers=headers)) == FORBIDDEN

    def test_other_organizations_are_not(self, server: FakeLangSmith, acme: Organization) -> None:
        other = server.add_organization("Other")
        key = other.add_personal_key(default=other.add_workspace("Theirs"))
        acme.restrict_addresses([])
        assert ask(server, key, "/settings").status_code == 200

    def test_an_address_must_be_valid(self, server: FakeLangSmith, acme: Organization) -> None:
        for wrong in ("127.0.0.1", ["127.0.0.one"]):
            with pytest.raises(ValueError, match="IPv4"):
                acme.restrict_addresses(wrong)

    @pytest.mark.skipif(sys.platform != "linux", reason="only one loopback address")
    def test_only_the_address_of_the_socket_counts(
        self, server: FakeLangSmith, acme: Organization, research: Workspace
    ) -> None:
        headers = {"X-Api-Key": acme.add_personal_key(default=research), "X-Forwarded-For": "127.0.0.2"}
        acme.restrict_addresses(["127.0.0.2"])
        statuses = []
        for source in ("127.0.0.1", "127.0.0.2"):
            address = urlsplit(server.url)
            connection = http.client.HTTPConnection(
                str(address.hostname), address.port, timeout=5, source_address=(source, 0)
            )
            connection.request("GET", "/settings", headers=headers)
            statuses.append(connection.getresponse().status)
            connection.close()
        assert statuses == [403, 200]
        assert [seen.client_address for seen in server.requests] == ["127.0.0.1", "127.0.0.2"]


class TestDeactivatedKeys:
    @pytest.mark.parametrize("header", ["X-Api-Key", "Authorization"])
    def test_a_key_is_refused_until_it_is_reactivated(
        self, server: FakeLangSmith, acme: Organization, research: Workspace, header: str
    ) -> None:
        key = acme.add_personal_key(default=research)
        headers = {header: key if header == "X-Api-Key" else f"Bearer {key}"}
        server.deactivate(key)
        server.deactivate(key)
        for path in ("/workspaces", "/settings"):
            assert said(requests.get(server.url + path, headers=headers)) == FORBIDDEN
        server.reactivate(key)
        assert requests.get(f"{server.url}/settings", headers=headers).json()["id"] == research.id

    def test_other_keys_are_not_affected(self, server: FakeLangSmith, acme: Organization, research: Workspace) -> None:
        key, other = (acme.add_personal_key(default=research) for _ in range(2))
        server.deactivate(key)
        assert ask(server, other, "/settings").status_code == 200

    def test_only_personal_access_tokens_can_be_deactivated(
        self, server: FakeLangSmith, acme: Organization, research: Workspace
    ) -> None:
        revoked = acme.add_personal_key(default=research)
        server.revoke(revoked)
        service, login = acme.add_service_key(workspaces=None), acme.add_oauth_token(default=research)
        for key in (service, login, revoked, "unknown"):
            for change in (server.deactivate, server.reactivate):
                with pytest.raises(ValueError, match="personal access token") as error:
                    change(key)
                assert key not in str(error.value)
        assert ask(server, service, "/workspaces").status_code == 200


class TestInfo:
    def test_it_may_need_a_key(self, make_server: Callable[..., FakeLangSmith]) -> None:
        server = make_server("/api", info_needs_key=True)
        acme = server.add_organization("Acme")
        key = acme.add_service_key(workspaces=None)
        without_key = requests.get(f"{server.url}/info")
        assert said(without_key) == (401, b'{"error":"Unauthorized"}\n')
        assert said(ask(server, "lsv2_pt_unknown", "/info")) == (403, b'{"error":"Forbidden"}\n')
        assert ask(server, key, "/info").json()["version"]
        acme.restrict_addresses([])
        assert said(ask(server, key, "/info")) == (403, b'{"error":"Forbidden"}\n')

    def test_the_sdk_sends_one(
        self, make_server: Callable[..., FakeLangSmith], make_sdk: Callable[..., Client]
    ) -> None:
        server = make_server(info_needs_key=True)
        sdk = make_sdk(server, api_key=server.add_organization("Acme").add_service_key(workspaces=None))
        assert sdk.info.version
        assert [(seen.path, seen.status) for seen in server.requests] == [("/info", 200)]
