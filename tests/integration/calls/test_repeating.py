"""The same refusal again at once: explained by the same words, and by new ones as soon as anything else is the case."""

from __future__ import annotations

from pathlib import Path

import pytest

from safe_langsmith import Cause, reload_environment
from safe_langsmith._probe import cache as ledger
from safe_langsmith.testing import Reply

OTHER_KEY = "lsv2_pt_" + "1" * 32 + "_" + "1" * 10


@pytest.fixture
def clock(monkeypatch):
    """Seconds that pass only when a test says so."""
    now = [1_000.0]
    monkeypatch.setattr("safe_langsmith._probe.cache.CACHE", ledger.KeyStateCache(lambda: now[0]))
    return now


@pytest.fixture
def road(kind, server, org, workspace, make_road, clock):
    return make_road(kind, server, org.add_personal_key(default=workspace, role="Viewer"))


def asks(road):
    return lambda: road.call("POST", "/datasets", {"name": "d"})


def test_it_is_another_exception_with_the_same_diagnosis(road, refused, server):
    first = refused(asks(road))
    asked = len(server.requests)
    second = refused(asks(road))

    assert second is not first
    assert second.diagnosis == first.diagnosis
    assert str(second) == str(first)
    assert type(second) is type(first)
    assert second.sdk_error is not first.sdk_error
    assert second.response is not first.response
    assert (second.__cause__, second.__suppress_context__) == (None, True)
    assert len(server.requests) == asked + 1


@pytest.mark.parametrize("id_", ["0f0e0d0c-1111-4111-8111-111111111111", "no such id", ""])
def test_it_has_the_id_of_its_own_request(id_, road, refused, server):
    refused(asks(road))
    refusal = {"detail": "Forbidden"}
    server.fault("POST", "/datasets", Reply(403, refusal, headers={"X-Request-ID": "00000000"}), times=1)
    server.fault("POST", "/datasets", Reply(403, refusal, headers={"X-Request-ID": id_}), times=1)

    assert refused(asks(road)).request_id == "00000000"
    assert refused(asks(road)).request_id == (id_ or None)


def test_a_key_in_place_of_the_id_is_hidden(kind, server, make_road, refused, clock):
    key = "0123456789abcdef" * 2
    road = make_road(kind, server, key)
    for id_ in ("00000000", key):
        server.fault("POST", "/datasets", Reply(403, {"detail": "Forbidden"}, headers={"X-Request-ID": id_}), times=1)
    refused(asks(road))

    assert key not in str(refused(asks(road)))


@pytest.mark.parametrize("header", ["Bearer deadbeef0123456789abcdef", "Basic Z3c6ZGVhZGJlZWYwMTIzNDU2Nzg5YWJjZGVm"])
def test_a_secret_within_the_id_is_hidden(header, v1, server, workspace, org, make_road, refused, clock):
    road = make_road(v1, server, org.add_personal_key(default=workspace, role="Viewer"))
    road.client.session.headers["Authorization"] = header
    for id_ in ("00000000", "00000001", "3-deadbeef0123456789abcdef"):
        server.fault("POST", "/datasets", Reply(403, {"detail": "Forbidden"}, headers={"X-Request-ID": id_}), times=1)

    assert [refused(asks(road)).request_id for _ in range(3)] == ["00000000", "00000001", "3-****"]


def test_a_message_names_one_request(road, refused, server):
    for id_ in ("00000000", "00000001"):
        refusal = Reply(403, {"detail": "Forbidden"}, headers={"X-Request-ID": id_})
        server.fault("POST", "/datasets", refusal, times=1)
        server.fault("GET", "/settings", Reply(503, {}))
    refused(asks(road))

    assert "00000000" not in str(refused(asks(road)))


def test_what_is_done_to_one_is_not_done_to_the_next(road, refused):
    first = refused(asks(road))
    first.settings.clear()
    second = refused(asks(road))
    second.settings.clear()

    assert refused(asks(road)).settings.keys() == {"endpoint", "api_key", "workspace_id", "project", "tracing"}


def test_two_refusals_in_turns_repeat_themselves(road, refused):
    def other():
        return refused(lambda: road.call("POST", "/sessions", {"name": "p"}))

    before = refused(asks(road)), other()
    Path(".env").write_text("LANGSMITH_API_KEY=<your-api-key>\n")

    assert (refused(asks(road)).diagnosis, other().diagnosis) == (before[0].diagnosis, before[1].diagnosis)


def test_reloading_the_environment_is_seen_at_once(road, refused):
    Path(".env").write_text("LANGSMITH_API_KEY=<your-api-key>\n")
    before = refused(asks(road))
    Path(".env").write_text("")
    reload_environment()

    assert refused(asks(road)).checks != before.checks


def test_another_answer_is_another_refusal(road, refused, server):
    first = refused(asks(road))
    server.fault("POST", "/datasets", Reply(403, {"detail": "No plan found for this organization"}))

    assert first.cause is Cause.PERMISSION_DENIED
    assert refused(asks(road)).cause is Cause.FEATURE_UNAVAILABLE


def test_another_operation_is_another_refusal(road, refused):
    refused(asks(road))
    other = refused(lambda: road.call("POST", "/sessions", {"name": "p"}))

    assert "create projects" in other.summary


def test_a_variable_that_has_changed_is_seen_at_once(road, refused, monkeypatch):
    refused(asks(road))
    monkeypatch.setenv("LANGSMITH_API_KEY", OTHER_KEY)

    assert "LANGSMITH_API_KEY" in str(refused(asks(road)))


def test_a_file_that_has_changed_is_seen_after_a_second(road, refused, clock):
    before = refused(asks(road))
    Path(".env").write_text("LANGSMITH_API_KEY=<your-api-key>\n")
    meanwhile = refused(asks(road))
    clock[0] += 1

    assert meanwhile.diagnosis == before.diagnosis
    assert ".env" in str(refused(asks(road)))


def test_a_workspace_that_another_client_found_cures_at_once(
    healing_kind, v1, server, key, make_road, refused, workspace
):
    cautious = make_road(healing_kind, server, key, probe=False)
    refused(cautious.call)
    assert make_road(v1, server, key).call() == []

    assert cautious.call() == []


def test_a_key_that_was_set_meanwhile_is_looked_at(v1, server, org, workspace, make_road, refused, clock):
    road = make_road(v1, server, org.add_personal_key(default=workspace, role="Viewer"))
    refused(asks(road))
    road.client.api_key = "<your-api-key>"

    assert refused(asks(road)).cause is Cause.KEY_MALFORMED
