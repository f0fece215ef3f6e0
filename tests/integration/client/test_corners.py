"""Corners that once went wrong."""

from __future__ import annotations

import asyncio
import gc
import logging
import threading
import weakref
from types import SimpleNamespace

import langsmith
import pytest
import requests
from langsmith.utils import LangSmithError

from safe_langsmith import Cause, Confidence, ForbiddenDiagnosis, SafeAsyncClient
from safe_langsmith.testing import Reply, Slow

NOWHERE = "11111111-1111-4111-8111-111111111111"


def refuse(call):
    with pytest.raises(ForbiddenDiagnosis) as caught:
        call()
    return caught.value


class TestNaming:
    def test_a_workspace_named_while_the_second_request_is_under_way_stays(
        self, server, workspace, key, make_client, monkeypatch
    ):
        client = make_client(server, key)
        send = client.session.send

        def name_one_meanwhile(request, **kwargs):
            if request.headers.get("X-Tenant-Id"):
                client.workspace_id = NOWHERE
            return send(request, **kwargs)

        monkeypatch.setattr(client.session, "send", name_one_meanwhile)
        list(client.list_projects())

        assert client.workspace_id == NOWHERE

    @pytest.mark.parametrize("how", ["setter", "variable"])
    def test_an_empty_name_names_none(self, how, server, workspace, key, make_client, monkeypatch):
        if how == "variable":
            monkeypatch.setenv("LANGSMITH_WORKSPACE_ID", '""')
        client = make_client(server, key)
        if how == "setter":
            client.workspace_id = ""
        list(client.list_projects())

        assert client.workspace_id == workspace.id

    def test_a_header_of_the_users_session_names_one(self, server, workspace, key, make_client, seen):
        client = make_client(server, key)
        client.session.headers["X-Tenant-Id"] = NOWHERE
        error = refuse(lambda: list(client.list_projects()))

        assert error.cause is Cause.WORKSPACE_NOT_ACCESSIBLE
        assert "X-Tenant-Id header of the request" in error.summary
        assert [r for r in seen(server) if r[1] == "/sessions"] == [("GET", "/sessions", NOWHERE, 403)]


class TestEndpoints:
    def test_a_host_in_capitals(self, server, workspace, key, make_client):
        client = make_client(api_url=server.url.replace("127.0.0.1", "LOCALHOST"), api_key=key)

        assert list(client.list_projects()) == []

    def test_a_key_given_as_a_header_is_the_clients_own(self, server, workspace, key, make_client):
        client = make_client(server, headers={"x-api-key": key})
        list(client.list_projects())

        assert client.workspace_id == workspace.id

    def test_an_endpoint_that_is_not_configured_is_sent_no_probe(self, server, make_server, key, make_client):
        elsewhere = make_server()
        with pytest.raises(LangSmithError) as caught:
            make_client(server, key).request_with_retries("GET", f"{elsewhere.url}/sessions")

        assert not isinstance(caught.value, ForbiddenDiagnosis)
        assert len(elsewhere.requests) == 1

    def test_a_replicas_refusal_is_about_the_replica(
        self, server, org, workspace, make_server, make_client, monkeypatch
    ):
        monkeypatch.setenv("LANGSMITH_API_KEY", org.add_personal_key(default=workspace))
        other = make_server()
        client = make_client(server, workspace_id=workspace.id)
        replica_key = "lsv2_sk_c0ffeec0ffee0123456789abcdef0123_0123456789"
        headers = {"x-api-key": replica_key}
        error = refuse(lambda: client.request_with_retries("POST", f"{other.url}/runs", headers=headers, data=b"{}"))

        assert error.cause is Cause.KEY_REJECTED
        assert error.settings["api_key"].source == "the replica's settings"
        assert error.settings["api_key"].others == ()
        assert {r.path for r in other.requests} == {"/runs", "/settings", "/workspaces", "/info"}
        assert server.requests == ()

    def test_a_replica_on_the_same_host_does_not_keep_the_clients_workspace(
        self, server, org, workspace, make_client, make_server
    ):
        other_org = server.add_organization("Other")
        theirs = other_org.add_workspace("Theirs")
        client = make_client(server, org.add_personal_key(default=workspace), workspace_id=workspace.id)
        headers = {"x-api-key": other_org.add_service_key(workspaces=None)}
        client.request_with_retries("POST", f"{server.url}/runs", headers=headers, data=b'{"id": "1", "name": "r"}')

        assert [run["name"] for run in server.runs(theirs)] == ["r"]
        assert client.workspace_id == workspace.id


class TestClaims:
    @pytest.mark.parametrize(
        ("body", "cause"),
        [("RBAC: access denied", Cause.BLOCKED_UPSTREAM), ("", Cause.UNDETERMINED), ('["no"]', Cause.BLOCKED_UPSTREAM)],
    )
    def test_a_proxy_that_writes_no_html_is_no_reason_for_a_new_key(self, body, cause, server, key, make_client):
        server.fault(None, None, Reply(403, body, "text/plain"), times=None)
        error = refuse(lambda: list(make_client(server, key).list_projects()))

        assert error.cause is cause
        assert error.confidence is not Confidence.CONFIRMED
        assert not any(fix.step == 5 for fix in error.fixes)

    @pytest.mark.parametrize(
        ("said", "permission"),
        [
            ("Forbidden by tag policy prompts:internal", None),
            ("Host gateway:internal refused", None),
            ("You have runs:read but this needs runs:delete", "runs:delete"),
            ("runs:read and runs:delete are permissions", None),
            ("403 `workspaces:manage-keys`", "workspaces:manage-keys"),
        ],
    )
    def test_a_permission_is_confirmed_only_where_the_server_names_it(
        self, said, permission, server, org, workspace, make_client
    ):
        client = make_client(server, org.add_personal_key(default=workspace))
        server.fault("POST", "/runs/query", Reply(403, {"detail": said}))
        error = refuse(lambda: client.request_with_retries("POST", "/runs/query", data=b"{}"))

        assert (error.confidence is Confidence.CONFIRMED) == (permission is not None)
        assert permission is None or f"{permission} is missing" in error.summary

    def test_a_value_that_only_the_sdks_cache_still_has(self, server, key, make_client, monkeypatch):
        monkeypatch.setenv("LANGSMITH_WORKSPACE_ID", NOWHERE)
        langsmith.utils.get_workspace_id(None)
        monkeypatch.delenv("LANGSMITH_WORKSPACE_ID")
        error = refuse(lambda: list(make_client(server, key).list_projects()))

        assert error.cause is Cause.WORKSPACE_NOT_ACCESSIBLE
        assert error.checks[3].result == "problem"
        assert "the SDK read earlier and keeps" in error.checks[3].detail
        assert "the SDK read earlier and keeps" in error.settings["workspace_id"].source

    def test_a_key_assigned_later_was_meant(self, server, make_client, monkeypatch):
        monkeypatch.setenv("LANGSMITH_API_KEY", "lsv2_pt_c0ffeec0ffee0123456789abcdef0123_0123450000")
        client = make_client(server)
        client.api_key = "lsv2_pt_c0ffeec0ffee0123456789abcdef0123_0123451111"
        error = refuse(lambda: list(client.list_projects()))

        assert (error.cause, error.confidence) == (Cause.STALE_ENVIRONMENT, Confidence.POSSIBLE)
        assert error.settings["api_key"].source == "an assignment to the client"

    def test_the_organizations_id_is_not_to_be_granted(self, server, org, key, make_client):
        error = refuse(lambda: list(make_client(server, key, workspace_id=org.id).list_projects()))

        assert not any("add you" in fix.detail for fix in error.fixes)


class TestNeverWorse:
    def test_a_body_whose_tell_is_odd_is_sent(self, server, org, workspace, make_client):
        class Odd:
            tell = None

            def __iter__(self):
                return iter([b'{"name": "p"}'])

        client = make_client(server, org.add_personal_key(default=workspace))

        assert client.request_with_retries("POST", "/sessions", data=Odd()).status_code == 200

    @pytest.mark.parametrize("body", [bytearray(b'{"name": "p"}'), memoryview(b'{"name": "p"}')])
    def test_bytes_of_every_kind_are_sent_again(self, body, server, workspace, key, make_client):
        make_client(server, key).request_with_retries("POST", "/sessions", data=body)

        assert [r.body for r in server.requests if r.method == "POST"] == [b'{"name": "p"}'] * 2

    @pytest.mark.parametrize("ours", ["apply_workspace", "log_retry"])
    def test_a_success_stays_one_whatever_fails_after_it(self, ours, server, workspace, key, make_client, monkeypatch):
        def broken(*args, **kwargs):
            raise TypeError("ours")

        monkeypatch.setattr(f"safe_langsmith._recovery.workspace.{ours}", broken)

        assert make_client(server, key).create_project("p").name == "p"

    def test_an_error_of_the_users_own_callback_is_theirs(self, server, org, workspace, make_client):
        def handle(response, attempt):
            raise KeyError("theirs")

        client = make_client(server, org.add_personal_key(default=workspace, role="Viewer"))
        with pytest.raises(KeyError, match="theirs"):
            client.request_with_retries("POST", "/sessions", data=b"{}", handle_response=handle, stop_after_attempt=2)

    def test_where_no_thread_can_start_the_caller_asks(self, server, workspace, key, make_client, monkeypatch):
        def no_threads(self):
            raise RuntimeError("can't create new thread at interpreter shutdown")

        client = make_client(server, key)
        late = type("LateThread", (threading.Thread,), {"start": no_threads})
        without = SimpleNamespace(**{**vars(threading), "Thread": late})
        monkeypatch.setattr("safe_langsmith._probe.transports.threading", without)

        assert list(client.list_projects()) == []


class TestOnce:
    def test_a_found_workspace_is_as_old_as_the_first_retry(self, server, org, workspace, key, make_client, probing):
        """After an hour there may be a second workspace, and nobody knows which is meant."""
        clock = [0.0]
        probing.set_clock(lambda: clock[0])
        list(make_client(server, key).list_projects())
        org.add_workspace("Production")
        clock[0] += 2_000
        list(make_client(server, key).list_projects())
        clock[0] += 2_000

        assert refuse(lambda: make_client(server, key).create_project("p")).cause is Cause.WORKSPACE_REQUIRED
        assert [r.path for r in server.requests].count("/workspaces") == 2

    @pytest.mark.parametrize("body", ["<html>proxy</html>", '{"error": "Forbidden - no plan found"}'])
    def test_a_known_workspace_is_not_tried_on_another_refusal(self, body, server, workspace, key, make_client):
        list(make_client(server, key).list_projects())
        server.clear_requests()
        server.fault("POST", "/sessions", Reply(403, body))
        refuse(lambda: make_client(server, key).create_project("p"))

        assert [request.path for request in server.requests] == ["/sessions", "/info"]

    def test_a_found_workspace_that_fails_is_forgotten(self, server, org, workspace, make_client):
        key = org.add_service_key(workspaces=None, role="Viewer")
        list(make_client(server, key).list_projects())
        refuse(lambda: make_client(server, key).create_project("p"))
        client = make_client(server, key)

        assert list(client.list_projects()) == []
        assert client.workspace_id == workspace.id

    def test_callables_of_every_kind_are_called_once(self, server, org, workspace, key, make_client):
        org.add_workspace("Production")
        calls = []

        class Slotted:
            __slots__ = ()

            def __call__(self, workspaces):
                calls.append(workspaces)

        class Unhashable:
            __hash__ = None

            def __call__(self, workspaces):
                calls.append(workspaces)

            def choose(self, workspaces):
                calls.append(workspaces)

        unhashable = Unhashable()
        for chooser in (Slotted(), unhashable, unhashable.choose):
            calls.clear()
            client = make_client(server, key, resolve_workspace=chooser)
            for _ in range(3):
                refuse(lambda client=client: list(client.list_projects()))
            assert len(calls) == 1

    def test_all_probes_of_one_call_share_the_deadline(self, server, org, workspace, make_client, probing, seen):
        probing.set_deadline(0.3)
        for path in ("/workspaces", "/settings"):
            server.fault("GET", path, Slow(60), times=None)
        client = make_client(server, org.add_service_key(workspaces=None, role="Viewer"))
        error = refuse(lambda: client.create_project("p"))

        assert "no answer within 0.3 s" in str(error)
        # A second probe would have had no time left.
        assert [(method, path) for method, path, *_ in seen(server)] == [("POST", "/sessions"), ("GET", "/workspaces")]


class TestSecrets:
    @pytest.mark.parametrize("where", ["workspace_id", "project", "endpoint"])
    def test_a_key_in_another_settings_place(self, where, server, make_client, monkeypatch, canary, caplog):
        # The SDK and urllib3 log the endpoint themselves.
        for name in ("langsmith", "urllib3"):
            caplog.set_level(logging.WARNING, logger=name)
        key = f"gateway-{canary}-token"
        options = {"api_url": f"{server.url}/{key}" if where == "endpoint" else server.url}
        if where == "workspace_id":
            options["workspace_id"] = key
        if where == "project":
            monkeypatch.setenv("LANGSMITH_PROJECT", key)
        server.fault(None, None, Reply(403, {"detail": "Forbidden"}), times=None)
        error = refuse(lambda: list(make_client(api_key=key, **options).list_projects()))

        for text in (str(error), repr(error), str(error.diagnosis.to_dict()), error.diagnosis._repr_html_()):
            assert canary not in text

    @pytest.mark.parametrize("split", ["\x00", "\x1b[0m", "\u200b", "\n", "\r\n"])
    def test_a_key_that_the_server_splits(self, split, server, org, workspace, make_client, canary):
        key = org.add_personal_key(default=workspace)
        server.fault("GET", "/sessions", Reply(403, {"detail": f"bad key {key[:25]}{split}{key[25:]}"}))
        error = refuse(lambda: list(make_client(server, key).list_projects()))

        assert key[25:45] not in str(error)
        assert key[8:25] not in str(error)

    def test_a_key_in_escapes(self, server, org, workspace, make_client):
        key = org.add_personal_key(default=workspace)
        escaped = "".join(f"\\u{ord(letter):04x}" for letter in key)
        server.fault("GET", "/sessions", Reply(403, f'{{"detail": "bad key {escaped}"}}'))
        error = refuse(lambda: list(make_client(server, key).list_projects()))

        assert escaped[:60] not in str(error)
        assert key not in str(error)


def test_the_warning_does_not_say_sent_where_nothing_was(server, workspace, key, make_client, caplog):
    refuse(lambda: make_client(server, key).request_with_retries("POST", "/sessions", data=iter([b"{}"])))

    (warning,) = [r.getMessage() for r in caplog.records if r.name == "safe_langsmith" and r.levelname == "WARNING"]
    assert "could not be sent again" in warning


def test_it_is_a_plain_client_to_the_sdk():
    assert issubclass(ForbiddenDiagnosis, LangSmithError)
    assert not issubclass(ForbiddenDiagnosis, langsmith.utils.LangSmithAuthError)


class TestCrowds:
    def test_a_call_on_the_loops_own_thread_does_not_wait_for_the_loop(self, server, workspace, key, make_client):
        """The asynchronous client's question needs the loop, which the synchronous call is holding up."""
        if not hasattr(langsmith.AsyncClient, "workspace_id"):
            pytest.skip("this SDK's async client names no workspace")
        # Long enough for the synchronous call to begin meanwhile, and far shorter than it would wait.
        server.fault("GET", "/workspaces", Slow(0.3))
        client = make_client(server, key)

        async def main():
            async with SafeAsyncClient(api_url=server.url, api_key=key) as other:
                call = asyncio.ensure_future(other._arequest_with_retries("GET", "/sessions"))
                while not any(r.path == "/workspaces" for r in server.requests):
                    await asyncio.sleep(0)
                project = client.create_project("p")
                return project.name, (await call).json()

        name, listed = asyncio.run(main())
        assert name == "p"
        assert [project["name"] for project in listed] in ([], ["p"])

    def test_a_chooser_that_takes_long_is_not_blamed_on_the_user(self, server, org, workspace, make_client, probing):
        org.add_workspace("Production")
        key = org.add_service_key(workspaces=None)
        inside, errors = make_client(server, key), []

        def choose(workspaces):
            thread = threading.Thread(target=lambda: errors.append(refuse(lambda: list(inside.list_projects()))))
            thread.start()
            thread.join()

        probing.set_deadline(0.2)
        refuse(lambda: list(make_client(server, key, resolve_workspace=choose).list_projects()))

        (error,) = errors
        assert "probe=False" not in str(error)


def test_a_workspace_that_was_chosen_and_is_gone_is_chosen_anew(server, org, workspace, key, make_client, probing):
    clock = [0.0]
    probing.set_clock(lambda: clock[0])
    client = make_client(server, key)
    list(client.list_projects())
    org.delete_workspace(workspace)
    new = org.add_workspace("New")
    clock[0] += 61

    assert refuse(lambda: list(client.list_projects())).cause is Cause.WORKSPACE_NOT_ACCESSIBLE
    assert list(client.list_projects()) == []
    assert client.workspace_id == new.id


@pytest.mark.parametrize("broken", ["handle", "choose"])
def test_whatever_is_missing_the_sdks_error_stands(broken, server, workspace, key, make_client, monkeypatch):
    def missing(*args, **kwargs):
        raise ModuleNotFoundError("tenacity")

    monkeypatch.setattr(f"safe_langsmith._recovery.handler.{broken}", missing)
    with pytest.raises(LangSmithError, match="org-scoped") as caught:
        list(make_client(server, key).list_projects())

    assert not isinstance(caught.value, ForbiddenDiagnosis)


@pytest.mark.skipif(not hasattr(langsmith.Client, "_get_langsmith_api"), reason="this SDK has no generated client")
def test_what_cannot_be_guarded_is_the_sdks_own(server, org, workspace, make_client, monkeypatch):
    def broken(*args):
        raise TypeError("ours")

    monkeypatch.setattr("safe_langsmith._sdk.calls.generated._intercepting", broken)
    client = make_client(server, org.add_personal_key(default=workspace))

    assert client._get_langsmith_api().get is not None


def test_runs_of_an_annotation_queue_are_no_traces(server, org, workspace, make_client):
    client = make_client(server, org.add_personal_key(default=workspace, role="Viewer"))
    path = "/annotation-queues/11111111-1111-4111-8111-111111111111/runs"
    for _ in range(2):
        error = refuse(lambda: client.request_with_retries("POST", path, json=[]))
        assert not error.repeated


def test_a_session_that_reads_every_answer_is_no_obstacle(server, workspace, key, make_client):
    class Logging(requests.Session):
        def send(self, request, **kwargs):
            response = super().send(request, **kwargs)
            assert response.text is not None
            return response

    client = make_client(server, key, session=Logging())

    for _ in range(2):
        assert list(client.list_projects()) == []
    # It could send the next request for another user.
    assert client.workspace_id is None
    assert [request.path for request in server.requests].count("/workspaces") == 1


@pytest.mark.skipif(not hasattr(langsmith.AsyncClient, "workspace_id"), reason="this SDK's client names no workspace")
def test_a_chooser_that_asks_the_same_client_is_not_waited_for_for_ever(server, org, workspace, probing):
    org.add_workspace("Production")
    key, inner = org.add_service_key(workspaces=None), []

    async def main():
        loop = asyncio.get_running_loop()

        def choose(workspaces):
            call = asyncio.run_coroutine_threadsafe(client._arequest_with_retries("GET", "/sessions"), loop)
            inner.append(call.exception(30))
            return workspace.id

        probing.set_deadline(1)
        async with SafeAsyncClient(api_url=server.url, api_key=key, resolve_workspace=choose) as client:
            return (await client._arequest_with_retries("GET", "/sessions")).json()

    assert asyncio.run(main()) == []
    assert isinstance(inner[0], LangSmithError)


@pytest.mark.skipif(not hasattr(langsmith.AsyncClient, "workspace_id"), reason="this SDK's client names no workspace")
def test_an_event_loop_that_has_ended_is_let_go(server, workspace, key):
    loops = []

    async def main():
        loops.append(weakref.ref(asyncio.get_running_loop()))
        async with SafeAsyncClient(api_url=server.url, api_key=key, resolve_workspace=False) as client:
            calls = [client._arequest_with_retries("GET", "/sessions") for _ in range(3)]
            await asyncio.gather(*calls, return_exceptions=True)

    for _ in range(5):
        asyncio.run(main())
    gc.collect()

    assert sum(loop() is not None for loop in loops) <= 1
