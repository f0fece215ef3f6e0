"""Saying what a diagnosis says as it applies to the command line: to its options, to a new process, in plain ASCII."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from safe_langsmith._core.evidence import HOME
from safe_langsmith._core.fixes.common import look_at_the_variables
from safe_langsmith._core.scrub import each_text
from safe_langsmith._core.settings import Dotenv
from safe_langsmith._io.probes import no_questions
from safe_langsmith.diagnosis import Cause, Fix

from .look import Found

T = TypeVar("T")

_OPTIONS = {
    "the api_url argument": "--endpoint",
    "the workspace_id argument": "--workspace-id",
    no_questions(HOME).error or "": "--offline, so nothing was sent",
}
_ASK = Fix("Run this again without --offline", "It sends at most three requests, which only read.")


def for_command_line(found: Found, dotenv: Dotenv, offline: bool) -> Found:
    """Returns what was found, with options in place of arguments, without what is of no use here, in ASCII.

    Args:
        found: What was found.
        dotenv: The `.env` that was compared.
        offline: Whether nothing was allowed to be sent.
    """
    if offline and found.cause is Cause.UNDETERMINED and not found.probes and _let_ask(found.fixes):
        fixes: tuple[Fix, ...] = (_ASK,)
    else:
        fixes = tuple(fix for fix in found.fixes if _is_of_use(fix, dotenv)) or found.fixes
    if found.cause is Cause.KEY_MISSING and _holds_key(dotenv, found):
        fixes = (_with_dotenv(), *fixes)
    return in_ascii(each_text(replace(found, fixes=fixes), _name_options))


def in_ascii(value: T) -> T:
    """Returns a value with what is not printable ASCII in its texts written as escapes."""
    return each_text(value, _escape)


def _let_ask(fixes: tuple[Fix, ...]) -> bool:
    return any("probe=True" in fix.detail for fix in fixes)


def _holds_key(dotenv: Dotenv, found: Found) -> bool:
    return any(dotenv.path and other.source.startswith(dotenv.path) for other in found.settings["api_key"].others)


def _with_dotenv() -> Fix:
    return Fix(
        "If your program loads .env itself, check with what .env says",
        "Without --load-env, this command compares .env and does not load it.",
        "python -m safe_langsmith --load-env",
    )


def _is_of_use(fix: Fix, dotenv: Dotenv) -> bool:
    """Whether a fix is of use to who has seen the settings printed, by a process that has just read them."""
    if fix == look_at_the_variables():
        return False
    return fix.step != 4 or dotenv.path is not None


def _name_options(text: str) -> str:
    for argument, option in _OPTIONS.items():
        text = text.replace(argument, option)
    return text


def _escape(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        c if c == "\n" or (c.isascii() and c.isprintable()) else c.encode("unicode_escape").decode("ascii")
        for c in text
    )
