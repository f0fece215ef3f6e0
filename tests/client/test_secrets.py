"""The key appears nowhere: not in texts, logs, pickles, or the locals of our frames."""

from __future__ import annotations

import base64
import copy
import io
import json
import os
import pickle
import traceback

import pytest

import safe_langsmith
from safe_langsmith import ForbiddenDiagnosis, SafeClient
from safe_langsmith.testing import Reply

OURS = os.path.dirname(safe_langsmith.__file__)


def frames_of(error):
    """Every frame of ours in the traceback of an exception and of all it is chained to."""
    waiting, seen = [error], set()
    while waiting:
        current = waiting.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        waiting += [current.__cause__, current.__context__, getattr(current, "sdk_error", None)]
        for frame, _ in traceback.walk_tb(current.__traceback__):
            if frame.f_code.co_filename.startswith(OURS) and "testing" not in frame.f_code.co_filename:
                yield frame


def inside(value, depth=0):
    """A value as error trackers show it: what it says of itself, and what a collection holds whatever it says."""
    yield repr(value)
    if depth < 4 and isinstance(value, (dict, list, tuple, set, frozenset)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from inside(item, depth + 1)


def locals_of(error):
    return [
        text
        for frame in frames_of(error)
        for name, value in frame.f_locals.items()
        # The caller holds the exception and the client, which have the key by their nature.
        if not isinstance(value, (BaseException, SafeClient))
        for text in inside(value)
    ]


@pytest.fixture(params=["editor", "two workspaces", "unknown", "echo", "list body"])
def refused(request, server, make_client):
    org = server.add_organization("Acme")
    research = org.add_workspace("Research")
    if request.param == "editor":
        key = org.add_personal_key(default=research, role="Editor")
    elif request.param == "two workspaces":
        org.add_workspace("Production")
        key = org.add_service_key(workspaces=None)
    else:
        key = org.add_personal_key(default=research)
        if request.param == "unknown":
            server.revoke(key)
        elif request.param == "echo":
            echo = {"detail": f"the key {key} may not", "message": key[4:]}
            server.fault(None, None, Reply(403, echo, headers={"X-Request-Id": key}), times=None)
        else:
            server.fault("POST", "/sessions", Reply(403, ["no"]))
    client = make_client(server, key)
    with pytest.raises(ForbiddenDiagnosis) as caught:
        client.create_project("p")
    return caught.value, key


def test_in_no_text(refused):
    error, key = refused
    error.add_note("a note") if hasattr(error, "add_note") else None
    texts = [
        str(error),
        repr(error),
        str(error.args),
        "".join(traceback.format_exception(error)),
        repr(error.diagnosis),
        error.diagnosis._repr_html_(),
        json.dumps(error.diagnosis.to_dict()),
    ]
    assert not [text for text in texts if key in text or key[8:-4] in text]


def test_in_no_copy(refused):
    error, key = refused
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        dumped = pickle.dumps(error, protocol)
        assert key[8:].encode() not in dumped
        again = pickle.loads(dumped)
        assert type(again) is type(error)
        assert again.diagnosis == error.diagnosis
        assert str(again) == str(error)
    for again in (copy.copy(error), copy.deepcopy(error)):
        assert (again.diagnosis, again.sdk_error, again.response) == (error.diagnosis, None, None)
        assert type(again) is type(error)


def test_in_no_frame_of_ours(refused):
    error, key = refused
    texts = locals_of(error)

    assert texts
    assert not [text for text in texts if key in text]


def test_in_no_frame_of_the_sdks_exception(refused):
    error, _ = refused
    assert error.sdk_error.__traceback__ is None


@pytest.mark.parametrize("status", [401, 404, 409, 500])
def test_in_no_frame_when_the_sdk_raises_something_else(status, server, make_client):
    org = server.add_organization("Acme")
    key = org.add_personal_key(default=org.add_workspace("Research"))
    server.fault("POST", "/sessions", Reply(status, {"detail": "no"}), times=None)
    client = make_client(server, key)
    with pytest.raises(Exception, match=str(status)) as caught:
        client.create_project("p")

    assert list(frames_of(caught.value))
    assert not [text for text in locals_of(caught.value) if key in text]


def test_in_no_frame_when_the_second_send_fails(server, make_client):
    org = server.add_organization("Acme")
    org.add_workspace("Research")
    key = org.add_service_key(workspaces=None)
    client = make_client(server, key)
    with pytest.raises(Exception, match="404") as caught:
        client.read_project(project_id="11111111-1111-4111-8111-111111111111")

    assert not [text for text in locals_of(caught.value) if key in text]


def test_in_no_frame_of_an_interrupt_while_probing(server, make_client, monkeypatch):
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    org = server.add_organization("Acme")
    org.add_workspace("Research")
    key = org.add_service_key(workspaces=None)
    monkeypatch.setattr("safe_langsmith._io.probes.outcome", interrupted)
    client = make_client(server, key)
    with pytest.raises(KeyboardInterrupt) as caught:
        client.create_project("p")

    assert len(list(frames_of(caught.value))) > 3
    assert not [text for text in locals_of(caught.value) if key in text]


@pytest.mark.parametrize(
    "arguments",
    [
        {"api_url": "http://localhost:1", "api_urls": {"http://localhost:2": "k"}},
        {"no_such_option": 1},
        {"resolve_workspace": "both"},
    ],
    ids=["SDK's own check", "unknown option", "our own check"],
)
def test_in_no_frame_of_a_constructor_that_fails(arguments, canary):
    key = f"lsv2_pt_{canary}0123456789abcdef0123_0123456789"
    with pytest.raises(Exception, match=r"both|no_such_option|must be a bool") as caught:
        SafeClient(api_key=key, **arguments)

    assert list(frames_of(caught.value))
    assert not [text for text in locals_of(caught.value) if key in text]


def test_userinfo_of_the_endpoint_is_not_shown(server, make_client):
    client = make_client(api_url=server.url.replace("//", "//user:hunter2@"), api_key="<your-api-key>")
    with pytest.raises(ForbiddenDiagnosis) as caught:
        list(client.list_projects())

    assert caught.value.url == f"{server.url}/sessions"
    assert "hunter2" not in str(caught.value)
    assert "hunter2" not in json.dumps(caught.value.diagnosis.to_dict())
    assert "hunter2" not in caught.value.diagnosis._repr_html_()


def test_no_other_host_is_sent_the_key_by_us(server, make_server, make_client):
    elsewhere = make_server()
    org = server.add_organization("Acme")
    key = org.add_personal_key(default=org.add_workspace("Research"))
    server.fault("GET", "/sessions", Reply(403, {"detail": "Forbidden"}))
    for path in ("/settings", "/workspaces"):
        server.fault("GET", path, Reply(307, b"", headers={"Location": f"{elsewhere.url}{path}"}), times=None)
    with pytest.raises(ForbiddenDiagnosis):
        list(make_client(server, key).list_projects())

    assert elsewhere.requests == ()


def test_probes_carry_nothing_of_the_refused_body(server, make_client):
    org = server.add_organization("Acme")
    org.add_workspace("Research")
    client = make_client(server, org.add_service_key(workspaces=None))
    client.request_with_retries("POST", "/sessions", data=io.BytesIO(b'{"name": "p"}'))

    (probe,) = [r for r in server.requests if r.path == "/workspaces"]
    assert probe.method == "GET"
    assert probe.body == b""
    assert not {"content-type", "content-length", "x-tenant-id"} & {name.lower() for name in probe.headers}


SECRET = "hunter2hunter2"


@pytest.mark.parametrize(
    ("headers", "echo"),
    [
        ({"Cookie": f"session={SECRET}; theme=dark"}, SECRET),
        ({"Authorization": "Basic " + base64.b64encode(f"gateway:{SECRET}".encode()).decode()}, SECRET),
    ],
    ids=["a cookie's value", "a decoded password"],
)
def test_a_part_of_a_credential_that_the_server_echoes(headers, echo, server, make_client):
    org = server.add_organization("Acme")
    key = org.add_personal_key(default=org.add_workspace("Research"))
    server.fault("GET", "/sessions", Reply(403, {"detail": f"not you, {echo}"}))
    with pytest.raises(ForbiddenDiagnosis) as caught:
        make_client(server, key).request_with_retries("GET", "/sessions", headers=headers)

    assert SECRET not in str(caught.value)
    assert SECRET not in str(caught.value.diagnosis.to_dict())


def test_the_password_of_an_endpoint_that_the_server_echoes(server, make_client):
    org = server.add_organization("Acme")
    key = org.add_personal_key(default=org.add_workspace("Research"))
    server.fault("GET", "/sessions", Reply(403, {"detail": f"not you, {SECRET}"}))
    client = make_client(None, key, api_url=server.url.replace("://", f"://gateway:{SECRET}@"))
    with pytest.raises(ForbiddenDiagnosis) as caught:
        list(client.list_projects())

    assert SECRET not in str(caught.value)
