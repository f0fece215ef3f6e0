"""Callers that nothing about a client shows before its request is sent: no workspace is shared among them."""

from __future__ import annotations

import langsmith
import pytest
import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from safe_langsmith import ForbiddenDiagnosis

A1 = "0a0a0a0a-1111-4aaa-8aaa-000000000001"
B1 = "0b0b0b0b-2222-4bbb-8bbb-000000000001"
KEY = "lsv2_sk_c0ffeec0ffee0123456789abcdef0123_0123456789"
ASYNC = hasattr(langsmith.AsyncClient, "workspace_id")
GENERATED = hasattr(langsmith.Client, "_get_langsmith_api_sync")


def by_header_or_query(headers, query):
    told = f"{headers.get('x-user')} {headers.get('host')} {headers.get('cookie')} {query}"
    basic = headers.get("authorization", "")
    return "bob" if "bob" in told or "Ym9i" in basic else "alice"


@pytest.fixture
def gateway(make_gateway):
    """Alice reaches A1 alone, and Bob reaches that one, too."""
    return make_gateway({"alice": [A1], "bob": [B1, A1]}, by_header_or_query)


class Caller:
    """Who makes the next request. Only Bob's requests say so."""

    def __init__(self):
        self.name = None


@pytest.fixture
def caller():
    return Caller()


def by_adapter(caller, url):
    class Impersonating(HTTPAdapter):
        def add_headers(self, request, **kwargs):
            if caller.name:
                request.headers["X-User"] = caller.name

    session = requests.Session()
    # Of the shorter prefixes, the SDK mounts its own.
    session.mount(url, Impersonating())
    return session


def by_session(caller, url):
    class Impersonating(requests.Session):
        def send(self, request, **kwargs):
            if caller.name:
                request.headers["X-User"] = caller.name
            return super().send(request, **kwargs)

    return Impersonating()


def by_authentication(caller, url):
    class InQuery(AuthBase):
        def __call__(self, request):
            if caller.name:
                request.url += f"?user={caller.name}"
            return request

    session = requests.Session()
    session.auth = InQuery()
    return session


@pytest.mark.parametrize("sessions", [by_adapter, by_session, by_authentication])
@pytest.mark.parametrize("is_new", [False, True], ids=["the same client", "a new client"])
def test_code_of_the_user_tells_callers_apart(sessions, is_new, caller, gateway, make_client):
    def make():
        return make_client(api_url=gateway.url, api_key=KEY, session=sessions(caller, gateway.url))

    client = make()
    client.request_with_retries("POST", "/things", json={})
    caller.name = "bob"
    with pytest.raises(ForbiddenDiagnosis):
        (make() if is_new else client).request_with_retries("POST", "/things", json={})

    assert [(request.workspace, request.status) for request in gateway.calls] == [(None, 403), (A1, 200), (None, 403)]


def test_connections_tell_callers_apart(gateway, make_client):
    """As with a client certificate that only the adapter knows."""

    class Bound(HTTPAdapter):
        def init_poolmanager(self, *args, **kwargs):
            super().init_poolmanager(*args, source_address=("127.0.0.1", 0), **kwargs)

    def make():
        session = requests.Session()
        session.mount(gateway.url, Bound())
        return make_client(api_url=gateway.url, api_key=KEY, session=session)

    first = make()
    first.request_with_retries("POST", "/things", json={})
    assert first.workspace_id == A1
    assert make().workspace_id is None


@pytest.mark.skipif(not ASYNC, reason="this SDK's async client cannot name a workspace")
def test_a_hook_of_httpx_tells_callers_apart(caller, gateway, make_call_path, call_paths):
    async def impersonate(request):
        if caller.name:
            request.headers["X-User"] = caller.name

    call_path = make_call_path(call_paths["async"], gateway, KEY)
    call_path.client._client.event_hooks = {"request": [impersonate]}
    call_path.call("POST", "/things", {})
    caller.name = "bob"
    with pytest.raises(ForbiddenDiagnosis):
        call_path.call("POST", "/things", {})

    assert [request.workspace for request in gateway.calls] == [None, A1, None]


def by_netrc(client, monkeypatch, tmp_path):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login bob password secret-of-bob")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))


def by_cookie_of_a_sign_in(client, monkeypatch, tmp_path):
    client.session.cookies.set("AWSELBAuthSessionCookie-0", "bob")


def by_virtual_host(client, monkeypatch, tmp_path):
    client.session.headers["Host"] = "bob.example"


@pytest.mark.parametrize("change", [by_netrc, by_cookie_of_a_sign_in, by_virtual_host])
def test_another_caller_after_a_workspace_was_found(change, gateway, make_client, monkeypatch, tmp_path):
    client = make_client(api_url=gateway.url, api_key=KEY)
    client.request_with_retries("POST", "/things", json={})
    assert client.workspace_id == A1
    change(client, monkeypatch, tmp_path)
    with pytest.raises(ForbiddenDiagnosis):
        client.request_with_retries("POST", "/things", json={})

    assert [request.workspace for request in gateway.calls] == [None, A1, None]


@pytest.mark.skipif(not GENERATED, reason="this SDK has no such client")
@pytest.mark.parametrize("told", ["auth", "cookies", "default_query"])
def test_a_copy_of_a_generated_client_with_another_caller(told, gateway, make_client):
    client = make_client(api_url=gateway.url, api_key=KEY)
    api = client._get_langsmith_api_sync()
    api.post("/things", cast_to=object, body={})
    assert client.workspace_id == A1
    class_of_httpx = next(each for each in type(api._client).__mro__ if each.__module__.startswith("httpx"))
    options = {"auth": ("bob", "secret-of-bob")} if told == "auth" else {"cookies": {"sso": "bob"}}
    with class_of_httpx(**options) as sender:
        given = {"default_query": {"user": "bob"}} if told == "default_query" else {"http_client": sender}
        with pytest.raises(Exception) as caught:  # of the generated client's own class
            api.with_options(**given).post("/things", cast_to=object, body={})

    assert "ForbiddenDiagnosis" in type(caught.value).__name__
    assert [request.workspace for request in gateway.calls] == [None, A1, None]


CHANGES = {
    "api_url": lambda client, elsewhere: setattr(client, "api_url", elsewhere.url),
    "session.auth": lambda client, elsewhere: setattr(client.session, "auth", ("bob", "secret-of-bob")),
    "api_key": lambda client, elsewhere: setattr(client, "api_key", KEY.replace("c0ffeec0", "c0ffeec1")),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_changes_while_the_second_send_is_in_flight_is_not_what_the_workspace_was_found_for(
    change, gateway, make_gateway, make_client
):
    elsewhere = make_gateway({"alice": [B1, A1], "bob": [B1, A1]}, by_header_or_query)
    client = make_client(api_url=gateway.url, api_key=KEY)
    in_second = lambda: gateway.meanwhile.update({"/things": lambda: change(client, elsewhere)})  # noqa: E731 - one line
    gateway.meanwhile["/workspaces"] = in_second
    assert client.request_with_retries("POST", "/things", json={}).status_code == 200

    assert client.workspace_id is None
    assert make_client(api_url=elsewhere.url, api_key=KEY).workspace_id is None


def test_a_header_of_the_session_that_names_a_workspace_is_not_overridden(gateway, make_client):
    client = make_client(api_url=gateway.url, api_key=KEY)
    client.request_with_retries("POST", "/things", json={})
    gateway.reaches["alice"] = (A1, B1)
    client.session.headers["X-Tenant-Id"] = B1
    client.request_with_retries("POST", "/things", json={})

    assert [request.workspace for request in gateway.calls] == [None, A1, B1]


@pytest.mark.parametrize("path", ["requests", "async"])
def test_a_call_with_authentication_of_its_own_is_asked_about_with_it(path, gateway, make_call_path, call_paths):
    if path == "async" and not ASYNC:
        pytest.skip("this SDK's async client cannot name a workspace")
    call_path = make_call_path(call_paths[path], gateway, KEY)
    sender = call_path.client._client if call_path.is_async else call_path.client.session
    sender.auth = ("alice", "secret-of-alice")
    client = call_path.client
    send = client._arequest_with_retries if call_path.is_async else client.request_with_retries

    def call():
        sent = send("POST", "/things", json={}, auth=("bob", "secret-of-bob"))
        return call_path.run(sent) if call_path.is_async else sent

    with pytest.raises(ForbiddenDiagnosis) as caught:
        call()

    assert {workspace.id for workspace in caught.value.workspaces} == {A1, B1}


def test_cookies_that_the_server_renews_are_warned_about_once(gateway, make_client, caplog):
    client = make_client(api_url=gateway.url, api_key=KEY)
    for number in range(4):
        client.session.cookies.set("sid", str(number))
        client.request_with_retries("POST", "/things", json={})

    assert [request.status for request in gateway.calls if request.workspace] == [200] * 4
    warned = [record for record in caplog.records if record.name == "safe_langsmith" and record.levelname == "WARNING"]
    assert len(warned) == 1
