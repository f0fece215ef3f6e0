"""A request that lacked nothing but a workspace is sent once more, with it."""

from __future__ import annotations

import contextlib
import io
import json
import logging
from typing import Any, ClassVar

import pytest
import urllib3

from safe_langsmith import Cause, ForbiddenDiagnosis
from safe_langsmith.testing import Drop, Redirect, Reply

UNICODE = "naïve 名前 " * 400


def test_a_read_is_answered_with_one_probe_and_one_retry(server, workspace, key, make_client, seen):
    client = make_client(server, key)

    assert list(client.list_projects()) == []

    assert seen(server) == [
        ("GET", "/sessions", None, 403),
        ("GET", "/workspaces", None, 200),
        ("GET", "/sessions", workspace.id, 200),
    ]


def test_the_next_call_costs_one_request(server, workspace, key, make_client, seen):
    client = make_client(server, key)
    list(client.list_projects())
    server.clear_requests()

    list(client.list_projects())

    assert seen(server) == [("GET", "/sessions", workspace.id, 200)]
    assert client.workspace_id == workspace.id


def test_a_write_is_sent_again_byte_for_byte(server, workspace, key, make_client, seen):
    client = make_client(server, key)

    project = client.create_project("p", description=UNICODE)

    first, _, second = server.requests
    assert len(first.body) > 5_000
    assert first.body == second.body
    assert [stored["name"] for stored in server.projects(workspace)] == ["p"]
    assert str(project.tenant_id) == workspace.id


def test_a_bare_refusal_costs_one_probe_more(make_server, make_client, seen):
    server = make_server(says_workspace_required=False)
    org = server.add_organization("Acme")
    workspace = org.add_workspace("Research")
    client = make_client(server, org.add_service_key(workspaces=None))

    list(client.list_projects())

    assert seen(server) == [
        ("GET", "/sessions", None, 403),
        ("GET", "/settings", None, 403),
        ("GET", "/workspaces", None, 200),
        ("GET", "/sessions", workspace.id, 200),
    ]


@pytest.mark.parametrize("base_path", ["", "/api", "/api/v1"])
def test_under_every_base_path(base_path, make_server, make_client):
    server = make_server(base_path)
    org = server.add_organization("Acme")
    org.add_workspace("Research")
    client = make_client(server, org.add_service_key(workspaces=None))

    assert list(client.list_projects()) == []
    assert len(server.requests) == 3


def test_deleted_workspaces_are_no_choice(server, org, workspace, key, make_client):
    org.add_workspace("Gone", deleted=True)
    client = make_client(server, key)

    list(client.list_projects())

    assert client.workspace_id == workspace.id


def test_a_listed_deleted_workspace_is_no_choice(server, workspace, key, make_client):
    listed = [
        {"id": workspace.id, "display_name": "Research", "is_deleted": False},
        {"id": "aaaaaaaa-0000-4000-8000-000000000000", "display_name": "Gone", "is_deleted": True},
    ]
    server.fault("GET", "/workspaces", Reply(200, listed))
    client = make_client(server, key)

    list(client.list_projects())

    assert client.workspace_id == workspace.id


def test_one_warning_says_what_was_chosen_and_how_to_choose_it_oneself(server, workspace, key, make_client, caplog):
    for _ in range(2):
        client = make_client(server, key)
        list(client.list_projects())
        list(client.list_projects())

    (warning,) = [r for r in caplog.records if r.name == "safe_langsmith" and r.levelno == logging.WARNING]
    assert "Research" in warning.getMessage()
    assert f"LANGSMITH_WORKSPACE_ID={workspace.id}" in warning.getMessage()


def test_the_warning_is_there_where_records_have_a_diagnosis_of_their_own(server, key, make_client, caplog):
    make_record = logging.getLogRecordFactory()

    def of_this_program(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = make_record(*args, **kwargs)
        record.diagnosis = "ours"
        return record

    logging.setLogRecordFactory(of_this_program)
    try:
        list(make_client(server, key).list_projects())
    finally:
        logging.setLogRecordFactory(make_record)
    (warning,) = [r for r in caplog.records if r.name == "safe_langsmith" and r.levelno == logging.WARNING]
    assert warning.diagnosis == "ours"


@pytest.mark.parametrize("resolve", [True, lambda found: found[0]], ids=["by rule", "by callable"])
@pytest.mark.parametrize("variable", ["LANGSMITH_WORKSPACE_ID", "LANGCHAIN_WORKSPACE_ID"])
def test_a_workspace_that_the_environment_names_by_now_is_not_overridden(
    server, org, workspace, key, make_client, monkeypatch, resolve, variable
):
    client = make_client(server, key, resolve_workspace=resolve)
    monkeypatch.setenv(variable, workspace.id)
    with pytest.raises(ForbiddenDiagnosis) as refused:
        client.create_project("x")

    assert client.workspace_id is None
    assert [request.status for request in server.requests if request.method == "POST"] == [403]
    first = refused.value.fixes[0]
    assert (first.title, first.code.splitlines()[-1]) == ("Create a new client", "client = SafeClient()")


def test_a_workspace_that_the_sdk_does_not_read_any_more_is_not_overridden(
    server, org, workspace, key, make_client, monkeypatch
):
    """Older SDKs keep what they once read of the variable: nothing."""
    make_client(server, key)
    other = org.add_workspace("Support")
    monkeypatch.setenv("LANGSMITH_WORKSPACE_ID", other.id)
    org.delete_workspace(workspace)
    with contextlib.suppress(ForbiddenDiagnosis):
        make_client(server, key).create_project("x")

    assert {request.workspace_id for request in server.requests if request.method == "POST"} <= {None, other.id}


def test_an_empty_workspace_argument_is_retried_whatever_the_environment_names(
    server, workspace, key, make_client, monkeypatch
):
    monkeypatch.setenv("LANGSMITH_WORKSPACE_ID", "11111111-1111-4111-8111-111111111111")
    client = make_client(server, key, workspace_id="")
    client.create_project("x")

    assert client.workspace_id == workspace.id


@pytest.mark.parametrize("entry", [{"id": "abc", "display_name": "Odd"}, "no workspace"])
def test_beside_a_workspace_that_cannot_be_read_none_is_chosen(server, workspace, key, make_client, entry):
    listed = [{"id": workspace.id, "display_name": "Research"}, entry]
    server.fault("GET", "/workspaces", Reply(200, listed), times=None)
    with pytest.raises(ForbiddenDiagnosis):
        make_client(server, key).create_project("x")

    assert [request.status for request in server.requests if request.method == "POST"] == [403]


@pytest.mark.parametrize("choice", [42, True, ("x",), b"x"])
def test_what_is_no_choice_is_called_that(server, workspace, key, make_client, caplog, choice):
    with pytest.raises(ForbiddenDiagnosis):
        make_client(server, key, resolve_workspace=lambda found: choice).create_project("x")

    assert f"resolve_workspace returned {type(choice).__name__}, which is neither a workspace nor an id" in caplog.text


def test_an_interrupt_shows_no_key_in_our_frames(server, workspace, key, make_client):
    def interrupt(found):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as interrupted:
        make_client(server, key, resolve_workspace=interrupt).create_project("x")

    for entry in interrupted.traceback:
        if "safe_langsmith" in str(entry.path) and "tests" not in str(entry.path):
            for name, value in entry.frame.f_locals.items():
                assert key not in f"{value!r} {getattr(value, '__dict__', '')}" or name in ("self", "client"), name


def test_a_handler_that_fails_is_not_called_twice(server, key, make_client):
    class Fails(logging.Handler):
        records: ClassVar[list[logging.LogRecord]] = []

        def emit(self, record: logging.LogRecord) -> None:
            self.records.append(record)
            raise KeyError("the program's own trouble")

    logger, handler = logging.getLogger("safe_langsmith"), Fails(logging.WARNING)
    logger.addHandler(handler)
    try:
        list(make_client(server, key).list_projects())
    finally:
        logger.removeHandler(handler)
    assert len([record for record in handler.records if "refused a request" in record.getMessage()]) == 1


def test_the_warning_of_a_large_organization_is_no_book(server, org, workspace, key, make_client, caplog):
    for number in range(100):
        org.add_workspace(f"Team {number}")
    list(make_client(server, key, resolve_workspace=lambda found: found[0]).list_projects())

    (warning,) = [r for r in caplog.records if r.name == "safe_langsmith" and r.levelno == logging.WARNING]
    assert len(json.dumps(warning.diagnosis)) < 20_000


def test_the_warning_shows_no_password_that_stands_in_another_setting(server, key, make_client, caplog, monkeypatch):
    monkeypatch.setenv("LANGSMITH_PROJECT", "of hunter2canary")
    list(make_client(server, key, api_url=server.url.replace("//", "//me:hunter2canary@")).list_projects())

    (warning,) = [r for r in caplog.records if r.name == "safe_langsmith" and r.levelno == logging.WARNING]
    assert warning.diagnosis["settings"]["project"]["source"] == "LANGSMITH_PROJECT"
    assert "hunter2" not in repr(vars(warning))


def test_the_warning_shows_no_key_wherever_it_stood(server, workspace, key, make_client, caplog, monkeypatch):
    """Also where it was put in another setting, or the server says it."""
    monkeypatch.setenv("LANGSMITH_PROJECT", f"of {key}")
    listed = [{"id": workspace.id, "display_name": f"Research {key}", "is_deleted": False}]
    server.fault("GET", "/workspaces", Reply(200, listed))
    list(make_client(server, key).list_projects())

    (warning,) = [r for r in caplog.records if r.name == "safe_langsmith" and r.levelno == logging.WARNING]
    assert warning.diagnosis["settings"]["project"]["source"] == "LANGSMITH_PROJECT"
    assert key not in repr(vars(warning))


def test_an_empty_workspace_id_names_none(server, workspace, key, make_client, monkeypatch):
    monkeypatch.setenv("LANGSMITH_WORKSPACE_ID", "11111111-1111-4111-8111-111111111111")
    client = make_client(server, key, workspace_id="")

    list(client.list_projects())

    assert client.workspace_id == workspace.id


def test_what_the_client_concluded_without_a_workspace_is_forgotten(server, key, make_client):
    server.fault("GET", "/info", Reply(403, {"error": "Forbidden"}), times=2)
    client = make_client(server, key)
    assert client.info.version in (None, "")

    list(client.list_projects())

    assert client.info.version not in (None, "")


def test_a_second_refusal_is_explained_and_never_sent_a_third_time(server, org, workspace, make_client, seen):
    client = make_client(server, org.add_service_key(workspaces=None, role="Viewer"))

    with pytest.raises(ForbiddenDiagnosis) as caught:
        client.create_project("p")

    assert [request for request in seen(server) if request[0] == "POST"] == [
        ("POST", "/sessions", None, 403),
        ("POST", "/sessions", workspace.id, 403),
    ]
    assert caught.value.cause is Cause.PERMISSION_DENIED
    assert "projects:create" in caught.value.summary
    assert "Research" in caught.value.summary
    assert "safe_langsmith" in caught.value.settings["workspace_id"].source
    assert len(caught.value.probes) <= 3
    assert client.workspace_id is None


def test_any_other_second_answer_is_the_sdks_and_keeps_the_workspace(server, workspace, key, make_client):
    client = make_client(server, key)

    with pytest.raises(Exception, match="404") as caught:
        client.read_project(project_id="11111111-1111-4111-8111-111111111111")

    assert type(caught.value).__name__ == "LangSmithNotFoundError"
    assert not isinstance(caught.value, ForbiddenDiagnosis)
    assert client.workspace_id == workspace.id


def test_the_sdks_error_keeps_its_own_context_inside_an_exception_handler(server, workspace, key, make_client):
    client = make_client(server, key)
    try:
        raise KeyError("the caller's own trouble")
    except KeyError:
        with pytest.raises(Exception, match="404") as caught:
            client.read_project(project_id="11111111-1111-4111-8111-111111111111")

    assert type(caught.value.__context__).__name__ == "HTTPError"


def test_a_second_401_is_the_sdks_and_keeps_nothing(server, key, make_client):
    client = make_client(server, key)
    server.fault("GET", "/sessions", Reply(403, {"detail": "This key requires a workspace ID"}))
    server.fault("GET", "/sessions", Reply(401, {"detail": "Invalid token"}))

    with pytest.raises(Exception, match="401") as caught:
        list(client.list_projects())

    assert type(caught.value).__name__ == "LangSmithAuthError"
    assert client.workspace_id is None


def test_a_retry_that_gets_no_answer_is_the_sdks_connection_error(server, key, make_client):
    client = make_client(server, key, retry_config=urllib3.Retry(0))
    server.fault("GET", "/sessions", Reply(403, {"detail": "This key requires a workspace ID"}))
    server.fault("GET", "/sessions", Drop())

    with pytest.raises(Exception, match="Connection error") as caught:
        list(client.list_projects())

    assert type(caught.value).__name__ == "LangSmithConnectionError"


def test_a_redirected_request_of_the_same_host_is_retried(server, workspace, key, make_client):
    server.fault("GET", "/datasets", Redirect("/sessions", 307))
    client = make_client(server, key)

    assert client.request_with_retries("GET", "/datasets").status_code == 200


class TestBodies:
    def test_a_stream_is_rewound_to_where_it_was(self, server, workspace, key, make_client):
        client = make_client(server, key)
        stream = io.BytesIO(b'skipped{"name": "p"}')
        stream.seek(7)

        client.request_with_retries("POST", "/sessions", data=stream, headers={"Content-Type": "application/json"})

        assert [r.body for r in server.requests if r.method == "POST"] == [b'{"name": "p"}'] * 2

    def test_a_stream_among_the_request_kwargs_too(self, server, workspace, key, make_client):
        client = make_client(server, key)
        stream = io.BytesIO(b'{"name": "p"}')

        client.request_with_retries("POST", "/sessions", request_kwargs={"data": stream})

        assert [r.body for r in server.requests if r.method == "POST"] == [b'{"name": "p"}'] * 2

    def test_an_uploaded_file_arrives_whole(self, server, workspace, key, make_client, tmp_path):
        file = tmp_path / "q.csv"
        file.write_text("question,answer\nwhy,because\n")
        client = make_client(server, key)

        client.upload_csv(str(file), input_keys=["question"], output_keys=["answer"])

        first, second = [r for r in server.requests if r.path == "/datasets/upload"]
        assert b"why,because" in first.body
        assert first.body == second.body
        assert first.headers["content-type"] == second.headers["content-type"]

    @pytest.mark.parametrize("body", ["generator", "pipe"])
    def test_what_can_be_read_once_is_not_sent_empty_but_asks_to_call_again(
        self, body, server, workspace, key, make_client, seen
    ):
        client = make_client(server, key)
        data = iter([b'{"name": ', b'"p"}']) if body == "generator" else OnceOnly(b'{"name": "p"}')

        with pytest.raises(ForbiddenDiagnosis) as caught:
            client.request_with_retries("POST", "/sessions", data=data)

        assert len([r for r in server.requests if r.method == "POST"]) == 1
        assert caught.value.fixes[0].title == "Call again"
        assert client.workspace_id == workspace.id
        assert client.create_project("p").name == "p"

    def test_a_stale_snapshot_of_the_headers_does_not_win(self, server, workspace, key, make_client):
        client = make_client(server, key)
        snapshot = {**client._headers, "x-tenant-id": ""}

        client.request_with_retries("GET", "/sessions", request_kwargs={"headers": snapshot}, headers=dict(snapshot))

        assert server.requests[-1].workspace_id == workspace.id


class OnceOnly:
    """A pipe: it can be read, and neither told where it is nor put back."""

    def __init__(self, content: bytes) -> None:
        self._stream = io.BytesIO(content)

    def read(self, size: int = -1) -> bytes:
        return self._stream.read(size)

    def __iter__(self):
        return iter([self._stream.read()])


class TestChoosing:
    @pytest.fixture
    def second(self, org, workspace):
        return org.add_workspace("Production")

    def test_false_never_retries(self, server, workspace, key, make_client, seen):
        client = make_client(server, key, resolve_workspace=False)

        with pytest.raises(ForbiddenDiagnosis) as caught:
            list(client.list_projects())

        assert caught.value.cause is Cause.WORKSPACE_REQUIRED
        assert [r for r in seen(server) if r[1] == "/sessions"] == [("GET", "/sessions", None, 403)]

    @pytest.mark.parametrize("by", ["workspace", "id", "ID"])
    def test_a_callable_chooses(self, by, server, workspace, second, key, make_client):
        def choose(workspaces):
            chosen = next(w for w in workspaces if w.name == "Production")
            return {"workspace": chosen, "id": chosen.id, "ID": chosen.id.upper()}[by]

        client = make_client(server, key, resolve_workspace=choose)
        list(client.list_projects())

        assert client.workspace_id == second.id

    def test_a_callable_is_asked_even_about_one(self, server, workspace, key, make_client):
        offered = []
        client = make_client(server, key, resolve_workspace=offered.append)

        with pytest.raises(ForbiddenDiagnosis):
            list(client.list_projects())

        assert [[w.name for w in workspaces] for workspaces in offered] == [["Research"]]

    def test_a_callable_is_called_once(self, server, workspace, second, key, make_client):
        calls = []

        def choose(workspaces):
            calls.append(workspaces)

        for client in (make_client(server, key, resolve_workspace=choose) for _ in range(2)):
            for _ in range(2):
                with pytest.raises(ForbiddenDiagnosis):
                    list(client.list_projects())

        assert len(calls) == 1

    def test_another_callable_chooses_for_itself(self, server, workspace, second, key, make_client):
        for wanted in (workspace, second):
            client = make_client(server, key, resolve_workspace=lambda _, wanted=wanted: wanted.id)
            list(client.list_projects())
            assert client.workspace_id == wanted.id

    @pytest.mark.parametrize(
        "choose",
        [
            lambda workspaces: None,
            lambda workspaces: "11111111-1111-4111-8111-111111111111",
            lambda workspaces: "Research",
            lambda workspaces: 1 / 0,
            lambda workspaces: 42,
        ],
        ids=["none", "not listed", "no id", "raises", "rubbish"],
    )
    def test_a_callable_may_decline(self, choose, server, workspace, second, key, make_client, seen):
        client = make_client(server, key, resolve_workspace=choose)

        with pytest.raises(ForbiddenDiagnosis) as caught:
            list(client.list_projects())

        assert caught.value.cause is Cause.WORKSPACE_REQUIRED
        assert caught.value.checks[1].detail.startswith("resolve_workspace ")
        assert [r for r in seen(server) if r[1] == "/sessions"] == [("GET", "/sessions", None, 403)]

    def test_a_callable_may_itself_be_refused(self, server, workspace, second, key, make_client):
        refused = []

        def choose(workspaces):
            with pytest.raises(Exception, match="HTTPError") as caught:
                list(client.list_projects())
            refused.append(caught.value)
            return workspaces[0]

        client = make_client(server, key, resolve_workspace=choose)
        list(client.list_projects())

        assert refused
        assert not isinstance(refused[0], ForbiddenDiagnosis)

    def test_a_named_workspace_is_never_overridden(self, server, workspace, second, key, make_client, seen):
        wrong = "11111111-1111-4111-8111-111111111111"
        client = make_client(server, key, workspace_id=wrong, resolve_workspace=lambda found: found[0])

        with pytest.raises(ForbiddenDiagnosis):
            list(client.list_projects())

        assert [r for r in seen(server) if r[1] == "/sessions"] == [("GET", "/sessions", wrong, 403)]
        assert client.workspace_id == wrong


def test_a_failed_choice_is_logged_without_a_traceback(server, workspace, key, make_client, caplog):
    def choose(workspaces):
        raise ValueError("secret of the user")

    with pytest.raises(ForbiddenDiagnosis):
        list(make_client(server, key, resolve_workspace=choose).list_projects())

    (record,) = [r for r in caplog.records if "resolve_workspace" in r.getMessage()]
    assert "ValueError" in record.getMessage()
    assert "secret" not in record.getMessage()
    assert record.exc_info is None


class TestBodiesInTheSdk:
    def test_compressed_and_plain_traces_arrive(self, make_server, make_client):
        server = make_server(info={"instance_flags": {"zstd_compression_enabled": True}})
        org = server.add_organization("Acme")
        workspace = org.add_workspace("Research")
        client = make_client(server, org.add_service_key(workspaces=None))

        client.create_run("run", {"q": "why"}, "chain")

        assert [run["name"] for run in server.runs(workspace)] == ["run"]


def test_the_info_that_the_user_gave_stays(server, key, make_client):
    client = make_client(server, key, info={})
    list(client.list_projects())

    assert client.info.version == ""
    assert "/info" not in {request.path for request in server.requests}
