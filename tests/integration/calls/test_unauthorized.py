"""The note on a 401, on every call path."""

from __future__ import annotations

import sys

import pytest

from safe_langsmith.testing import Reply


@pytest.mark.skipif(sys.version_info < (3, 11), reason="exceptions have no notes")
def test_every_call_path_has_the_note(kind, server, make_call_path):
    server.fault(None, None, Reply(401, {"detail": "Invalid token"}), times=None)
    call_path = make_call_path(kind, server, "your-api-key")
    with pytest.raises(Exception) as caught:  # each call path has its own class
        call_path.call()

    assert ["it is a placeholder, not a key" in note for note in caught.value.__notes__] == [True]
    assert {request.path for request in server.requests} == {"/sessions"}
