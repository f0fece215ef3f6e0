"""What was found as text on one screen: the settings, the checks, the verdict, and what to do."""

from __future__ import annotations

from collections.abc import Iterator

from safe_langsmith._cli.check import Found
from safe_langsmith._cli.options import VERSION, Options
from safe_langsmith._cli.shell import EXPORT, is_exported
from safe_langsmith._core.redaction import shorten
from safe_langsmith._core.settings import LABELS, Dotenv, variable_in
from safe_langsmith._render.text import (
    WHAT_IS_A_WORKSPACE,
    explained_by,
    first_that_fits,
    lines_of_answers,
    lines_of_checks,
    lines_of_fixes,
    lines_of_workspaces,
    names_a_workspace,
    wrap,
)
from safe_langsmith.diagnosis import Cause, Setting

_INDENT = 16
_MOST_OTHERS = 4
_LONGEST_VALUE = 72
_HOW_TO_COPY = " (in .env, leave out the word export)"
_NOT_FINE = ("problem", "unknown")
# How many lines what was seen may take, and a text of what to do; and how many things to do are listed.
_SIZES = ((9, 6, 5), (4, 4, 5), (2, 3, 5), (1, 3, 5), (1, 3, 4), (1, 3, 3), (1, 3, 2), (1, 2, 2), (1, 1, 1))
_WHOLE = (99, 99, 99)


def as_text(found: Found, dotenv: Dotenv, options: Options) -> str:
    """Returns what was found, without a line break at its end.

    Args:
        found: What was found, in ASCII.
        dotenv: The path of the `.env` that was compared and what was in the way, in ASCII.
        options: What the user typed.
    """
    # Who asks for all of it gets all, also where that is more than a screen.
    sizes = (_WHOLE,) if options.verbose else _SIZES
    return "\n".join(first_that_fits(list(_lines(found, dotenv, options, *size)) for size in sizes))


def _lines(found: Found, dotenv: Dotenv, options: Options, seen: int, most: int, fixes: int) -> Iterator[str]:
    yield VERSION
    yield ""
    yield "Settings"
    yield from _settings(found)
    yield from _row(".env", _compared(dotenv, options.load_env))
    checks = [check for check in found.checks if options.verbose or check.result in _NOT_FINE]
    if checks:
        yield ""
        marks = "!! problem, ?? not known" + (", -- does not apply" if options.verbose else "; -v lists all")
        yield f"Checks (1-5: LangSmith's own advice on 403; {marks})"
        yield from lines_of_checks(checks, seen)
    if found.cause is not None or options.verbose:
        yield from lines_of_answers(found.server_message, found.probes, most)
        yield from lines_of_workspaces(found.workspaces or ())
    yield ""
    yield f"Verdict: {_verdict(found, dotenv)}"
    yield from wrap(found.summary)
    if found.cause is not None and names_a_workspace(found.summary):
        yield WHAT_IS_A_WORKSPACE
    if found.cause is None:
        yield from _on_tracing(found.settings["tracing"])
    if found.fixes:
        yield ""
        yield f"What to do{_HOW_TO_COPY if is_exported(found.fixes) else ''}"
        yield from lines_of_fixes(found.fixes[:fixes], most)
        if len(found.fixes) > fixes:
            yield f"  and {len(found.fixes) - fixes} more, which --json lists"
    if found.cause is not None:
        yield ""
        yield f"More on this: {explained_by(found.cause)}"
        yield "This text shows at most four characters of any key, and can be pasted into a support ticket."


def _verdict(found: Found, dotenv: Dotenv) -> str:
    if found.cause is None:
        if dotenv.trouble:
            return "nothing wrong, but the .env file could not be compared"
        troubled = any(check.result == "problem" for check in found.checks)
        if troubled:
            return "nothing wrong, but look at [!!] above"
        off = "; tracing is off" if list(_on_tracing(found.settings["tracing"])) else ""
        return f"nothing wrong with key, endpoint and workspace{off}"
    if found.cause is Cause.UNDETERMINED:
        return f"could not tell ({found.cause})"
    unread = ", and .env could not be read" if dotenv.trouble else ""
    return f"problem found: {found.cause} ({found.confidence}){unread}"


def _on_tracing(tracing: Setting) -> Iterator[str]:
    """What is no problem and yet what many wonder about: that there are no traces."""
    # The SDK takes "true" for yes and "True" for no. Where .env says yes, the program may well load it.
    if tracing.value in ("true", "false") or any(other.value == "true" for other in tracing.others):
        return
    why = "" if tracing.value is None else f' by {tracing.source}, where only "true" counts as yes'
    variable = variable_in(tracing.source) or "LANGSMITH_TRACING"
    yield from wrap(f"Note: tracing is off{why}, so nothing is traced. To trace: {EXPORT}{variable}=true")


def _settings(found: Found) -> Iterator[str]:
    left = _MOST_OTHERS
    for name, setting in found.settings.items():
        fine = name == "workspace_id" and found.cause is None and setting.value is None
        yield from _row(LABELS.get(name, name), "not set, and not needed" if fine else _valued(setting))
        for other in setting.others[:left]:
            yield from _row("", f"not used: {_valued(other)}")
            left -= 1


def _valued(setting: Setting) -> str:
    if setting.value is None:
        return "not set"
    # Where a value comes from must not be cut for its length.
    value = shorten(setting.value, _LONGEST_VALUE)
    return f"{value}  ({'the default' if setting.source == 'default' else setting.source})"


def _compared(dotenv: Dotenv, loaded: bool) -> str:
    if dotenv.trouble:
        return f"{dotenv.path or 'unknown'}  (could not be read: {dotenv.trouble})"
    return f"{dotenv.path}  ({'loaded' if loaded else 'compared, not loaded'})" if dotenv.path else "none found"


def _row(label: str, text: str) -> list[str]:
    return wrap(f"  {label:<{_INDENT - 2}}{text}", _INDENT, 3)
