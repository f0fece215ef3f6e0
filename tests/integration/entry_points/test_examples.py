"""Examples: created, changed and deleted, one by one and in bulk, with attachments and without."""

from __future__ import annotations

import gc
import uuid

import pytest
import requests
from langsmith import Client
from langsmith.utils import LangSmithError

from safe_langsmith import Cause, ForbiddenDiagnosis, find_diagnosis
from safe_langsmith.testing import Reply
from safe_langsmith.testing.payloads import parts

# The SDK's own: what it calls outputs, it also wants to be called otherwise.
pytestmark = pytest.mark.filterwarnings("ignore:'outputs' is deprecated:DeprecationWarning")
PICTURE = b"\x89PNG \x00\r\n--" * 1000
BULK = [{"inputs": {"q": n}, "outputs": {"a": -n}} for n in range(3)]


@pytest.fixture(params=["json", "multipart"])
def server(request, make_server):
    return make_server(info={"instance_flags": {"dataset_examples_multipart_enabled": request.param == "multipart"}})


@pytest.fixture
def client(server, key, make):
    return make(server, key, auto_batch_tracing=False)


@pytest.fixture
def dataset(admin):
    return admin.create_dataset("questions")


@pytest.fixture
def ids(admin, dataset):
    made = admin.create_examples(dataset_id=dataset.id, examples=BULK)
    return [uuid.UUID(id) for id in made["example_ids"]]


def rows(stored):
    return [(example["inputs"], example.get("outputs")) for example in stored("examples")]


def test_created_in_bulk(client, dataset, workspace, stored, retried):
    made = client.create_examples(dataset_id=dataset.id, examples=BULK)

    assert made["count"] == 3
    assert rows(stored) == [({"q": 0}, {"a": 0}), ({"q": 1}, {"a": -1}), ({"q": 2}, {"a": -2})]
    assert {example["tenant_id"] for example in stored("examples")} == {workspace.id}
    retried(client)


def test_created_in_several_batches_at_once(client, dataset, server, stored):
    large = [{"inputs": {"q": n, "text": "x" * 8_000_000}} for n in range(6)]

    made = client.create_examples(dataset_id=dataset.id, examples=large, max_concurrency=3)

    assert made["count"] == 6
    assert sorted(example["inputs"]["q"] for example in stored("examples")) == list(range(6))
    requests = [(r.path, r.status) for r in server.requests]
    assert sum("/examples" in path and status == 200 for path, status in requests) > 1
    assert [path for path, _ in requests if path == "/workspaces"] == ["/workspaces"]


def test_one_created_and_changed(client, dataset, stored, retried):
    example = client.create_example(inputs={"q": 1}, outputs={"a": 1}, dataset_id=dataset.id)
    client.update_example(example.id, inputs={"q": 2})

    assert rows(stored) == [({"q": 2}, {"a": 1})]
    retried(client)


def test_changed_in_bulk(client, ids, dataset, stored, retried):
    client.update_examples(dataset_id=dataset.id, updates=[{"id": ids[1], "inputs": {"q": "changed"}}])

    assert rows(stored) == [({"q": 0}, {"a": 0}), ({"q": "changed"}, {"a": -1}), ({"q": 2}, {"a": -2})]
    retried(client)


@pytest.mark.parametrize("server", ["multipart"], indirect=True)
@pytest.mark.parametrize("origin", ["bytes", "file"])
@pytest.mark.parametrize("call", ["create_examples", "update_examples"])
def test_attachments_arrive_byte_for_byte(call, origin, server, client, dataset, ids, tmp_path, retried):
    file = tmp_path / "picture.png"
    file.write_bytes(PICTURE)
    picture = ("image/png", PICTURE if origin == "bytes" else file)
    row = {"id": ids[0] if call == "update_examples" else uuid.uuid4(), "attachments": {"picture": picture}}
    options = {"updates" if call == "update_examples" else "examples": [{"inputs": {"q": 9}, **row}]}

    getattr(client, call)(dataset_id=dataset.id, dangerously_allow_filesystem=True, **options)

    first, second = [r for r in server.requests if r.path.endswith(f"/{dataset.id}/examples")][-2:]
    (attached,) = [part for part in parts(second) if ".attachment." in part.name]
    assert attached.content == PICTURE
    assert first.body == second.body
    assert (first.status, second.status) == (403, 200)
    retried(client)


@pytest.fixture
def script_example(server):
    """The fake server keeps no attachments, so its answers are scripted, among them the first refusal."""

    def script_example(id, attachment):
        stored = {"id": str(id), "dataset_id": str(id), "inputs": {"q": 0}, "created_at": "2026-01-01T00:00:00"}
        urls = {"attachment.picture": {"presigned_url": f"{server.url}/picture"}}
        server.fault("GET", f"/examples/{id}", Reply(403, {"detail": "This API key requires a workspace ID."}))
        server.fault("GET", f"/examples/{id}", Reply(200, {**stored, "attachment_urls": urls}))
        server.fault("GET", "/picture", attachment)

    return script_example


def test_read_with_its_attachment(client, ids, script_example, retried):
    script_example(ids[0], Reply(200, "the picture", "image/png"))

    assert client.read_example(ids[0]).attachments["picture"]["reader"].read() == b"the picture"
    retried(client)


# The SDK closes no answer that it does not read.
@pytest.mark.filterwarnings("ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning")
def test_a_storage_that_refuses_an_expired_link_is_not_explained(client, ids, server, script_example):
    """It is none of LangSmith's, and no key was sent to it."""
    script_example(ids[0], Reply(403, "<Error><Code>AccessDenied</Code></Error>", "application/xml"))

    example = client.read_example(ids[0])
    with pytest.raises(LangSmithError, match="Failed to download attachment") as caught:
        example.attachments["picture"]["reader"].read()

    assert find_diagnosis(caught.value) is None
    assert [r.headers.get("x-api-key") for r in server.requests if r.path == "/picture"] == [None]
    del example, caught
    gc.collect()


@pytest.mark.parametrize("hard", [False, True], ids=["softly", "for good"])
def test_deleted_in_bulk(hard, client, ids, stored, retried):
    client.delete_examples(ids[:2], hard_delete=hard)

    assert rows(stored) == [({"q": 2}, {"a": -2})]
    retried(client)


@pytest.mark.parametrize("hard", [False, True], ids=["softly", "for good"])
def test_a_viewers_deletion_is_explained_and_still_what_the_sdk_raises(hard, server, ids, viewer, make, stored):
    viewing = make(server, viewer, auto_batch_tracing=False)
    with pytest.raises(ForbiddenDiagnosis) as caught:
        viewing.delete_examples(ids, hard_delete=hard)

    error = caught.value
    assert error.cause is Cause.PERMISSION_DENIED
    assert "datasets:update" in " ".join(error.summary.split())
    assert isinstance(error, LangSmithError)
    assert error.diagnosis.status_code == 403
    with pytest.raises(requests.HTTPError if hard else LangSmithError):
        make(server, viewer, Client, auto_batch_tracing=False).delete_examples(ids, hard_delete=hard)
    assert isinstance(error, requests.HTTPError) is hard
    assert len(stored("examples")) == 3


@pytest.mark.parametrize(
    "call",
    [
        lambda client, dataset, ids: client.create_examples(dataset_id=dataset.id, examples=BULK),
        lambda client, dataset, ids: client.create_example(inputs={}, dataset_id=dataset.id),
        lambda client, dataset, ids: client.update_examples(
            dataset_id=dataset.id, updates=[{"id": ids[0], "inputs": {}}]
        ),
        lambda client, dataset, ids: client.delete_example(ids[0]),
    ],
    ids=["create_examples", "create_example", "update_examples", "delete_example"],
)
def test_a_viewers_diagnosis_names_the_permission(call, server, dataset, ids, viewer, make, stored):
    with pytest.raises(ForbiddenDiagnosis) as caught:
        call(make(server, viewer, auto_batch_tracing=False), dataset, ids)

    assert "datasets:update" in " ".join(caught.value.summary.split())
    assert rows(stored) == [(row["inputs"], row["outputs"]) for row in BULK]
