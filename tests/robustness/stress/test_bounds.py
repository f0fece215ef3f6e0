"""What is remembered has an end, however many keys and workspaces there are."""

from __future__ import annotations

import gc
import uuid

import pytest

from safe_langsmith import ForbiddenDiagnosis, SafeClient, Workspace
from safe_langsmith._core.responses import Answer
from safe_langsmith._probe import cache

pytestmark = pytest.mark.slow

MOST = 10


@pytest.fixture(autouse=True)
def few(probing):
    probing.set_most_keys(MOST)


def kept(kind):
    gc.collect()
    return sum(isinstance(found, kind) for found in gc.get_objects())


def refused(client, key=None):
    """Has a call refused, and keeps nothing of it."""
    with pytest.raises(ForbiddenDiagnosis):
        client.request_with_retries("POST", "/sessions", json={"name": "p"}, headers={"x-api-key": key} if key else {})


def test_a_key_refused_for_ever_new_workspaces(server, org, workspace, make_client):
    client = make_client(server, org.add_service_key(workspaces=None))
    before = kept(Answer)
    for _ in range(3 * MOST):
        with pytest.raises(ForbiddenDiagnosis):
            client.request_with_retries("GET", "/sessions", headers={"X-Tenant-Id": str(uuid.uuid4())})

    # The cached conclusions hold a few more.
    assert kept(Answer) - before <= 2 * MOST


def test_a_client_that_writes_with_ever_new_keys(server, org, workspace, make_client):
    client = make_client(server, org.add_service_key(workspaces=None))
    keys = [org.add_service_key(workspaces=None) for _ in range(3 * MOST)]
    for number, key in enumerate(keys):
        client.request_with_retries("POST", "/sessions", json={"name": f"p{number}"}, headers={"x-api-key": key})

    server.clear_requests()
    for key in (keys[-1], keys[0]):
        client.request_with_retries("GET", "/sessions", headers={"x-api-key": key})
    # The last is remembered; the first is asked about again.
    assert [(r.path, r.workspace_id) for r in server.requests] == [
        ("/sessions", workspace.id),
        ("/sessions", None),
        ("/workspaces", None),
        ("/sessions", workspace.id),
    ]
    assert len(server.projects(workspace)) == 3 * MOST


def viewers(org, number, workspaces):
    """Returns keys of users who see many workspaces, and may not write to the first."""
    roles = dict.fromkeys(workspaces[1:], "Viewer")
    return [org.add_personal_key(default=workspaces[0], role="Viewer", roles=roles) for _ in range(number)]


def test_the_listings_of_many_keys_take_bounded_memory(server, org, workspace, make_client, monkeypatch):
    workspaces = [workspace, *(org.add_workspace(f"W{number}") for number in range(99))]
    monkeypatch.setattr(cache, "MOST_BYTES", 1_000_000)
    monkeypatch.setattr(cache, "MOST_KEYS", 1_000)
    keys = viewers(org, 30, workspaces)
    client, before = make_client(server, keys[0]), kept(Workspace)
    for key in keys:
        refused(client, key)

    # Of the thirty listings, as many as fit are kept: those of the keys that were used last.
    assert 100 <= kept(Workspace) - before <= 1_500
    server.clear_requests()
    refused(client, keys[-1])
    assert [r.path for r in server.requests] == ["/sessions"]
    refused(client, keys[0])
    assert [r.path for r in server.requests][1:] == ["/sessions", "/settings", "/workspaces"]


def test_what_has_expired_is_dropped_with_the_next_refusal(server, org, workspace, make_client, probing):
    now = [1_000.0]
    probing.set_clock(lambda: now[0])
    client = make_client(server, *viewers(org, 1, [workspace, *(org.add_workspace(f"W{n}") for n in range(50))]))
    before = kept(Workspace)
    refused(client)
    now[0] += 59
    assert kept(Workspace) - before > 50
    now[0] += 2
    # This key is malformed, so nothing is asked about it.
    refused(client, "<your key>")

    assert kept(Workspace) - before == 0


def test_callables_without_weak_references_are_kept_for_a_while_only(server, org, workspace, monkeypatch):
    class Chooser:
        __slots__ = ("name",)

        def __call__(self, workspaces):
            return None

    org.add_workspace("Production")
    monkeypatch.setattr(cache, "MOST_CHOICES", 3)
    monkeypatch.setattr(cache, "MOST_KEYS", 1_000)
    before = kept(Chooser)
    for _ in range(10):
        key = org.add_service_key(workspaces=None)
        client = SafeClient(api_url=server.url, api_key=key, auto_batch_tracing=False, resolve_workspace=Chooser())
        refused(client)
        client.session.close()
    del client

    assert kept(Chooser) - before <= 3


def test_a_callable_without_weak_references_is_called_once(server, org, workspace, make_client):
    calls = []

    class Chooser:
        __slots__ = ()

        def __call__(self, workspaces):
            calls.append(workspaces)

    org.add_workspace("Production")
    key, chooser = org.add_service_key(workspaces=None), Chooser()
    for _ in range(3):
        refused(make_client(server, key, resolve_workspace=chooser))

    assert len(calls) == 1
