"""Whatever comes over the wire in place of an answer: the call ends as it would have, and soon."""

from __future__ import annotations

import gzip
import threading
import tracemalloc
import zlib
from collections.abc import Iterator
from itertools import chain, repeat

import pytest
import zstandard

from safe_langsmith import Cause, ForbiddenDiagnosis
from safe_langsmith._probe.transports import LARGEST_BODY

from ...support.thinning import slow_unless
from .clients import ONE_FOR_EACH_TRANSPORT, each
from .promises import assert_keeps_all_promises
from .strategies import IDS
from .wire import RESET, Pieces, Wire, answer, raw, refusal

ASKED = ("/settings", "/workspaces", "/info")
WORKSPACE = b'{"id":"' + IDS[0].encode() + b'","display_name":"Research"}'
# What the system holds on both sides of a connection, beside what was read.
HELD = 16_000_000


def endless(piece: bytes) -> Pieces:
    return lambda: repeat(piece)


def slowly(piece: bytes) -> Pieces:
    """A piece every now and then: often enough for a socket that waits for seconds."""

    def pieces() -> Iterator[bytes]:
        while not DONE.wait(0.02):
            yield piece

    return pieces


def packed(size: int) -> bytes:
    """As many blanks as that, which take a thousandth of the room."""
    packing = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    return packing.compress(b" " * size) + packing.flush()


GZIP, CHUNKED = ("Content-Encoding", "gzip"), ("Transfer-Encoding", "chunked")
NO_CLAIM_ABOUT_THE_KEY = (Cause.UNDETERMINED, Cause.PERMISSION_DENIED, Cause.WRONG_ENDPOINT)
BOMB = packed(200_000_000)
DONE = threading.Event()

STRANGE: dict[str, Pieces] = {
    "nothing": raw(),
    "a reset": raw(RESET),
    "no HTTP": raw(b"\x16\x03\x01\x02\x00\x01" * 100),
    "no status": raw(b"HTTP/1.1 \r\n\r\n"),
    "an unknown status": raw(b"HTTP/1.1 999 \x1b[31m\r\n\r\n"),
    "a status of many digits": raw(b"HTTP/1.1 " + b"2" * 5_000 + b" OK\r\n\r\n"),
    "a reset within the body": answer(raw(WORKSPACE[:20], RESET), headers=[("Content-Length", "500")]),
    "an end within the body": answer(WORKSPACE[:20], headers=[("Content-Length", "500")]),
    "an end within a chunk": answer(b"ff\r\n" + WORKSPACE, headers=[CHUNKED]),
    "chunks that are none": answer(b"\x1b[31m\r\n" + WORKSPACE, headers=[CHUNKED]),
    "a chunk of enormous length": answer(b"f" * 30 + b"\r\n" + WORKSPACE, headers=[CHUNKED]),
    "a length that is too short": answer(WORKSPACE, headers=[("Content-Length", "10")]),
    "a length below zero": answer(WORKSPACE, headers=[("Content-Length", "-1")]),
    "a length that is no number": answer(WORKSPACE, headers=[("Content-Length", "\x1b[31m")]),
    "two lengths": answer(WORKSPACE, headers=[("Content-Length", "10"), ("Content-Length", "20")]),
    "an enormous length": answer(WORKSPACE, headers=[("Content-Length", "9" * 30)]),
    "a header without end": raw(b"HTTP/1.1 200 OK\r\nX: ", b"x" * 1_000_000),
    "headers without end": raw(b"HTTP/1.1 200 OK\r\n", b"X: x\r\n" * 100_000),
    "headers that are none": raw(b"HTTP/1.1 200 OK\r\n\x00\xff: \x1b[31m\r\n : \r\n\r\n", WORKSPACE),
    "a type twice, and strange": answer(
        b"<html>", headers=[("Content-Type", b"\xff\x00"), ("Content-Type", "text/html")]
    ),
    "a type of great length": answer(b"no", headers=[("Content-Type", "text/" + "x" * 60_000)]),
    "no packing": answer(WORKSPACE, headers=[GZIP]),
    "half a packing": answer(gzip.compress(WORKSPACE)[:-12], headers=[GZIP]),
    "an unknown packing": answer(WORKSPACE, headers=[("Content-Encoding", "\x1b[31m")]),
    "UTF-16": answer(WORKSPACE.decode().encode("utf-16")),
    "NaN": answer(b'{"id":NaN,"display_name":Infinity,"a":1e999}'),
    "deep nesting": answer(b"[" * 500_000),
    "a redirect to itself": answer(status="307 ?", headers=[("Location", "/settings"), ("Content-Length", "0")]),
    "a redirect to a script": answer(status="302 ?", headers=[("Location", "javascript:x"), ("Content-Length", "0")]),
    "a redirect to nowhere": answer(
        status="301 ?", headers=[("Location", b"http://[\xff\x1b"), ("Content-Length", "0")]
    ),
    "a wait of years": answer(status="503 ?", headers=[("Retry-After", "99999999"), ("Content-Length", "0")]),
    "a wait that is none": answer(status="429 ?", headers=[("Retry-After", "\x1b[31m"), ("Content-Length", "0")]),
}
ENDLESS: dict[str, Pieces] = {
    "bytes": answer(endless(b" " * 65_536)),
    "chunks": answer(endless(b"10000\r\n" + b" " * 65_536 + b"\r\n"), headers=[CHUNKED]),
    "a list": answer(lambda: chain([b"[1"], repeat(b",1" * 30_000))),
    "a text": answer(lambda: chain([b'["'], repeat(b"x" * 60_000))),
    "brackets": answer(endless(b"[{" * 30_000)),
    "a page": answer(endless(b"<title>" * 9_000), headers=[("Content-Type", "text/html")]),
    "gigabytes": answer(endless(b"x" * 65_536), headers=[("Content-Length", "99999999999")]),
    "packed blanks": answer(lambda: chain([BOMB], repeat(b"")), headers=[GZIP]),
}
BOMBS: dict[str, Pieces] = {
    "gzip": answer(BOMB, headers=[GZIP]),
    "gzip within gzip": answer(gzip.compress(BOMB), headers=[("Content-Encoding", "gzip, gzip")]),
    "zstd": answer(zstandard.compress(b" " * 200_000_000), headers=[("Content-Encoding", "zstd")]),
}
SLOW: dict[str, Pieces] = {
    "bytes": answer(slowly(b" ")),
    "chunks": answer(slowly(b"1\r\n \r\n"), headers=[CHUNKED]),
    "headers": lambda: chain([b"HTTP/1.1 200 OK\r\nX: "], slowly(b"x")()),
    "other answers before": slowly(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "nothing": slowly(b""),
    "a packing that holds nothing": answer(
        lambda: chain([b"\x1f\x8b\x08\x08" + b"\0" * 6], slowly(b"x")()), headers=[GZIP]
    ),
}


@pytest.fixture(autouse=True)
def done() -> Iterator[None]:
    DONE.clear()
    yield
    DONE.set()


@pytest.fixture
def explained(raised, caplog):
    """What a request that is refused in good form ends in, where this comes in place of every answer to a question."""

    def explained(kind, pieces: Pieces) -> tuple[ForbiddenDiagnosis, Wire]:
        with Wire({"*": refusal(), **dict.fromkeys(ASKED, pieces)}) as server:
            error = raised(kind, server)
            DONE.set()
            server.hung_up()
        assert isinstance(error, ForbiddenDiagnosis), repr(error)
        assert_keeps_all_promises(error.diagnosis)
        assert not [record for record in caplog.records if "failed with" in record.getMessage()]
        assert len([asked for asked in server.asked if asked[1] != "/sessions"]) <= 6
        for thread in threading.enumerate():
            if thread.name == "safe-langsmith-probe":
                thread.join(10)
                assert not thread.is_alive()
        return error, server

    return explained


@each(STRANGE, ONE_FOR_EACH_TRANSPORT)
def test_a_strange_response_to_a_probe(name, kind, explained):
    error, _ = explained(kind, STRANGE[name])
    assert error.cause in NO_CLAIM_ABOUT_THE_KEY


@pytest.mark.parametrize("kind", ONE_FOR_EACH_TRANSPORT)
@pytest.mark.parametrize("name", slow_unless(tuple(ENDLESS), ("bytes", "a list")))
def test_an_answer_without_end_is_read_to_a_point(name, kind, explained):
    error, server = explained(kind, ENDLESS[name])
    assert error.cause in NO_CLAIM_ABOUT_THE_KEY
    assert max(server.taken[path] for path in ASKED) < LARGEST_BODY + HELD


@pytest.mark.parametrize("kind", ONE_FOR_EACH_TRANSPORT)
@pytest.mark.slow
@pytest.mark.parametrize("name", BOMBS)
def test_a_few_bytes_that_stand_for_many_are_not_unpacked_whole(name, kind, explained):
    # Where nothing is compressed, a question may take three times what is read of an answer.
    explained(kind, answer(WORKSPACE))
    tracemalloc.start()
    try:
        explained(kind, BOMBS[name])
        assert tracemalloc.get_traced_memory()[1] < 60_000_000
    finally:
        tracemalloc.stop()


@each(SLOW, ONE_FOR_EACH_TRANSPORT)
def test_an_answer_that_never_comes_to_an_end_is_not_waited_for(name, kind, explained, probing):
    probing.set_deadline(0.3)
    error, _ = explained(kind, SLOW[name])
    assert error.cause is Cause.UNDETERMINED
