"""The whole of a diagnosis as text: every check, every thing to do, every workspace."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from safe_langsmith._render.layout import NO_BREAK, WIDTH, wrap, wrap_phrases
from safe_langsmith._render.text import WHAT_IS_A_WORKSPACE, badge, code_and_choice, explained_by, is_about_workspaces

if TYPE_CHECKING:
    from safe_langsmith.diagnosis import Check, Diagnosis, Fix, Probe, Setting, Workspace

NARROWEST = 20
MOST_CHOICES = 10
LABELS = {"endpoint": "endpoint", "api_key": "API key", "workspace_id": "workspace ID"}
_MARKS = {"ok": "ok", "problem": "!!", "unknown": "??", "not-applicable": "--"}
_INDENT = 16


def as_report(diagnosis: Diagnosis, width: int | None = None) -> str:
    """Return the whole text, without a line break at its end.

    Args:
        diagnosis: The diagnosis.
        width: The columns of a line; 80 by default. Addresses and lines to copy are not broken.
    """
    return "\n".join(_lines(diagnosis, max(width or WIDTH, NARROWEST)))


def _lines(diagnosis: Diagnosis, width: int) -> Iterator[str]:
    yield from wrap(diagnosis.summary, width)
    if is_about_workspaces(diagnosis.cause):
        yield from wrap(WHAT_IS_A_WORKSPACE, width)
    yield ""
    yield from wrap(f"Cause: {diagnosis.cause} ({badge(diagnosis)})", width)
    if diagnosis.method:
        request_id = f", id {diagnosis.request_id}" if diagnosis.request_id else ""
        request = f"Request: {diagnosis.method} {diagnosis.url} -> {diagnosis.status_code}{request_id}"
        yield from wrap(request, width, 4)
    yield from lines_of_answers(diagnosis.server_message, diagnosis.probes, width)
    yield ""
    yield "Settings"
    yield from lines_of_settings(diagnosis.settings, width)
    if diagnosis.workspaces:
        yield ""
        yield from lines_of_workspaces(diagnosis.workspaces, width)
    yield ""
    yield from wrap("Checks (1-5: LangSmith's own; !! problem, ?? not known, -- does not apply)", width)
    yield from lines_of_checks(diagnosis.checks, width)
    yield ""
    command = explained_by(diagnosis.cause).replace(" ", NO_BREAK)
    yield from wrap(f"More on this: {command}", width)
    yield ""
    yield "What to do"
    yield from lines_of_fixes(diagnosis.fixes, len(diagnosis.workspaces or ()), width)


def lines_of_answers(server_message: str | None, probes: Iterable[Probe], width: int) -> Iterator[str]:
    """Yield the server's message, and the probes with their responses."""
    if server_message:
        yield from wrap_phrases(f"Server said: {server_message}", width, 4)
    # Lines break only between probes.
    asked = "; ".join(f"{probe.method} {probe.path} -> {probe.status}".replace(" ", NO_BREAK) for probe in probes)
    if asked:
        yield from wrap(f"Asked the endpoint: {asked}", width, 4)


def lines_of_settings(settings: dict[str, Setting], width: int) -> Iterator[str]:
    """Yield the settings in use with their sources, and below each the values that it overrides or differs from."""
    for name, setting in settings.items():
        yield from lines_of_setting(LABELS.get(name, name), described(setting), width)
        for other in setting.others:
            yield from lines_of_setting("", f"not used: {described(other)}", width)


def lines_of_setting(label: str, text: str, width: int, most: int | None = 3) -> list[str]:
    """Return the lines of one setting."""
    return wrap(text, width, _INDENT, most, f"  {label:<{_INDENT - 2}}")


def described(setting: Setting) -> str:
    """Return the value of a setting with its source."""
    if setting.value is None:
        return "not set"
    return f"{setting.value}  ({'the default' if setting.source == 'default' else setting.source})"


def lines_of_workspaces(workspaces: tuple[Workspace, ...], width: int, most: int | None = None) -> Iterator[str]:
    """Yield the workspaces, at most as many as may be shown."""
    yield f"Workspaces this key reaches ({len(workspaces)})"
    for workspace in workspaces[:most]:
        role = f"  ({workspace.role})" if workspace.role else ""
        yield from wrap(f"{workspace.name}{role}", width, 40 if width >= WIDTH else 4, label=f"  {workspace.id}  ")
    if most is not None and len(workspaces) > most:
        yield f"  and {len(workspaces) - most} more; -v lists all"


def lines_of_checks(checks: Iterable[Check], width: int, most: int | None = None) -> Iterator[str]:
    """Yield the checks, each in at most `most` lines."""
    for check in checks:
        step = f"{check.step}." if check.step else "  "
        yield from wrap(f"{check.title}: {check.detail}", width, 10, most, f"  [{_MARKS[check.result]}] {step} ")


def lines_of_fixes(
    fixes: Iterable[Fix], workspaces: int, width: int, most: int = MOST_CHOICES, all_are_in: str = "above"
) -> Iterator[str]:
    """Yield the fixes, with the line to copy of each at its end.

    Args:
        fixes: The fixes.
        workspaces: How many workspaces there are.
        width: The columns of a line.
        most: The most workspaces that get a line to copy each.
        all_are_in: What shows all of them.
    """
    for number, fix in enumerate(fixes, 1):
        code, one_of = code_and_choice(fix, workspaces, most, all_are_in)
        yield from wrap(f"{fix.title}{one_of}. {fix.detail}", width, 5, label=f"  {number}. ")
        if fix.url:
            yield f"     {fix.url}"
        yield from (f"         {line}" for line in code)
