"""The same 403 again: the same diagnosis without another probe, and another one as soon as anything has changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from safe_langsmith import Cause, reload_environment
from safe_langsmith.testing import Reply

OTHER_KEY = "lsv2_pt_" + "1" * 32 + "_" + "1" * 10


@pytest.fixture
def clock(probing):
    """Seconds that pass only when a test says so."""
    now = [1_000.0]
    probing.set_clock(lambda: now[0])
    return now


@pytest.fixture
def call_path(kind, server, org, workspace, make_call_path, clock):
    return make_call_path(kind, server, org.add_personal_key(default=workspace, role="Viewer"))


def asks(call_path):
    return lambda: call_path.call("POST", "/datasets", {"name": "d"})


def test_it_is_another_exception_with_the_same_diagnosis(call_path, refused, server):
    first = refused(asks(call_path))
    asked = len(server.requests)
    second = refused(asks(call_path))

    assert second is not first
    assert second.diagnosis == first.diagnosis
    assert str(second) == str(first)
    assert type(second) is type(first)
    assert second.sdk_error is not first.sdk_error
    assert second.sdk_error is not first.sdk_error
    assert (second.__cause__, second.__suppress_context__) == (None, True)
    assert len(server.requests) == asked + 1


@pytest.mark.parametrize("id_", ["0f0e0d0c-1111-4111-8111-111111111111", "no such id", ""])
def test_it_has_the_id_of_its_own_request(id_, call_path, refused, server):
    refused(asks(call_path))
    refusal = {"detail": "Forbidden"}
    server.fault("POST", "/datasets", Reply(403, refusal, headers={"X-Request-ID": "00000000"}), times=1)
    server.fault("POST", "/datasets", Reply(403, refusal, headers={"X-Request-ID": id_}), times=1)

    assert refused(asks(call_path)).request_id == "00000000"
    assert refused(asks(call_path)).request_id == (id_ or None)


def test_a_key_in_place_of_the_id_is_hidden(kind, server, make_call_path, refused, clock):
    key = "0123456789abcdef" * 2
    call_path = make_call_path(kind, server, key)
    for id_ in ("00000000", key):
        server.fault("POST", "/datasets", Reply(403, {"detail": "Forbidden"}, headers={"X-Request-ID": id_}), times=1)
    refused(asks(call_path))

    assert key not in str(refused(asks(call_path)))


@pytest.mark.parametrize("header", ["Bearer deadbeef0123456789abcdef", "Basic Z3c6ZGVhZGJlZWYwMTIzNDU2Nzg5YWJjZGVm"])
def test_a_secret_within_the_id_is_hidden(header, v1, server, workspace, org, make_call_path, refused, clock):
    call_path = make_call_path(v1, server, org.add_personal_key(default=workspace, role="Viewer"))
    call_path.client.session.headers["Authorization"] = header
    for id_ in ("00000000", "00000001", "3-deadbeef0123456789abcdef"):
        server.fault("POST", "/datasets", Reply(403, {"detail": "Forbidden"}, headers={"X-Request-ID": id_}), times=1)

    assert [refused(asks(call_path)).request_id for _ in range(3)] == ["00000000", "00000001", "3-****"]


def test_a_message_names_one_request(call_path, refused, server):
    for id_ in ("00000000", "00000001"):
        refusal = Reply(403, {"detail": "Forbidden"}, headers={"X-Request-ID": id_})
        server.fault("POST", "/datasets", refusal, times=1)
        server.fault("GET", "/settings", Reply(503, {}))
    refused(asks(call_path))

    assert "00000000" not in str(refused(asks(call_path)))


def test_what_is_done_to_one_is_not_done_to_the_next(call_path, refused):
    first = refused(asks(call_path))
    first.settings.clear()
    second = refused(asks(call_path))
    second.settings.clear()

    assert refused(asks(call_path)).settings.keys() == {"endpoint", "api_key", "workspace_id", "project", "tracing"}


def test_reloading_the_environment_is_seen_at_once(call_path, refused):
    Path(".env").write_text("LANGSMITH_API_KEY=<your-api-key>\n")
    before = refused(asks(call_path))
    Path(".env").write_text("")
    reload_environment()

    assert refused(asks(call_path)).checks != before.checks


def test_another_answer_is_another_refusal(call_path, refused, server):
    first = refused(asks(call_path))
    server.fault("POST", "/datasets", Reply(403, {"detail": "No plan found for this organization"}))

    assert first.cause is Cause.PERMISSION_DENIED
    assert refused(asks(call_path)).cause is Cause.FEATURE_UNAVAILABLE


def test_another_operation_is_another_refusal(call_path, refused):
    refused(asks(call_path))
    other = refused(lambda: call_path.call("POST", "/sessions", {"name": "p"}))

    assert "create projects" in other.summary


def test_a_variable_that_has_changed_is_seen_at_once(call_path, refused, monkeypatch):
    refused(asks(call_path))
    monkeypatch.setenv("LANGSMITH_API_KEY", OTHER_KEY)

    assert "LANGSMITH_API_KEY" in refused(asks(call_path)).diagnosis.report()


def test_a_file_that_has_changed_is_seen_at_once(call_path, refused):
    refused(asks(call_path))
    Path(".env").write_text("LANGSMITH_API_KEY=<your-api-key>\n")

    assert ".env" in str(refused(asks(call_path)))


def test_a_workspace_that_another_client_found_is_used_without_a_probe(
    retrying_kind, v1, server, key, make_call_path, refused, workspace
):
    cautious = make_call_path(retrying_kind, server, key, probe=False)
    refused(cautious.call)
    assert make_call_path(v1, server, key).call() == []

    assert cautious.call() == []


def test_a_key_that_was_set_meanwhile_is_looked_at(v1, server, org, workspace, make_call_path, refused, clock):
    call_path = make_call_path(v1, server, org.add_personal_key(default=workspace, role="Viewer"))
    refused(asks(call_path))
    call_path.client.api_key = "<your-api-key>"

    assert refused(asks(call_path)).cause is Cause.KEY_MALFORMED
