"""The asynchronous client, method by method."""

from __future__ import annotations

import asyncio
import datetime
import uuid

import pytest

from safe_langsmith import Cause, ForbiddenDiagnosis

from .conftest import RETRIES_ASYNC

pytestmark = pytest.mark.filterwarnings("ignore:Creating feedback for a run without session_id")
NOW = datetime.datetime.now(datetime.timezone.utc).isoformat()


async def create_run(client, dataset):
    await client.create_run("run", {"q": 1}, "chain", id=uuid.uuid4(), project_name="p", start_time=NOW)


async def create_project(client, dataset):
    assert (await client.create_project("project")).name == "project"


async def create_dataset(client, dataset):
    assert (await client.create_dataset("answers")).name == "answers"


async def create_example(client, dataset):
    example = await client.create_example({"q": 1}, {"a": 1}, dataset_id=dataset.id)
    assert (await client.read_example(example.id)).inputs == {"q": 1}


async def create_feedback(client, dataset):
    assert (await client.create_feedback(uuid.uuid4(), "correct", score=1)).score == 1


async def delete_dataset(client, dataset):
    await client.delete_dataset(dataset_id=dataset.id)


async def list_datasets(client, dataset):
    assert [found.name async for found in client.list_datasets()] == ["questions"]


async def list_examples(client, dataset):
    assert [found async for found in client.list_examples(dataset_id=dataset.id)] == []


async def list_feedback(client, dataset):
    assert [found async for found in client.list_feedback(run_ids=[uuid.uuid4()])] == []


async def read_dataset(client, dataset):
    assert (await client.read_dataset(dataset_name="questions")).id == dataset.id


WRITES = {
    create_run: ("runs", "runs:create"),
    create_project: ("sessions", "projects:create"),
    create_dataset: ("datasets", "datasets:create"),
    create_example: ("examples", "datasets:update"),
    create_feedback: ("feedback", "feedback:create"),
    delete_dataset: ("datasets", "datasets:delete"),
}
READS = [list_datasets, list_examples, list_feedback, read_dataset]


@pytest.fixture
def dataset(admin):
    return admin.create_dataset("questions")


@RETRIES_ASYNC
@pytest.mark.parametrize("method", [*WRITES, *READS], ids=lambda method: method.__name__)
def test_the_first_call_works(method, dataset, key, open_async, stored, retried):
    before = len(stored(WRITES[method][0])) if method in WRITES else 0

    async def call():
        async with open_async(key) as client:
            await method(client, dataset)
            retried(client)

    asyncio.run(call())

    if method in WRITES:
        assert len(stored(WRITES[method][0])) - before == (-1 if method is delete_dataset else 1)


@RETRIES_ASYNC
def test_many_first_calls_at_once(key, server, workspace, open_async, stored):
    async def call():
        async with open_async(key) as client:
            await asyncio.gather(*[client.create_dataset(f"dataset {n}") for n in range(20)])
            assert client.workspace_id == workspace.id

    asyncio.run(call())

    assert sorted(dataset["name"] for dataset in stored("datasets")) == sorted(f"dataset {n}" for n in range(20))
    assert [r.path for r in server.requests if r.path == "/workspaces"] == ["/workspaces"]


@pytest.mark.parametrize("method", WRITES, ids=lambda method: method.__name__)
def test_a_viewers_diagnosis_names_the_permission(method, dataset, viewer, open_async, stored):
    collection, permission = WRITES[method]
    before = stored(collection)

    async def call():
        async with open_async(viewer) as client:
            with pytest.raises(ForbiddenDiagnosis) as caught:
                await method(client, dataset)
            return caught.value

    error = asyncio.run(call())

    assert error.cause is Cause.PERMISSION_DENIED
    assert permission in " ".join(error.summary.split())
    assert error.diagnosis.status_code == 403
    assert stored(collection) == before


@pytest.mark.parametrize("method", READS, ids=lambda method: method.__name__)
def test_a_viewer_reads(method, dataset, viewer, open_async, server):
    async def call():
        async with open_async(viewer) as client:
            await method(client, dataset)

    asyncio.run(call())

    assert 403 not in [r.status for r in server.requests]
