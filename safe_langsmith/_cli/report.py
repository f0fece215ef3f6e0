"""The result as text on one screen: the settings, the checks, the verdict, and what to do."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from itertools import takewhile
from typing import TypeVar

from safe_langsmith._cli.check import Checked
from safe_langsmith._cli.options import VERSION, Options
from safe_langsmith._core.origins import DEFAULT
from safe_langsmith._core.redaction import each_text, shorten
from safe_langsmith._core.variables import LABELS
from safe_langsmith._render.actions import present_fixes, render
from safe_langsmith._render.text import (
    WHAT_IS_A_WORKSPACE,
    explained_by,
    first_that_fits,
    is_about_workspaces,
    lines_of_answers,
    lines_of_checks,
    lines_of_fixes,
    lines_of_workspaces,
    wrap,
)
from safe_langsmith.actions import SetVariable, Steps, UnsetVariable
from safe_langsmith.diagnosis import Action, Cause, Fix, Setting

T = TypeVar("T")

_INDENT = 16
_MOST_OTHERS = 4
_LONGEST_VALUE = 72
_NOT_FINE = ("problem", "unknown")
# The lines that the detail of a check may take, and the text of a fix; and the number of fixes that are listed.
_SIZES = ((9, 6, 5), (4, 4, 5), (2, 3, 5), (1, 3, 5), (1, 3, 4), (1, 3, 3), (1, 3, 2), (1, 2, 2), (1, 1, 1))
_WHOLE = (99, 99, 99)


def as_text(checked: Checked, options: Options) -> str:
    """Return the result in ASCII, without a line break at its end.

    Args:
        checked: The result.
        options: What the user typed.
    """
    shown = in_ascii(replace(checked.found, fixes=_with_ascii_code(checked.found.fixes)))
    checked = replace(checked, found=shown, dotenv_path=in_ascii(checked.dotenv_path))
    # --verbose prints everything, even if it takes more than a screen.
    sizes = (_WHOLE,) if options.verbose else _SIZES
    return "\n".join(first_that_fits(list(_lines(checked, options, *size)) for size in sizes))


def in_ascii(value: T) -> T:
    """Return a value with everything in its texts that is not printable ASCII written as escapes."""
    return each_text(value, _escape)


def _with_ascii_code(fixes: tuple[Fix, ...]) -> tuple[Fix, ...]:
    """Return the fixes without the lines to copy that escapes would change: they would name another file."""
    return present_fixes(
        tuple(replace(fix, action=_ascii_part(fix.action), code=None) if fix.action else fix for fix in fixes), "shell"
    )


def _ascii_part(action: Action) -> Action | None:
    steps = action.actions if isinstance(action, Steps) else (action,)
    shown = tuple(takewhile(_is_ascii, steps))
    # To unset a variable helps even without the next step. Part of other steps would do something else.
    return Steps(shown) if shown == steps or (shown and isinstance(shown[0], UnsetVariable)) else None


def _is_ascii(action: Action) -> bool:
    code = render(action, "shell") or ""
    return _escape(code) == code


def _escape(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        c if c == "\n" or (c.isascii() and c.isprintable()) else c.encode("unicode_escape").decode("ascii")
        for c in text
    )


def _lines(checked: Checked, options: Options, seen: int, most: int, fixes: int) -> Iterator[str]:
    found = checked.found
    yield VERSION
    yield ""
    yield "Settings"
    yield from _settings(checked)
    yield from _row(".env", _dotenv(checked, options.load_env))
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
    yield f"Verdict: {_verdict(checked)}"
    yield from wrap(found.summary)
    if is_about_workspaces(found.cause):
        yield WHAT_IS_A_WORKSPACE
    if found.cause is None:
        yield from _tracing_note(checked)
    if found.fixes:
        yield ""
        yield f"What to do{_how_to_copy(found.fixes)}"
        yield from lines_of_fixes(found.fixes[:fixes], most)
        if len(found.fixes) > fixes:
            yield f"  and {len(found.fixes) - fixes} more, which --json lists"
    if found.cause is not None:
        yield ""
        yield f"More on this: {explained_by(found.cause)}"
        yield "Keys, and values that look like one, show at most four characters. Names and ids are shown."


def _how_to_copy(fixes: tuple[Fix, ...]) -> str:
    actions = [fix.action for fix in fixes]
    steps = [step for action in actions for step in (action.actions if isinstance(action, Steps) else (action,))]
    if not any(isinstance(step, SetVariable) and step.file is None for step in steps):
        return ""
    if os.name == "nt":
        return " (NAME=value: set it as your shell does, or in .env)"
    return " (in .env, leave out the word export)"


def _verdict(checked: Checked) -> str:
    found = checked.found
    if found.cause is None:
        if checked.dotenv_error:
            return "nothing wrong, but the .env file could not be compared"
        if any(check.result == "problem" for check in found.checks):
            return "nothing wrong, but look at [!!] above"
        off = "; tracing is off" if list(_tracing_note(checked)) else ""
        is_permitted = any(check.title == "Permission" and check.result == "ok" for check in found.checks)
        what = "key, endpoint, workspace and permissions" if is_permitted else "key, endpoint and workspace"
        return f"nothing wrong with {what}{off}"
    if found.cause is Cause.UNDETERMINED:
        return f"could not tell ({found.cause})"
    unread = ", and .env could not be read" if checked.dotenv_error else ""
    return f"problem found: {found.cause} ({found.confidence}){unread}"


def _tracing_note(checked: Checked) -> Iterator[str]:
    """Yield that there are no traces: it is not a problem, but many users look for the reason."""
    tracing = checked.configuration["tracing"]
    # The SDK accepts "true" and not "True". If .env says true, the program may load it.
    if tracing.value in ("true", "false") or any(other.value == "true" for other in tracing.others):
        return
    why = "" if tracing.value is None else f' by {tracing.origin}, because only "true" turns it on'
    line = render(SetVariable(tracing.origin.variable or "LANGSMITH_TRACING", "true"), "shell")
    yield from wrap(f"Note: tracing is off{why}, so nothing is traced. To trace: {line}")


def _settings(checked: Checked) -> Iterator[str]:
    found, left = checked.found, _MOST_OTHERS
    for name, setting in found.settings.items():
        is_fine = name == "workspace_id" and found.cause is None and setting.value is None
        is_default = checked.configuration[name].origin == DEFAULT
        shown = "not set, and not needed" if is_fine else _described(setting, is_default)
        yield from _row(LABELS.get(name, name), shown)
        for other in setting.others[:left]:
            yield from _row("", f"not used: {_described(other)}")
            left -= 1


def _described(setting: Setting, is_default: bool = False) -> str:
    if setting.value is None:
        return "not set"
    # The value is shortened so that its source is never cut off.
    value = shorten(setting.value, _LONGEST_VALUE)
    return f"{value}  ({'the default' if is_default else setting.source})"


def _dotenv(checked: Checked, is_loaded: bool) -> str:
    path, error = checked.dotenv_path, checked.dotenv_error
    if error:
        return f"{path or 'unknown'}  (could not be read: {error})"
    return f"{path}  ({'loaded' if is_loaded else 'compared, not loaded'})" if path else "none found"


def _row(label: str, text: str) -> list[str]:
    return wrap(f"  {label:<{_INDENT - 2}}{text}", _INDENT, 3)
