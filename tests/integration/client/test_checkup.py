"""Checking a client before the first 403."""

from __future__ import annotations

import asyncio
import inspect
import sys
from functools import partial
from types import SimpleNamespace

import langsmith
import pytest

from safe_langsmith import Cause, Confidence, SafeAsyncClient, SafeClient, adiagnose, diagnose
from safe_langsmith.testing import Reply


@pytest.fixture(params=["sync", "async"])
def check(request, server, make_client):
    """Checks a client that is made with the arguments."""

    def sync(**kwargs):
        return diagnose(make_client(server, **kwargs))

    def asynchronous(**kwargs):
        async def check():
            client = SafeAsyncClient(api_key=kwargs.pop("key"), **{"api_url": server.url, **kwargs})
            try:
                return await adiagnose(client)
            finally:
                await client._client.aclose()

        return asyncio.run(check())

    return sync if request.param == "sync" else asynchronous


def asked(server):
    return [r.path for r in server.requests]


def test_without_an_asyncio_loop_the_async_check_says_so(server, workspace, key):
    """Another loop, such as trio's, runs the coroutine."""
    checking = adiagnose(SafeAsyncClient(api_url=server.url, api_key=key))

    with pytest.raises(RuntimeError, match=r"adiagnose needs an asyncio event loop, .*; use `diagnose`"):
        checking.send(None)
    assert asked(server) == []


def test_nothing_is_wrong(server, workspace, org, check):
    assert check(key=org.add_personal_key(default=workspace)) is None
    assert asked(server) == ["/settings"]


def test_the_workspace_that_is_named_works(server, workspace, key, check):
    if not hasattr(langsmith.AsyncClient, "workspace_id"):
        pytest.skip("this SDK's async client names no workspace")
    assert check(key=key, workspace_id=workspace.id) is None


def test_a_key_that_needs_a_workspace(server, workspace, key, check):
    found = check(key=key)

    assert found.cause is Cause.WORKSPACE_REQUIRED
    assert found.summary.startswith(f"Service key lsv2_sk_****{key[-4:]} needs a workspace in each request to")
    codes = [fix.code for fix in found.fixes if not fix.title.startswith("Update langsmith")]
    assert workspace.id in codes[0]
    assert (found.method, found.url, found.status_code) == (None, None, None)


@pytest.mark.parametrize("placeholder", ["<your-api-key>", "ls__c0ffeec0ffee0123456789", "sk-proj-c0ffeec0ffee"])
def test_a_value_that_cannot_be_a_key_is_not_asked_about(placeholder, server, check):
    assert check(key=placeholder).cause in (Cause.KEY_MALFORMED, Cause.KEY_LEGACY)
    assert asked(server) == []


def test_a_key_that_nobody_knows(server, check):
    assert check(key="lsv2_pt_c0ffeec0ffee0123456789abcdef0123_0123456789").cause is Cause.KEY_REJECTED


def test_a_server_that_is_not_there(check, nobody):
    found = check(key="lsv2_pt_c0ffeec0ffee0123456789abcdef0123_0123456789", api_url=nobody)

    assert found.cause is Cause.UNDETERMINED


def test_probe_false_asks_nothing(server, workspace, key, check):
    assert check(key=key, probe=False).cause is Cause.UNDETERMINED
    assert asked(server) == []


def test_the_sdks_own_clients_can_be_checked(server, workspace, key):
    client = langsmith.Client(api_url=server.url, api_key=key, auto_batch_tracing=False)

    assert diagnose(client).cause is Cause.WORKSPACE_REQUIRED
    assert client.workspace_id is None
    client.session.close()


class TestWaysAroundTheClient:
    @pytest.fixture
    def exporting(self, server, workspace, key, make_client):
        client = make_client(server, key, workspace_id=workspace.id)
        client.otel_exporter = SimpleNamespace()
        return client

    def test_one_that_lacks_the_workspace_is_named_with_the_way_round(self, exporting, workspace):
        found = diagnose(exporting)

        assert found.cause is Cause.WORKSPACE_REQUIRED
        assert "the OpenTelemetry exporter" in found.summary
        assert found.fixes[0].code == f"OTEL_EXPORTER_OTLP_HEADERS=x-api-key=<key>,X-Tenant-Id={workspace.id}"
        (check,) = [check for check in found.checks if "bypass" in check.title]
        assert check.result == "problem"

    def test_one_that_names_it_is_fine(self, exporting, workspace, monkeypatch):
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", f"x-api-key=k,X-Tenant-Id={workspace.id}")

        assert diagnose(exporting) is None

    def test_a_key_that_needs_no_workspace_has_no_trouble_there(self, server, org, workspace, make_client):
        client = make_client(server, org.add_personal_key(default=workspace), workspace_id=workspace.id)
        client.otel_exporter = SimpleNamespace()

        assert diagnose(client) is None

    def test_a_refusal_mentions_what_is_in_use(self, server, org, workspace, make_client, monkeypatch):
        monkeypatch.setitem(sys.modules, "langsmith.sandbox", SimpleNamespace())
        found = diagnose(make_client(server, org.add_service_key(workspaces=None)))

        assert "sandbox clients: no workspace is sent" in str(found.checks)

    def test_what_is_merely_imported_is_no_trouble(self, server, workspace, key, make_client, monkeypatch):
        monkeypatch.setitem(sys.modules, "langsmith.sandbox", SimpleNamespace())

        assert diagnose(make_client(server, key, workspace_id=workspace.id)) is None


def test_a_proxys_page_is_told_from_a_refusal(server, workspace, org, check):
    server.fault("GET", None, Reply(403, "<html><title>squid</title></html>", "text/html"), times=None)

    assert check(key=org.add_personal_key(default=workspace)).cause is Cause.BLOCKED_UPSTREAM


def test_each_function_says_which_clients_it_takes(server, workspace, key, make_client):
    async def mistaken():
        await adiagnose(make_client(server, key))

    with pytest.raises(TypeError, match="use `diagnose"):
        asyncio.run(mistaken())
    with pytest.raises(TypeError, match="use `await adiagnose"):
        diagnose(SafeAsyncClient(api_url=server.url, api_key=key))


class TestValues:
    """What the values alone show, before anybody is asked; the server answers some of these with 401."""

    def test_no_key(self, server, check):
        found = check(key=None)

        assert found.cause is Cause.KEY_MISSING
        assert "LANGSMITH_API_KEY=" in found.fixes[0].code
        assert asked(server) == []

    def test_no_key_but_a_variable_that_looks_like_one(self, check, monkeypatch):
        monkeypatch.setenv("LANGSMITH_KEY", "lsv2_pt_c0ffeec0ffee0123456789abcdef0123_0123456789")
        found = check(key=None)

        assert found.fixes[0].title == "Set LANGSMITH_API_KEY as well"
        assert "LANGSMITH_KEY is set, which the client does not read" in found.checks[2].detail

    def test_no_key_and_opentelemetry(self, server, make_client, monkeypatch):
        client = make_client(server)
        monkeypatch.setenv("LANGSMITH_OTEL_ENABLED", "true")

        assert diagnose(client).fixes[0].code == "LANGSMITH_OTEL_ONLY=true"

    def test_a_workspace_id_that_is_no_uuid(self, server, workspace, key, check, monkeypatch):
        monkeypatch.setenv("LANGCHAIN_WORKSPACE_ID", "1")
        if not hasattr(langsmith.AsyncClient, "workspace_id"):
            pytest.skip("this SDK's async client names no workspace")
        found = check(key=key)

        assert found.cause is Cause.WORKSPACE_ID_MALFORMED
        assert found.fixes[0].code == f"LANGCHAIN_WORKSPACE_ID={workspace.id}"
        assert asked(server) == ["/workspaces"]


class TestAKeyThatWorks:
    @pytest.fixture
    def working(self, org, workspace):
        return org.add_personal_key(default=workspace)

    def test_env_says_otherwise_by_now(self, server, org, workspace, working, make_client, monkeypatch):
        monkeypatch.setenv("LANGSMITH_API_KEY", working)
        client = make_client(server)
        newer = org.add_personal_key(default=workspace)
        monkeypatch.setenv("LANGSMITH_API_KEY", newer)
        found = diagnose(client)

        assert (found.cause, found.confidence) == (Cause.STALE_ENVIRONMENT, Confidence.POSSIBLE)
        assert found.summary.startswith(f"Personal access token lsv2_pt_****{working[-4:]} works at {server.url}, but")
        assert f"its key is lsv2_pt_****{working[-4:]}, but LANGSMITH_API_KEY now says lsv2_pt_****{newer[-4:]}" in (
            found.summary
        )
        assert found.checks[4].result == "not-applicable"

    def test_the_file_says_otherwise(self, server, org, workspace, working, make_client, monkeypatch, tmp_path):
        monkeypatch.setenv("LANGSMITH_API_KEY", working)
        newer = org.add_personal_key(default=workspace)
        file = tmp_path / ".env"
        file.write_text(f"# mine\nLANGSMITH_API_KEY={newer}\n")
        found = diagnose(make_client(server, dotenv_path=file))

        assert found.cause is Cause.STALE_ENVIRONMENT
        assert f"{file}:2 LANGSMITH_API_KEY says lsv2_pt_****{newer[-4:]}" in found.summary
        assert str(file) in found.fixes[0].code

    def test_a_key_that_was_given_on_purpose_is_meant(self, server, working, make_client, monkeypatch):
        monkeypatch.setenv("LANGSMITH_API_KEY", "lsv2_pt_c0ffeec0ffee0123456789abcdef0123_0123456789")

        assert diagnose(make_client(server, working)) is None

    def test_a_placeholder_in_the_file_is_no_better(self, server, working, make_client, monkeypatch, tmp_path):
        monkeypatch.setenv("LANGSMITH_API_KEY", working)
        file = tmp_path / ".env"
        file.write_text("LANGSMITH_API_KEY=<your-api-key>\n")

        assert diagnose(make_client(server, dotenv_path=file)) is None

    def test_two_variables_disagree(self, server, working, make_client, monkeypatch):
        monkeypatch.setenv("LANGSMITH_API_KEY", working)
        monkeypatch.setenv("LANGCHAIN_API_KEY", "ls__c0ffeec0ffee0123456789")
        found = diagnose(make_client(server))

        assert (found.cause, found.confidence) == (Cause.STALE_ENVIRONMENT, Confidence.POSSIBLE)
        assert (
            "two variables disagree: it uses LANGSMITH_API_KEY, and LANGCHAIN_API_KEY says ls__****6789"
            in found.summary
        )
        assert found.fixes[0].title == "Keep one of LANGSMITH_API_KEY and LANGCHAIN_API_KEY"
        assert 'os.environ.pop("LANGCHAIN_API_KEY", None)' in found.fixes[0].code

    def test_two_variables_that_agree_are_fine(self, server, working, make_client, monkeypatch):
        monkeypatch.setenv("LANGSMITH_API_KEY", working)
        monkeypatch.setenv("LANGCHAIN_API_KEY", working)

        assert diagnose(make_client(server)) is None


class TestEndpoints:
    def test_a_self_hosted_instances_web_page(self, make_server, check_at):
        server = make_server(base_path="/api/v1")
        workspace = (org := server.add_organization("Acme")).add_workspace("Research")
        root = server.url.removesuffix("/api/v1")
        found = check_at(root, org.add_personal_key(default=workspace))

        assert (found.cause, found.confidence) == (Cause.WRONG_ENDPOINT, Confidence.CONFIRMED)
        assert found.fixes[0].code == f'client = SafeClient(api_url="{server.url}")'

    def test_an_agent_server(self, server, check_at):
        server.fault("GET", "/info", Reply(200, {"version": "0.16.7", "langgraph_py_version": "1.2"}), times=None)
        server.fault(None, None, Reply(403, {"detail": "Forbidden"}), times=None)
        found = check_at(server.url, "lsv2_pt_c0ffeec0ffee0123456789abcdef0123_0123456789")

        assert (found.cause, found.confidence) == (Cause.WRONG_ENDPOINT, Confidence.CONFIRMED)
        assert "an Agent Server" in found.summary

    def test_an_address_without_https(self, check_at):
        found = check_at("eu.api.smith.langchain.com", "lsv2_pt_c0ffeec0ffee0123456789abcdef0123_0123456789")

        assert (found.cause, found.confidence) == (Cause.WRONG_ENDPOINT, Confidence.LIKELY)
        assert found.fixes[0].code == 'client = SafeClient(api_url="https://eu.api.smith.langchain.com")'
        assert found.probes == ()

    def test_another_way_to_write_the_same_address(self, server, workspace, org, make_client, monkeypatch):
        monkeypatch.setenv("LANGSMITH_ENDPOINT", server.url)
        client = make_client(key=org.add_personal_key(default=workspace))
        monkeypatch.setenv("LANGSMITH_ENDPOINT", f"{server.url}/api/v1")

        assert diagnose(client) is None

    def test_some_other_service(self, server, check_at):
        server.fault(None, None, Reply(404, {"detail": "Not Found"}), times=None)
        found = check_at(server.url, "lsv2_pt_c0ffeec0ffee0123456789abcdef0123_0123456789")

        assert (found.cause, found.confidence) == (Cause.WRONG_ENDPOINT, Confidence.LIKELY)
        assert "GET /info" in found.summary

    def test_a_proxy_that_drops_the_workspaces_header(self, server, org, workspace, key, make_client):
        other = org.add_workspace("Other")
        server.fault("GET", "/settings", Reply(200, {"id": workspace.id, "display_name": "Research"}), times=None)
        found = diagnose(make_client(server, key, workspace_id=other.id))

        assert found.cause is Cause.UNDETERMINED
        assert "a proxy may be removing X-Tenant-Id" in found.summary
        assert found.fixes[0].title == "Let X-Tenant-Id through"

    def test_a_login_page_in_front_of_it(self, server, check_at):
        server.fault("GET", "/settings", Reply(200, "<html><title>Acme login</title></html>", "text/html"), times=None)
        found = check_at(server.url, "lsv2_pt_c0ffeec0ffee0123456789abcdef0123_0123456789")

        assert found.cause is Cause.BLOCKED_UPSTREAM
        assert found.summary.startswith(f"What answers at {server.url} is not LangSmith")
        assert "Acme login" in found.summary

    def test_a_server_in_trouble_is_no_proof_of_anything(self, server, check_at):
        server.fault(None, None, Reply(502, "<html><title>Bad Gateway</title></html>", "text/html"), times=None)
        found = check_at(server.url, "lsv2_pt_c0ffeec0ffee0123456789abcdef0123_0123456789")

        assert found.cause is Cause.UNDETERMINED


@pytest.fixture
def check_at(make_client, monkeypatch):
    monkeypatch.setattr("safe_langsmith._probe.driver.PAUSE", 0)
    return lambda url, key: diagnose(make_client(api_url=url, api_key=key))


class TestFalseAlarms:
    def test_an_address_that_leads_on(self, server, workspace, org, make_client):
        page = Reply(301, "<html><title>301 Moved Permanently</title></html>", "text/html")
        server.fault("GET", "/settings", page, times=None)
        found = diagnose(make_client(server, org.add_personal_key(default=workspace)))

        assert (found.cause, found.confidence) == (Cause.UNDETERMINED, Confidence.POSSIBLE)
        assert "a redirect" in found.summary

    def test_a_deployments_key_beside_a_developers_file(
        self, server, workspace, org, make_client, monkeypatch, tmp_path
    ):
        monkeypatch.setenv("LANGSMITH_API_KEY", org.add_personal_key(default=workspace))
        file = tmp_path / ".env"
        file.write_text(f"LANGSMITH_API_KEY={org.add_personal_key(default=workspace)}\n")
        first = diagnose(make_client(server, dotenv_path=file)).fixes[0]

        assert first.title.startswith("Decide which value is right")
        assert "change nothing" in first.detail


def test_a_token_in_the_clients_own_headers_comes_from_there(server, workspace, org, make_client):
    if "headers" not in inspect.signature(langsmith.Client.__init__).parameters:
        pytest.skip("this SDK takes no headers")
    token = org.add_oauth_token(default=workspace)
    server.revoke(token)
    found = diagnose(make_client(server, headers={"Authorization": f"Bearer {token}"}))

    assert found.cause is Cause.KEY_REJECTED
    assert found.key.source == "the headers argument"
    assert not any(fix.code == "langsmith login" for fix in found.fixes)


def test_a_key_that_was_assigned_comes_from_no_header(server, org, workspace, make_client):
    if "headers" not in inspect.signature(langsmith.Client.__init__).parameters:
        pytest.skip("this SDK takes no headers")
    key = org.add_personal_key(default=workspace)
    client = make_client(server, key, headers={"X-Team": "research"})
    client.api_key = "lsv2_pt_c0ffeec0ffee0123456789abcdef0123_0123456789"

    assert diagnose(client).key.source == "an assignment to the client"


def test_a_line_that_reloads_needs_nothing_but_itself(server, org, workspace, make_client, tmp_path, monkeypatch):
    file = tmp_path / ".env"
    monkeypatch.setenv("LANGSMITH_ENDPOINT", server.url)
    monkeypatch.setenv("LANGSMITH_API_KEY", org.add_personal_key(default=workspace))
    langsmith.utils.get_env_var.cache_clear()
    file.write_text(f"LANGSMITH_API_KEY={org.add_personal_key(default=workspace)}\n")
    client = make_client(server, dotenv_path=file)
    line = diagnose(client).fixes[0].code
    names = {"SafeClient": partial(SafeClient, auto_batch_tracing=False)}
    exec(line, names)

    assert names["client"].api_key != client.api_key


@pytest.mark.parametrize("key", [None, "changeme"])
def test_a_workspace_id_that_is_none_is_never_called_well_formed(server, key, make_client):
    found = diagnose(make_client(server, key, workspace_id="1"))

    assert found.cause in (Cause.KEY_MISSING, Cause.KEY_MALFORMED)
    (check,) = [check for check in found.checks if check.step == 2]
    assert (check.result, check.detail) == ("problem", '"1" from the workspace_id argument: it is not a UUID')


@pytest.mark.parametrize("path", ["/projects", "/o/11111111-1111-4111-8111-111111111111/projects"])
def test_a_page_of_ones_own_instance_is_no_proxy(path, make_server, make_client):
    server = make_server(base_path="/api/v1")
    acme = server.add_organization("Acme")
    key = acme.add_personal_key(default=acme.add_workspace("Research"))
    page = server.url.removesuffix("/api/v1") + path
    found = diagnose(make_client(None, key, api_url=page, workspace_id=""))

    assert (found.cause, found.confidence) == (Cause.WRONG_ENDPOINT, Confidence.LIKELY)


@pytest.mark.parametrize("value", ["None", "null", "undefined"])
def test_the_text_of_nothing_is_no_key(server, value, make_client):
    assert diagnose(make_client(server, value)).cause is Cause.KEY_MALFORMED
    assert not server.requests


def test_nothing_was_refused_and_so_no_server_said_why(server, org, workspace, make_client):
    found = diagnose(make_client(server, org.add_service_key(workspaces=None)))

    assert found.cause is Cause.WORKSPACE_REQUIRED
    assert found.server_message is None


def test_an_argument_that_goes_before_the_file_is_left_out(server, org, workspace, make_client, tmp_path):
    file = tmp_path / ".env"
    file.write_text(f"LANGSMITH_API_KEY={org.add_personal_key(default=workspace)}\n")
    unknown = "lsv2_pt_c0ffeec0ffee0123456789abcdef0123_0123456789"
    found = diagnose(make_client(server, unknown, dotenv_path=file))

    assert (found.cause, found.confidence) == (Cause.STALE_ENVIRONMENT, Confidence.POSSIBLE)
    assert "leave the argument out" in found.fixes[0].title
    assert found.fixes[0].code.endswith(".env')\nclient = SafeClient()")
    (check,) = [check for check in found.checks if check.step == 4]
    assert check.result == "problem"


def test_a_key_that_is_refused_beside_an_id_that_is_none(server, make_client):
    unknown = "lsv2_pt_c0ffeec0ffee0123456789abcdef0123_0123456789"
    found = diagnose(make_client(server, unknown, workspace_id="Research"))

    assert found.cause is Cause.WORKSPACE_ID_MALFORMED
    (check,) = [check for check in found.checks if check.step == 5]
    assert check.result == "problem"
    assert found.fixes[-1].code == 'client = SafeClient(api_key="<the key>")'


def test_ids_to_put_in_place_of_what_is_none_are_asked_for(server, org, workspace, make_client):
    key = org.add_personal_key(default=workspace)
    fix = diagnose(make_client(server, key, workspace_id="Research")).fixes[0]

    assert fix.title == "Give the ID of Research"
    assert fix.code == f'client = SafeClient(workspace_id="{workspace.id}")'
    other = org.add_personal_key(default=workspace)
    assert not diagnose(make_client(server, other, workspace_id="Research", probe=False)).probes


@pytest.mark.parametrize(
    ("endpoint", "first"),
    [
        ("localhost:1984", "http://localhost:1984"),
        ("127.0.0.1:1984", "http://127.0.0.1:1984"),
        ("langsmith.example.org", "https://langsmith.example.org"),
        ("eu.smith.langchain.com", "https://eu.api.smith.langchain.com"),
        ("htp://langsmith.example.org", "https://langsmith.example.org"),
        ("https//api.smith.langchain.com", "https://api.smith.langchain.com"),
        ("http:/langsmith.example.org/api/v1", "https://langsmith.example.org/api/v1"),
        ("//api.smith.langchain.com", "https://api.smith.langchain.com"),
        ("0.0.0.0:1984", "http://0.0.0.0:1984"),
        ("127.example.org", "https://127.example.org"),
        ("htp://api.smith.langchain.com:x", "https://api.smith.langchain.com"),
    ],
)
def test_an_endpoint_that_nothing_can_be_sent_to(endpoint, first, make_client):
    found = diagnose(make_client(None, "lsv2_pt_c0ffeec0ffee0123456789abcdef0123_0123456789", api_url=endpoint))

    assert found.cause is Cause.WRONG_ENDPOINT
    assert found.fixes[0].code.startswith(f'client = SafeClient(api_url="{first}")')
    assert "answered" not in str([fix.detail for fix in found.fixes])


def test_a_file_that_cannot_be_read_is_to_be_corrected(server, make_client, tmp_path):
    file = tmp_path / ".env"
    file.write_text("LANGSMITH_API_KEY=x\n", encoding="utf-16")
    found = diagnose(make_client(server, dotenv_path=file))

    assert found.checks[3].result == "unknown"
    assert found.fixes[0].title == "Correct the .env file"
    assert "save it as UTF-8" in found.fixes[0].detail


def test_the_variables_that_are_printed_show_no_key(server, make_client, monkeypatch, capsys, canary):
    monkeypatch.setenv("LANGSMITH_PROJECT", "mine")
    fixes = diagnose(make_client(server)).fixes
    (fix,) = [fix for fix in fixes if fix.title.startswith("Print the LangSmith variables")]
    for name, value in {
        "LANGSMITH_TOKEN": f"lsv2_pt_{canary}0123456789abcdef0123_0123456789",
        "LANGSMITH_ENDPOINT": f"https://u:{canary}@h",
        "LANGSMITH_RUNS_ENDPOINTS": f'[{{"api_key": "{canary}"}}]',
        "LANGSMITH_PROJECT": "mine",
    }.items():
        monkeypatch.setenv(name, value)
    exec(fix.code, {})

    printed = capsys.readouterr().out
    assert canary not in printed
    assert "'LANGSMITH_PROJECT': 'mine'" in printed


# The SDK logs its endpoint, which is none of this library's business. So this is not the canary of the logs.
MARK = "facade5eed12"
SECRETS = [
    "sk-proj-{}0123456789",
    "sv2_pt_{}0123456789abcdef0123_0123456789",
    "pt_{}0123456789abcdef0123_0123456789",
    "Bearer {}",
    "ghp_{}0123456789abcdef",
    "OPENAI_API_KEY=sk-{}0123456789",
    "11111111-aaaa-4aaa-8aaa-111111111111\nOPENAI_API_KEY={}",
    "https://u:{}@api.smith.langchain.com",
    "https://api.smith.langchain.com/?key={}",
    "https://eu.api.smith.langchain.com\nAWS_SECRET_ACCESS_KEY={}",
]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize(
    "name", ["LANGSMITH_WORKSPACE_ID", "LANGSMITH_ENDPOINT", "LANGSMITH_PROJECT", "LANGSMITH_TRACING"]
)
def test_a_secret_in_the_wrong_variable_is_not_shown(name, secret, server, key, make_client, monkeypatch):
    monkeypatch.setattr("safe_langsmith._probe.driver.PAUSE", 0)
    monkeypatch.setenv("LANGSMITH_ENDPOINT", server.url)
    monkeypatch.setenv(name, secret.format(MARK))
    try:
        client = make_client(None, key, probe=False)
    except ValueError:
        return  # The SDK makes no client of it.
    found = diagnose(client)

    assert MARK not in "".join([repr(found), str(found), found._repr_html_(), str(found.to_dict())])
