"""A diagnosis as plain text on one screen: the summary, the evidence, what to do."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from safe_langsmith._core.redaction import shorten

if TYPE_CHECKING:
    from safe_langsmith.diagnosis import Cause, Check, Diagnosis, Fix, Probe, Workspace

WIDTH = 100
HEIGHT = 40
MOST_WORKSPACES = 6
MOST_FIXES = 5
LONGEST_FIX = 6
WHAT_IS_A_WORKSPACE = "(A workspace is the part of a LangSmith organization that holds projects.)"
_ABOUT_WORKSPACES = ("workspace-required", "workspace-not-accessible", "workspace-id-malformed", "permission-denied")
_NO_BREAK = "\N{NO-BREAK SPACE}"
_MARKS = {"ok": "ok", "problem": "!!", "unknown": "??", "not-applicable": "--"}


def as_text(diagnosis: Diagnosis) -> str:
    """Return the diagnosis as text, without a line break at its end."""
    # If the whole does not fit a screen, shorten the checks, then leave out the last fixes. Cut the first fix only if
    # nothing else helps.
    sizes = [(2, MOST_FIXES), (1, MOST_FIXES), *((1, fixes) for fixes in range(MOST_FIXES - 1, 0, -1))]
    attempts = (list(_lines(diagnosis, seen, fixes)) for seen, fixes in sizes)
    return "\n".join(first_that_fits(attempts)[:HEIGHT])


def first_that_fits(attempts: Iterable[list[str]]) -> list[str]:
    """Return the first of several lists of lines that fits a screen, or the last one if none does."""
    lines: list[str] = []
    for lines in attempts:
        if len(lines) <= HEIGHT:
            break
    return lines


def _lines(diagnosis: Diagnosis, seen: int, fixes: int) -> Iterator[str]:
    """Yield the lines, with at most `seen` lines for a check and at most `fixes` fixes."""
    yield from wrap(diagnosis.summary)
    if is_about_workspaces(diagnosis.cause):
        yield WHAT_IS_A_WORKSPACE
    yield ""
    yield f"Cause: {diagnosis.cause} ({diagnosis.confidence})"
    if diagnosis.method:
        request_id = f", id {diagnosis.request_id}" if diagnosis.request_id else ""
        yield shorten(f"Request: {diagnosis.method} {diagnosis.url} -> {diagnosis.status_code}{request_id}", WIDTH)
    yield from lines_of_answers(diagnosis.server_message, diagnosis.probes, seen + 1)
    yield from lines_of_workspaces(diagnosis.workspaces or ())
    yield ""
    yield "What was checked (1-5: LangSmith's own advice on 403; !! problem, ?? not known, -- does not apply)"
    yield from lines_of_checks(diagnosis.checks, seen)
    yield ""
    yield "What to do"
    yield from lines_of_fixes(diagnosis.fixes[:fixes], LONGEST_FIX)
    yield f"More on this: {explained_by(diagnosis.cause)}"


def is_about_workspaces(cause: Cause | None) -> bool:
    """Return whether the summary of a cause is about workspaces, so that a new user needs a definition of the word."""
    return cause in _ABOUT_WORKSPACES


def explained_by(cause: Cause) -> str:
    """Return the command that prints the page on a cause."""
    return f"python -m safe_langsmith --explain {cause}"


def lines_of_answers(server_message: str | None, probes: Iterable[Probe], most: int) -> Iterator[str]:
    """Yield the server's message, and the probes with their responses, in at most `most` lines each."""
    if server_message:
        yield from wrap(f"Server said: {server_message}", 4, most)
    # Lines break only between probes.
    asked = "; ".join(f"{probe.method} {probe.path} -> {probe.status}".replace(" ", _NO_BREAK) for probe in probes)
    if asked:
        yield from (line.replace(_NO_BREAK, " ") for line in wrap(f"Asked the endpoint: {asked}", 4, most))


def lines_of_workspaces(workspaces: tuple[Workspace, ...]) -> Iterator[str]:
    """Yield the workspaces, or nothing if there is none."""
    if not workspaces:
        return
    yield "Workspaces this key reaches:"
    for workspace in workspaces[:MOST_WORKSPACES]:
        role = f"  ({workspace.role})" if workspace.role else ""
        yield shorten(f"  {workspace.id}  {workspace.name}{role}", WIDTH)
    if len(workspaces) > MOST_WORKSPACES:
        yield f"  and {len(workspaces) - MOST_WORKSPACES} more"


def lines_of_checks(checks: Iterable[Check], most: int) -> Iterator[str]:
    """Yield the checks, each in at most `most` lines."""
    for check in checks:
        step = f"{check.step}." if check.step else "  "
        # A problem gets one more line, so that it is not cut off before its end.
        lines = most + 1 if check.result == "problem" else most
        yield from wrap(f"  [{_MARKS[check.result]}] {step} {check.title}: {check.detail}", 10, lines)


def lines_of_fixes(fixes: Iterable[Fix], most: int) -> Iterator[str]:
    """Yield the fixes, each in at most `most` lines of text, with its code and address below."""
    for number, fix in enumerate(fixes, 1):
        yield from wrap(f"  {number}. {fix.title}. {fix.detail}".rstrip(), 5, most)
        yield from (f"         {line}" for line in (fix.code or "").splitlines())
        if fix.url:
            yield f"     {fix.url}"


def wrap(text: str, hang: int = 0, most: int | None = None) -> list[str]:
    """Return a text in lines that fit a screen, all but the first indented by `hang`, and at most `most` of them."""
    return textwrap.wrap(
        text,
        WIDTH,
        subsequent_indent=" " * hang,
        max_lines=most,
        placeholder=" ...",
        break_on_hyphens=False,
    )
