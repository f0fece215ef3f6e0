"""How much work an answer makes depends on its length alone, whatever stands in it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from safe_langsmith import Cause
from safe_langsmith._core.redaction import secrets_of
from safe_langsmith._core.responses import read_answer, read_body

from .driving import Came, diagnose, facts_of, refusal_of
from .promises import assert_keeps_all_promises
from .strategies import IDS, KEY

US = "https://api.smith.langchain.com"
SECRETS = secrets_of((KEY, KEY[8:]))
STEPS_A_BYTE = 3


def steps(do: Callable[[], Any]) -> int:
    """Returns how many functions are called."""
    count = 0

    def note(frame: Any, event: str, argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        do()
    finally:
        sys.setprofile(before)
    return count


def listing(number: int, **fields: Any) -> bytes:
    entries = [
        {"id": str(UUID(int=each)), "display_name": "a b", "role_name": "c d", **fields} for each in range(number)
    ]
    return json.dumps(entries, separators=(",", ":")).encode()


def nested(width: int, depth: int, number: list[int]) -> Any:
    names = "error code title detail message msg error_description error_class remedy".split()[:width]
    if not depth:
        number[0] += 1
        return f"text {number[0]:04}"
    return {name: nested(width, depth - 1, number) for name in names}


LISTINGS = {
    "many workspaces": listing(5_000),
    "the same permissions in each": listing(100, permissions=["a b"] * 500),
    "many permissions": listing(100, permissions=[f"{each} b" for each in range(500)]),
    "others in each": json.dumps(
        [
            json.loads(listing(1, permissions=[f"{n} {m}" for m in range(99)]))[0] | {"id": str(UUID(int=n))}
            for n in range(500)
        ]
    ).encode(),
    "the same workspace again and again": json.dumps(json.loads(listing(1)) * 5_000).encode(),
}


@pytest.mark.parametrize("raw", LISTINGS.values(), ids=LISTINGS)
def test_reading_a_listing(raw):
    assert steps(lambda: read_answer(200, raw, "", SECRETS)) < STEPS_A_BYTE * len(raw)


@pytest.mark.parametrize("raw", [json.dumps(nested(width, 4, [0])).encode() for width in (5, 8)], ids=["5", "8"])
def test_reading_a_document_of_many_texts(raw):
    assert steps(lambda: read_body(raw[:100_000], "", SECRETS)) < STEPS_A_BYTE * len(raw)
    assert read_body(raw[:100_000], "", SECRETS).message


@pytest.mark.parametrize("number", [0, 1, 2, 10_000, 10_001])
def test_concluding_from_a_listing(number):
    refusal = refusal_of(f"{US}/sessions", KEY, b'{"error":"org_scoped_key_requires_workspace"}', {})
    facts = facts_of(refusal, US, KEY, "/sessions")
    found = diagnose(facts, [Came(200, listing(number))] * 3, refusal.secrets)
    assert found.cause is Cause.WORKSPACE_REQUIRED
    assert (None if found.workspaces is None else len(found.workspaces)) == (number if number <= 10_000 else None)
    assert_keeps_all_promises(found)


@pytest.mark.parametrize("ids", [[IDS[0]] * 3, [IDS[0].upper(), IDS[0]], ["", IDS[0], "x", None, 1, [IDS[1]]]])
def test_an_id_counts_once_and_only_where_it_is_one(ids):
    raw = json.dumps([{"id": id_, "display_name": "Research"} for id_ in ids]).encode()
    assert [workspace.id for workspace in read_answer(200, raw).workspaces] == [IDS[0]]


def test_more_permissions_than_anybody_has_are_not_taken_for_all_of_them():
    few, many = ([f"projects:{each}" for each in range(number)] for number in (500, 501))
    told = [read_answer(200, listing(1, permissions=listed)).workspaces[0].permissions for listed in (few, many)]
    assert told == [tuple(sorted(few)), None]
