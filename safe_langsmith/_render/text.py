"""A diagnosis as plain ASCII-friendly text, on one screen: the sentence, what was seen, what to do."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from safe_langsmith.diagnosis import Check, Diagnosis, Fix

WIDTH = 100
MOST_WORKSPACES = 6
MOST_FIXES = 4
_MARKS = {"ok": "ok", "problem": "!!", "unknown": "??", "not-applicable": "--"}


def as_text(diagnosis: Diagnosis) -> str:
    """Returns the whole diagnosis, without a line break at its end."""
    return "\n".join(_lines(diagnosis))


def _lines(diagnosis: Diagnosis) -> Iterator[str]:
    yield from textwrap.wrap(diagnosis.summary, WIDTH, break_long_words=False, break_on_hyphens=False)
    yield ""
    yield f"Cause: {diagnosis.cause} ({diagnosis.confidence})"
    if diagnosis.method:
        request = f"{diagnosis.method} {diagnosis.url} -> {diagnosis.status_code}"
        yield f"Request: {request}" + (f", id {diagnosis.request_id}" if diagnosis.request_id else "")
    if diagnosis.server_message:
        yield from _item("Server said: ", diagnosis.server_message)
    if diagnosis.probes:
        yield from _item("Asked: ", "; ".join(f"{p.method} {p.path} -> {p.status}" for p in diagnosis.probes))
    if diagnosis.workspaces:
        yield "Workspaces this key reaches:"
        for workspace in diagnosis.workspaces[:MOST_WORKSPACES]:
            yield f"  {workspace.id}  {workspace.name}" + (f"  ({workspace.role})" if workspace.role else "")
        if len(diagnosis.workspaces) > MOST_WORKSPACES:
            yield f"  and {len(diagnosis.workspaces) - MOST_WORKSPACES} more"
    yield ""
    yield "What was checked"
    for check in diagnosis.checks:
        yield from _check(check)
    yield ""
    yield "What to do"
    for number, fix in enumerate(diagnosis.fixes[:MOST_FIXES], 1):
        yield from _fix(number, fix)


def _check(check: Check) -> Iterator[str]:
    step = f"{check.step}." if check.step else "  "
    yield from _item(f"  [{_MARKS[check.result]}] {step} {check.title}: ", check.detail, hang=10, most_lines=2)


def _fix(number: int, fix: Fix) -> Iterator[str]:
    yield from _item(f"  {number}. ", f"{fix.title}. {fix.detail}".strip(), hang=5, most_lines=3)
    for line in (fix.code or "").splitlines():
        yield f"         {line}"
    if fix.url:
        yield f"     {fix.url}"


def _item(start: str, text: str, hang: int = 4, most_lines: int = 3) -> list[str]:
    return textwrap.wrap(
        start + text,
        WIDTH,
        subsequent_indent=" " * hang,
        max_lines=most_lines,
        placeholder=" ...",
        break_long_words=False,
        break_on_hyphens=False,
    )
