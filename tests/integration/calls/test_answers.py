"""Odd answers, detours, and answers that are no refusal at all, on every call path."""

from __future__ import annotations

import pytest

from safe_langsmith import Cause, ForbiddenDiagnosis
from safe_langsmith.testing import Drop, Redirect, Reply

from .conftest import alike

BARE = Reply(403, {"detail": "Forbidden"})


@pytest.mark.parametrize(
    "body",
    [b'["no", "object"]', b'"a string"', b"null", b"", b"\xff\xfe\xfa", b"[" * 5_000],
    ids=["list", "string", "null", "empty", "no utf-8", "brackets"],
)
def test_a_body_that_nobody_expects(body, server, org, workspace, kind, v1, make_call_path, forget, refused, request):
    if body.startswith(b"[["):
        request.getfixturevalue("no_collection")
    server.fault("GET", "/sessions", Reply(403, body), times=None)
    key = org.add_personal_key(default=workspace)
    error = refused(make_call_path(kind, server, key).call)
    forget()
    same = refused(make_call_path(v1, server, key).call)

    assert error.cause in (Cause.PERMISSION_DENIED, Cause.BLOCKED_UPSTREAM)
    assert alike(error.diagnosis) == alike(same.diagnosis)
    assert all(character.isprintable() or character == "\n" for character in str(error))
    assert len(str(error)) < 8_000


def test_a_redirect_that_ends_in_a_refusal_of_another_host(
    kind, server, make_server, org, workspace, v1, make_call_path, forget, refused
):
    elsewhere = make_server()
    elsewhere.fault(None, None, BARE, times=None)
    server.fault("GET", "/sessions", Redirect(f"{elsewhere.url}/sessions"), times=None)
    key = org.add_personal_key(default=workspace)
    call_path = make_call_path(kind, server, key)
    if not kind.follows_redirects:
        with pytest.raises(Exception, match="307") as caught:
            call_path.call()
        assert not isinstance(caught.value, ForbiddenDiagnosis)
        return
    error = refused(call_path.call)
    forget()
    same = refused(make_call_path(v1, server, key).call)

    assert error.cause is Cause.BLOCKED_UPSTREAM
    assert elsewhere.url.rpartition("/")[2] in error.summary
    assert alike(error.diagnosis) == alike(same.diagnosis)
    assert {r.path for r in elsewhere.requests} == {"/sessions"}


def test_a_redirect_to_the_same_host(kind, server, org, workspace, v1, make_call_path, forget, refused):
    server.fault("GET", "/datasets", Redirect("/sessions"), times=None)
    server.fault("GET", "/sessions", BARE, times=None)
    key = org.add_personal_key(default=workspace)
    if not kind.follows_redirects:
        pytest.skip("this call path follows no redirect")
    error = refused(make_call_path(kind, server, key).call, "GET", "/datasets")
    forget()
    same = refused(make_call_path(v1, server, key).call, "GET", "/datasets")

    assert alike(error.diagnosis) == alike(same.diagnosis)
    assert error.url == f"{server.url}/datasets"


@pytest.mark.parametrize("status", [401, 404, 500])
def test_any_other_answer_is_the_sdks_own(status, kind, server, org, workspace, make_call_path, seen):
    server.fault("GET", "/sessions", Reply(status, {"detail": "no"}), times=2)
    key = org.add_personal_key(default=workspace)
    with pytest.raises(Exception, match="no") as caught:
        make_call_path(kind, server, key).call()
    with pytest.raises(Exception, match="no") as plain:
        make_call_path(kind, server, key, plain=True).call()

    assert type(caught.value) is type(plain.value)
    assert str(caught.value) == str(plain.value)
    assert seen(server) == [("GET", "/sessions", None, status)] * 2


def test_no_answer_at_all_is_the_sdks_own(kind, server, org, workspace, make_call_path):
    server.fault("GET", "/sessions", Drop(), times=None)
    key = org.add_personal_key(default=workspace)
    with pytest.raises(Exception, match=r"onnection|disconnected") as caught:
        make_call_path(kind, server, key).call()
    with pytest.raises(Exception, match=r"onnection|disconnected") as plain:
        make_call_path(kind, server, key, plain=True).call()

    assert type(caught.value) is type(plain.value)
    assert type(caught.value.__cause__) is type(plain.value.__cause__)
