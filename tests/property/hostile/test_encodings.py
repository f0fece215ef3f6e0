"""A probe asks for gzip. Nothing else is decoded, and nothing damaged is read, on every transport."""

from __future__ import annotations

import gzip
import json
import zlib

import pytest
import zstandard

from safe_langsmith import Cause, ForbiddenDiagnosis

from ...support.thinning import slow_unless
from .clients import ONE_FOR_EACH_TRANSPORT
from .strategies import IDS
from .wire import Wire, answer, refusal

HOME = {"id": IDS[0], "display_name": "Research"}
WHOLE = json.dumps(HOME).encode()
GZIP = gzip.compress(WHOLE)

READABLE = {
    "none": (WHOLE, None),
    "identity": (WHOLE, "identity"),
    "gzip": (GZIP, "gzip"),
    "upper case": (GZIP, " GZIP "),
    "x-gzip": (GZIP, "x-gzip"),
    "two members": (gzip.compress(WHOLE[:20]) + gzip.compress(WHOLE[20:]), "gzip"),
    "an empty member": (gzip.compress(b"") + GZIP, "gzip"),
}
NOT_ASKED_FOR = {
    "brotli": (b"\x8b\x03\x80" + WHOLE + b"\x03", "br"),
    "zstd": (zstandard.compress(WHOLE), "zstd"),
    "deflate": (zlib.compress(WHOLE), "deflate"),
    "deflate without a header": (zlib.compress(WHOLE)[2:-4], "deflate"),
    "gzip twice": (gzip.compress(GZIP), "gzip, gzip"),
    "gzip and brotli": (GZIP, "br, gzip"),
    "an unknown one": (WHOLE, "rot13"),
}
DAMAGED = {
    "not compressed": (WHOLE, "gzip"),
    "cut within the header": (GZIP[:5], "gzip"),
    "cut within the content": (GZIP[:-15], "gzip"),
    "cut within the checksum": (GZIP[:-4], "gzip"),
    "a wrong checksum": (GZIP[:-8] + b"\0" * 8, "gzip"),
    "another byte": (GZIP[:15] + bytes([GZIP[15] ^ 255]) + GZIP[16:], "gzip"),
    "half a second member": (GZIP + GZIP[:12], "gzip"),
    "garbage behind it": (GZIP + b"garbage", "gzip"),
}


def answered(raised, kind, body, encoding):
    """Returns what a refusal ends in if every probe is answered so."""
    headers = [("Content-Length", str(len(body)))] + ([("Content-Encoding", encoding)] if encoding else [])
    pieces = answer(body, headers=headers)
    with Wire({"*": refusal(), **dict.fromkeys(("/settings", "/workspaces", "/info"), pieces)}) as server:
        return raised(kind, server)


@pytest.mark.parametrize("kind", ONE_FOR_EACH_TRANSPORT)
@pytest.mark.parametrize("name", READABLE)
def test_an_answer_as_it_was_asked_for_is_read(name, kind, raised):
    error = answered(raised, kind, *READABLE[name])

    assert error.cause is Cause.PERMISSION_DENIED
    assert HOME["id"] in error.summary


@pytest.mark.parametrize("kind", ONE_FOR_EACH_TRANSPORT)
@pytest.mark.parametrize("name", NOT_ASKED_FOR)
def test_an_encoding_that_was_not_asked_for_is_no_answer(name, kind, raised):
    error = answered(raised, kind, *NOT_ASKED_FOR[name])

    assert error.cause is Cause.UNDETERMINED
    assert {probe.status for probe in error.probes} == {"an answer in an encoding that was not asked for"}


@pytest.mark.parametrize("kind", ONE_FOR_EACH_TRANSPORT)
@pytest.mark.parametrize("name", slow_unless(tuple(DAMAGED), ("cut within the content", "garbage behind it")))
def test_a_damaged_answer_is_no_answer(name, kind, raised):
    error = answered(raised, kind, *DAMAGED[name])

    assert error.cause is Cause.UNDETERMINED
    assert {probe.status for probe in error.probes} == {"an answer that was damaged on its way"}


@pytest.mark.parametrize("kind", ONE_FOR_EACH_TRANSPORT)
def test_members_that_hold_nothing_are_read_to_a_point(kind, raised):
    error = answered(raised, kind, gzip.compress(b"") * 50_000, "gzip")

    assert {probe.status for probe in error.probes} == {"an answer that does not end"}


def test_a_session_that_accepts_other_encodings_is_not_asked(server, org, workspace, make_client):
    client = make_client(server, org.add_personal_key(default=workspace, role="Viewer"))
    client.session.headers["Accept-Encoding"] = "br, zstd"
    with pytest.raises(ForbiddenDiagnosis):
        client.create_dataset("questions")

    asked = {r.path: r.headers["accept-encoding"] for r in server.requests}
    assert asked == {"/datasets": "br, zstd", "/settings": "gzip", "/workspaces": "gzip"}
