"""Saying what a diagnosis says as it applies to the command line: to its options, to a new process, in plain ASCII."""

from __future__ import annotations

import errno
import os
import shlex
from collections.abc import Callable
from dataclasses import replace
from itertools import takewhile
from typing import TypeVar

from safe_langsmith._cli.check import Found
from safe_langsmith._cli.options import Options
from safe_langsmith._cli.rerun import may_be_copied, shown_path
from safe_langsmith._cli.shell import for_shell
from safe_langsmith._core.fixes.shared import DOTENV_URL, look_at_the_variables
from safe_langsmith._core.model import GET_SETTINGS
from safe_langsmith._core.redaction import each_text
from safe_langsmith._core.settings import Dotenv
from safe_langsmith._probe.driver import no_questions
from safe_langsmith.diagnosis import Cause, Fix, Setting

T = TypeVar("T")

_WORDS = {
    "the api_url argument": "--endpoint",
    "the workspace_id argument": "--workspace-id",
    no_questions(GET_SETTINGS).error or "": "--offline, so nothing was sent",
    "Call again": "Run this again",
    "Then load it again and create a new client.": "Then run this again.",
}
_ASK = Fix("Run this again without --offline", "It sends at most three different requests, which only read.")


def for_command_line(found: Found, dotenv: Dotenv, options: Options) -> tuple[Found, Dotenv]:
    """Returns what was found and the `.env`, in the words of who typed the command.

    Args:
        found: What was found.
        dotenv: The `.env` that was compared, or loaded.
        options: What the user typed.
    """
    path = dotenv.path
    if path is not None:
        near = _nearby(path)
        found, dotenv = _reworded(found, _said_as(near)), replace(dotenv, path=near(shown_path(dotenv.called)))
    else:
        found = _reworded(found, _said_as(str))
    # Only as it is would it be the file's name in a line to copy.
    may_be_named = path is not None and may_be_copied(path) and Dotenv(path).called == path
    if options.offline and found.cause is Cause.UNDETERMINED and not found.probes and _let_ask(found.fixes):
        return replace(found, fixes=(_ASK,)), dotenv
    useful = tuple(fix for fix in found.fixes if fix != look_at_the_variables()) or found.fixes
    fixes = for_shell(replace(found, fixes=useful), dotenv, options)
    return replace(found, fixes=_with_dotenv_mended(fixes, dotenv, may_be_named)), dotenv


def found_in_ascii(found: Found) -> Found:
    """Returns what was found in ASCII, without the lines to copy that would then be others."""
    return in_ascii(replace(found, fixes=tuple(replace(fix, code=_in_ascii_as_it_is(fix.code)) for fix in found.fixes)))


def _in_ascii_as_it_is(code: str | None) -> str | None:
    lines = (code or "").splitlines()
    shown = list(takewhile(lambda line: _escape(line) == line, lines))
    if shown == lines:
        return code
    # To take a variable away helps without the line that looks again. A part of another code would be another code.
    return "\n".join(shown) if shown and shown[0].startswith("unset ") else None


def in_ascii(value: T) -> T:
    """Returns a value with what is not printable ASCII in its texts written as escapes."""
    return each_text(value, _escape)


def _let_ask(fixes: tuple[Fix, ...]) -> bool:
    return any("probe=True" in fix.detail for fix in fixes)


def _with_dotenv_mended(fixes: tuple[Fix, ...], dotenv: Dotenv, may_be_named: bool) -> tuple[Fix, ...]:
    """What to do about a `.env` that cannot be read, with the line that mends it where there is one."""
    if not dotenv.trouble:
        return fixes
    forbidden = dotenv.trouble == os.strerror(errno.EACCES) and os.name != "nt"
    code = f"chmod u+r {shlex.quote(dotenv.path)}" if forbidden and dotenv.path and may_be_named else None
    if any(dotenv.trouble in fix.detail for fix in fixes):
        return tuple(replace(fix, code=fix.code or code) if dotenv.trouble in fix.detail else fix for fix in fixes)
    mend = Fix(
        "Make .env readable, if your program loads it",
        f"{dotenv.path or '.env'} could not be read: {dotenv.trouble}. So it is not known whether it says otherwise.",
        code,
        DOTENV_URL,
        step=4,
    )
    return (*fixes, mend)


def _nearby(path: str) -> Callable[[str], str]:
    """How to call the `.env` of the working directory: without the directories above, which are nobody's business."""
    try:
        if os.path.dirname(path) != os.getcwd():
            return str
    except OSError:  # The working directory is gone.
        return str
    known, nearby = (shown_path(Dotenv(name).called) for name in (path, os.path.basename(path)))
    return lambda text: text.replace(known, nearby)


def _reworded(found: Found, said: Callable[[str], str]) -> Found:
    """What the library itself says, said otherwise. Values and answers that stand alone are the words of others."""
    return replace(
        found,
        summary=said(found.summary),
        checks=each_text(found.checks, said),
        fixes=each_text(found.fixes, said),
        key=replace(found.key, source=said(found.key.source)),
        settings={name: _from(setting, said) for name, setting in found.settings.items()},
    )


def _from(setting: Setting, said: Callable[[str], str]) -> Setting:
    others = tuple(_from(other, said) for other in setting.others)
    return replace(setting, source=said(setting.source), others=others)


def _said_as(near: Callable[[str], str]) -> Callable[[str], str]:
    def said(text: str) -> str:
        for word, ours in _WORDS.items():
            text = text.replace(word, ours)
        return near(text)

    return said


def _escape(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        c if c == "\n" or (c.isascii() and c.isprintable()) else c.encode("unicode_escape").decode("ascii")
        for c in text
    )
