"""The result as text, as wide as the terminal: the settings, the problems, and at the bottom what to do."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from itertools import takewhile
from typing import TypeVar

from safe_langsmith._cli.check import Checked, Found, is_warning
from safe_langsmith._cli.options import VERSION, Options
from safe_langsmith._cli.terminal import BLUE, BOLD, DIM, GREEN, RED, YELLOW, Paint
from safe_langsmith._core.origins import DEFAULT
from safe_langsmith._core.redaction import each_text, shorten
from safe_langsmith._core.variables import LABELS
from safe_langsmith._render.actions import present_fixes, render
from safe_langsmith._render.layout import NO_BREAK, wrap
from safe_langsmith._render.report import (
    MOST_CHOICES,
    lines_of_answers,
    lines_of_checks,
    lines_of_fixes,
    lines_of_setting,
    lines_of_workspaces,
)
from safe_langsmith._render.text import (
    WHAT_IS_A_WORKSPACE,
    badge,
    explained_by,
    is_about_workspaces,
    is_choice_of_workspace,
)
from safe_langsmith.actions import SetVariable, Steps, UnsetVariable
from safe_langsmith.diagnosis import Action, Cause, Diagnosis, Fix, Setting

T = TypeVar("T")

_MOST_OTHERS = 4
_MOST_WORKSPACES = 6
_MOST_FIXES = 3
_LONGEST_CHECK = 3
_LONGEST_VALUE = 72
_NOT_FINE = ("problem", "unknown")
_COLOURS = {"[!!]": RED, "[??]": YELLOW, "[ok]": GREEN, "[--]": DIM}


def as_text(checked: Checked, options: Options, width: int, paint: Paint) -> str:
    """Return the result in ASCII, without a line break at its end.

    Args:
        checked: The result.
        options: What the user typed.
        width: The columns of a line.
        paint: Colours a text, if colours are wanted.
    """
    shown = in_ascii(replace(checked.found, fixes=_with_ascii_code(checked.found)))
    checked = replace(checked, found=shown, dotenv_path=in_ascii(checked.dotenv_path))
    return "\n".join(_lines(checked, options, width, paint))


def in_ascii(value: T) -> T:
    """Return a value with everything in its texts that is not printable ASCII written as escapes."""
    return each_text(value, _escape)


def _with_ascii_code(found: Found) -> tuple[Fix, ...]:
    """Return the fixes without the lines to copy that escapes would change: they would name another file."""
    shown = (replace(fix, action=_ascii_part(fix.action), code=None) if fix.action else fix for fix in found.fixes)
    return present_fixes(tuple(shown), "shell", found.workspaces or ())


def _ascii_part(action: Action) -> Action | None:
    steps = action.actions if isinstance(action, Steps) else (action,)
    shown = tuple(takewhile(_is_ascii, steps))
    if shown == steps:
        return action
    # To unset a variable helps even without the next step. Part of other steps would do something else.
    return Steps(shown) if shown and isinstance(shown[0], UnsetVariable) else None


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


def _lines(checked: Checked, options: Options, width: int, paint: Paint) -> Iterator[str]:
    found = checked.found
    yield paint(VERSION, DIM)
    yield ""
    yield from _settings(checked, width)
    yield from lines_of_setting(".env", _dotenv(checked, options.load_env), width)
    checks = [check for check in found.checks if options.verbose or check.result in _NOT_FINE]
    if checks:
        yield ""
        heading = "Checks (1-5: LangSmith's own; !! problem, ?? not known"
        heading += ", -- does not apply)" if options.verbose else "; -v lists all)"
        yield from (paint(line, BOLD) for line in wrap(heading, width))
        for line in lines_of_checks(checks, width, None if options.verbose else _LONGEST_CHECK):
            mark = line[2:6]
            yield line.replace(mark, paint(mark, _COLOURS[mark]), 1) if mark in _COLOURS else line
    if options.verbose:
        yield from lines_of_answers(found.server_message, found.probes, width)
    has_lines = any(is_choice_of_workspace(fix.action) for fix in found.fixes)
    if found.workspaces and (options.verbose or (found.cause is not None and not has_lines)):
        yield ""
        yield from lines_of_workspaces(found.workspaces, width, None if options.verbose else _MOST_WORKSPACES)
    yield ""
    if found.cause is not None:
        command = explained_by(found.cause).replace(" ", NO_BREAK)
        yield from wrap(f"More on this: {command}", width)
        if options.verbose:
            masked = "Keys, and values that look like one, show at most four characters. Names and ids are shown."
            yield from wrap(masked, width)
        yield ""
    text, colour = _verdict(checked)
    yield from (paint(line, colour, BOLD) for line in wrap(f"Verdict: {text}", width))
    yield from wrap(found.summary, width)
    if is_about_workspaces(found.cause):
        yield from wrap(WHAT_IS_A_WORKSPACE, width)
    if found.cause is None:
        yield from _tracing_note(checked, width)
    if found.fixes:
        yield ""
        yield from _what_to_do(found, options, width, paint)


def _what_to_do(found: Found, options: Options, width: int, paint: Paint) -> Iterator[str]:
    fixes, workspaces = found.fixes, len(found.workspaces or ())
    shown = fixes if options.verbose else fixes[:_MOST_FIXES]
    rest = f"; -v lists {len(fixes) - len(shown)} more" if len(fixes) > len(shown) else ""
    notes = "; ".join(filter(None, (_how_to_copy(shown), rest.removeprefix("; "))))
    yield from (paint(line, BOLD) for line in wrap(f"What to do{f' ({notes})' if notes else ''}", width))
    most, all_are_in = (MOST_CHOICES, "above") if options.verbose else (_MOST_WORKSPACES, "-v")
    for line in lines_of_fixes(shown, workspaces, width, most, all_are_in):
        yield paint(line, BLUE) if line.startswith((" " * 9, "     http")) else line


def _how_to_copy(fixes: tuple[Fix, ...]) -> str:
    actions = [fix.action for fix in fixes]
    steps = [step for action in actions for step in (action.actions if isinstance(action, Steps) else (action,))]
    if not any(isinstance(step, SetVariable) and step.file is None for step in steps):
        return ""
    if os.name == "nt":
        return "NAME=value: set it as your shell does, or in .env"
    return "in .env, leave out the word export"


def _verdict(checked: Checked) -> tuple[str, str]:
    """Return the verdict with its colour."""
    found = checked.found
    if found.cause is None:
        if checked.dotenv_error:
            return "nothing wrong, but the .env file could not be compared", YELLOW
        if any(check.result == "problem" for check in found.checks):
            return "nothing wrong, but look at [!!] above", YELLOW
        off = "; tracing is off" if list(_tracing_note(checked, 80)) else ""
        is_permitted = any(check.title == "Permission" and check.result == "ok" for check in found.checks)
        what = "key, endpoint, workspace and permissions" if is_permitted else "key, endpoint and workspace"
        return f"nothing wrong with {what}{off}", GREEN
    if found.cause is Cause.UNDETERMINED or not isinstance(found, Diagnosis):
        return f"could not tell ({found.cause})", YELLOW
    if is_warning(found):
        return f"the key works; warning: {found.cause} ({badge(found)})", YELLOW
    unread = ", and .env could not be read" if checked.dotenv_error else ""
    return f"problem found: {found.cause} ({badge(found)}){unread}", RED


def _tracing_note(checked: Checked, width: int) -> Iterator[str]:
    """Yield that there are no traces: it is not a problem, but many users look for the reason."""
    tracing = checked.configuration["tracing"]
    # The SDK accepts "true" and not "True". If .env says true, the program may load it.
    if tracing.value in ("true", "false") or any(other.value == "true" for other in tracing.others):
        return
    why = "" if tracing.value is None else f' by {tracing.origin}, because only "true" turns it on'
    line = render(SetVariable(tracing.origin.variable or "LANGSMITH_TRACING", "true"), "shell")
    yield from wrap(
        f"Note: tracing is off{why}, so nothing is traced. To trace: {(line or '').replace(' ', NO_BREAK)}", width
    )


def _settings(checked: Checked, width: int) -> Iterator[str]:
    found, left = checked.found, _MOST_OTHERS
    for name, setting in found.settings.items():
        is_fine = name == "workspace_id" and found.cause is None and setting.value is None
        is_default = checked.configuration[name].origin == DEFAULT
        shown = "not set, and not needed" if is_fine else _described(setting, is_default)
        yield from lines_of_setting(LABELS.get(name, name), shown, width)
        for other in setting.others[:left]:
            yield from lines_of_setting("", f"not used: {_described(other)}", width)
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
