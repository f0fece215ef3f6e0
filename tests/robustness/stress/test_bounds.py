"""What is remembered has an end, however many keys and workspaces there are."""

from __future__ import annotations

import gc
import uuid

import pytest

from safe_langsmith import ForbiddenDiagnosis
from safe_langsmith._core.responses import Answer

MOST = 10


@pytest.fixture(autouse=True)
def few(probing):
    probing.set_most_keys(MOST)


def answers():
    gc.collect()
    return sum(isinstance(found, Answer) for found in gc.get_objects())


def test_a_key_refused_for_ever_new_workspaces(server, org, workspace, make_client):
    client = make_client(server, org.add_service_key(workspaces=None))
    before = answers()
    for _ in range(3 * MOST):
        with pytest.raises(ForbiddenDiagnosis):
            client.request_with_retries("GET", "/sessions", headers={"X-Tenant-Id": str(uuid.uuid4())})

    # The cached conclusions hold a few more.
    assert answers() - before <= 2 * MOST


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
