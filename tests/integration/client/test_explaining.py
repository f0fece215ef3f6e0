"""A call that a retry does not help is explained: who, what, where, why, and what to do."""

from __future__ import annotations

import pytest
from langsmith.utils import LangSmithError, LangSmithUserError

from safe_langsmith import Cause, Confidence, ForbiddenDiagnosis
from safe_langsmith.testing import Drop, Redirect, Reply, Slow, SlowBody

NOWHERE = "11111111-1111-4111-8111-111111111111"


def refused(call) -> ForbiddenDiagnosis:
    with pytest.raises(ForbiddenDiagnosis) as caught:
        call()
    assert [check.step for check in caught.value.checks][:5] == [1, 2, 3, 4, 5]
    assert caught.value.fixes
    return caught.value


def list_projects(client):
    return lambda: list(client.list_projects())


@pytest.fixture
def research(workspace):
    return workspace


class TestWorkspaces:
    @pytest.fixture
    def production(self, org, research):
        return org.add_workspace("Production")

    @pytest.fixture
    def key(self, org, production):
        return org.add_service_key(workspaces=None)

    def test_two_and_none_named(self, server, research, production, key, make_client, seen):
        error = refused(list_projects(make_client(server, key)))

        assert (error.cause, error.confidence) == (Cause.WORKSPACE_REQUIRED, Confidence.CONFIRMED)
        for workspace in (research, production):
            assert workspace.id in str(error)
            assert workspace.name in str(error)
        lines = [f'client = SafeClient(workspace_id="{w.id}")  # {w.name}' for w in (research, production)]
        assert error.fixes[0].code.splitlines() == lines
        assert [r for r in seen(server) if r[1] == "/sessions"] == [("GET", "/sessions", None, 403)]

    def test_two_and_a_bare_refusal(self, make_server, make_client):
        server = make_server(says_workspace_required=False)
        org = server.add_organization("Acme")
        org.add_workspace("Research")
        org.add_workspace("Production")
        error = refused(list_projects(make_client(server, org.add_service_key(workspaces=None))))

        assert (error.cause, error.confidence) == (Cause.WORKSPACE_REQUIRED, Confidence.LIKELY)

    @pytest.mark.parametrize(
        "where", ["argument", "LANGSMITH_WORKSPACE_ID", "LANGCHAIN_WORKSPACE_ID", "header", "call"]
    )
    def test_named_and_not_reachable(self, where, server, research, production, key, make_client, monkeypatch, seen):
        options = {}
        if where == "argument":
            options = {"workspace_id": NOWHERE}
        elif where == "header":
            options = {"headers": {"X-Tenant-Id": NOWHERE}}
        elif where != "call":
            monkeypatch.setenv(where, NOWHERE)
        client = make_client(server, key, **options)
        headers = {"x-tenant-id": NOWHERE} if where == "call" else {}

        error = refused(lambda: client.request_with_retries("GET", "/sessions", headers=headers))

        assert (error.cause, error.confidence) == (Cause.WORKSPACE_NOT_ACCESSIBLE, Confidence.CONFIRMED)
        said = {"argument": "workspace_id argument", "header": "X-Tenant-Id header given to the client"}
        assert said.get(where, "X-Tenant-Id header of the request" if where == "call" else where) in error.summary
        assert research.id in error.fixes[0].code
        assert [r for r in seen(server) if r[1] == "/sessions"] == [("GET", "/sessions", NOWHERE, 403)]

    def test_the_organizations_id(self, server, org, key, make_client):
        error = refused(list_projects(make_client(server, key, workspace_id=org.id)))

        assert error.cause is Cause.WORKSPACE_NOT_ACCESSIBLE
        assert "id of the organization" in error.summary

    def test_a_deleted_one(self, server, org, key, make_client):
        gone = org.add_workspace("Gone", deleted=True)
        error = refused(list_projects(make_client(server, key, workspace_id=gone.id)))

        assert error.cause is Cause.WORKSPACE_NOT_ACCESSIBLE
        assert "deleted" in error.summary

    def test_not_reachable_for_a_key_that_may_not_list(self, server, org, research, production, make_client):
        client = make_client(server, org.add_service_key(workspaces=[research]), workspace_id=production.id)
        error = refused(list_projects(client))

        assert (error.cause, error.confidence) == (Cause.WORKSPACE_NOT_ACCESSIBLE, Confidence.CONFIRMED)
        assert error.workspaces is None
        assert research.id in error.fixes[0].code

    @pytest.mark.parametrize("status", [401, 403])
    def test_no_uuid(self, status, make_server, make_client):
        server = make_server(malformed_workspace_status=status)
        org = server.add_organization("Acme")
        key = org.add_personal_key(default=org.add_workspace("Research"))
        client = make_client(server, key, workspace_id="1")
        if status == 401:
            with pytest.raises(LangSmithError, match="not a valid UUID") as caught:
                list(client.list_projects())
            assert not isinstance(caught.value, ForbiddenDiagnosis)
            return

        error = refused(list_projects(client))

        assert error.cause is Cause.WORKSPACE_ID_MALFORMED
        assert '"1"' in error.summary
        assert [probe.path for probe in error.probes] == ["/workspaces"]


class TestKeys:
    def test_the_server_does_not_know_the_key(self, server, make_client):
        key = "lsv2_pt_c0ffeec0ffee0123456789abcdef0123_0123456789"
        error = refused(list_projects(make_client(server, key)))

        assert (error.cause, error.confidence) == (Cause.KEY_REJECTED, Confidence.LIKELY)
        for reason in ("revoked", "expired", "another region", "another organization"):
            assert reason in error.summary
        assert error.key.kind == "personal"
        assert error.key.masked.endswith("6789")
        assert [probe.path for probe in error.probes] == ["/settings", "/workspaces", "/info"]

    def test_a_revoked_service_key_for_a_named_workspace(self, server, org, research, make_client):
        key = org.add_service_key(workspaces=[research])
        server.revoke(key)
        error = refused(list_projects(make_client(server, key, workspace_id=research.id)))

        assert error.cause is Cause.KEY_REJECTED
        assert len(error.probes) == 4
        assert any("workspace" in fix.title and "IP" in fix.title for fix in error.fixes)

    @pytest.mark.parametrize(
        "key",
        [
            "<your-api-key>",
            "lsv2_pt_xxxxxxxx...",
            "sv2_pt_c0ffeec0ffee0123456789abcdef0123_0123456789",
            "sk-proj-c0ffeec0ffee0123456789abcdef0123",
            "userdata.get('c0ffeec0ffee')",
            "lsv2_sk_c0ffeec0ffee",
        ],
    )
    def test_it_cannot_be_one(self, key, server, make_client, canary):
        error = refused(list_projects(make_client(server, key)))

        assert error.cause is Cause.KEY_MALFORMED
        assert error.probes == ()
        assert len(server.requests) == 1
        assert key not in str(error)
        assert canary not in str(error)
        assert key[-4:] not in error.key.masked

    def test_a_legacy_key(self, server, make_client):
        server.fault("GET", "/sessions", Reply(403, {"detail": "Forbidden"}))
        error = refused(list_projects(make_client(server, "ls__c0ffeec0ffee01234567")))

        assert error.cause is Cause.KEY_LEGACY
        assert error.key.masked == "ls__****4567"

    def test_none_was_sent(self, server, make_client):
        server.fault("GET", "/sessions", Reply(403, {"detail": "Missing authentication headers"}))
        error = refused(list_projects(make_client(server)))

        assert error.cause is Cause.KEY_MISSING
        assert error.key.kind == "missing"
        assert [probe.path for probe in error.probes] == ["/info"]

    def test_an_unknown_kind_is_asked_about_and_not_judged(self, server, make_client):
        error = refused(list_projects(make_client(server, "lsv9_zz_c0ffeec0ffee")))

        assert error.cause is Cause.KEY_REJECTED
        assert error.key.kind == "unrecognized"
        assert error.key.masked == "****"

    def test_the_environment_holds_a_newer_one(self, server, make_client, monkeypatch):
        monkeypatch.setenv("LANGSMITH_API_KEY", "lsv2_pt_c0ffeec0ffee0123456789abcdef0123_0123450000")
        client = make_client(server)
        monkeypatch.setenv("LANGSMITH_API_KEY", "lsv2_pt_c0ffeec0ffee0123456789abcdef0123_0123451111")
        error = refused(list_projects(client))

        assert (error.cause, error.confidence) == (Cause.STALE_ENVIRONMENT, Confidence.LIKELY)
        assert error.settings["api_key"].source == "LANGSMITH_API_KEY"
        assert error.settings["api_key"].value == "lsv2_pt_****0000"
        assert error.settings["api_key"].others[0].value == "lsv2_pt_****1111"

    def test_dotenv_holds_a_newer_one(self, server, make_client, tmp_path):
        dotenv = tmp_path / ".env"
        dotenv.write_text("# keys\nLANGSMITH_API_KEY=lsv2_pt_c0ffeec0ffee0123456789abcdef0123_0123451111\n")
        client = make_client(server, "lsv2_pt_c0ffeec0ffee0123456789abcdef0123_0123450000", dotenv_path=dotenv)
        error = refused(list_projects(client))

        # Who passes a key on purpose need not mean the one in .env.
        assert (error.cause, error.confidence) == (Cause.STALE_ENVIRONMENT, Confidence.POSSIBLE)
        assert f"{dotenv}:2" in error.summary


class TestPermissions:
    def test_an_editor_creates_a_project(self, server, org, research, make_client):
        client = make_client(server, org.add_personal_key(default=research, role="Editor"))
        error = refused(lambda: client.create_project("p"))

        assert (error.cause, error.confidence) == (Cause.PERMISSION_DENIED, Confidence.LIKELY)
        for part in ("projects:create", "EDITOR", "Research", research.id):
            assert part in error.summary
        assert not any(fix.step == 5 or "key" in fix.title.lower() for fix in error.fixes)

    def test_the_body_names_the_permission(self, make_server, make_client):
        server = make_server(names_permissions=True)
        org = server.add_organization("Acme")
        client = make_client(server, org.add_personal_key(default=org.add_workspace("Research"), role="Viewer"))
        error = refused(lambda: client.create_dataset("d"))

        assert (error.cause, error.confidence) == (Cause.PERMISSION_DENIED, Confidence.CONFIRMED)
        assert "datasets:create" in error.summary
        assert "Research" in error.summary

    def test_permissions_not_listed(self, server, org, research, make_client, seen):
        client = make_client(server, org.add_personal_key(default=research, role="Editor", permissions_listed=False))
        error = refused(lambda: client.create_project("p"))

        assert error.cause is Cause.PERMISSION_DENIED
        assert len([r for r in seen(server) if r[0] == "POST"]) == 1

    def test_the_role_has_it_and_it_is_refused_all_the_same(self, server, org, research, make_client):
        client = make_client(server, org.add_personal_key(default=research))
        server.fault("POST", "/sessions", Reply(403, {"detail": "Forbidden"}))
        error = refused(lambda: client.create_project("p"))

        assert (error.cause, error.confidence) == (Cause.PERMISSION_DENIED, Confidence.POSSIBLE)
        assert "access policy" in error.summary


class TestOnTheWay:
    def test_html(self, server, make_client, org, research):
        page = "<!doctype html><html><head><title>403 Forbidden</title></head><body>squid</body></html>"
        server.fault("GET", "/sessions", Reply(403, page, "text/html"))
        error = refused(list_projects(make_client(server, org.add_personal_key(default=research))))

        assert (error.cause, error.confidence) == (Cause.BLOCKED_UPSTREAM, Confidence.CONFIRMED)
        assert [request.path for request in server.requests] == ["/sessions", "/info"]

    def test_another_host_after_a_redirect(self, server, make_server, make_client, org, research, seen):
        elsewhere = make_server()
        elsewhere.fault(None, None, Reply(403, {"detail": "Forbidden"}), times=None)
        server.fault("GET", "/sessions", Redirect(f"{elsewhere.url}/sessions"))
        error = refused(list_projects(make_client(server, org.add_personal_key(default=research))))

        assert error.cause is Cause.BLOCKED_UPSTREAM
        assert elsewhere.url.rpartition("/")[2] in error.summary
        assert seen(elsewhere) == [("GET", "/sessions", None, 403)]

    def test_a_feature_that_is_missing(self, server, make_client, org, research):
        server.fault("GET", "/sessions", Reply(403, {"error": "Forbidden - no plan found"}))
        error = refused(list_projects(make_client(server, org.add_personal_key(default=research))))

        assert (error.cause, error.confidence) == (Cause.FEATURE_UNAVAILABLE, Confidence.CONFIRMED)

    @pytest.mark.parametrize(
        "fault",
        [
            Drop(),
            Reply(500, {"detail": "oops"}),
            Reply(503, "<html>try later</html>", "text/html"),
            Reply(403, "<html>squid</html>", "text/html"),
            Reply(200, "<html>please log in</html>", "text/html"),
            Redirect("/login", 302),
            Reply(404, {"detail": "Not Found"}),
        ],
        ids=["drop", "500", "503", "html", "login page", "redirect", "404"],
    )
    def test_unusable_answers_to_probes_say_nothing_of_the_key(self, fault, server, org, research, make_client):
        key = org.add_personal_key(default=research)
        server.fault("GET", "/sessions", Reply(403, {"detail": "Forbidden"}))
        server.fault("GET", "/settings", fault, times=None)
        server.fault("GET", "/workspaces", fault, times=None)
        error = refused(list_projects(make_client(server, key)))

        assert error.cause is Cause.UNDETERMINED
        asked = [r for r in server.requests if r.path == "/settings"]
        assert len(asked) == (2 if isinstance(fault, Drop) or getattr(fault, "status", 0) >= 500 else 1)

    def test_a_passing_fault_is_asked_again(self, server, org, research, make_client):
        client = make_client(server, org.add_personal_key(default=research, role="Viewer"))
        server.fault("GET", "/settings", Drop())
        server.fault("GET", "/workspaces", Reply(502, "<html>bad gateway</html>", "text/html"))
        error = refused(lambda: client.create_project("p"))

        assert error.cause is Cause.PERMISSION_DENIED

    @pytest.mark.parametrize(
        "fault",
        [
            Slow(60),
            SlowBody(200, {"id": "x" * 500}, 0.05),
            SlowBody(200, {"id": "x" * 500}, 0.05, headers_too=True),
        ],
        ids=["silent", "dripping body", "dripping headers"],
    )
    def test_time_runs_out(self, fault, server, org, research, make_client, probing):
        probing.set_deadline(0.5)
        server.fault("GET", "/sessions", Reply(403, {"detail": "Forbidden"}))
        server.fault("GET", "/settings", fault, times=None)
        client = make_client(server, org.add_personal_key(default=research))
        error = refused(list_projects(client))

        assert error.cause is Cause.UNDETERMINED
        assert "0.5 s" in error.summary

    def test_a_retry_after_header_is_not_obeyed(self, server, org, research, make_client):
        server.fault("GET", "/sessions", Reply(403, {"detail": "Forbidden"}))
        later = Reply(429, {"detail": "slow down"}, headers={"Retry-After": "3600"})
        server.fault("GET", "/settings", later, times=None)
        error = refused(list_projects(make_client(server, org.add_personal_key(default=research))))

        assert error.cause is Cause.UNDETERMINED


class TestOddBodies:
    @pytest.mark.parametrize(
        "body",
        [
            b'["not", "an object"]',
            b'"a string"',
            b"null",
            b"",
            b"\xff\xfe\xfa",
            b"[" * 5_000,
            b"\x1b[31m\x1b]0;title\x07" * 6_000,
            b'{"detail": {"error": "x", "message": ["\\u202e"]}}',
            b'{"error": null}',
            b"1" * 10_000,
        ],
        ids=["list", "string", "null", "empty", "no utf-8", "brackets", "escapes", "object", "null error", "number"],
    )
    @pytest.mark.usefixtures("no_collection")
    def test_always_a_diagnosis_with_clean_text(self, body, server, org, research, make_client):
        server.fault("GET", "/sessions", Reply(403, body))
        error = refused(list_projects(make_client(server, org.add_personal_key(default=research))))

        assert isinstance(error, LangSmithError)
        assert all(character.isprintable() or character == "\n" for character in str(error))
        assert len(str(error)) < 8_000
        assert "Failed to GET /sessions in LangSmith API" in str(error)
        assert "\n\n" in str(error)

    def test_the_screen_ends_in_one_message(self, server, org, research, make_client):
        import traceback

        server.fault("GET", "/sessions", Reply(403, b'["tripped"]'))
        error = refused(list_projects(make_client(server, org.add_personal_key(default=research))))
        screen = "".join(traceback.format_exception(error))

        assert screen.count("Traceback") == 1
        assert "During handling" not in screen
        assert "direct cause" not in screen
        assert screen.rstrip().endswith(str(error).rstrip())


class TestExceptionClasses:
    def test_what_the_sdk_raises_for_a_missing_workspace(self, server, org, research, make_client):
        org.add_workspace("Production")
        client = make_client(server, org.add_service_key(workspaces=None))
        server.fault("GET", "/sessions", Reply(403, {"error": "org_scoped_key_requires_workspace"}))
        error = refused(list_projects(client))

        assert isinstance(error, LangSmithUserError)
        assert "This API key is org-scoped and requires workspace specification." in str(error)
        assert type(error.sdk_error) is LangSmithUserError

    def test_what_the_sdk_raises_for_others(self, server, make_client):
        error = refused(list_projects(make_client(server, "<your-api-key>")))

        assert isinstance(error, LangSmithError)
        assert not isinstance(error, LangSmithUserError)
        assert error.sdk_message == str(error.sdk_error)
        assert "Failed to GET /sessions in LangSmith API" in str(error)
        assert "403 Client Error: Forbidden for url" in str(error)
        assert '{"detail":"Forbidden"}' in str(error)

    def test_facts_of_the_request(self, server, make_client):
        server.fault("GET", "/sessions", Reply(403, {"detail": "Forbidden"}, headers={"X-Request-Id": "req-1"}))
        error = refused(list_projects(make_client(server, "<your-api-key>")))

        assert (error.method, error.url) == ("GET", f"{server.url}/sessions")
        assert error.request_id == "req-1"
        assert error.server_message == "Forbidden"


class TestNoProbing:
    def test_nothing_is_asked(self, server, org, research, make_client):
        client = make_client(server, org.add_personal_key(default=research, role="Editor"), probe=False)
        error = refused(lambda: client.create_project("p"))

        assert error.cause is Cause.UNDETERMINED
        assert "probe=False" in error.summary
        assert len(server.requests) == 1
        assert error.probes == ()

    def test_what_the_process_knows_is_used(self, server, org, research, make_client):
        key = org.add_service_key(workspaces=None)
        client = make_client(server, key, probe=False)
        list(make_client(server, key).list_projects())
        server.clear_requests()
        list(client.list_projects())

        assert len(server.requests) == 2
        assert client.workspace_id == research.id

    def test_probes_that_were_not_sent_keep_no_other_client_from_sending_them(self, server, org, research, make_client):
        key = org.add_personal_key(default=research, role="Editor")
        refused(lambda: make_client(server, key, probe=False).create_project("p"))

        error = refused(lambda: make_client(server, key).create_project("p"))

        assert error.cause is Cause.PERMISSION_DENIED


class TestFixes:
    def test_a_permission_the_role_has_is_not_asked_for(self, server, org, research, make_client):
        client = make_client(server, org.add_personal_key(default=research))
        server.fault("POST", "/sessions", Reply(403, {"detail": "Forbidden"}))
        error = refused(lambda: client.create_project("p"))

        assert [fix.title for fix in error.fixes[:2]] == ["Call again in a minute", "Look for an access policy"]
        assert not any("Ask an admin" in fix.title for fix in error.fixes)

    def test_only_a_workspace_that_may_allow_it_is_offered(self, server, org, research, make_client):
        production, sandbox = org.add_workspace("Production"), org.add_workspace("Sandbox")
        key = org.add_personal_key(default=research, role="Viewer", roles={production: "Viewer", sandbox: "Admin"})
        error = refused(lambda: make_client(server, key).create_project("p"))

        assert [fix.code for fix in error.fixes if fix.step == 2] == [
            f'client = SafeClient(workspace_id="{sandbox.id}")'
        ]
