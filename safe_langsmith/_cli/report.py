"""What was found as text on one screen: the settings, the checks, the verdict, and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from safe_langsmith._core.settings import Dotenv
from safe_langsmith._render.text import (
    first_that_fits,
    lines_of_answers,
    lines_of_checks,
    lines_of_fixes,
    lines_of_workspaces,
    wrap,
)
from safe_langsmith.diagnosis import Cause, Setting

from .look import Found
from .options import VERSION

_LABELS = {"api_key": "API key", "workspace_id": "workspace ID"}
_INDENT = 16
_MOST_OTHERS = 4
_WORKSPACE = "(A workspace is the part of a LangSmith organization that holds projects.)"
_GLOSSES = {Cause.WORKSPACE_NOT_ACCESSIBLE: _WORKSPACE, Cause.WORKSPACE_ID_MALFORMED: _WORKSPACE}
_NOT_FINE = ("problem", "unknown")
# How many lines what was seen may take, and a text of what to do; and how many things to do are listed.
_SIZES = ((9, 6, 5), (4, 4, 5), (2, 3, 5), (1, 3, 5), (1, 3, 4), (1, 3, 3), (1, 3, 2), (1, 2, 2), (1, 1, 1))


def as_text(found: Found, dotenv: Dotenv, verbose: bool) -> str:
    """Returns what was found, without a line break at its end.

    Args:
        found: What was found, in ASCII.
        dotenv: The path of the `.env` that was compared and what was in the way, in ASCII.
        verbose: Whether to list what is fine, too.
    """
    return "\n".join(first_that_fits(list(_lines(found, dotenv, verbose, *size)) for size in _SIZES))


def _lines(found: Found, dotenv: Dotenv, verbose: bool, seen: int, most: int, fixes: int) -> Iterator[str]:
    yield VERSION
    yield ""
    yield "Settings"
    yield from _settings(found.settings)
    yield from _row(".env", _compared(dotenv))
    checks = [check for check in found.checks if verbose or check.result in _NOT_FINE]
    if checks:
        yield ""
        marks = "!! problem, ?? not known" + (
            ", -- does not apply" if verbose else "; -v lists those that are fine, too"
        )
        yield f"Checks (1-5 are LangSmith's own steps; {marks})"
        yield from lines_of_checks(checks, seen)
    if found.cause is not None or verbose:
        yield from lines_of_answers(found.server_message, found.probes, most)
        yield from lines_of_workspaces(found.workspaces or ())
    yield ""
    yield f"Verdict: {_verdict(found, dotenv)}"
    yield from wrap(found.summary)
    if found.cause in _GLOSSES:
        yield _GLOSSES[found.cause]
    if found.fixes:
        yield ""
        yield "What to do"
        yield from lines_of_fixes(found.fixes[:fixes], most)
        if len(found.fixes) > fixes:
            yield f"  and {len(found.fixes) - fixes} more, which --json lists"


def _verdict(found: Found, dotenv: Dotenv) -> str:
    if found.cause is None:
        if dotenv.trouble:
            return "nothing wrong, but the .env file could not be compared"
        troubled = any(check.result == "problem" for check in found.checks)
        return "nothing wrong, but look at [!!] above" if troubled else "nothing wrong with key, endpoint and workspace"
    told = f"{found.cause} ({found.confidence})"
    if found.cause is Cause.UNDETERMINED:
        told = f"could not tell ({found.cause})"
    return f"{told}, see docs/causes/{found.cause}.md"


def _settings(settings: Mapping[str, Setting]) -> Iterator[str]:
    left = _MOST_OTHERS
    for name, setting in settings.items():
        yield from _row(_LABELS.get(name, name), _valued(setting))
        for other in setting.others[:left]:
            yield from _row("", f"not used: {_valued(other)}")
            left -= 1


def _valued(setting: Setting) -> str:
    if setting.value is None:
        return "not set"
    return f"{setting.value}  ({'the default' if setting.source == 'default' else setting.source})"


def _compared(dotenv: Dotenv) -> str:
    if dotenv.trouble:
        return f"{dotenv.path or 'unknown'}  (not compared: {dotenv.trouble})"
    return f"{dotenv.path}  (compared, not loaded)" if dotenv.path else "none found"


def _row(label: str, text: str) -> list[str]:
    return wrap(f"  {label:<{_INDENT - 2}}{text}", _INDENT, 2)
