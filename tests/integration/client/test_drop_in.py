"""`SafeClient` is a `langsmith.Client`: signature, success path, life and death."""

from __future__ import annotations

import contextlib
import copy
import gc
import html
import inspect
import subprocess
import sys
import weakref

import langsmith
import pytest
import requests

import safe_langsmith
from safe_langsmith import SafeClient
from safe_langsmith.testing import Reply
from tests.support.tracing import send_traces


@pytest.fixture
def personal(server):
    org = server.add_organization("Acme")
    return org.add_personal_key(default=org.add_workspace("Research"))


def test_the_signature_is_the_installed_sdks_and_ours():
    theirs = inspect.signature(langsmith.Client).parameters
    ours = inspect.signature(SafeClient).parameters

    assert list(ours) == [*theirs, "resolve_workspace", "probe", "dotenv_path"]
    assert all(ours[name].kind is inspect.Parameter.KEYWORD_ONLY for name in list(ours)[-3:])
    assert all(ours[name] == theirs[name] for name in theirs)


def test_unknown_arguments_are_the_sdks_to_refuse():
    with pytest.raises(TypeError, match="no_such_option"):
        SafeClient(no_such_option=1)


def test_it_is_accepted_where_a_client_is(server, personal, make_client):
    client = make_client(server, personal)

    assert isinstance(client, langsmith.Client)
    assert repr(client) == f"SafeClient (API URL: {server.url})"
    assert copy.copy(client).workspace_id is None


def test_a_notebook_shows_it_as_the_sdks_client_without_a_password():
    options = {"api_key": "x", "auto_batch_tracing": False}
    theirs = langsmith.Client("https://langsmith.example.org/api/v1", **options)._repr_html_()
    assert SafeClient("https://langsmith.example.org/api/v1", **options)._repr_html_() == theirs
    for url in (
        "https://user:hunter2canary@langsmith.example.org/api/v1",
        "https://user:hun/ter2canary@langsmith.example.org/api/v1",
    ):
        client = SafeClient(url, **options)
        assert client._repr_html_() == f"<code>{html.escape(repr(client))}</code>"
        assert "ter2canary" not in repr(client)


def test_a_positional_endpoint(server, personal):
    client = SafeClient(server.url, api_key=personal, auto_batch_tracing=False)
    assert list(client.list_projects()) == []
    client.session.close()


def test_success_costs_no_extra_request(server, personal, make_client, seen):
    client = make_client(server, personal)
    client.create_project("p")
    list(client.list_projects())

    assert [r[:2] for r in seen(server)] == [("POST", "/sessions"), ("GET", "/sessions")]


def test_other_errors_are_the_sdks_untouched(server, personal, make_client):
    client = make_client(server, personal)
    server.fault("GET", "/sessions", Reply(401, {"detail": "Invalid token"}))
    with pytest.raises(langsmith.utils.LangSmithAuthError) as caught:
        list(client.list_projects())

    assert isinstance(caught.value.__context__, requests.HTTPError)
    assert len(server.requests) == 1


def test_an_unrelated_403_that_is_being_handled_is_not_taken_for_ours(server, personal, make_client):
    client = make_client(server, personal)
    server.fault("GET", "/sessions", Reply(404, {"detail": "no"}))
    unrelated = requests.Response()
    unrelated.status_code = 403
    try:
        raise requests.HTTPError("somebody else's", response=unrelated)
    except requests.HTTPError:
        with pytest.raises(langsmith.utils.LangSmithNotFoundError):
            list(client.list_projects())


def test_a_refusal_of_the_users_own_authentication_is_not_ours(server, personal, make_server, make_client):
    tokens = make_server()
    tokens.fault(None, None, Reply(403, {"detail": "Forbidden"}), times=None)

    class Login(requests.auth.AuthBase):
        def __call__(self, request):
            requests.get(f"{tokens.url}/token", timeout=5).raise_for_status()
            return request

    with requests.Session() as session:
        session.auth = Login()
        client = make_client(server, personal, session=session)
        with pytest.raises(langsmith.utils.LangSmithError) as caught:
            list(client.list_projects())

    assert not isinstance(caught.value, safe_langsmith.ForbiddenDiagnosis)
    assert len(tokens.requests) == 1
    assert server.requests == ()


def test_the_users_session_is_used_and_left_as_it_was(server, make_client):
    org = server.add_organization("Acme")
    org.add_workspace("Research")
    called = []
    with requests.Session() as session:
        session.headers["X-Corporate"] = "yes"
        session.hooks["response"].append(lambda response, **_: called.append(response.url))
        client = make_client(server, org.add_service_key(workspaces=None), session=session)
        before = (dict(session.headers), dict(session.adapters), list(session.hooks["response"]), len(session.cookies))
        server.fault("GET", "/workspaces", Reply(500, {}, headers={"Set-Cookie": "a=b"}))
        list(client.list_projects())
        after = (dict(session.headers), dict(session.adapters), list(session.hooks["response"]), len(session.cookies))

    assert before == after
    assert all(r.headers["x-corporate"] == "yes" for r in server.requests)
    assert not [url for url in called if "workspaces" in url]


def test_probes_go_through_what_a_subclass_of_the_session_does(server, make_client):
    class Signing(requests.Session):
        def send(self, request, **kwargs):
            request.headers["X-Signature"] = "signed"
            return super().send(request, **kwargs)

    org = server.add_organization("Acme")
    org.add_workspace("Research")
    with Signing() as session:
        list(make_client(server, org.add_service_key(workspaces=None), session=session).list_projects())

    assert [r.headers["x-signature"] for r in server.requests] == ["signed"] * 3


def test_probes_go_the_way_the_session_goes(make_server, make_client):
    # A proxy for plain http receives whole URLs, so a fake server that plays the proxy sees every request.
    proxy = make_server()
    proxy.fault(None, None, Reply(403, {"error": "org_scoped_key_requires_workspace"}), times=None)
    with requests.Session() as session:
        session.proxies = {"http": proxy.url}
        session.trust_env = False
        client = make_client(
            api_url="http://langsmith.invalid", api_key="lsv2_sk_c0ffeec0ffee0123456789abcdef0123_01", session=session
        )
        with pytest.raises(safe_langsmith.ForbiddenDiagnosis):
            list(client.list_projects())

    assert [request.path for request in proxy.requests] == ["/sessions", "/workspaces", "/info"]


def test_a_refusal_leaves_nothing_that_keeps_the_client_alive(server, make_client):
    org = server.add_organization("Acme")
    org.add_workspace("Research")
    client = SafeClient(api_url=server.url, api_key=org.add_service_key(workspaces=None), auto_batch_tracing=False)
    list(client.list_projects())
    client.session.close()
    alive = weakref.ref(client)
    del client
    gc.collect()

    assert alive() is None


@pytest.mark.parametrize("kind", ["viewer", "organization"])
@pytest.mark.parametrize("method", ["create_project", "read_project"])
def test_an_exception_that_is_let_go_holds_nothing_that_the_sdks_would_not(kind, method, server):
    org = server.add_organization("Acme")
    workspace = org.add_workspace("Research")
    key = (
        org.add_personal_key(default=workspace, role="Viewer")
        if kind == "viewer"
        else org.add_service_key(workspaces=None)
    )
    argument = "p" if method == "create_project" else "11111111-1111-4111-8111-111111111111"
    references = []
    gc.collect()
    gc.disable()
    try:
        for class_ in (langsmith.Client, SafeClient):
            client = class_(api_url=server.url, api_key=key, auto_batch_tracing=False)
            # Not pytest.raises(), which keeps the traceback.
            with contextlib.suppress(langsmith.utils.LangSmithError):
                getattr(client, method)(**{"project_name" if argument == "p" else "project_id": argument})
            references.append(sys.getrefcount(client))
            client.session.close()
    finally:
        gc.enable()

    # The SDK's tracing threads end when the number of references is what they expect.
    assert references[1] <= references[0]


def test_it_can_be_put_where_the_sdks_class_was(server, monkeypatch):
    org = server.add_organization("Acme")
    key = org.add_personal_key(default=org.add_workspace("Research"))
    monkeypatch.setattr(langsmith, "Client", SafeClient)
    monkeypatch.setattr(langsmith.client, "Client", SafeClient)
    client = langsmith.Client(api_url=server.url, api_key="another", auto_batch_tracing=False)
    client.api_key = key

    assert list(client.list_projects()) == []
    client.session.close()


def test_the_tracing_thread_ends_with_its_client(server):
    org = server.add_organization("Acme")
    workspace = org.add_workspace("Research")
    client = SafeClient(api_url=server.url, api_key=org.add_service_key(workspaces=None))
    for number in range(20):
        client.create_run(f"run {number}", {"n": number}, "chain", project_name="p")
    send_traces(client)

    assert len(server.runs(workspace)) == 20
    client.cleanup()


def test_diagnosing_that_fails_leaves_the_sdks_error(server, make_client, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError("ours")

    monkeypatch.setattr("safe_langsmith._recovery.handler.investigate", broken)
    client = make_client(server, "<your-api-key>")
    with pytest.raises(langsmith.utils.LangSmithError) as caught:
        list(client.list_projects())

    assert type(caught.value) is langsmith.utils.LangSmithError
    assert isinstance(caught.value.__context__, requests.HTTPError)


def test_a_retry_is_seen_in_a_program_that_has_not_set_up_logging(server):
    org = server.add_organization("Acme")
    workspace = org.add_workspace("Research")
    key = org.add_service_key(workspaces=None)
    code = (
        "import sys; from safe_langsmith import SafeClient;"
        "list(SafeClient(sys.argv[1], api_key=sys.argv[2], auto_batch_tracing=False).list_projects())"
    )
    arguments = [sys.executable, "-c", code, server.url, key]
    result = subprocess.run(arguments, capture_output=True, text=True, check=True)

    assert f"Set LANGSMITH_WORKSPACE_ID={workspace.id}" in result.stderr


def test_importing_needs_neither_httpx_nor_dotenv_nor_tenacity_of_us():
    code = (
        "import sys, langsmith; from langsmith import Client; before = set(sys.modules);"
        "import safe_langsmith; print(sorted({m.partition('.')[0] for m in set(sys.modules) - before}))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert result.stdout.strip() == "['safe_langsmith']"
