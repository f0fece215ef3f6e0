"""Whatever code caught before, it still catches, and finds in it what it found before."""

from __future__ import annotations

import copy
import importlib
import os
import pickle
import re
import traceback

import pytest
from langsmith import AsyncClient
from langsmith.utils import LangSmithError

import safe_langsmith
from safe_langsmith import ForbiddenDiagnosis, SafeAsyncClient, find_diagnosis
from safe_langsmith.testing import Reply

from ...support.sdk_source import attributes_read_of_exceptions

OURS = os.path.dirname(safe_langsmith.__file__) + os.sep


@pytest.fixture
def make_both(server, org, workspace, make_call_path):
    """Makes a call path, and has it and the SDK's own client create a project; returns what each raises."""

    def make(kind, reply=None):
        if reply is not None:
            server.fault("POST", "/sessions", reply, times=2)
        key = org.add_personal_key(default=workspace, role="Viewer")
        raised = []
        for plain in (False, True):
            with pytest.raises(Exception) as caught:
                make_call_path(kind, server, key, plain=plain).call("POST", "/sessions", {"name": "p"})
            raised.append(caught.value)
        return raised

    return make


@pytest.fixture
def both(kind, make_both):
    return make_both(kind)


def test_every_except_clause_that_matched_matches(both):
    error, plain = both

    assert isinstance(error, ForbiddenDiagnosis)
    assert isinstance(error, LangSmithError)
    assert isinstance(error, type(plain))
    assert type(error.sdk_error) is type(plain)
    for other in ("NotFound", "Conflict", "Connection", "Timeout", "RateLimit", "Auth", "InternalServer"):
        assert not any(other in base.__name__ for base in type(error).__mro__)


def test_the_sdks_own_message_is_in_it(both):
    error, plain = both

    # Its first words and what the server said; the address between them may be left out.
    first, last = (
        re.match("[^ ]+ [^ ]+ [^ ]+", str(plain))[0],
        re.search(r"""['"]detail['"]: ?['"]\w+['"]""", str(plain)),
    )
    assert error.sdk_message == " ".join(str(plain).split())
    assert first in str(error)
    assert last is None or last[0] in str(error)
    assert str(error.diagnosis).splitlines()[0] in str(error)


def test_the_screen_ends_in_one_message(both):
    error, _ = both
    screen = "".join(traceback.format_exception(type(error), error, error.__traceback__))

    assert error.__cause__ is None
    assert error.__suppress_context__
    assert error.__context__ is None
    assert screen.count("Traceback") == 1
    assert screen.rstrip().endswith(str(error).rstrip())


@pytest.mark.parametrize("times", [1, 2])
def test_pytest_shows_the_callers_line_and_no_frame_of_ours(kind, server, org, workspace, make_call_path, times):
    call_path = make_call_path(kind, server, org.add_personal_key(default=workspace, role="Viewer"))
    for _ in range(times):
        with pytest.raises(ForbiddenDiagnosis) as refused:
            call_path.call("POST", "/sessions", {"name": "p"})
    ours = [
        f"{os.path.basename(frame.f_code.co_filename)}:{line}"
        for frame, line in traceback.walk_tb(refused.tb)
        if frame.f_code.co_filename.startswith(OURS)
    ]
    shown = str(refused.getrepr(style="short"))

    assert len(ours) >= 1
    assert not [each for each in ours if f"{each}: in" in shown]
    assert f"{os.path.basename(__file__)}:" in shown


def test_it_has_what_the_sdks_exception_has_and_no_more(both):
    """The SDK, and code that calls it, tells exceptions apart by what they have."""
    error, plain = both
    read = attributes_read_of_exceptions()
    assert {"request", "headers"} <= read

    assert [name for name in sorted(read) if hasattr(error, name) != hasattr(plain, name)] == []
    assert error.diagnosis.status_code == 403


def test_the_response_is_at_hand_if_the_class_promises_it(both):
    error, plain = both
    if not hasattr(plain, "response"):
        pytest.skip("the SDK's exception has none")

    assert error.response.status_code == 403
    assert error.response.json() == {"detail": "Forbidden"}
    assert str(error.request.url).endswith("/sessions")
    assert error.request.method == "POST"


@pytest.mark.parametrize("body", [b'{"detail": "Forbidden"}', b'["no"]', b'"no"', b"null", b"", b"<html>", b"\xff\xfe"])
def test_what_the_class_of_a_generated_client_promises(body, generated_kind, make_both):
    error, plain = make_both(generated_kind, Reply(403, body))

    assert type(plain).__name__ == "PermissionDeniedError"
    assert isinstance(error, type(plain))
    assert error.status_code == plain.status_code
    assert error.body == plain.body
    assert error.message == str(error)
    assert error.response.content == plain.response.content
    assert error.request.url == plain.request.url
    for name in vars(plain).keys() - {"response", "request"}:
        assert hasattr(error, name), name
    if body.isascii():
        assert plain.message in str(error)


def test_it_can_be_copied_and_pickled(both):
    error, plain = both
    copies = [pickle.loads(pickle.dumps(error, protocol)) for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1)]
    for again in (*copies, copy.copy(error), copy.deepcopy(error), pickle.loads(pickle.dumps(copy.copy(error)))):
        assert type(again) is type(error)
        assert isinstance(again, type(plain))
        assert again.diagnosis == error.diagnosis
        assert str(again) == str(error)
        assert repr(again) == repr(error)
        for name in ("sdk_error", "response", "request", "body"):
            assert getattr(again, name, None) is None
            assert hasattr(again, name) == hasattr(error, name)
        assert getattr(again, "status_code", 403) == again.diagnosis.status_code == 403


def test_it_is_found_inside_of_others(both):
    error, _ = both
    outer = RuntimeError("outer")
    outer.__cause__ = error

    assert find_diagnosis(outer) is error
    assert find_diagnosis(error) is error


def test_raised_inside_a_handler_it_does_not_show_what_was_handled(kind, server, org, workspace, make_call_path):
    call_path = make_call_path(kind, server, org.add_personal_key(default=workspace, role="Viewer"))
    try:
        raise KeyError("the caller's own trouble")
    except KeyError:
        with pytest.raises(ForbiddenDiagnosis) as caught:
            call_path.call("POST", "/sessions", {"name": "p"})

    assert caught.value.__suppress_context__
    assert caught.value.__cause__ is None


def test_on_another_loop_than_asyncios_a_refusal_is_the_sdks_own():
    """As on trio's. The SDK's async client works there, and this library's transports and threads do not."""
    raised = []
    for kind in (AsyncClient, SafeAsyncClient):
        client = kind(api_url="http://127.0.0.1:9", api_key="lsv2_pt_c0ffee")
        http = importlib.import_module(type(client._client).__module__.partition(".")[0])
        client._client._transport = http.MockTransport(lambda request, http=http: http.Response(403, json={}))
        with pytest.raises(LangSmithError) as refused:
            client._arequest_with_retries("GET", "/sessions").send(None)
        raised.append(refused.value)

    plain, ours = raised
    assert type(ours) is type(plain)
    assert str(ours) == str(plain)
