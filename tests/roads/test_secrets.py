"""The key is in no text, log, pickle or local variable of ours, whichever road it went."""

from __future__ import annotations

import json
import os
import pickle
import traceback

import pytest

import safe_langsmith
from safe_langsmith import ForbiddenDiagnosis, SafeAsyncClient, SafeClient
from safe_langsmith.testing import Reply

OURS = os.path.dirname(safe_langsmith.__file__)
CREATE = ("POST", "/sessions", {"name": "p"})


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
            path = frame.f_code.co_filename
            if path.startswith(OURS) and not path.startswith(os.path.join(OURS, "testing")):
                yield frame


def inside(value, depth=0):
    """A value as error trackers show it: what it says of itself, and what a collection holds whatever it says."""
    yield repr(value)
    if depth < 4 and isinstance(value, (dict, list, tuple, set, frozenset)):
        for item in (*value, *value.values()) if isinstance(value, dict) else value:
            yield from inside(item, depth + 1)


def locals_of(error):
    return [
        (frame.f_code.co_name, name, text)
        for frame in frames_of(error)
        for name, value in frame.f_locals.items()
        # The caller holds the exception and the client, which have the key by their nature.
        if not isinstance(value, (BaseException, SafeClient, SafeAsyncClient))
        for text in inside(value)
    ]


def leaks(error, secret):
    return [(function, name) for function, name, text in locals_of(error) if secret in text or secret[8:] in text]


@pytest.fixture(params=["viewer", "two workspaces", "unknown", "echo", "list body", "second refusal"])
def refused_key(request, server, org, workspace):
    """A key with which creating a project is refused."""
    if request.param == "viewer":
        return org.add_personal_key(default=workspace, role="Viewer")
    if request.param == "second refusal":
        return org.add_service_key(workspaces=None, role="Viewer")
    if request.param == "two workspaces":
        org.add_workspace("Production")
        return org.add_service_key(workspaces=None)
    key = org.add_personal_key(default=workspace)
    if request.param == "unknown":
        server.revoke(key)
    elif request.param == "echo":
        echo = {"detail": f"the key {key} may not", "message": key[4:]}
        server.fault(None, None, Reply(403, echo), times=None)
    else:
        server.fault("POST", "/sessions", Reply(403, ["no"]), times=None)
    return key


def test_in_nothing_that_an_exception_shows(kind, server, refused_key, make_road, refused):
    error = refused(make_road(kind, server, refused_key).call, *CREATE)
    texts = [
        str(error),
        repr(error),
        str(error.args),
        error.message,
        "".join(traceback.format_exception(type(error), error, error.__traceback__)),
        repr(error.diagnosis),
        error.diagnosis._repr_html_(),
        json.dumps(error.diagnosis.to_dict()),
        *(pickle.dumps(error, protocol).decode("latin-1") for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1)),
    ]

    assert not [text for text in texts if refused_key in text or refused_key[8:-4] in text]
    assert locals_of(error)
    assert leaks(error, refused_key) == []
    assert error.sdk_error.__traceback__ is None


@pytest.mark.parametrize("status", [401, 404, 500])
def test_in_no_frame_where_the_sdk_raises_something_else(status, kind, server, org, workspace, make_road):
    key = org.add_personal_key(default=workspace)
    server.fault("POST", "/sessions", Reply(status, {"detail": "no"}), times=None)
    road = make_road(kind, server, key)
    with pytest.raises(Exception, match="no") as caught:
        road.call(*CREATE, headers={"X-Proxy-Token": "hunter2-hunter2-hunter2"})

    assert list(frames_of(caught.value))
    assert leaks(caught.value, key) == []
    assert leaks(caught.value, "hunter2-hunter2-hunter2") == []


def test_in_no_frame_where_the_second_request_fails(healing_kind, server, key, make_road, nowhere):
    road = make_road(healing_kind, server, key)
    with pytest.raises(Exception, match="404") as caught:
        road.call("GET", f"/sessions/{nowhere}")

    assert list(frames_of(caught.value))
    assert leaks(caught.value, key) == []


@pytest.mark.parametrize("where", ["probes.read_answer", "refused_call.facts_of", "refused_call.explain"])
def test_in_no_frame_of_an_interrupt(where, kind, server, org, key, make_road, monkeypatch):
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    org.add_workspace("Production")
    road = make_road(kind, server, key)
    monkeypatch.setattr(f"safe_langsmith._io.{where}", interrupted)
    with pytest.raises(KeyboardInterrupt) as caught:
        road.call(*CREATE)

    assert len(list(frames_of(caught.value))) > 2
    assert leaks(caught.value, key) == []


@pytest.mark.parametrize("where", ["refused_call.facts_of", "refused_call.read_refusal", "refused_call.examine"])
def test_where_diagnosing_itself_fails_the_sdks_own_error_stands(
    where, kind, server, org, workspace, make_road, monkeypatch
):
    def broken(*args, **kwargs):
        raise RuntimeError("a bug")

    key = org.add_personal_key(default=workspace, role="Viewer")
    with pytest.raises(Exception, match="403") as plain:
        make_road(kind, server, key, plain=True).call(*CREATE)
    monkeypatch.setattr(f"safe_langsmith._io.{where}", broken)
    with pytest.raises(Exception, match="403") as caught:
        make_road(kind, server, key).call(*CREATE)

    assert not isinstance(caught.value, ForbiddenDiagnosis)
    assert type(caught.value) is type(plain.value)
    assert str(caught.value) == str(plain.value)
    assert type(caught.value.__context__) is type(plain.value.__context__)
    assert leaks(caught.value, key) == []
