"""A diagnosis as HTML for a notebook. Every value is escaped: most of them come from a server or an environment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from typing import TYPE_CHECKING

from safe_langsmith._render.style import STYLE
from safe_langsmith._render.text import (
    WHAT_IS_A_WORKSPACE,
    badge,
    code_and_choice,
    explained_by,
    is_about_workspaces,
)

if TYPE_CHECKING:
    from safe_langsmith.diagnosis import Check, Diagnosis, Fix, Setting

MOST_WORKSPACES = 50
# Words, not only colours: some readers cannot tell the colours apart, and screen readers read words.
_MARKS = {"ok": "ok", "problem": "problem", "unknown": "not known", "not-applicable": "does not apply"}


def as_html(diagnosis: Diagnosis) -> str:
    """Return the diagnosis as one self-contained `<div>` that runs no script and loads nothing."""
    return "\n".join([f'<div class="safe-langsmith"><style>{STYLE}</style>', *_parts(diagnosis), "</div>"])


def _parts(diagnosis: Diagnosis) -> Iterator[str]:
    yield f'<p class="leading"><b>{escape(diagnosis.summary)}</b></p>'
    if is_about_workspaces(diagnosis.cause):
        yield f'<p class="faint">{WHAT_IS_A_WORKSPACE}</p>'
    yield from _verdict(diagnosis)
    # A heading element would appear in the notebook's table of contents.
    yield '<p class="what-to-do"><b>What to do</b></p><ol>'
    yield from (_fix(fix, len(diagnosis.workspaces or ())) for fix in diagnosis.fixes)
    yield "</ol>"
    yield from _workspaces(diagnosis)
    yield from _checks(diagnosis.checks)
    yield from _settings(diagnosis.settings)
    yield from _answers(diagnosis)


def _verdict(diagnosis: Diagnosis) -> Iterator[str]:
    command = f"<code>{escape(explained_by(diagnosis.cause))}</code>"
    yield f"<p>Cause: <b>{escape(diagnosis.cause)}</b> ({badge(diagnosis)}); more: {command}</p>"
    if diagnosis.method:
        request_id = f", id <code>{escape(diagnosis.request_id)}</code>" if diagnosis.request_id else ""
        request = f"<code>{escape(diagnosis.method)} {escape(diagnosis.url or '')}</code>"
        yield f"<p>Request: {request} &rarr; {escape(str(diagnosis.status_code))}{request_id}</p>"


def _fix(fix: Fix, workspaces: int) -> str:
    detail = f" {escape(fix.detail)}" if fix.detail else ""
    lines, one_of = code_and_choice(fix, workspaces, MOST_WORKSPACES, "below")
    # One click selects a block, and of several workspaces one is meant.
    blocks = lines if one_of else ["\n".join(lines)]
    code = "".join(f"<pre>{escape(block)}</pre>" for block in blocks if block)
    # Some addresses are built from the configured endpoint, which may be a javascript: URL.
    safe = fix.url and fix.url.startswith(("https://", "http://"))
    link = f' <a href="{escape(fix.url or "")}">{escape(fix.url or "")}</a>' if safe else ""
    return f"<li><b>{escape(fix.title)}{one_of}.</b>{detail}{code}{link}</li>"


def _workspaces(diagnosis: Diagnosis) -> Iterator[str]:
    workspaces = diagnosis.workspaces or ()
    if not workspaces:
        return
    rows = [
        _row(escape(each.name), f"<code>{escape(each.id)}</code>", escape(each.role or "not told"))
        for each in workspaces[:MOST_WORKSPACES]
    ]
    more = len(workspaces) - MOST_WORKSPACES
    rest = f"<p>and {more} more</p>" if more > 0 else ""
    yield _section(
        f"Workspaces this key reaches ({len(workspaces)})", _table(("Name", "Id", "Role"), _body(rows)) + rest
    )


def _checks(checks: tuple[Check, ...]) -> Iterator[str]:
    groups = {
        "LangSmith's own troubleshooting steps": [check for check in checks if check.step],
        "Other checks": [check for check in checks if not check.step],
    }
    bodies = [_body(map(_check, group), title) for title, group in groups.items() if group]
    yield _section("What was checked", _table(("Check", "Result", "Detail"), *bodies))


def _check(check: Check) -> str:
    step = f"{check.step}. " if check.step else ""
    mark = f'<span class="result {escape(check.result)}">{_MARKS[check.result]}</span>'
    return _row(step + escape(check.title), mark, escape(check.detail))


def _settings(settings: dict[str, Setting]) -> Iterator[str]:
    differs = any(setting.others for setting in settings.values())
    rows = [_setting(name, setting, differs) for name, setting in settings.items()]
    head = ("Setting", "Value", "Comes from", *(["Also found"] if differs else []))
    yield _section("Settings in use", _table(head, _body(rows)))


def _setting(name: str, setting: Setting, differs: bool) -> str:
    others = "<br>".join(f"{_value(other)} ({escape(other.source)})" for other in setting.others)
    values = [_value(setting), escape(setting.source), *([others] if differs else [])]
    return _row(f"<code>{escape(name)}</code>", *values)


def _value(setting: Setting) -> str:
    return f"<code>{escape(setting.value)}</code>" if setting.value is not None else "not set"


def _answers(diagnosis: Diagnosis) -> Iterator[str]:
    if diagnosis.server_message:
        yield _section("Server message", f"<p>{escape(diagnosis.server_message)}</p>")
    if diagnosis.probes:
        rows = [
            _row(f"<code>{escape(probe.method)} {escape(probe.path)}</code>", escape(str(probe.status)))
            for probe in diagnosis.probes
        ]
        yield _section("Diagnostic requests", _table(("Request", "Response"), _body(rows)))


def _section(title: str, content: str) -> str:
    return f"<details><summary><b>{title}</b></summary>{content}</details>"


def _table(head: Iterable[str], *bodies: str) -> str:
    titles = "".join(f'<th scope="col">{title}</th>' for title in head)
    return f"<table><thead><tr>{titles}</tr></thead>{''.join(bodies)}</table>"


def _body(rows: Iterable[str], title: str = "") -> str:
    first = [f'<tr><th colspan="3" scope="rowgroup">{title}</th></tr>'] if title else []
    return "\n".join(["<tbody>", *first, *rows, "</tbody>"])


def _row(title: str, *values: str) -> str:
    return f'<tr><th scope="row">{title}</th>{"".join(f"<td>{value}</td>" for value in values)}</tr>'
