"""The fake server over a real socket, with `requests` and the real SDK."""

from __future__ import annotations

import http.client
import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
import requests
from langsmith import Client

from safe_langsmith.testing import (
    AuthorizedRequest,
    Drop,
    FakeLangSmith,
    Redirect,
    Reply,
    Route,
    Slow,
    SlowBody,
)
from tests.support.tracing import send_traces


@pytest.fixture
def server() -> Iterator[FakeLangSmith]:
    with FakeLangSmith() as server:
        yield server


class World:
    """An organization with two workspaces, one deleted, and a key for both."""

    def __init__(self, server: FakeLangSmith) -> None:
        self.acme = server.add_organization("Acme")
        self.research = self.acme.add_workspace("Research")
        self.old = self.acme.add_workspace("Old", deleted=True)
        self.key = self.acme.add_service_key(workspaces=None)
        self.headers = {"X-Api-Key": self.key, "X-Tenant-Id": self.research.id}


@pytest.fixture
def world(server: FakeLangSmith) -> World:
    return World(server)


def raw(server: FakeLangSmith) -> socket.socket:
    address = urlsplit(server.url)
    return socket.create_connection((str(address.hostname), int(address.port or 0)), timeout=5)


def test_error_bodies_have_the_format_of_their_backend(server: FakeLangSmith) -> None:
    python, go = requests.get(f"{server.url}/sessions"), requests.post(f"{server.url}/runs/multipart")
    assert (python.status_code, python.content) == (401, b'{"detail":"Invalid token"}')
    assert (go.status_code, go.content) == (401, b'{"error":"Unauthorized"}\n')


def test_workspaces_include_role_and_permissions(server: FakeLangSmith, world: World) -> None:
    key = world.acme.add_personal_key(default=world.research, role="Viewer", roles={world.old: "Admin"})
    (row,) = requests.get(f"{server.url}/workspaces", headers={"X-Api-Key": key}).json()
    assert (row["id"], row["display_name"], row["organization_id"]) == (world.research.id, "Research", world.acme.id)
    assert row["role_name"] == "WORKSPACE_VIEWER"
    assert "runs:read" in row["permissions"]
    assert "runs:create" not in row["permissions"]
    both = requests.get(f"{server.url}/workspaces?include_deleted=true", headers={"X-Api-Key": key}).json()
    assert [(row["display_name"], row["is_deleted"]) for row in both] == [("Research", False), ("Old", True)]


def test_workspaces_may_lack_the_permissions(server: FakeLangSmith, world: World) -> None:
    key = world.acme.add_personal_key(default=world.research, permissions_listed=False)
    (row,) = requests.get(f"{server.url}/workspaces", headers={"X-Api-Key": key}).json()
    assert row["permissions"] is None


def test_settings_name_the_workspace(server: FakeLangSmith, world: World) -> None:
    assert requests.get(f"{server.url}/settings", headers=world.headers).json()["id"] == world.research.id


def test_a_revoked_key_is_refused(server: FakeLangSmith, world: World) -> None:
    server.revoke(world.key)
    answer = requests.get(f"{server.url}/settings", headers=world.headers)
    assert (answer.status_code, answer.content) == (403, b'{"detail":"Forbidden"}')


def test_recorded_requests_do_not_show_the_key(server: FakeLangSmith, world: World) -> None:
    requests.post(f"{server.url}/sessions?upsert=true", headers=world.headers, json={"name": "p"})
    requests.get(f"{server.url}/nothing", headers={"X-Api-Key": world.key})
    created, refused = server.requests
    assert (created.method, created.path, created.query, created.status) == ("POST", "/sessions", "upsert=true", 200)
    assert created.workspace_id == world.research.id
    assert created.headers["X-API-KEY"] == world.key
    assert json.loads(created.body) == {"name": "p"}
    assert (refused.workspace_id, refused.status) == (None, 403)
    assert repr(created) == f"<RecordedRequest POST /sessions in {world.research.id}: 200>"
    assert world.key not in repr(created.headers)
    server.clear_requests()
    assert server.requests == ()


def test_keys_have_the_real_form_or_that_of_mint(world: World) -> None:
    assert re.fullmatch(r"lsv2_sk_[0-9a-f]{32}_[0-9a-f]{10}", world.key)
    with FakeLangSmith(mint=lambda prefix: prefix + "canary") as server:
        acme = server.add_organization("Acme")
        assert acme.add_personal_key(default=acme.add_workspace("W")) == "lsv2_pt_canary"


@pytest.mark.parametrize("base", ["/api", "/api/v1", "/self/hosted/api/v1"])
def test_base_path(base: str) -> None:
    with FakeLangSmith(base) as server:
        world = World(server)
        assert server.url.endswith(base)
        assert requests.get(f"{server.url}/sessions", headers=world.headers).json() == []
        host = server.url.removesuffix(base)
        page = requests.get(f"{host}/sessions", headers=world.headers)
        assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html")
        assert requests.post(f"{host}/sessions", headers=world.headers).status_code == 405
        sibling = requests.post(f"{server.url.removesuffix('/v1')}/v2/runs/query", headers={"X-Api-Key": world.key})
        assert sibling.json()["detail"] == "This API key requires a workspace ID."
        assert [(seen.path, seen.outside) for seen in server.requests] == [
            ("/sessions", False),
            ("/sessions", True),
            ("/sessions", True),
            ("/v2/runs/query", False),
        ]


def test_two_requests_use_one_connection(server: FakeLangSmith, world: World) -> None:
    address = urlsplit(server.url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=5)
    connection.request("GET", "/sessions", headers=world.headers)
    connection.getresponse().read()
    first = connection.sock
    connection.request("GET", "/nothing", headers=world.headers)
    assert connection.getresponse().read() == b'{"detail":"Not Found"}'
    assert connection.sock is first
    connection.close()


def test_a_chunked_body_is_read_to_its_end(server: FakeLangSmith, world: World) -> None:
    with requests.Session() as session:
        for name in ("one", "two"):
            chunks = iter([b'{"name": ', f'"{name}"}}'.encode()])
            assert session.post(f"{server.url}/sessions", headers=world.headers, data=chunks).status_code == 200
    assert [project["name"] for project in server.projects(world.research)] == ["one", "two"]


def test_an_incomplete_body_is_not_recorded(server: FakeLangSmith) -> None:
    with raw(server) as client:
        client.sendall(b"POST /runs HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf")
        client.shutdown(socket.SHUT_WR)
        assert client.recv(1) == b""
    assert server.requests == ()


def test_head_has_no_body(server: FakeLangSmith) -> None:
    with raw(server) as client:
        client.sendall(b"HEAD /workspaces HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: client.recv(4096), b""))
    assert b"Content-Length: 26\r\n" in answer
    assert answer.endswith(b"\r\n\r\n")


def test_faults_happen_in_order_and_run_out(server: FakeLangSmith) -> None:
    server.fault("GET", "/info", Reply(503, "busy", "text/plain", {"Retry-After": "1"}), times=2)
    server.fault(None, None, Redirect("/elsewhere"))
    server.fault("POST", "/info", Drop(), times=None)
    answers = [requests.get(f"{server.url}/info", allow_redirects=False) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [503, 503, 307, 200]
    assert (answers[0].text, answers[0].headers["Retry-After"]) == ("busy", "1")
    assert answers[2].headers["Location"] == "/elsewhere"
    assert [seen.status for seen in server.requests] == [503, 503, 307, 200]


@pytest.mark.parametrize("body", [b'["x"]', '["x"]', ["x"]])
def test_a_reply_takes_bytes_text_and_json(server: FakeLangSmith, body: Any) -> None:
    server.fault("GET", "/info", Reply(403, body))
    assert requests.get(f"{server.url}/info").content == b'["x"]'


def test_a_reply_without_content_leaves_the_connection_usable(server: FakeLangSmith) -> None:
    server.fault("GET", "/info", Reply(204))
    with requests.Session() as session:
        assert session.get(f"{server.url}/info").status_code == 204
        assert session.get(f"{server.url}/info").status_code == 200


def test_drop_closes_the_connection_without_a_response(server: FakeLangSmith) -> None:
    server.fault("GET", "/info", Drop())
    server.fault(None, None, Reply(418), times=None)
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{server.url}/info")
    (seen,) = server.requests
    assert seen.status is None


def test_a_fault_happens_at_least_once(server: FakeLangSmith) -> None:
    with pytest.raises(ValueError, match="times"):
        server.fault(None, None, Drop(), times=0)


def test_slow_delays_the_ordinary_reply(server: FakeLangSmith) -> None:
    server.fault("GET", "/info", Slow(0.05))
    started = time.monotonic()
    assert requests.get(f"{server.url}/info").status_code == 200
    assert time.monotonic() - started >= 0.05


@pytest.mark.parametrize("headers_too", [False, True])
def test_a_slow_body_is_sent_byte_by_byte(
    server: FakeLangSmith, headers_too: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.fault("GET", "/info", SlowBody(200, {"a": 1}, 0.001, headers_too=headers_too))
    sent: list[bytes] = []
    send = socket.socket.sendall

    def sendall(connection: socket.socket, data: bytes) -> None:
        if data:
            sent.append(data)
        send(connection, data)

    with raw(server) as client:
        # What is sent, not what is received: a reader that is late gets several bytes at once.
        monkeypatch.setattr(socket.socket, "sendall", sendall)
        client.send(b"GET /info HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        received = b"".join(iter(lambda: client.recv(4096), b""))
    assert received.endswith(b'\r\n\r\n{"a":1}')
    assert b"".join(sent) == received
    assert (len(sent[0]) == 1) is headers_too
    assert {len(piece) for piece in sent[1:]} == {1}


@pytest.mark.parametrize("fault", [Slow(60), SlowBody(200, "x", 60), None], ids=["slow", "slow body", "idle"])
def test_close_ends_every_connection_quickly(server: FakeLangSmith, fault: Slow | SlowBody | None) -> None:
    if fault is not None:
        server.fault("GET", "/info", fault)
    with raw(server) as client:
        # The interim answer tells that the request has been read.
        client.sendall(b"GET /info HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\r\n")
        answer = client.recv(65536)
        assert answer.startswith(b"HTTP/1.1 100")
        while not isinstance(fault, Slow) and b"HTTP/1.1 200" not in answer:
            answer += client.recv(65536)
        started = time.monotonic()
        server.close()
        server.close()
        assert time.monotonic() - started < 30
        while client.recv(65536):
            pass
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{server.url}/info")


def test_many_clients_at_once(server: FakeLangSmith, world: World) -> None:
    def post() -> None:
        for _ in range(5):
            name = str(uuid4())
            requests.post(f"{server.url}/sessions", headers=world.headers, json={"name": name}, timeout=10)

    threads = [threading.Thread(target=post) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.projects(world.research)) == 160
    assert [seen.status for seen in server.requests] == [200] * 160


MULTIPART = (
    b'--limit\r\nContent-Disposition: form-data; name="post.%(id)s"\r\nContent-Type: application/json\r\n\r\n'
    b'{"id":"%(id)s","name":"step","outputs":null}\r\n'
    b'--limit\r\nContent-Disposition: form-data; name="post.%(id)s.inputs"\r\n\r\n{"q":1}\r\n'
    b'--limit\r\nContent-Disposition: form-data; name="attachment.%(id)s.image"\r\n\r\n\x89\r\n\r\n--\r\n'
    b'--limit\r\nContent-Disposition: form-data; name="patch.%(id)s"\r\n\r\n{"error":"late","name":null}\r\n'
    b'--limit\r\nContent-Disposition: form-data; name="feedback.f1"\r\n\r\n{"key":"score"}\r\n--limit--\r\n'
)


@pytest.mark.parametrize("compressed", [False, True])
def test_multipart_runs_are_merged_by_id(server: FakeLangSmith, world: World, compressed: bool) -> None:
    body = MULTIPART % {b"id": b"r1"}
    headers = {**world.headers, "Content-Type": "multipart/form-data; boundary=limit"}
    if compressed:
        frame = pytest.importorskip("zstandard").ZstdCompressor().compress
        body, headers["Content-Encoding"] = frame(body[:99]) + frame(body[99:]), "zstd"
    assert requests.post(f"{server.url}/runs/multipart", headers=headers, data=body).status_code == 202
    assert server.runs(world.research) == [{"id": "r1", "name": "step", "inputs": {"q": 1}, "error": "late"}]
    feedback = requests.get(f"{server.url}/feedback/f1", headers=world.headers).json()
    assert (feedback["id"], feedback["key"]) == ("f1", "score")


@pytest.mark.parametrize("body", [b"", b"--limit", b"\xff" * 50])
def test_runs_that_cannot_be_decoded_are_accepted_and_not_stored(
    server: FakeLangSmith, world: World, body: bytes
) -> None:
    headers = {**world.headers, "Content-Type": "multipart/form-data; boundary=limit", "Content-Encoding": "zstd"}
    assert requests.post(f"{server.url}/runs/multipart", headers=headers, data=body).status_code == 202
    assert server.runs(world.research) == []


def test_projects_can_be_listed_changed_and_deleted(server: FakeLangSmith, world: World) -> None:
    url = f"{server.url}/sessions"
    ids = [requests.post(url, headers=world.headers, json={"name": name}).json()["id"] for name in ("a", "b", "c")]
    page = requests.get(url, headers=world.headers, params={"limit": 1, "offset": 1}).json()
    assert [project["name"] for project in page] == ["b"]
    assert requests.get(url, headers=world.headers, params={"name": "c"}).json()[0]["id"] == ids[2]
    assert requests.post(url, headers=world.headers, json={"name": "a"}).status_code == 409
    requests.patch(f"{url}/{ids[0]}", headers=world.headers, json={"description": "first"})
    assert requests.get(f"{url}/{ids[0]}", headers=world.headers).json()["description"] == "first"
    requests.delete(f"{url}/{ids[0]}", headers=world.headers)
    assert requests.get(f"{url}/{ids[0]}", headers=world.headers).status_code == 404
    assert requests.delete(f"{url}/{ids[0]}", headers=world.headers).status_code == 404
    upserted = requests.post(f"{url}?upsert=true", headers=world.headers, json={"name": "b", "description": "second"})
    assert (upserted.json()["id"], upserted.json()["description"]) == (ids[1], "second")
    assert [project["name"] for project in server.projects(world.research)] == ["b", "c"]


@pytest.mark.parametrize("body", [b"[", b"[]", b"{}"])
def test_an_invalid_project_is_not_stored(server: FakeLangSmith, world: World, body: bytes) -> None:
    assert requests.post(f"{server.url}/sessions", headers=world.headers, data=body).status_code == 422
    assert server.projects(world.research) == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/sessions", b'{"detail":"Not Found"}'),
        ("GET", "/sessions/0/insights", b'{"detail":"Not Found"}'),
        ("GET", "/sessions/0", b'{"detail":"Session 0 not found"}'),
        ("POST", "/runs/group", b'{"detail":"Not Found"}'),
        ("POST", "/v1/platform/unknown", b'{"error":"Not Found"}\n'),
        ("GET", "/orgs/current/info", b'{"detail":"Not Found"}'),
    ],
)
def test_an_unknown_path_is_not_found(server: FakeLangSmith, world: World, method: str, path: str, body: bytes) -> None:
    answer = requests.request(method, server.url + path, headers=world.headers)
    assert (answer.status_code, answer.content) == (404, body)


def test_an_exception_in_the_server_is_a_response(server: FakeLangSmith, world: World) -> None:
    answer = requests.post(f"{server.url}/runs/batch", headers=world.headers, json={"post": 5})
    assert answer.status_code == 500
    assert "TypeError" in answer.json()["error"]


def test_a_route_adds_an_endpoint_behind_the_authorization() -> None:
    def rename(request: AuthorizedRequest) -> Reply:
        chart = request.collection("charts").setdefault(request.segments[0], {})
        chart["name"] = (request.body or {}).get("name")
        return Reply(200, {**chart, "workspace": request.workspace.name})

    with FakeLangSmith("/api/v1", routes=[Route("PATCH", "/charts/*", rename)]) as server:
        world = World(server)
        url = f"{server.url}/charts/c1"
        assert requests.patch(url, headers={"X-Api-Key": world.key}, json={}).status_code == 403
        answer = requests.patch(url, headers=world.headers, json={"name": "latency"})
        assert answer.json() == {"name": "latency", "workspace": "Research"}
        assert server.records(world.research, "charts") == [{"name": "latency"}]
        assert requests.get(url, headers=world.headers).status_code == 404


def test_a_route_replaces_an_endpoint_outside_of_workspaces() -> None:
    def describe(request: AuthorizedRequest) -> Reply:
        return Reply(200, {"workspace": request.workspace.name})

    routes = [
        Route("GET", "/info", lambda request: Reply(200, {"version": "1"})),
        Route("GET", "/workspaces", describe),
    ]
    with FakeLangSmith(routes=routes) as server:
        world = World(server)
        assert requests.get(f"{server.url}/info").json() == {"version": "1"}
        answer = requests.get(f"{server.url}/workspaces", headers=world.headers)
        assert (answer.status_code, answer.json()["detail"]) == (
            500,
            "LookupError: /workspaces is outside of workspaces",
        )


def test_the_server_can_be_used_as_a_proxy(server: FakeLangSmith) -> None:
    answer = requests.get("http://langsmith.invalid/info?a=b", proxies={"http": server.url})
    assert answer.json()["version"]
    assert (server.requests[0].path, server.requests[0].query) == ("/info", "a=b")


def test_a_workspace_keeps_its_projects_to_itself(server: FakeLangSmith, world: World) -> None:
    support = world.acme.add_workspace("Support")
    headers = {**world.headers, "X-Tenant-Id": support.id}
    id = requests.post(f"{server.url}/sessions", headers=world.headers, json={"name": "alpha"}).json()["id"]
    assert requests.get(f"{server.url}/sessions", headers=headers).json() == []
    assert requests.get(f"{server.url}/sessions/{id}", headers=headers).status_code == 404
    assert server.projects(support) == []


# --- the real SDK ---------------------------------------------------------------------------------------------------


def client(server: FakeLangSmith, world: World, **options: Any) -> Client:
    return Client(api_url=server.url, api_key=world.key, workspace_id=world.research.id, **options)


def test_sdk_projects_datasets_and_examples(server: FakeLangSmith, world: World) -> None:
    sdk = client(server, world, auto_batch_tracing=False)
    created = sdk.create_project("alpha")
    assert [(project.id, project.name) for project in sdk.list_projects()] == [(created.id, "alpha")]
    assert str(created.tenant_id) == world.research.id
    dataset = sdk.create_dataset("questions")
    assert sdk.read_dataset(dataset_name="questions").id == dataset.id
    sdk.create_example(inputs={"q": 1}, dataset_id=dataset.id)
    assert [example.inputs for example in sdk.list_examples(dataset_id=dataset.id)] == [{"q": 1}]
    assert sdk.upload_csv(("rows.csv", b"q,a\n1,2\n"), ["q"], ["a"], name="rows").name == "rows"  # type: ignore[arg-type]
    assert {seen.workspace_id for seen in server.requests if seen.path != "/info"} == {world.research.id}


def post_run(sdk: Client) -> str:
    id = uuid4()
    common: dict[str, Any] = {"project_name": "p", "trace_id": id, "dotted_order": f"20260101T000000000000Z{id}"}
    sdk.create_run("step", {"q": 1}, "chain", id=id, **common)
    sdk.update_run(id, outputs={"a": 2}, trace_id=id, dotted_order=common["dotted_order"])
    return str(id)


def test_sdk_single_runs(server: FakeLangSmith, world: World) -> None:
    id = post_run(client(server, world, auto_batch_tracing=False))
    (run,) = server.runs(world.research)
    assert (run["id"], run["name"], run["inputs"], run["outputs"]) == (id, "step", {"q": 1}, {"a": 2})


@pytest.mark.parametrize(
    ("info", "path"),
    [
        ({}, "/runs/multipart"),
        ({"batch_ingest_config": {"use_multipart_endpoint": False}}, "/runs/batch"),
        ({"instance_flags": {"zstd_compression_enabled": True}}, "/runs/multipart"),
    ],
)
def test_sdk_background_runs(info: dict[str, Any], path: str) -> None:
    with FakeLangSmith(info=info) as server:
        world = World(server)
        sdk = client(server, world)
        id = post_run(sdk)
        send_traces(sdk)
        (run,) = server.runs(world.research)
        assert (run["id"], run["session_name"], run["inputs"], run["outputs"]) == (id, "p", {"q": 1}, {"a": 2})
        posts = [seen for seen in server.requests if seen.method == "POST"]
        assert {(seen.path, seen.workspace_id) for seen in posts} == {(path, world.research.id)}
        sdk.cleanup()
