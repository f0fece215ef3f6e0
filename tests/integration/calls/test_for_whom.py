"""A workspace is kept for the caller that it was found for, and nothing that the user names meanwhile is overridden."""

from __future__ import annotations

import contextvars
import os
import threading

import langsmith
import pytest
import requests
from requests.adapters import HTTPAdapter

from safe_langsmith import Cause, ForbiddenDiagnosis, SafeClient

A1 = "0a0a0a0a-1111-4aaa-8aaa-000000000001"
B1 = "0b0b0b0b-2222-4bbb-8bbb-000000000001"
B2 = "0b0b0b0b-2222-4bbb-8bbb-000000000002"
KEY = "lsv2_sk_c0ffeec0ffee0123456789abcdef0123_0123456789"
OTHER_KEY = "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"

USER: contextvars.ContextVar[str] = contextvars.ContextVar("user", default="alice")
ASYNC = hasattr(langsmith.AsyncClient, "workspace_id")


def by(name):
    """Returns how a gateway tells Alice, who reaches A1, from Bob, who reaches B1 and B2."""

    def caller(headers, query):
        told = query if name == "query" else headers.get(name, "")
        return "bob" if "bob" in told.lower() or "Ym9i" in told else "alice"

    return caller


@pytest.fixture
def make_users(make_gateway, make_client):
    def make(name, **options):
        gateway = make_gateway({"alice": [A1], "bob": [B1, B2]}, by(name))
        return gateway, make_client(api_url=gateway.url, api_key=KEY, **options)

    return make


class UserSession(requests.Session):
    def request(self, *args, **kwargs):
        kwargs["headers"] = {**(kwargs.get("headers") or {}), "X-Remote-User": USER.get()}
        return super().request(*args, **kwargs)


class SendingSession(requests.Session):
    def send(self, request, **kwargs):
        request.headers["X-Remote-User"] = USER.get()
        return super().send(request, **kwargs)


class UserAdapter(HTTPAdapter):
    def send(self, request, *args, **kwargs):
        request.headers["X-Remote-User"] = USER.get()
        return super().send(request, *args, **kwargs)


class AddingAdapter(HTTPAdapter):
    def add_headers(self, request, **kwargs):
        request.headers["X-Remote-User"] = USER.get()


def user_auth(request):
    request.headers["X-Remote-User"] = USER.get()
    return request


def with_adapter(adapter):
    def use(client):
        client.session.mount("http://", adapter())

    return use


def as_user(client, name):
    USER.set(name)


ALWAYS = {
    "a session's request": ("x-remote-user", {"session": UserSession}, None),
    "a session's send": ("x-remote-user", {"session": SendingSession}, None),
    "an adapter's send": ("x-remote-user", {}, with_adapter(UserAdapter)),
    "an adapter's headers": ("x-remote-user", {}, with_adapter(AddingAdapter)),
    "authentication": ("x-remote-user", {}, lambda client: setattr(client.session, "auth", user_auth)),
}


@pytest.mark.parametrize(("header", "options", "prepare"), ALWAYS.values(), ids=ALWAYS)
def test_two_users_of_one_client_are_told_apart_on_each_call(make_users, header, options, prepare):
    gateway, client = make_users(header, **{name: make() for name, make in options.items()})
    if prepare is not None:
        prepare(client)
    token = USER.set("alice")
    try:
        list(client.list_projects())
        USER.set("bob")
        with pytest.raises(ForbiddenDiagnosis):
            client.request_with_retries("POST", "/things", json={})
        USER.set("alice")
        list(client.list_projects())
    finally:
        USER.reset(token)

    of_bob = [request for request in gateway.calls if request.headers[header] == "bob"]
    assert [(request.workspace, request.status) for request in of_bob] == [(None, 403)]
    of_alice = [request for request in gateway.calls if request.headers[header] == "alice"]
    assert [request.status for request in of_alice if request.workspace == A1] == [200, 200]
    assert {request.workspace for request in of_alice} == {None, A1}


THREAD = threading.local()


def test_a_user_that_is_known_by_the_thread(make_users):
    def of_thread(request):
        request.headers["X-Remote-User"] = getattr(THREAD, "user", "bob")
        return request

    gateway, client = make_users("x-remote-user")
    client.session.auth = of_thread
    THREAD.user = "alice"
    try:
        assert client.request_with_retries("POST", "/things", json={}).status_code == 200
    finally:
        del THREAD.user

    assert {request.headers["x-remote-user"] for request in gateway.received} == {"alice"}


def test_what_is_answered_to_another_user_meanwhile_is_not_kept(make_users, make_client):
    gateway, client = make_users("x-remote-user")
    client.session.auth = user_auth
    token = USER.set("alice")
    try:
        gateway.meanwhile["/things"] = lambda: setattr(client.session, "auth", bob_auth)
        with pytest.raises(ForbiddenDiagnosis):
            client.request_with_retries("POST", "/things", json={})
        client.session.auth = user_auth
        assert client.request_with_retries("POST", "/things", json={}).status_code == 200
    finally:
        USER.reset(token)

    assert [request.workspace for request in gateway.calls] == [None, None, A1]


MEANWHILE = {
    "a header": ("x-user", lambda client: client.session.headers.update({"X-User": "bob"})),
    "a cookie": ("cookie", lambda client: client.session.cookies.set("sso", "bob")),
}


@pytest.mark.parametrize(("told_by", "change"), MEANWHILE.values(), ids=MEANWHILE)
@pytest.mark.parametrize("path", ["/things", "/workspaces"])
def test_what_the_session_adds_to_a_probe_makes_it_another_users(make_users, told_by, change, path):
    gateway, client = make_users(told_by)
    gateway.meanwhile[path] = lambda: change(client)
    with pytest.raises(ForbiddenDiagnosis):
        client.request_with_retries("POST", "/things", json={})
    client.session.headers.pop("X-User", None)
    client.session.cookies.clear()
    assert client.request_with_retries("POST", "/things", json={}).status_code == 200

    assert [request.workspace for request in gateway.calls] == [None, None, A1]


def test_what_the_user_names_meanwhile_stands_for_a_call_with_authentication_of_its_own(make_gateway, make_client):
    gateway = make_gateway({"alice": [A1], "bob": [B1]}, by("authorization"))
    client = make_client(api_url=gateway.url, api_key=KEY, headers={"Authorization": "Bearer alice-0123456789"})
    gateway.meanwhile["/things"] = lambda: setattr(client, "workspace_id", A1)
    with pytest.raises(ForbiddenDiagnosis):
        client.request_with_retries("POST", "/things", json={}, auth=("bob", "secret-of-bob"))

    assert [request.workspace for request in gateway.calls] == [None]


def bob_auth(request):
    request.headers["X-Remote-User"] = "bob"
    return request


CHANGES = {
    "headers=": (
        "authorization",
        lambda client: setattr(client, "headers", {"Authorization": "Bearer bob-0123456789"}),
    ),
    "api_key=": ("x-api-key", lambda client: setattr(client, "api_key", "lsv2_sk_bob_" + KEY[8:])),
    "session.headers": (
        "cf-access-client-id",
        lambda client: client.session.headers.update({"CF-Access-Client-Id": "bob"}),
    ),
    "session.auth": ("authorization", lambda client: setattr(client.session, "auth", ("bob", "secret-of-bob"))),
    "session.cookies": ("cookie", lambda client: client.session.cookies.set("sso", "bob")),
    "session.params": ("query", lambda client: setattr(client.session, "params", {"user": "bob"})),
    "headers in place": ("x-user", lambda client: client._headers.update({"X-User": "bob"})),
}


if not hasattr(langsmith.Client, "headers"):
    del CHANGES["headers="]


@pytest.mark.parametrize(("told_by", "change"), CHANGES.values(), ids=CHANGES)
def test_a_workspace_is_not_named_for_another_user(make_users, told_by, change):
    gateway, client = make_users(told_by)
    list(client.list_projects())
    assert client.workspace_id == A1
    change(client)
    gateway.received.clear()

    with pytest.raises(ForbiddenDiagnosis) as caught:
        client.create_dataset("x")

    assert [request.workspace for request in gateway.calls] == [None]
    assert {workspace.id for workspace in caught.value.workspaces} == {B1, B2}
    assert client.workspace_id is None


PER_CALL = {
    "headers": ("x-user", {"headers": {"X-User": "bob"}}),
    "nested headers": ("x-user", {"request_kwargs": {"headers": {"x-user": "bob"}}}),
    "authorization": ("authorization", {"headers": {"Authorization": "Bearer bob-0123456789"}}),
    "auth": ("authorization", {"auth": ("bob", "secret-of-bob")}),
    "cookies": ("cookie", {"cookies": {"sso": "bob"}}),
    "nested cookies": ("cookie", {"request_kwargs": {"cookies": {"sso": "bob"}}}),
}


@pytest.mark.parametrize(("told_by", "arguments"), PER_CALL.values(), ids=PER_CALL)
def test_a_call_that_brings_a_user_of_its_own(make_users, told_by, arguments):
    gateway, client = make_users(told_by)
    list(client.list_projects())
    gateway.received.clear()

    with pytest.raises(ForbiddenDiagnosis):
        client.request_with_retries("POST", "/things", json={}, **arguments)
    assert client.request_with_retries("GET", "/things").status_code == 200

    assert [request.workspace for request in gateway.calls] == [None, A1]


OVERRIDING = {
    "the call's auth": ({"auth": ("bob", "secret-of-bob")}, None),
    "the session's auth": ({}, lambda client: setattr(client.session, "auth", ("bob", "secret-of-bob"))),
    "a netrc file": ({}, None),
}


@pytest.mark.parametrize("named", ["workspace_id", "LANGSMITH_WORKSPACE_ID"])
@pytest.mark.parametrize(("arguments", "prepare"), OVERRIDING.values(), ids=OVERRIDING)
def test_a_workspace_stays_named_if_another_user_takes_the_place_of_a_header(
    make_gateway, make_client, arguments, prepare, named, request, monkeypatch, tmp_path
):
    gateway = make_gateway({"alice": [A1], "bob": [B1]}, by("authorization"))
    if named.isupper():
        monkeypatch.setenv(named, A1)
    client = make_client(api_url=gateway.url, api_key=KEY, headers={"Authorization": "Bearer alice-0123456789"})
    if not named.isupper():
        client.workspace_id = A1
    if "netrc" in request.node.name:
        (tmp_path / "netrc").write_text("machine 127.0.0.1 login bob password secret-of-bob")
        monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    if prepare is not None:
        prepare(client)

    with pytest.raises(ForbiddenDiagnosis) as caught:
        client.request_with_retries("POST", "/things", json={}, **arguments)

    assert caught.value.cause is Cause.WORKSPACE_NOT_ACCESSIBLE
    assert [request.workspace for request in gateway.calls] == [A1]


@pytest.mark.skipif(not ASYNC, reason="this SDK's async client cannot name a workspace")
def test_it_stays_named_on_the_async_client(make_gateway, make_call_path, call_paths):
    gateway = make_gateway({"alice": [A1], "bob": [B1]}, by("authorization"))
    call_path = make_call_path(call_paths["async"], gateway, KEY, headers={"Authorization": "Bearer alice-0123456789"})
    call_path.client.workspace_id = A1

    call = call_path.client._arequest_with_retries("POST", "/things", json={}, auth=("bob", "secret-of-bob"))
    with pytest.raises(ForbiddenDiagnosis):
        call_path.run(call)

    assert [request.workspace for request in gateway.calls] == [A1]


def test_what_is_found_for_a_call_with_a_user_of_its_own_is_not_the_clients(make_gateway, make_client):
    gateway = make_gateway({"alice": [A1, B2], "bob": [B1]}, by("x-user"))
    client = make_client(api_url=gateway.url, api_key=KEY)
    for _ in range(2):
        client.request_with_retries("POST", "/things", json={}, headers={"X-User": "bob"})

    assert client.workspace_id is None
    assert [request.workspace for request in gateway.calls] == [None, B1, B1]


@pytest.mark.skipif(not ASYNC, reason="this SDK's async client cannot name a workspace")
@pytest.mark.parametrize(("told_by", "arguments"), list(PER_CALL.values())[::2], ids=list(PER_CALL)[::2])
def test_the_same_on_the_async_client(make_gateway, make_call_path, call_paths, told_by, arguments):
    gateway = make_gateway({"alice": [A1], "bob": [B1, B2]}, by(told_by))
    call_path = make_call_path(call_paths["async"], gateway, KEY)
    call_path.call()
    gateway.received.clear()

    with pytest.raises(ForbiddenDiagnosis):
        call_path.run(call_path.client._arequest_with_retries("POST", "/things", json={}, **arguments))
    call_path.call()

    assert [request.workspace for request in gateway.calls] == [None, A1]


@pytest.mark.skipif(not ASYNC, reason="this SDK's async client cannot name a workspace")
@pytest.mark.parametrize(
    ("told_by", "change"),
    [
        ("x-user", lambda client: setattr(client, "headers", {"X-User": "bob"})),
        ("x-user", lambda client: client._client.headers.update({"X-User": "bob"})),
        ("cookie", lambda client: client._client.cookies.set("sso", "bob")),
        ("authorization", lambda client: setattr(client._client, "auth", ("bob", "secret-of-bob"))),
        ("x-api-key", lambda client: setattr(client, "api_key", "lsv2_sk_bob_" + KEY[8:])),
        ("query", lambda client: setattr(client._client, "params", {"user": "bob"})),
    ],
)
def test_another_user_of_the_async_client(make_gateway, make_call_path, call_paths, told_by, change):
    gateway = make_gateway({"alice": [A1], "bob": [B1, B2]}, by(told_by))
    call_path = make_call_path(call_paths["async"], gateway, KEY)
    call_path.call()
    assert call_path.client.workspace_id == A1
    change(call_path.client)
    gateway.received.clear()

    with pytest.raises(ForbiddenDiagnosis):
        call_path.call("POST", "/things", {})

    assert [request.workspace for request in gateway.calls] == [None]


def test_another_user_of_a_generated_client(make_call_path, generated_kind, make_gateway):
    gateway = make_gateway({"alice": [A1], "bob": [B1, B2]}, by("x-user"))
    call_path = make_call_path(generated_kind, gateway, KEY)
    call_path.call()
    gateway.received.clear()
    with pytest.raises(ForbiddenDiagnosis):
        call_path.call("POST", "/things", {}, headers={"X-User": "bob"})

    assert [request.workspace for request in gateway.calls] == [None]


def test_a_generated_client_whose_owner_became_another_user(make_call_path, generated_kind, make_gateway):
    gateway = make_gateway({"alice": [A1], "bob": [B1, B2]}, by("x-user"))
    call_path = make_call_path(generated_kind, gateway, KEY)
    call_path.call()
    if not hasattr(call_path.api, "_header_provider"):
        pytest.skip("before langsmith 0.14.12 a generated client keeps what it was made with")
    call_path.client.headers = {"X-User": "bob"}
    gateway.received.clear()
    with pytest.raises(ForbiddenDiagnosis):
        call_path.call("POST", "/things", {})

    assert [request.workspace for request in gateway.calls] == [None]


def test_a_cookie_of_a_load_balancer_makes_no_other_user(make_users):
    gateway, client = make_users("x-user")
    for number in range(3):
        client.session.cookies.set("AWSALB", f"changes-{number}")
        list(client.list_projects())

    assert [request.workspace for request in gateway.calls] == [None, A1, A1, A1]
    assert [request.path for request in gateway.received].count("/workspaces") == 1


IN_FLIGHT = {
    "api_key": lambda client, gateway: setattr(client, "api_key", OTHER_KEY),
    "headers": lambda client, gateway: setattr(client, "headers", {"X-User": "bob"}),
    "session.headers": lambda client, gateway: client.session.headers.update({"X-User": "bob"}),
    "session.auth": lambda client, gateway: setattr(client.session, "auth", user_auth),
    "api_url": lambda client, gateway: setattr(client, "api_url", f"{gateway.url}/elsewhere"),
    "workspace_id": lambda client, gateway: setattr(client, "workspace_id", B2),
    "the header of a workspace": lambda client, gateway: setattr(client, "headers", {"X-Tenant-Id": B2}),
    "the session's header of a workspace": lambda client, gateway: client.session.headers.update({"X-Tenant-Id": B2}),
    "LANGSMITH_WORKSPACE_ID": lambda client, gateway: os.environ.update(LANGSMITH_WORKSPACE_ID=B2),
    "LANGSMITH_TENANT_ID": lambda client, gateway: os.environ.update(LANGSMITH_TENANT_ID=B2),
}


if not hasattr(langsmith.Client, "headers"):
    for name in ("headers", "the header of a workspace"):
        del IN_FLIGHT[name]


@pytest.mark.parametrize("change", IN_FLIGHT.values(), ids=IN_FLIGHT)
@pytest.mark.parametrize("when", ["/things", "/workspaces"], ids=["while it is sent", "while the server is asked"])
def test_what_the_user_sets_meanwhile_is_not_mixed_with_the_workspace_that_was_found(
    make_users, change, when, monkeypatch
):
    monkeypatch.delenv("LANGSMITH_WORKSPACE_ID", raising=False)
    gateway, client = make_users("x-user")
    gateway.meanwhile[when] = lambda: change(client, gateway)

    with pytest.raises(ForbiddenDiagnosis):
        client.request_with_retries("POST", "/things", json={})

    assert [(request.path, request.workspace) for request in gateway.calls] == [("/things", None)]
    assert client.workspace_id in (None, B2)


@pytest.mark.parametrize("change", IN_FLIGHT.values(), ids=IN_FLIGHT)
def test_a_known_workspace_is_not_used_for_what_changed_meanwhile(make_users, make_client, change, monkeypatch):
    monkeypatch.delenv("LANGSMITH_WORKSPACE_ID", raising=False)
    gateway, first = make_users("x-user")
    # A client that is created later names the workspace from the start.
    client = make_client(api_url=gateway.url, api_key=KEY)
    list(first.list_projects())
    gateway.received.clear()
    gateway.meanwhile["/things"] = lambda: change(client, gateway)

    with pytest.raises(ForbiddenDiagnosis):
        client.request_with_retries("POST", "/things", json={})

    assert [request.workspace for request in gateway.calls] == [None]


SETTERS = [name for name in ("api_key", "api_url", "headers") if name in IN_FLIGHT]


@pytest.mark.parametrize("change", [IN_FLIGHT[name] for name in SETTERS], ids=SETTERS)
def test_a_new_value_drops_the_workspace_that_was_found_for_the_old_one(make_users, change):
    gateway, client = make_users("x-user")
    list(client.list_projects())
    assert client.workspace_id == A1
    change(client, gateway)

    assert client.workspace_id is None


@pytest.mark.parametrize("named", [B2, A1], ids=["another", "the same"])
def test_the_chooser_itself_names_a_workspace(make_users, named):
    clients = []

    def choose(workspaces):
        clients[0].workspace_id = named
        return workspaces[0]

    gateway, client = make_users("x-user", resolve_workspace=choose)
    clients.append(client)
    with pytest.raises(ForbiddenDiagnosis) if named == B2 else _sent():
        client.request_with_retries("POST", "/things", json={})

    assert client.workspace_id == named
    assert A1 not in {request.workspace for request in gateway.calls} or named == A1


def _sent():
    import contextlib

    return contextlib.nullcontext()


@pytest.mark.parametrize("path", ["requests", "async"])
def test_the_id_that_was_chosen_is_the_users_once_the_user_sets_it(make_gateway, make_call_path, call_paths, path):
    gateway = make_gateway({"alice": [A1]}, by("x-user"))
    call_path = make_call_path(call_paths[path], gateway, KEY)
    if not call_path.retries:
        pytest.skip("this SDK's async client cannot name a workspace")
    call_path.call()
    call_path.client.workspace_id = A1
    gateway.reaches["alice"] = (B1,)
    gateway.received.clear()

    for _ in range(2):
        with pytest.raises(ForbiddenDiagnosis):
            call_path.call("POST", "/things", {})

    assert {request.workspace for request in gateway.calls} == {A1}
    assert call_path.client.workspace_id == A1


def test_setting_no_workspace_gives_up_the_one_that_was_chosen(make_users):
    gateway, client = make_users("x-user")
    list(client.list_projects())
    client.workspace_id = None
    gateway.received.clear()
    list(client.list_projects())

    assert [request.workspace for request in gateway.calls] == [None, A1]


def test_attributes_of_the_client_read_and_write_as_they_do_in_the_sdk():
    for safe, sdk in ((SafeClient, langsmith.Client),):
        client = safe(api_url="http://localhost:1", api_key=KEY, auto_batch_tracing=False)
        plain = sdk(api_url="http://localhost:1", api_key=KEY, auto_batch_tracing=False)
        for each in (client, plain):
            each.api_url = "http://localhost:2"
            each.api_key = OTHER_KEY
            each.workspace_id = A1
        assert (client.api_url, client.api_key, client.workspace_id) == ("http://localhost:2", OTHER_KEY, A1)
        assert client._headers == plain._headers


class WrappingAdapter(HTTPAdapter):
    """Has another adapter send, so that its own `add_headers` is never called."""

    inner = HTTPAdapter()

    def send(self, request, *args, **kwargs):
        return self.inner.send(request, *args, **kwargs)


def test_an_adapter_that_wraps_another_one_sends_nothing_for_another_user(make_users):
    gateway, client = make_users("x-remote-user")
    client.session.mount("http://", WrappingAdapter())
    client.session.auth = user_auth
    gateway.meanwhile["/workspaces"] = lambda: setattr(client.session, "auth", bob_auth)
    with pytest.raises(ForbiddenDiagnosis):
        client.request_with_retries("POST", "/things", json={})

    assert [(request.headers["x-remote-user"], request.workspace) for request in gateway.calls] == [("alice", None)]


def test_examples_are_not_deleted_for_another_user(make_users):
    gateway, client = make_users("x-remote-user")
    client.session.headers["X-Remote-User"] = "alice"
    list(client.list_projects())
    client.session.headers["X-Remote-User"] = "bob"
    gateway.received.clear()
    with pytest.raises(ForbiddenDiagnosis):
        client.delete_examples([B1], hard_delete=True)

    assert [request.workspace for request in gateway.calls] == [None]


def test_a_user_whose_name_is_set_in_place(make_users):
    gateway, client = make_users("authorization")
    client.session.auth = requests.auth.HTTPBasicAuth("alice", "secret")
    for _ in range(2):
        list(client.list_projects())
    client.session.auth.username = "bob"
    gateway.received.clear()
    with pytest.raises(ForbiddenDiagnosis):
        client.request_with_retries("POST", "/things", json={})

    assert [request.workspace for request in gateway.calls] == [None]


@pytest.mark.skipif(not hasattr(langsmith.Client, "headers"), reason="this SDK's client has no headers to set")
@pytest.mark.parametrize("place", ["the client's headers", "the session's headers"])
@pytest.mark.parametrize(("told_by", "arguments"), PER_CALL.values(), ids=PER_CALL)
def test_a_header_that_names_a_workspace_stays_on_calls_with_a_user_of_their_own(make_users, told_by, arguments, place):
    gateway, client = make_users(told_by)
    list(client.list_projects())
    if place == "the client's headers":
        client.headers = {"X-Tenant-Id": B2}
    else:
        client.session.headers["X-Tenant-Id"] = B2
    gateway.received.clear()
    assert client.request_with_retries("POST", "/things", json={}, **arguments).status_code == 200

    assert [request.workspace for request in gateway.calls] == [B2]


def test_what_was_found_for_a_header_of_a_call_is_not_used_with_a_later_cookie(make_users):
    gateway, client = make_users("cookie")
    own = {"headers": {"X-Custom": "1"}}
    client.request_with_retries("POST", "/things", json={}, **own)
    client.session.cookies.set("sso", "bob")
    with pytest.raises(ForbiddenDiagnosis):
        client.request_with_retries("POST", "/things", json={}, **own)

    assert [request.workspace for request in gateway.calls] == [None, A1, None]
