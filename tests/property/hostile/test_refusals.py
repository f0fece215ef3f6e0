"""Whatever the refusal itself looks like: where the SDK says 403 of it, it is explained; anything else is the SDK's."""

from __future__ import annotations

import gc
import gzip
import tracemalloc

import pytest
from hypothesis import given, settings
from langsmith.utils import LangSmithError

from safe_langsmith import ForbiddenDiagnosis
from safe_langsmith._sdk.compat import status_of

from .clients import ALL, ONE_FOR_EACH_TRANSPORT, each
from .promises import assert_keeps_all_promises, assert_visible
from .strategies import bodies, headers
from .wire import RESET, Pieces, Wire, answer, raw, refusal

FORBIDDEN = b'{"detail":"Forbidden"}'
STATUS = "403 Forbidden"
# What the SDK trips over, and what a diagnosis is an instance of in its place.
TRIPS = {AttributeError: LangSmithError, RecursionError: LangSmithError}

REFUSALS: dict[str, Pieces] = {
    "a request id to obey": refusal(headers=[("X-Request-Id", b"\x1b[31m\xe2\x80\xae\xff" * 99)]),
    "two request ids": refusal(headers=[("X-Request-Id", "one"), ("X-Request-Id", "<script>two")]),
    "a strange type": refusal(headers=[("Content-Type", b"\xff\x1b[0m; charset=\xfe")]),
    "a charset that is none": refusal(headers=[("Content-Type", "application/json; charset=rot13")]),
    "UTF-16": refusal(FORBIDDEN.decode().encode("utf-16"), [("Content-Type", "application/json; charset=utf-16")]),
    "a further address": refusal(
        headers=[("Location", "https://evil.example/"), ("Refresh", "0; url=https://evil.example")]
    ),
    "a wait of years": refusal(headers=[("Retry-After", "99999999")]),
    "many headers": refusal(headers=[(f"X-{number}", "x" * 200) for number in range(90)]),
    "cookies": refusal(headers=[("Set-Cookie", "a=\x1b[31m; Domain=evil.example"), ("Set-Cookie", "=;;;=")]),
    "a phrase to obey": answer(FORBIDDEN, "403 \x1b[31m<b>No</b>", [("Content-Length", "22")]),
    "no end of its own": answer(FORBIDDEN, STATUS),
    "one chunk": answer(b"16\r\n" + FORBIDDEN + b"\r\n0\r\n\r\n", STATUS, [("Transfer-Encoding", "chunked")]),
    "half a chunk": answer(b"ff\r\n" + FORBIDDEN, STATUS, [("Transfer-Encoding", "chunked")]),
    "a length that is too long": answer(FORBIDDEN, STATUS, [("Content-Length", "500")]),
    "a length that is too short": answer(FORBIDDEN, STATUS, [("Content-Length", "5")]),
    "a reset": answer(raw(FORBIDDEN, RESET), STATUS, [("Content-Length", "500")]),
    "packed": refusal(gzip.compress(FORBIDDEN), [("Content-Encoding", "gzip")]),
    "no packing": refusal(FORBIDDEN, [("Content-Encoding", "gzip")]),
    "deep nesting": refusal(b"[" * 100_000),
    "a list": refusal(b"[1]"),
    "a number of many digits": refusal(b"9" * 5_000),
    "numbers that are none": refusal(b'{"detail":NaN,"error":-Infinity,"title":1e999,"status":Infinity}'),
    "keys twice": refusal(b'{"detail":"one","detail":{"detail":"two"},"error":[],"error":"three"}'),
    "surrogates": refusal(rb'{"detail":"\ud800\udfff\u202e\u001b[31m"}'),
    "no body": refusal(b""),
}


def is_refused(error):
    """Whether the SDK says 403, or trips over the body of one. Over a charset, its HTTP library trips before that."""
    return status_of(error) == 403 and not isinstance(error, (TypeError, LookupError))


@each(REFUSALS, ALL)
def test_a_strange_refusal(name, kind, raised, caplog):
    with Wire({"*": refusal(), "/sessions": REFUSALS[name]}) as server:
        plain = raised(kind, server, plain=True)
        safe = raised(kind, server)
    assert not [record for record in caplog.records if "failed with" in record.getMessage()]
    if not is_refused(plain):
        assert type(safe) is type(plain)
        assert not isinstance(safe, ForbiddenDiagnosis)
        return
    assert isinstance(safe, ForbiddenDiagnosis)
    assert isinstance(safe, TRIPS.get(type(plain), type(plain)))
    assert_keeps_all_promises(safe.diagnosis)
    assert_visible(str(safe), lines=True)


@pytest.mark.parametrize("kind", ONE_FOR_EACH_TRANSPORT)
# Each example takes several requests.
@settings(max_examples=settings().max_examples * 2 // 5)
@given(body=bodies, answered=headers)
def test_any_refusal(kind, raised, body, answered):
    with Wire({"*": refusal(), "/sessions": refusal(body, _sendable(answered))}) as server:
        plain = raised(kind, server, plain=True)
        safe = raised(kind, server)
    assert isinstance(safe, ForbiddenDiagnosis) is is_refused(plain), repr(plain)
    if isinstance(safe, ForbiddenDiagnosis):
        assert_keeps_all_promises(safe.diagnosis)
        assert_visible(str(safe), lines=True)


def _sendable(answered):
    """Headers as a server can send them: no line breaks, and names as they have to be."""
    for name, value in answered.items():
        written = value if isinstance(value, bytes) else value.encode("utf-8", "surrogatepass")
        if name.isascii() and name.replace("-", "").isalnum():
            yield name, written.replace(b"\r", b"").replace(b"\n", b"").replace(b"\0", b"")[:5_000]


@pytest.mark.parametrize("kind", ONE_FOR_EACH_TRANSPORT)
@pytest.mark.slow
def test_a_refusal_of_fifty_megabytes_takes_no_more_memory_than_with_the_sdk(kind, raised):
    body = b'{"detail":"' + b"x y " * 12_500_000 + b'"}'
    with Wire({"*": refusal(), "/sessions": refusal(body)}) as server:
        peaks = [_peak(lambda plain=plain: raised(kind, server, plain=plain)) for plain in (True, False)]
    assert peaks[1] - peaks[0] < 5_000_000


def _peak(call):
    gc.collect()
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
