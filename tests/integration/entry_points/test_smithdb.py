"""Where a deployment keeps runs in SmithDB, some ordinary methods ask by the SDK's generated clients."""

from __future__ import annotations

import asyncio

import pytest
from langsmith import RunTree

from safe_langsmith import Cause, ForbiddenDiagnosis
from safe_langsmith.testing import Reply
from tests.support.tracing import send_traces

from .conftest import CURRENT

pytest.importorskip("langsmith._internal._v2_migration_utils")
pytestmark = [
    # The SDK's own, about the names of the methods.
    pytest.mark.filterwarnings("ignore:.* is deprecated and will be removed"),
]


@pytest.fixture
def server(make_server):
    smithdb_only = {"sdb_query_enabled": True, "ch_query_enabled": False}
    return make_server(info={"instance_flags": {**CURRENT["instance_flags"], **smithdb_only}})


@pytest.fixture
def waiting(server, key, make):
    """A client that sends everything at once, and is refused first."""
    return make(server, key, auto_batch_tracing=False)


@pytest.fixture
def run(admin):
    project = admin.create_project("p")
    run = RunTree(name="run", inputs={"q": 1}, project_name="p", ls_client=admin)
    run.end(outputs={"a": 1})
    run.post()
    run.session_id = project.id
    return run


def read(client, run):
    return client.read_run(run.id, project_id=run.session_id, start_time=run.start_time).outputs


def test_a_run_is_read(run, server, waiting, retried):
    assert read(waiting, run) == {"a": 1}

    assert [r.path for r in server.requests if r.status == 403] == [f"/api/v2/runs/{run.id}"]
    retried(waiting)


def test_the_url_of_a_run(run, server, waiting, workspace, retried):
    run.ls_client = waiting

    assert str(run.id) in run.get_url()
    retried(waiting)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_an_experiment_is_evaluated_again(admin, server, key, make, workspace, stored):
    dataset = admin.create_dataset("questions")
    admin.create_examples(dataset_id=dataset.id, examples=[{"inputs": {"q": n}, "outputs": {"a": n}} for n in range(3)])
    experiment = admin.evaluate(lambda inputs: {"a": 1}, data="questions").experiment_name
    client = make(server, key)

    again = client.evaluate(experiment, evaluators=[lambda run, example: {"key": "sum", "score": run.outputs["a"]}])
    send_traces(client)

    assert len(list(again)) == 3
    assert [given["score"] for given in stored("feedback") if given["key"] == "sum"] == [1, 1, 1]
    assert client.workspace_id == workspace.id
    assert [r.path for r in server.requests if r.path == "/workspaces"] == ["/workspaces"]


def test_a_refused_read_names_the_permission(run, server, viewer, make):
    client = make(server, viewer, auto_batch_tracing=False)
    server.fault("GET", f"/api/v2/runs/{run.id}", Reply(403, {"error": "Forbidden: missing permission runs:read"}))

    with pytest.raises(ForbiddenDiagnosis) as caught:
        read(client, run)

    assert caught.value.cause is Cause.PERMISSION_DENIED
    assert "runs:read" in " ".join(caught.value.summary.split())


def test_calls_of_the_generated_client_are_retried_too(run, server, waiting, retried):
    async def first():
        found = [found.id async for found in waiting.runs.query(project_ids=[str(run.session_id)])]
        await waiting._get_langsmith_api().close()
        return found

    assert asyncio.run(first()) == [str(run.id)]
    retried(waiting)
