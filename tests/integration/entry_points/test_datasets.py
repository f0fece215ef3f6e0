"""Datasets: made, filled from files, and shared."""

from __future__ import annotations

import io
import uuid

import pytest
import requests
from langsmith.utils import LangSmithError

from safe_langsmith import Cause, ForbiddenDiagnosis
from safe_langsmith.testing import Reply
from safe_langsmith.testing.payloads import parts

CSV = "question,answer\r\nwhy?,because naïve 名前\n".encode() * 500


def test_a_created_dataset_is_in_the_workspace_and_its_url_says_so(admin, client, workspace, stored, retried):
    admin.create_project("the SDK reads the workspace for its URLs off any project")

    dataset = client.create_dataset("questions", description="naïve 名前", metadata={"n": 1})

    (made,) = stored("datasets")
    assert (made["name"], made["description"], made["tenant_id"]) == ("questions", "naïve 名前", workspace.id)
    assert f"/o/{workspace.id}/datasets/{dataset.id}" in dataset.url
    assert client.read_dataset(dataset_name="questions").url == dataset.url
    retried(client)


@pytest.mark.parametrize(
    "begin",
    [
        lambda client: client.has_dataset(dataset_name="questions"),
        lambda client: [dataset.name for dataset in client.list_datasets()] == ["questions"],
        lambda client: client.read_dataset(dataset_name="questions").name == "questions",
    ],
    ids=["has", "list", "read"],
)
def test_looking_for_a_dataset(begin, admin, client, retried):
    admin.create_dataset("questions")

    assert begin(client)
    retried(client)


@pytest.mark.parametrize("given", ["path", "handle", "handle with type", "handle in its middle"])
def test_an_uploaded_file_arrives_byte_for_byte(given, server, client, stored, retried, tmp_path):
    file = tmp_path / "questions.csv"
    file.write_bytes(CSV)
    handle = io.BytesIO(b"skipped" + CSV if "middle" in given else CSV)
    handle.seek(7 if "middle" in given else 0)
    csv_file = {
        "path": str(file),
        "handle with type": ("questions.csv", handle, "text/csv"),
    }.get(given, ("questions.csv", handle))

    dataset = client.upload_csv(csv_file, input_keys=["question"], output_keys=["answer"], name="questions")

    assert [made["id"] for made in stored("datasets")] == [str(dataset.id)]
    first, second = [r for r in server.requests if r.path == "/datasets/upload"]
    (uploaded,) = [part for part in parts(second) if part.filename]
    assert uploaded.filename == "questions.csv"
    assert uploaded.content == CSV
    assert first.body == second.body
    retried(client)


def test_sharing_and_unsharing(admin, server, client, retried):
    dataset = admin.create_dataset("questions")
    path, token = f"/datasets/{dataset.id}/share", str(uuid.uuid4())
    # The fake server shares nothing, so its answers are scripted, the refusal of the first request among them.
    server.fault("PUT", path, Reply(403, {"detail": "This API key requires a workspace ID."}))
    server.fault("PUT", path, Reply(200, {"dataset_id": str(dataset.id), "share_token": token}))
    server.fault("DELETE", path, Reply(200, {}))

    assert client.share_dataset(dataset.id)["share_token"] == token
    client.unshare_dataset(dataset.id)

    assert [(r.method, r.workspace_id) for r in server.requests if r.path == path] == [
        ("PUT", None),
        ("PUT", client.workspace_id),
        ("DELETE", client.workspace_id),
    ]
    retried(client)


@pytest.mark.parametrize("call", ["share_dataset", "unshare_dataset"])
def test_the_diagnosis_of_an_editor_who_shares_names_the_permission(call, admin, server, editor, make):
    dataset = admin.create_dataset("questions")

    with pytest.raises(ForbiddenDiagnosis) as caught:
        getattr(make(server, editor), call)(dataset.id)

    assert caught.value.cause is Cause.PERMISSION_DENIED
    assert "datasets:share" in " ".join(caught.value.summary.split())


@pytest.mark.parametrize(
    ("permission", "call"),
    [
        ("datasets:create", lambda client, file: client.create_dataset("answers")),
        ("datasets:create", lambda client, file: client.upload_csv(file, input_keys=["q"], output_keys=[])),
        ("datasets:delete", lambda client, file: client.delete_dataset(dataset_name="questions")),
    ],
    ids=["create", "upload", "delete"],
)
def test_a_viewers_diagnosis_names_the_permission(permission, call, admin, server, viewer, make, stored, tmp_path):
    admin.create_dataset("questions")
    file = tmp_path / "q.csv"
    file.write_bytes(CSV)

    with pytest.raises(ForbiddenDiagnosis) as caught:
        call(make(server, viewer), str(file))

    assert permission in " ".join(caught.value.summary.split())
    assert isinstance(caught.value, LangSmithError)
    assert not isinstance(caught.value, requests.HTTPError)
    assert [made["name"] for made in stored("datasets")] == ["questions"]
