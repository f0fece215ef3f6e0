"""What a program needs, and whether a key has it, by the answers to the probes alone."""

from __future__ import annotations

import json

import pytest

from safe_langsmith import Cause, Confidence
from safe_langsmith._core.model import (
    GET_INFO,
    GET_SETTINGS,
    LIST_WORKSPACES,
    EarlierRefusal,
    ForbiddenRequest,
    Successes,
)
from safe_langsmith._core.needs import PURPOSES, Need, needs_of
from safe_langsmith._core.permissions import PERMISSIONS, permissions_of
from safe_langsmith._core.responses import Answer, read_answer, read_body

A = "11111111-aaaa-4aaa-8aaa-111111111111"
TRACING = needs_of("tracing")
HOME = read_answer(200, json.dumps({"id": A, "display_name": "Research"}).encode())
REFUSED = read_answer(403, b'{"error":"Forbidden"}', "application/json")
LIKELY, POSSIBLE = Confidence.LIKELY, Confidence.POSSIBLE


def listing(role, permissions):
    entry = {"id": A, "display_name": "Research", "role_name": role, "permissions": permissions}
    return read_answer(200, json.dumps([entry]).encode())


def refused(path, body=b'{"error":"Forbidden"}', minutes=3):
    request = ForbiddenRequest("POST", path, f"https://api.smith.langchain.com{path}", body=read_body(body))
    return EarlierRefusal(request, minutes)


VIEWER = listing("WORKSPACE_VIEWER", list(permissions_of("Viewer")))
EDITOR = listing("WORKSPACE_EDITOR", list(permissions_of("Editor")))
UNLISTED = listing("WORKSPACE_EDITOR", None)
NO_PLAN = b'{"error":"Forbidden - no plan found"}'
PAGE = b"<html><title>Blocked by Acme</title></html>"

ROWS = {
    "a role that lacks it": ({"needs": TRACING}, VIEWER, Cause.PERMISSION_DENIED, LIKELY),
    "a role that has it": ({"needs": TRACING}, EDITOR, None, None),
    "one of several": ({"needs": needs_of("evaluate")}, EDITOR, Cause.PERMISSION_DENIED, LIKELY),
    "a role of one's own": ({"needs": TRACING}, listing("Robots", ["runs:read"]), Cause.PERMISSION_DENIED, LIKELY),
    "a role without permissions": ({"needs": TRACING}, listing("Robots", []), Cause.PERMISSION_DENIED, LIKELY),
    "not listed": ({"needs": TRACING}, UNLISTED, Cause.UNDETERMINED, POSSIBLE),
    "not listed, for a viewer": (
        {"needs": TRACING},
        listing("WORKSPACE_VIEWER", None),
        Cause.PERMISSION_DENIED,
        LIKELY,
    ),
    "not listed, for a role of one's own": ({"needs": TRACING}, listing("x", None), Cause.UNDETERMINED, POSSIBLE),
    "a list that is refused": ({"needs": TRACING}, REFUSED, Cause.UNDETERMINED, POSSIBLE),
    "a list that fails": ({"needs": TRACING}, Answer(error="ConnectTimeout"), Cause.UNDETERMINED, POSSIBLE),
    "of the organization": ({"needs": (Need("organization:manage"),)}, EDITOR, Cause.UNDETERMINED, POSSIBLE),
    "traces that arrive": (
        {"needs": TRACING, "successes": Successes(1, wrote=True, traced_here=True)},
        UNLISTED,
        None,
        None,
    ),
    "traces that arrived elsewhere": (
        {"needs": TRACING, "successes": Successes(1, wrote=True)},
        UNLISTED,
        Cause.UNDETERMINED,
        POSSIBLE,
    ),
    "refused before, and lacking": ({"earlier": (refused("/sessions"),)}, VIEWER, Cause.PERMISSION_DENIED, LIKELY),
    "refused before, though allowed": (
        {"earlier": (refused("/runs/multipart"),)},
        EDITOR,
        Cause.PERMISSION_DENIED,
        POSSIBLE,
    ),
    "refused before, by the server's own words": (
        {"earlier": (refused("/sessions", b'{"detail":"Forbidden: needs projects:create"}'),)},
        EDITOR,
        Cause.PERMISSION_DENIED,
        LIKELY,
    ),
    "a feature": ({"earlier": (refused("/runs/multipart", NO_PLAN),)}, EDITOR, Cause.FEATURE_UNAVAILABLE, LIKELY),
    "a page": ({"earlier": (refused("/runs/multipart", PAGE),)}, EDITOR, Cause.BLOCKED_UPSTREAM, LIKELY),
}


@pytest.mark.parametrize("name", ROWS)
def test_what_follows(name, refusal, drive):
    described, listed, cause, confidence = ROWS[name]
    known = {GET_SETTINGS: HOME, LIST_WORKSPACES: listed, GET_INFO: read_answer(200, b'{"version":"1"}')}
    found = drive(refusal(method=None, **described), known).diagnosis

    assert (found.cause, found.confidence) == (cause, confidence)
    for request, minutes in described.get("earlier", ()):
        assert found.url == request.url
        assert f"a request was refused {minutes} minutes ago" in found.summary


def test_the_report_of_a_healthy_key_says_what_was_checked(refusal, drive):
    found = drive(refusal(method=None, needs=TRACING), {GET_SETTINGS: HOME, LIST_WORKSPACES: EDITOR}).diagnosis

    assert found.summary.endswith("Its permissions there include runs:create.")


class TestNames:
    def test_names_and_permissions_can_be_mixed(self):
        expected = (Need("runs:create", "tracing"), Need("datasets:create"))

        assert needs_of("tracing, datasets:create") == needs_of(["tracing", "datasets:create"]) == expected

    def test_each_permission_is_there_once(self):
        names = [need.permission for need in needs_of("tracing,evaluate,runs:create")]

        assert len(names) == len(set(names)) == len(PURPOSES["evaluate"])

    def test_a_purpose_needs_permissions_that_are_known(self):
        assert {name for names in PURPOSES.values() for name in names} <= set(PERMISSIONS)

    def test_nothing_is_needed_for_nothing(self):
        assert needs_of(()) == ()

    @pytest.mark.parametrize("name", ["lsv2_pt_c0ffeec0ffee0123456789abcdef0123_0123456789", "x" * 10_000, "\x1b[31m"])
    def test_what_was_typed_is_shown_in_short_and_clean(self, name):
        with pytest.raises(ValueError, match="neither a permission") as raised:
            needs_of(name)

        assert len(str(raised.value)) < 250
        assert str(raised.value).isprintable()
        assert "c0ffee" not in str(raised.value)
