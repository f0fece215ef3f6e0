"""A diagnosis as plain ASCII-friendly text, on one screen: the sentence, what was seen, what to do."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from safe_langsmith._core.clean import shorten
from safe_langsmith.diagnosis import Diagnosis

WIDTH = 100
HEIGHT = 40
MOST_WORKSPACES = 6
MOST_FIXES = 5
_MARKS = {"ok": "ok", "problem": "!!", "unknown": "??", "not-applicable": "--"}


def as_text(diagnosis: Diagnosis) -> str:
    """Returns the whole diagnosis, without a line break at its end."""
    # Each detail may take some lines, or fewer where that would not fit a screen; what to do is cut last.
    attempts = (list(_lines(diagnosis, *most)) for most in ((2, 3), (1, 3), (1, 2), (1, 1)))
    lines = next((lines for lines in attempts if len(lines) <= HEIGHT), None)
    return "\n".join(lines or _lines(diagnosis, 1, 1))


def _lines(diagnosis: Diagnosis, seen: int, most: int) -> Iterator[str]:
    """The lines, where a detail of what was seen takes at most `seen` of them, and any other `most`."""
    yield from _wrap(diagnosis.summary)
    yield ""
    yield f"Cause: {diagnosis.cause} ({diagnosis.confidence}), see docs/causes/{diagnosis.cause}.md"
    if diagnosis.method:
        request_id = f", id {diagnosis.request_id}" if diagnosis.request_id else ""
        yield shorten(f"Request: {diagnosis.method} {diagnosis.url} -> {diagnosis.status_code}{request_id}", WIDTH)
    if diagnosis.server_message:
        yield from _wrap(f"Server said: {diagnosis.server_message}", 4, most)
    if diagnosis.probes:
        asked = "; ".join(f"{probe.method} {probe.path} -> {probe.status}" for probe in diagnosis.probes)
        yield from _wrap(f"Asked: {asked}", 4, most)
    if diagnosis.workspaces:
        yield "Workspaces this key reaches:"
        for workspace in diagnosis.workspaces[:MOST_WORKSPACES]:
            role = f"  ({workspace.role})" if workspace.role else ""
            yield shorten(f"  {workspace.id}  {workspace.name}{role}", WIDTH)
        if len(diagnosis.workspaces) > MOST_WORKSPACES:
            yield f"  and {len(diagnosis.workspaces) - MOST_WORKSPACES} more"
    yield ""
    yield "What was checked (1-5 are LangSmith's own steps; !! problem, ?? not known, -- does not apply)"
    for check in diagnosis.checks:
        step = f"{check.step}." if check.step else "  "
        yield from _wrap(f"  [{_MARKS[check.result]}] {step} {check.title}: {check.detail}", 10, seen)
    yield ""
    yield "What to do"
    for number, fix in enumerate(diagnosis.fixes[:MOST_FIXES], 1):
        yield from _wrap(f"  {number}. {fix.title}. {fix.detail}".rstrip(), 5, most)
        yield from (f"         {line}" for line in (fix.code or "").splitlines())
        if fix.url:
            yield f"     {fix.url}"


def _wrap(text: str, hang: int = 0, most: int | None = None) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        subsequent_indent=" " * hang,
        max_lines=most,
        placeholder=" ...",
        break_long_words=False,
        break_on_hyphens=False,
    )
