"""What is sent again is what was refused, or nothing: arguments that a send uses up change no second request."""

from __future__ import annotations

import contextlib
import io
import json
import operator
import uuid

import langsmith
import pytest

from safe_langsmith import ForbiddenDiagnosis

ONE = "0a0a0a0a-1111-4aaa-8aaa-000000000001"
IDS = [str(uuid.UUID(int=number)) for number in range(3)]
KEY = "lsv2_sk_c0ffeec0ffee0123456789abcdef0123_0123456789"


@pytest.fixture
def gateway(make_gateway):
    return make_gateway({KEY: [ONE]}, lambda headers, query: headers.get("x-api-key", ""))


@pytest.fixture
def client(gateway, make_client):
    return make_client(api_url=gateway.url, api_key=KEY)


def items(values):
    yield from values


@pytest.mark.parametrize("used_up", [items, iter, lambda ids: map(str, ids), lambda ids: dict.fromkeys(ids).keys()])
@pytest.mark.parametrize("nested", [False, True], ids=["outer", "request_kwargs"])
def test_a_filter_that_the_first_send_used_up_is_in_the_second_one(client, gateway, used_up, nested):
    params = {"params": {"example_ids": used_up(IDS), "as_of": "latest"}}
    client.request_with_retries("DELETE", "/examples?dry=1", **({"request_kwargs": params} if nested else params))

    first, second = gateway.calls
    assert all(id_ in first.query for id_ in IDS)
    assert second.query == first.query
    assert (second.workspace, second.status) == (ONE, 200)


def test_a_filter_of_a_public_method(client, gateway):
    list(client.list_datasets(dataset_ids=items(IDS)))

    first, second, *_ = gateway.calls
    assert first.query == second.query
    assert second.workspace == ONE


def test_the_parameters_of_the_session_are_sent_once(client, gateway):
    client.session.params = {"tenant_hint": "a b"}
    client.request_with_retries("GET", "/charts", params={"limit": iter([5])})

    assert [request.query for request in gateway.calls] == ["tenant_hint=a+b&limit=5"] * 2


@pytest.mark.parametrize(
    "body",
    [
        {"data": {"a": items(["1", "2"])}},
        {"data": [("a", iter(["1"])), ("b", "2")]},
        {"json": {"a": [1, {"b": None}]}},
        {"data": b"bytes"},
        {"data": "text \u00e9"},
        {"files": {"part": ("name.txt", io.BytesIO(b"file"))}},
        {"files": [("part", io.StringIO("file"))], "data": {"field": iter(["x"])}},
        {"data": io.BytesIO(b"stream")},
        {"data": bytearray(b"array")},
    ],
    ids=lambda body: "+".join(f"{name} {type(value).__name__}" for name, value in body.items()),
)
def test_a_body_goes_out_again_byte_for_byte(client, gateway, body):
    client.request_with_retries("POST", "/things", **body)

    first, second = gateway.calls
    assert first.body
    assert second.body == first.body
    assert second.headers.get("content-type") == first.headers.get("content-type")
    assert second.workspace == ONE


@pytest.mark.parametrize(
    "stream", [items([b"a", b"b"]), iter([b"a"]), map(bytes, [b"a"])], ids=["yield", "iter", "map"]
)
def test_a_stream_that_is_gone_is_not_sent_and_the_next_call_names_the_workspace(client, gateway, stream):
    with pytest.raises(ForbiddenDiagnosis, match="Call again"):
        client.request_with_retries("POST", "/things", data=stream)

    assert [(request.workspace, request.status) for request in gateway.calls] == [(None, 403)]
    assert client.workspace_id == ONE


def test_an_argument_that_changed_meanwhile_is_sent_as_it_was(client, gateway):
    body = {"name": "as it was"}
    gateway.meanwhile["/workspaces"] = lambda: body.update(name="changed")
    client.request_with_retries("POST", "/things", json=body)

    assert [json.loads(request.body) for request in gateway.calls] == [{"name": "as it was"}] * 2


def test_an_array_that_changed_meanwhile_is_not_sent(client, gateway):
    body = bytearray(b"as it was")
    gateway.meanwhile["/workspaces"] = lambda: body.extend(b" changed")
    with pytest.raises(ForbiddenDiagnosis):
        client.request_with_retries("POST", "/things", data=body)

    assert [request.body for request in gateway.calls] == [b"as it was"]


class OneShot:
    """Iterates over its parts once, whatever its `seek` promises."""

    def __init__(self):
        self.parts = iter([b"a", b"b"])

    def __iter__(self):
        return self.parts

    def tell(self):
        return 0

    def seek(self, position):
        return position


class Slice:
    """Reads a part of a file once, whatever its `seek` promises."""

    def __init__(self):
        self.file, self.left = io.BytesIO(b"as it was"), 9

    def __len__(self):
        return 9

    def tell(self):
        return self.file.tell()

    def seek(self, position, whence=0):
        return self.file.seek(position, whence)

    def read(self, size=-1):
        found = self.file.read(self.left if size < 0 else min(size, self.left))
        self.left -= len(found)
        return found


class Readable(list):
    def read(self, size=-1):
        return self.pop() if self else b""


@pytest.mark.parametrize("body", [OneShot, Slice, lambda: Readable([b"first"])], ids=["one shot", "slice", "list"])
def test_a_body_of_the_users_that_need_not_be_the_same_again_is_not_sent(client, gateway, body):
    with pytest.raises(ForbiddenDiagnosis):
        client.request_with_retries("POST", "/things", data=body())

    assert [request.status for request in gateway.calls] == [403]


def test_a_file_that_grew_meanwhile_is_not_sent(client, gateway, tmp_path):
    path = tmp_path / "body"
    path.write_bytes(b"as it was")
    gateway.meanwhile["/workspaces"] = lambda: path.write_bytes(b"as it was, and changed")
    with path.open("rb") as body, pytest.raises(ForbiddenDiagnosis):
        client.request_with_retries("POST", "/things", data=body)

    assert [request.body for request in gateway.calls] == [b"as it was"]


def test_bytes_in_memory_that_changed_meanwhile_are_not_sent(client, gateway):
    body = io.BytesIO(b"as it was")

    def overwrite():
        body.getbuffer()[:2] = b"is"

    gateway.meanwhile["/workspaces"] = overwrite
    with pytest.raises(ForbiddenDiagnosis):
        client.request_with_retries("POST", "/things", data=body)

    assert [request.body for request in gateway.calls] == [b"as it was"]


def test_only_one_request_is_sent_again_if_the_call_has_had_its_attempts(client, gateway, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    gateway.statuses = [500, 500, 403, 500, 500, 500, 500]
    with pytest.raises(langsmith.utils.LangSmithAPIError):
        client.request_with_retries("GET", "/things", stop_after_attempt=3)

    assert [request.status for request in gateway.calls] == [500, 500, 403, 500]


def test_only_one_request_is_sent_again_by_the_other_clients(retrying_kind, make_call_path, gateway, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    gateway.statuses = [403, 500, 500, 500]
    call_path = make_call_path(retrying_kind, gateway, KEY)
    if not call_path.is_generated and call_path.is_async:
        call_path.client._retry_config = {"max_retries": 3}
    if call_path.is_generated:
        call_path.api.max_retries = 3
    with pytest.raises(Exception) as caught:  # each call path has its own class
        call_path.call("GET", "/things")

    assert not isinstance(caught.value, ForbiddenDiagnosis)
    assert [request.status for request in gateway.calls] == [403, 500]


def fails_with_attribute_error(response, attempt):
    return response.nothing_of_that_name


class OwnError(langsmith.utils.LangSmithError):
    pass


def fails_with_an_error_of_the_sdk(response, attempt):
    raise OwnError("my own")


@pytest.mark.parametrize(
    ("callback", "error"),
    [
        (fails_with_attribute_error, AttributeError),
        (operator.methodcaller("get"), TypeError),
        (lambda response, attempt: operator.attrgetter("get")(response), AttributeError),
        (lambda response, attempt: [].get, AttributeError),
        (fails_with_an_error_of_the_sdk, OwnError),
    ],
)
def test_the_error_of_a_callback_reaches_the_user_and_nothing_is_sent_again(client, gateway, callback, error):
    with pytest.raises(error) as caught:
        client.request_with_retries("GET", "/things", handle_response=callback, stop_after_attempt=2)

    assert not isinstance(caught.value, ForbiddenDiagnosis)
    assert len(gateway.received) == 1


def recurses(response, attempt):
    raise RecursionError("maximum recursion depth exceeded")


@pytest.mark.parametrize(
    "callback",
    [
        lambda response, attempt: response.raise_for_status(),
        lambda response, attempt: langsmith.utils.raise_for_status_with_text(response),
        recurses,
    ],
    ids=["raise_for_status", "raise_for_status_with_text", "recursion"],
)
def test_what_a_callback_makes_a_library_raise_is_the_users_too(client, gateway, callback):
    with pytest.raises((langsmith.utils.requests.HTTPError, RecursionError)):
        client.request_with_retries("GET", "/things", handle_response=callback, stop_after_attempt=2)

    assert len(gateway.received) == 1


@pytest.mark.parametrize("template", ["{0.get}", "{1.get}"])
def test_the_error_of_a_callback_that_leaves_no_frame(client, gateway, template):
    with pytest.raises(AttributeError):
        client.request_with_retries("GET", "/things", handle_response=template.format, stop_after_attempt=2)

    assert len(gateway.received) == 1


GENERATED = hasattr(langsmith.Client, "_get_langsmith_api_sync")


@pytest.mark.skipif(not GENERATED, reason="this SDK has no generated client")
@pytest.mark.parametrize(
    "make",
    [lambda: items([b"a", b"b"]), lambda: iter([b"a"]), lambda: io.BytesIO(b"file")],
    ids=["generator", "iterator", "file"],
)
def test_a_stream_of_a_generated_client_is_not_sent_empty(client, gateway, make):
    api = client._get_langsmith_api_sync()
    with pytest.raises(ForbiddenDiagnosis, match="Call again"):
        api.post("/things", cast_to=object, content=make())

    assert [(request.body != b"", request.workspace) for request in gateway.calls] == [(True, None)]
    assert client.workspace_id == ONE


@pytest.mark.skipif(not GENERATED, reason="this SDK has no generated client")
def test_bytes_of_a_generated_client_are_sent_again(client, gateway):
    client._get_langsmith_api_sync().post("/things", cast_to=object, content=b"bytes")

    assert [(request.body, request.workspace) for request in gateway.calls] == [(b"bytes", None), (b"bytes", ONE)]


async def numbers():
    yield b"a"
    yield b"b"


@pytest.mark.parametrize("name", ["data", "content"])
def test_an_async_generator_is_not_sent_empty(call_paths, make_call_path, gateway, name):
    call_path = make_call_path(call_paths["async"], gateway, KEY)
    if not call_path.retries:
        pytest.skip("this SDK's async client cannot name a workspace")
    warns = pytest.warns(DeprecationWarning, match="content=") if name == "data" else contextlib.nullcontext()
    with warns, pytest.raises(ForbiddenDiagnosis):
        call_path.run(call_path.client._arequest_with_retries("POST", "/things", **{name: numbers()}))

    assert [request.body for request in gateway.calls] == [b"ab"]


@pytest.mark.parametrize(
    "body", [{"json": {"a": 1}}, {"content": b"bytes"}, {"data": {"a": "1"}}, {"params": {"a": [1, 2]}}]
)
def test_other_bodies_of_the_async_client_are_sent_again(call_paths, make_call_path, gateway, body):
    call_path = make_call_path(call_paths["async"], gateway, KEY)
    if not call_path.retries:
        pytest.skip("this SDK's async client cannot name a workspace")
    call_path.run(call_path.client._arequest_with_retries("POST", "/things", **body))

    first, second = gateway.calls
    assert (first.body, first.query) == (second.body, second.query)
    assert second.workspace == ONE
