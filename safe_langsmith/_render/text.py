"""The short text of a diagnosis: the sentence, the evidence in a few lines, and last what to do.

It is read in a traceback, in a log or at 2 a.m., so it has at most `HEIGHT` lines of `WIDTH` columns. `report.py` has
everything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from safe_langsmith._core.endpoints import TENANT_HEADER, can_be_sent_to
from safe_langsmith._core.redaction import shorten
from safe_langsmith._render.layout import NO_BREAK, wrap, wrap_phrases

if TYPE_CHECKING:
    from safe_langsmith.diagnosis import Action, Cause, Check, CheckResult, Diagnosis, Fix

HEIGHT = 20
WHAT_IS_A_WORKSPACE = "(A workspace is the part of a LangSmith organization that holds projects.)"
_ABOUT_WORKSPACES = ("workspace-required", "workspace-not-accessible", "workspace-id-malformed")
_SEEN_IN_SETTINGS = ("key-missing", "key-legacy", "key-malformed", "workspace-id-malformed")
_LABEL = 9
_LONGEST_SENTENCE = 6
_MOST_CHOICES = 5
_LONGEST_OTHER = 2
_STEPS = {1: "1 key type", 2: "2 workspace", 3: "3 variables", 4: "4 .env"}
_RESULTS: dict[CheckResult, str] = {
    "problem": "problem",
    "ok": "ok",
    "not-applicable": "does not apply",
    "unknown": "not known",
}
"""What a check says, in the order in which the results are told."""

_NEW_KEY: dict[CheckResult, str] = {
    "problem": "may help",
    "ok": "not needed",
    "not-applicable": "not needed",
    "unknown": "not known",
}
# The check whose problem is the reason in the sentence, by its step or title.
_TOLD_BY_SENTENCE: dict[str, int | str] = {
    "workspace-required": 2,
    "workspace-not-accessible": 2,
    "workspace-id-malformed": 2,
    "key-malformed": 1,
    "key-legacy": 1,
    "key-missing": 1,
    "stale-environment": 4,
    "permission-denied": "Permission",
    "blocked-upstream": "Who answered",
    "wrong-endpoint": "Who answered",
}
# requests writes "for url: https://...", and httpx "for url 'https://...'".
_ADDRESS = re.compile(r"( for url:? '?)http\S+?('\\?,|'\)|'\s|\\n|\s|$)")
# Programs search for the beginning of the SDK's message, up to the path.
_OPERATION = re.compile(r"^Failed to [A-Z]+ \S+")
# It stands before what the server said, and explains only what a 403 is.
_LINK_OF_HTTPX = re.compile(r"(?:\\n|\s)For more information check: https://developer\.mozilla\.org[^:'\s]+")
_SHORTEST_REASON = 36
_BYTES_OF_FULL_TEXT = 40
"""Each repetition of the SDK's message that is shorter by this pays for the full text, if it is repeated often."""


class _Size(NamedTuple):
    """What is shown if there is room for it.

    Attributes:
        sdk: The most lines for the SDK's own words.
        problems: The most lines for each check with a problem that is spelt out.
        fixes: The most things to do.
        detail: The most lines for the first of them.
        address: Whether its web page is shown, too.
        more: Whether it is told how to see the rest.
    """

    sdk: int
    problems: int
    fixes: int
    detail: int
    address: bool
    more: bool = True


_SIZES = (
    _Size(6, 2, 3, 4, True),
    _Size(4, 2, 3, 4, True),
    _Size(4, 2, 2, 4, True),
    _Size(4, 2, 2, 3, False),
    _Size(3, 2, 2, 3, False),
    _Size(3, 2, 2, 2, False),
    _Size(4, 2, 1, 4, True),
    _Size(3, 2, 1, 3, True),
    _Size(3, 1, 1, 3, False),
    _Size(3, 1, 1, 2, False),
    _Size(2, 1, 1, 2, False),
    _Size(3, 0, 1, 2, False, False),
    _Size(3, 0, 1, 1, False, False),
    _Size(2, 0, 1, 1, False, False),
    _Size(1, 0, 1, 1, False, False),
)


def as_text(diagnosis: Diagnosis, sdk_message: str = "") -> str:
    """Return the short text, without a line break at its end.

    Args:
        diagnosis: The diagnosis.
        sdk_message: The message of the SDK's own exception, if there is one.
    """
    lines: list[str] = []
    for size in _SIZES:
        lines = [*_evidence(diagnosis, sdk_message, size), "", *_what_to_do(diagnosis, size)]
        if len(lines) <= HEIGHT:
            break
    return "\n".join(lines)


def as_line(diagnosis: Diagnosis, reason: str, lost: str, longest: int) -> str:
    """Return one line for a refusal in the background that repeats an earlier one.

    Args:
        diagnosis: The diagnosis.
        reason: The reason of the refusal alone.
        lost: How many batches or requests were lost for this reason.
        longest: The characters that the SDK's own message has, which the line keeps to if it can.
    """
    what = f"{diagnosis.cause}: "
    todo = f" (403, {lost}). {_first_line_to_copy(diagnosis.fixes)}".rstrip()
    room = longest - _BYTES_OF_FULL_TEXT - len(what) - len(todo)
    short = shorten(reason, max(room, _SHORTEST_REASON))
    if short != reason and " " in short:
        # Half a word may be a word of its own.
        short = f"{short.rpartition(' ')[0].rstrip(' ,;:')} ..."
    return f"{what}{short}{todo}"


def is_about_workspaces(cause: Cause | None) -> bool:
    """Return whether a cause is about workspaces, so that a new user needs a definition of the word."""
    return cause in _ABOUT_WORKSPACES


def explained_by(cause: Cause) -> str:
    """Return the command that prints the page on a cause."""
    return f"python -m safe_langsmith --explain {cause}"


def badge(diagnosis: Diagnosis) -> str:
    """Return how sure the cause is, in words that agree with the sentence.

    That a key is a placeholder is evident and not likely. Only that nothing else refused the request is likely.
    """
    endpoint = _endpoint(diagnosis)
    is_seen = diagnosis.cause in _SEEN_IN_SETTINGS or (
        diagnosis.cause == "wrong-endpoint" and endpoint is not None and not can_be_sent_to(endpoint)
    )
    return "evident" if is_seen and diagnosis.confidence == "likely" else str(diagnosis.confidence)


def kind_of(action: Action | None) -> str | None:
    """Return the kind of an action. The public values render themselves, so their classes are not imported here."""
    return action.kind if action else None


def is_choice_of_workspace(action: Any) -> bool:
    """Return whether an action names one of several workspaces. Its code then has a whole line for each of them."""
    if kind_of(action) not in ("pass-argument", "pass-header", "set-variable") or not action.alternatives:
        return False
    return action.name == TENANT_HEADER or "workspace_id" in action.name.lower()


def lines_of_code(fix: Fix) -> list[str]:
    """Return the lines to copy of a fix."""
    return (fix.code or "").splitlines()


def code_and_choice(fix: Fix, number: int, most: int, all_are_in: str) -> tuple[list[str], str]:
    """Return the lines to copy of a fix, and what its title says if each of them names another workspace.

    Args:
        fix: The fix.
        number: How many workspaces there are.
        most: The most that get a line.
        all_are_in: What shows all of them.
    """
    code = lines_of_code(fix)
    if not is_choice_of_workspace(fix.action) or not code:
        return code, ""
    each = 2 if code[0].startswith("# ") else 1
    shown = code[: most * each]
    more = number - len(shown) // each
    return shown, ", one of these" + (f" ({more} more: {all_are_in})" if more > 0 else "")


def _first_line_to_copy(fixes: tuple[Fix, ...]) -> str:
    fix = next((fix for fix in fixes if fix.code), None)
    if fix is None:
        return fixes[0].title if fixes else ""
    if is_choice_of_workspace(fix.action):
        # One of the lines alone would choose for the reader. The full text has all of them.
        return f"{fix.title}."
    # Of a message to somebody, the first line is enough to know what to ask for.
    return lines_of_code(fix)[0]


def _evidence(diagnosis: Diagnosis, sdk_message: str, size: _Size) -> Iterator[str]:
    # pytest and log viewers show the first line alone.
    yield from wrap(f"{diagnosis.cause}: {diagnosis.summary}", most=_LONGEST_SENTENCE)
    if is_about_workspaces(diagnosis.cause):
        yield WHAT_IS_A_WORKSPACE
    yield ""
    endpoint = _endpoint(diagnosis)
    key = f"{diagnosis.key.masked} ({diagnosis.key.source}) at"
    key = "none, for" if diagnosis.key.kind == "missing" else key
    yield from wrap(f"{key} {endpoint}", hang=_LABEL, most=3, label="  key    ")
    asked = ", ".join(
        f"{probe.method} {probe.path} {probe.status}".replace(" ", NO_BREAK) for probe in diagnosis.probes
    )
    request_id = f"request id of the refusal: {diagnosis.request_id}" if diagnosis.request_id else ""
    if asked or request_id:
        yield from wrap("; ".join(filter(None, (asked, request_id))), hang=_LABEL, most=3, label="  asked  ")
    results = "; ".join(group.replace(" ", NO_BREAK) for group in _results(diagnosis.checks))
    yield from wrap(results, hang=_LABEL, label="  checks ")
    if size.problems:
        for check in filter(partial(_says_more, diagnosis.cause), diagnosis.checks):
            step = f"{check.step} " if check.step else ""
            yield from wrap(f"{step}{check.title}: {check.detail}", hang=_LABEL, most=size.problems, label=" " * _LABEL)
    command = explained_by(diagnosis.cause).replace(" ", NO_BREAK)
    yield from wrap(f"{badge(diagnosis)}; {command}", hang=_LABEL, label="  cause  ")
    if sdk_message:
        yield from _words(sdk_message, "  SDK    ", size.sdk)
    elif diagnosis.server_message:
        yield from _words(diagnosis.server_message, "  server ", size.sdk)
    left = len(diagnosis.fixes) - 1 - len(_others(diagnosis.fixes, size))
    if left > 0 and size.more:
        name = "e.diagnosis" if diagnosis.method else ""
        yield f"  more   print({name}.report()) has all checks and {left} more thing{'s' if left > 1 else ''} to do"


def _words(message: str, label: str, most: int) -> list[str]:
    message = _LINK_OF_HTTPX.sub("", message)
    message = _OPERATION.sub(lambda found: found[0].replace(" ", NO_BREAK), message)
    lines = wrap_phrases(message, hang=_LABEL, label=label)
    if len(lines) > most:
        # What the server said comes after the address, and programs search for that.
        lines = wrap_phrases(_ADDRESS.sub(r"\1...\2", message), hang=_LABEL, most=most, label=label)
    return lines


def _endpoint(diagnosis: Diagnosis) -> str | None:
    setting = diagnosis.settings.get("endpoint")
    return setting.value if setting else None


def _says_more(cause: Cause, check: Check) -> bool:
    """Return whether a check found a problem that the sentence and the things to do do not tell."""
    return check.result == "problem" and check.step != 5 and (check.step or check.title) != _TOLD_BY_SENTENCE.get(cause)


def _results(checks: tuple[Check, ...]) -> Iterator[str]:
    """Yield what the documented checks found: those with a problem first, and the need for a new key last."""
    for result, told in _RESULTS.items():
        names = [_STEPS[check.step] for check in checks if check.step in _STEPS and check.result == result]
        if names:
            yield f"{', '.join(names)}: {told}"
    yield from (f"5 new key: {_NEW_KEY[check.result]}" for check in checks if check.step == 5)


def _what_to_do(diagnosis: Diagnosis, size: _Size) -> Iterator[str]:
    fixes = diagnosis.fixes
    if not fixes:
        return
    first = fixes[0]
    code, one_of = code_and_choice(first, len(diagnosis.workspaces or ()), _MOST_CHOICES, ".report()")
    title = f"What to do: {first.title}{one_of}"
    told = wrap(f"{title}. {first.detail}")
    yield from told if first.detail and len(told) <= size.detail else wrap(f"{title}{':' if code else '.'}", most=2)
    if first.url and (size.address or not code):
        yield f"    {first.url}"
    yield from (f"    {line}" for line in code)
    for fix in _others(fixes, size):
        yield from wrap(f"{fix.title}{':' if fix.code or fix.url else '.'}", most=2)
        yield from (f"    {line}" for line in lines_of_code(fix) or [fix.url or ""])


def _others(fixes: tuple[Fix, ...], size: _Size) -> list[Fix]:
    """Return the other things to do that are shown: those that end in a line to copy or an address, and change it."""
    lasting = [fix for fix in fixes[1:] if kind_of(fix.action) != "show-variables"]
    return [fix for fix in lasting if fix.url or 0 < len(lines_of_code(fix)) <= _LONGEST_OTHER][: size.fixes - 1]
