"""A 401 stays the SDK's own exception. A note says what the values alone show, and nothing is sent for it."""

from __future__ import annotations

import sys

import langsmith
import pytest

from safe_langsmith import ForbiddenDiagnosis
from safe_langsmith.testing import Reply

pytestmark = pytest.mark.skipif(sys.version_info < (3, 11), reason="exceptions have no notes")

SHOWN = {
    "your-api-key": "it is a placeholder, not a key",
    "op://Private/LangSmith/credential": "the name of a secret",
    "lsv2_pt_abc": "it is cut short",
    "lsv2_sk_c0ffeec0ffee0123456789abcdef0123_0123456789": "seems not to have arrived",
    None: "no API key, token or cookie was sent",
}


def refused(call):
    with pytest.raises(Exception) as caught:  # each call path has its own class
        call()
    assert not isinstance(caught.value, ForbiddenDiagnosis)
    return caught.value


@pytest.mark.parametrize(("key", "words"), SHOWN.items(), ids=list(map(str, SHOWN)))
def test_the_note_says_what_the_values_show(server, make_client, key, words):
    server.fault(None, None, Reply(401, {"detail": "Invalid token"}), times=None)
    client = make_client(server, key)
    error = refused(lambda: list(client.list_projects()))

    assert type(error) is langsmith.utils.LangSmithAuthError
    (note,) = error.__notes__
    assert words in note
    assert note.endswith("`python -m safe_langsmith` says more.")
    assert note.count("\n") == 0
    assert not (key and len(key) > 40 and key in note)
    assert [request.path for request in server.requests] == ["/sessions"]


def test_a_malformed_workspace_id(server, org, workspace, make_client):
    server.fault(None, None, Reply(401, {"detail": "Unauthorized"}), times=None)
    client = make_client(server, org.add_personal_key(default=workspace), workspace_id="Research")
    error = refused(lambda: list(client.list_projects()))

    assert "it is not a UUID" in error.__notes__[0]
    assert len(server.requests) == 1


def test_a_key_that_worked_has_no_note_about_a_key_that_does_not_arrive(server, org, workspace, make_client):
    client = make_client(server, org.add_personal_key(default=workspace))
    list(client.list_projects())
    server.fault(None, None, Reply(401, {"detail": "Unauthorized"}), times=None)
    error = refused(lambda: list(client.list_projects()))

    assert getattr(error, "__notes__", []) == []


def test_another_hosts_401_has_none(server, make_client):
    server.fault(None, None, Reply(404, {"detail": "Not found"}), times=None)
    error = refused(lambda: list(make_client(server, "your-api-key").list_projects()))

    assert getattr(error, "__notes__", []) == []
