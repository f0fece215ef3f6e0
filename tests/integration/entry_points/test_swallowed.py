"""What the SDK keeps to itself stays there, and nothing that it concluded from a refusal outlives the retrying."""

from __future__ import annotations

import uuid

import pytest
from langsmith import Client

from safe_langsmith.testing import Reply
from tests.support.tracing import send_traces

from .conftest import takes

FORBIDDEN = Reply(403, {"error": "Forbidden"})


@pytest.fixture
def stranger(server, make, canary):
    """Its key is none of this server's."""
    return make(server, f"lsv2_sk_{canary}0123456789abcdef0123_0123456789", auto_batch_tracing=False)


def test_an_info_that_cannot_be_had_is_empty(server, stranger, caplog):
    server.fault("GET", "/info", FORBIDDEN, times=None)

    assert not stranger.info.version
    (warning,) = [r for r in caplog.records if r.name == "langsmith.client" and r.levelname == "WARNING"]
    assert warning.getMessage().startswith("Failed to get info")


def test_an_info_that_was_refused_for_want_of_a_workspace_is_had(server, key, make, retried):
    server.fault("GET", "/info", FORBIDDEN)
    client = make(server, key, auto_batch_tracing=False)

    assert client.info.version


def test_an_info_that_was_refused_earlier_is_asked_for_again(server, key, make, workspace):
    """It says, among others, whether examples may be sent as multipart; an empty one says no."""
    server.fault("GET", "/info", FORBIDDEN, times=2)
    client = make(server, key, auto_batch_tracing=False)
    assert not client.info.version

    dataset = client.create_dataset("questions")
    client.create_examples(dataset_id=dataset.id, examples=[{"inputs": {"q": 1}}])

    assert client.workspace_id == workspace.id
    assert client.info.version
    assert server.requests[-1].path == f"/v1/platform/datasets/{dataset.id}/examples"


def test_the_tracing_thread_begins_without_an_info_and_runs_arrive(server, key, make, workspace):
    server.fault("GET", "/info", FORBIDDEN, times=2)
    client = make(server, key)
    client.create_run("run", {"q": 1}, "chain", id=uuid.uuid4())
    send_traces(client)

    assert [run["name"] for run in server.runs(workspace)] == ["run"]


def test_a_tenant_that_cannot_be_had_is_none(stranger):
    assert stranger._get_optional_tenant_id() is None


@pytest.mark.parametrize("first", ["create_dataset", "read_project"])
def test_urls_contain_the_workspace(first, admin, server, key, make, workspace):
    admin.create_project("p")
    client = make(server, key, auto_batch_tracing=False)
    if first == "read_project":
        assert f"/o/{workspace.id}/projects/p/" in client.read_project(project_name="p").url

    assert f"/o/{workspace.id}/datasets/" in client.create_dataset("questions").url
    assert str(client._get_tenant_id()) == workspace.id


def test_a_tenant_that_was_refused_earlier_is_asked_for_again(admin, server, key, make, workspace):
    admin.create_project("p")
    server.fault("GET", "/sessions", FORBIDDEN, times=2)
    client = make(server, key, auto_batch_tracing=False)
    assert client._get_optional_tenant_id() is None

    assert f"/o/{workspace.id}/datasets/" in client.create_dataset("questions").url


@pytest.mark.filterwarnings("ignore:read_run", "ignore:get_run_url")
def test_the_url_of_a_run_contains_the_workspace(server, workspace, client, tracing):
    client.create_project("p")
    client.create_run("run", {"q": 1}, "chain", id=(id := uuid.uuid4()), project_name="p")
    send_traces(client)

    assert f"/o/{workspace.id}/projects/p/" in client.get_run_url(run=client.read_run(id), project_name="p")


def test_the_settings_are_the_workspaces(client, workspace):
    settings = client._get_settings()

    assert (settings.id, settings.display_name) == (workspace.id, "Research")
    assert client._current_tenant_is_owner("-")


def test_what_the_user_asked_to_ignore_is_ignored(stranger):
    """The SDK then returns the refused answer."""
    if not takes(Client.request_with_retries, "to_ignore"):
        pytest.skip("nothing can be ignored")
    from langsmith.utils import LangSmithError

    answer = stranger.request_with_retries("GET", "/sessions", to_ignore=(LangSmithError,))

    assert answer is None or answer.status_code == 403
