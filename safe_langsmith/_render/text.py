"""A diagnosis as plain ASCII-friendly text, on one screen: the sentence, what was seen, what to do."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator

from safe_langsmith._core.redaction import shorten
from safe_langsmith.diagnosis import Cause, Check, Diagnosis, Fix, Probe, Workspace

WIDTH = 100
HEIGHT = 40
MOST_WORKSPACES = 6
MOST_FIXES = 5
LONGEST_FIX = 6
WHAT_IS_A_WORKSPACE = "(A workspace is the part of a LangSmith organization that holds projects.)"
# As a word, and no part of an address or a variable's name.
_WORKSPACE = re.compile(r"(?<![\w./-])workspaces?(?![\w/-]|\.\w)")
_NO_BREAK = "\N{NO-BREAK SPACE}"
_MARKS = {"ok": "ok", "problem": "!!", "unknown": "??", "not-applicable": "--"}


def as_text(diagnosis: Diagnosis) -> str:
    """Returns the whole diagnosis, without a line break at its end."""
    # Where all would not fit a screen, what was seen is shortened, then fixes are left out from the last on, and only
    # where nothing else helps is the first thing to do cut.
    ways = [(2, MOST_FIXES), (1, MOST_FIXES), *((1, fixes) for fixes in range(MOST_FIXES - 1, 0, -1))]
    attempts = (list(_lines(diagnosis, seen, fixes)) for seen, fixes in ways)
    return "\n".join(first_that_fits(attempts)[:HEIGHT])


def first_that_fits(attempts: Iterable[list[str]]) -> list[str]:
    """Returns the first of several lists of lines that fits a screen, or the last one where none does."""
    lines: list[str] = []
    for lines in attempts:
        if len(lines) <= HEIGHT:
            break
    return lines


def _lines(diagnosis: Diagnosis, seen: int, fixes: int) -> Iterator[str]:
    """The lines, where a detail of what was seen takes at most `seen` of them, and of the fixes as many are shown."""
    yield from wrap(diagnosis.summary)
    if names_a_workspace(diagnosis.summary):
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


def names_a_workspace(summary: str) -> bool:
    """Whether a sentence speaks of workspaces, so that who has never heard of them wants to know what one is."""
    return bool(_WORKSPACE.search(summary))


def explained_by(cause: Cause) -> str:
    """Returns the command that prints the page on a cause."""
    return f"python -m safe_langsmith --explain {cause}"


def lines_of_answers(server_message: str | None, probes: Iterable[Probe], most: int) -> Iterator[str]:
    """What the server said, and what it was asked, in at most `most` lines each."""
    if server_message:
        yield from wrap(f"Server said: {server_message}", 4, most)
    # Lines break between questions only.
    asked = "; ".join(f"{probe.method} {probe.path} -> {probe.status}".replace(" ", _NO_BREAK) for probe in probes)
    if asked:
        yield from (line.replace(_NO_BREAK, " ") for line in wrap(f"Asked the endpoint: {asked}", 4, most))


def lines_of_workspaces(workspaces: tuple[Workspace, ...]) -> Iterator[str]:
    """The workspaces, or nothing where there is none."""
    if not workspaces:
        return
    yield "Workspaces this key reaches:"
    for workspace in workspaces[:MOST_WORKSPACES]:
        role = f"  ({workspace.role})" if workspace.role else ""
        yield shorten(f"  {workspace.id}  {workspace.name}{role}", WIDTH)
    if len(workspaces) > MOST_WORKSPACES:
        yield f"  and {len(workspaces) - MOST_WORKSPACES} more"


def lines_of_checks(checks: Iterable[Check], most: int) -> Iterator[str]:
    """The checks, each in at most `most` lines."""
    for check in checks:
        step = f"{check.step}." if check.step else "  "
        # What is wrong is not cut before it is said.
        lines = most + 1 if check.result == "problem" else most
        yield from wrap(f"  [{_MARKS[check.result]}] {step} {check.title}: {check.detail}", 10, lines)


def lines_of_fixes(fixes: Iterable[Fix], most: int) -> Iterator[str]:
    """What to do, each in at most `most` lines of text, with its code and address below."""
    for number, fix in enumerate(fixes, 1):
        yield from wrap(f"  {number}. {fix.title}. {fix.detail}".rstrip(), 5, most)
        yield from (f"         {line}" for line in (fix.code or "").splitlines())
        if fix.url:
            yield f"     {fix.url}"


def wrap(text: str, hang: int = 0, most: int | None = None) -> list[str]:
    """Returns a text in lines that fit a screen, all but the first indented by `hang`, and at most `most` of them."""
    return textwrap.wrap(
        text,
        WIDTH,
        subsequent_indent=" " * hang,
        max_lines=most,
        placeholder=" ...",
        break_on_hyphens=False,
    )
