"""One set of probes for an endpoint and key, however many ask, and for as long as the answers are fresh."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from safe_langsmith import Cause, ForbiddenDiagnosis
from safe_langsmith._probe import cache
from safe_langsmith.testing import Reply


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until a test moves it."""

    class Clock:
        now = 1_000.0

        def __call__(self):
            return self.now

    clock = Clock()
    fresh = cache.KeyStateCache(clock)
    monkeypatch.setattr("safe_langsmith._probe.cache.CACHE", fresh)
    return clock


def probes(server):
    return [r.path for r in server.requests if r.path in ("/workspaces", "/settings")]


def refuse(client):
    with pytest.raises(ForbiddenDiagnosis) as caught:
        list(client.list_projects())
    return caught.value


def test_the_same_refusal_within_a_minute_is_explained_without_asking(clock, server, make_client):
    client = make_client(server, "lsv2_pt_c0ffeec0ffee0123456789abcdef0123_0123456789")
    first = refuse(client)
    clock.now += 59
    second = refuse(client)

    assert second.diagnosis == first.diagnosis
    assert probes(server) == ["/settings", "/workspaces"]


def test_after_a_minute_it_is_asked_again(clock, server, make_client):
    client = make_client(server, "lsv2_pt_c0ffeec0ffee0123456789abcdef0123_0123456789")
    refuse(client)
    clock.now += 61
    refuse(client)

    assert len(probes(server)) == 4


def test_failed_probes_are_asked_again_after_ten_seconds(clock, server, org, make_client):
    key = org.add_personal_key(default=org.add_workspace("Research"))
    server.fault("GET", "/sessions", Reply(403, {"detail": "Forbidden"}), times=None)
    server.fault("GET", "/settings", Reply(500, {}), times=2)
    client = make_client(server, key)

    assert refuse(client).cause is Cause.UNDETERMINED
    clock.now += 9
    assert refuse(client).cause is Cause.UNDETERMINED
    assert len(probes(server)) == 2
    clock.now += 2
    assert refuse(client).cause is Cause.PERMISSION_DENIED


def test_many_threads_and_clients_ask_once(server, org, make_client):
    workspace = org.add_workspace("Research")
    key = org.add_service_key(workspaces=None)
    clients = [make_client(server, key) for _ in range(4)]
    gate = threading.Barrier(64)

    def call(number):
        gate.wait()
        return list(clients[number % 4].list_projects())

    with ThreadPoolExecutor(64) as pool:
        assert list(pool.map(call, range(64))) == [[]] * 64

    assert probes(server) == ["/workspaces"]
    assert {client.workspace_id for client in clients} == {workspace.id}


def test_another_key_is_another_case(server, org, make_client):
    org.add_workspace("Research")
    for _ in range(2):
        list(make_client(server, org.add_service_key(workspaces=None)).list_projects())

    assert probes(server) == ["/workspaces", "/workspaces"]


def test_a_child_process_starts_without_the_parents_locks():
    parent = cache.KeyStateCache()
    parent.lock.acquire()

    parent.clear()

    assert parent.lock.acquire(blocking=False)


def test_key_states_are_bounded(monkeypatch):
    monkeypatch.setattr(cache, "MOST_KEYS", 3)
    bounded = cache.KeyStateCache()
    first = bounded.state("https://a", "0")
    for number in range(1, 5):
        bounded.state("https://a", str(number))

    assert bounded.state("https://a", "0") is not first
