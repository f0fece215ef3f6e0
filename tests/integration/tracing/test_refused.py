"""If no retry helps, the refusal of runs is explained once, counted every time, and never hides the runs."""

from __future__ import annotations

import inspect
import logging

import langsmith
import pytest

from safe_langsmith import Cause, ForbiddenDiagnosis, SafeClient
from safe_langsmith.testing import Reply, Slow
from tests.support.tracing import send_traces

from .conftest import answers, numbers, trace

BATCHES = 50
WITH_CALLBACK = pytest.mark.skipif(
    "tracing_error_callback" not in inspect.signature(langsmith.Client.__init__).parameters,
    reason="this SDK has no callback for errors of tracing",
)


@pytest.fixture
def viewer(tracing_server):
    org = tracing_server.add_organization("Acme")
    return org.add_personal_key(default=org.add_workspace("Research"), role="Viewer")


def send_batches(client, count=BATCHES):
    for number in range(count):
        trace(client, 1, start=number)
        send_traces(client)


def sdk_records(caplog):
    return [r for r in caplog.records if r.name == "langsmith.client" and r.levelno >= logging.WARNING]


@WITH_CALLBACK
def test_fifty_batches_one_report(tracing_server, viewer, make_tracer, caplog):
    told = []
    client = make_tracer(tracing_server, viewer, tracing_error_callback=told.append)
    send_batches(client)

    assert len(told) == BATCHES
    assert {type(error).__name__ for error in told} == {"ForbiddenDiagnosis"}
    assert {error.cause for error in told} == {Cause.PERMISSION_DENIED}
    assert len({error.diagnosis.checks for error in told}) == 1
    assert sum(path in ("/settings", "/workspaces") for path, _ in answers(tracing_server).elements()) <= 3
    reports = [r.getMessage() for r in sdk_records(caplog) if "runs:create" in r.getMessage()]
    assert len(reports) == BATCHES
    assert [report for report in reports if "What to do" in report] == reports[:1]
    assert [
        number for number, report in enumerate(reports[1:], 2) if f"(403, {number} batches lost)" not in report
    ] == []
    assert {len(report.splitlines()) for report in reports[1:]} == {1}


@WITH_CALLBACK
def test_the_short_form_keeps_the_whole_diagnosis(tracing_server, viewer, make_tracer):
    told = []
    client = make_tracer(tracing_server, viewer, tracing_error_callback=told.append)
    send_batches(client, 2)

    first, second = told
    assert (first.repeated, second.repeated) == (False, True)
    assert str(second).startswith("permission-denied: ")
    assert "runs:create" in str(second)
    assert "2 batches lost" in str(second)
    assert str(second).endswith(second.fixes[0].code.splitlines()[0])
    assert second.sdk_message.startswith("Failed to POST")
    assert str(second.diagnosis) == str(first.diagnosis)


def test_one_by_one_each_is_raised_and_one_is_reported_in_full(server, make_client):
    org = server.add_organization("Acme")
    client = make_client(server, org.add_personal_key(default=org.add_workspace("Research"), role="Viewer"))
    raised = []
    for number in range(3):
        with pytest.raises(ForbiddenDiagnosis) as caught:
            trace(client, 1, start=number)
        raised.append(str(caught.value))

    assert ["What to do" in text for text in raised] == [True, False, False]


def refused(client):
    with pytest.raises(ForbiddenDiagnosis) as caught:
        trace(client, 1)
    return caught.value


@pytest.fixture
def viewers_client(server, make_client):
    org = server.add_organization("Acme")
    return make_client(server, org.add_personal_key(default=org.add_workspace("Research"), role="Viewer"))


def test_of_two_batches_refused_at_once_none_is_short_before_the_full_text_was_logged(viewers_client):
    """The SDK logs the text of each exception, in whatever order its threads come to it."""
    first, second = refused(viewers_client), refused(viewers_client)
    logged = [str(second), str(first), str(refused(viewers_client))]
    assert ["What to do" in text for text in logged] == [True, True, False]


def test_the_full_text_is_logged_again_after_an_hour(server, make_client, probing):
    now = [0.0]
    probing.set_clock(lambda: now[0])
    org = server.add_organization("Acme")
    client = make_client(server, org.add_personal_key(default=org.add_workspace("Research"), role="Viewer"))
    texts = []
    for now[0] in (0.0, 1.0, 3_599.0, 3_601.0, 3_602.0, 7_300.0):
        texts.append(str(refused(client)))

    assert ["What to do" in text for text in texts] == [True, False, False, True, False, True]
    assert "(403, 5 batches lost)" in texts[4]


def test_another_operation_is_another_reason(viewers_client, server):
    """What the log said of runs does not explain the refusal of feedback."""
    first = [str(refused(viewers_client)), str(refused(viewers_client))]
    with pytest.raises(ForbiddenDiagnosis) as caught:
        viewers_client.update_run("11111111-aaaa-4aaa-8aaa-111111111111", outputs={})
    another = str(caught.value)

    assert ["What to do" in text for text in (*first, another)] == [True, False, True]


def test_runs_that_are_updated_one_by_one_are_one_operation(viewers_client):
    texts = []
    for number in range(3):
        with pytest.raises(ForbiddenDiagnosis) as caught:
            viewers_client.update_run(f"11111111-aaaa-4aaa-8aaa-11111111111{number}", outputs={})
        texts.append(str(caught.value))

    assert ["What to do" in text for text in texts] == [True, False, False]


def of_a_viewer(org):
    return org.add_personal_key(default=org.add_workspace("Research"), role="Viewer")


def for_two_workspaces(org):
    org.add_workspace("Research")
    org.add_workspace("Support")
    return org.add_service_key(workspaces=None)


@WITH_CALLBACK
@pytest.mark.parametrize("mode", ["multipart"], indirect=True)
@pytest.mark.parametrize("make_key", [of_a_viewer, for_two_workspaces])
def test_refused_traffic_fills_the_log_no_more_than_with_the_sdk(tracing_server, make_tracer, caplog, make_key):
    """As many batches as there are in twenty seconds of steady tracing, two each second."""
    told = []
    key = make_key(tracing_server.add_organization("Acme"))
    send_batches(make_tracer(tracing_server, key, tracing_error_callback=told.append), 40)
    texts = [r.getMessage() for r in sdk_records(caplog) if "ForbiddenDiagnosis" in r.getMessage()]
    # The SDK's own record has its class and message in the same place.
    sdk = [
        text.partition("safe_langsmith.ForbiddenDiagnosis: ")[0]
        + f"{type(error.sdk_error).__module__}.{type(error.sdk_error).__name__}: {error.sdk_error}"
        for text, error in zip(texts, told, strict=True)
    ]

    assert len(texts) == 40
    assert sum(map(len, texts)) <= sum(map(len, sdk))


def test_other_calls_are_always_reported_in_full(server, make_client):
    org = server.add_organization("Acme")
    client = make_client(server, org.add_personal_key(default=org.add_workspace("Research"), role="Viewer"))
    for _ in range(2):
        with pytest.raises(ForbiddenDiagnosis, match="What to do"):
            client.create_project("p")


def test_another_cause_is_reported_in_full_again(server, make_client):
    org = server.add_organization("Acme")
    workspace = org.add_workspace("Research")
    client = make_client(server, org.add_personal_key(default=workspace, role="Viewer"))
    with pytest.raises(ForbiddenDiagnosis, match="What to do"):
        trace(client, 1)
    server.fault("POST", "/runs", Reply(403, {"error": "Forbidden: LLM Gateway not enabled for this organization"}))
    with pytest.raises(ForbiddenDiagnosis, match="What to do") as caught:
        trace(client, 1)

    assert caught.value.cause is Cause.FEATURE_UNAVAILABLE


@pytest.mark.parametrize("mode", ["compressed", "multipart"], indirect=True)
def test_what_was_refused_is_dumped_where_the_user_asked_for_it(
    tracing_server, viewer, make_tracer, monkeypatch, tmp_path, canary
):
    if not hasattr(langsmith.Client, "_dump_failed_trace"):
        pytest.skip("this SDK dumps no traces")
    dumped = tmp_path / "dumped"
    monkeypatch.setenv("LANGSMITH_FAILED_TRACES_DIR", str(dumped))
    langsmith.utils.get_env_var.cache_clear()
    client = make_tracer(tracing_server, viewer)
    send_batches(client, 2)

    files = list(dumped.iterdir())
    assert len(files) == 2
    assert not [file for file in files if canary in file.read_text("utf-8", "replace")]


@pytest.mark.parametrize("mode", ["multipart"], indirect=True)
def test_runs_arrive_again_once_the_permission_is_there(tracing_server, make_tracer, caplog):
    org = tracing_server.add_organization("Acme")
    workspace = org.add_workspace("Research")
    client = make_tracer(tracing_server, org.add_personal_key(default=workspace))
    tracing_server.fault("POST", "/runs/multipart", Reply(403, {"error": "Forbidden"}))
    send_batches(client, 3)

    assert numbers(tracing_server, workspace) == [1, 2]


@pytest.mark.parametrize("mode", ["multipart"], indirect=True)
def test_a_probe_that_hangs_holds_the_thread_no_longer_than_the_bound(
    tracing_server, viewer, make_tracer, probing, caplog
):
    probing.set_deadline(0.3)
    tracing_server.fault("GET", "/settings", Slow(60), times=None)
    tracing_server.fault("GET", "/workspaces", Slow(60), times=None)
    client = make_tracer(tracing_server, viewer)
    send_batches(client, 3)

    assert sum(path == "/runs/multipart" for path, _ in answers(tracing_server).elements()) == 3
    assert "undetermined" in caplog.text


def test_the_user_sees_the_report_of_a_decorated_function(server, make_client, monkeypatch, caplog):
    org = server.add_organization("Acme")
    client = make_client(server, org.add_personal_key(default=org.add_workspace("Research"), role="Viewer"))
    assert isinstance(client, SafeClient)
    monkeypatch.setenv("LANGSMITH_TRACING", "true")

    @langsmith.traceable(client=client)
    def double(x):
        return 2 * x

    assert double(3) == 6
    assert "runs:create" in caplog.text
