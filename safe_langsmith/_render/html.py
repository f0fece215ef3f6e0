"""A diagnosis as HTML for a notebook. Every value is escaped: most of them come from a server or an environment."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from safe_langsmith.diagnosis import Diagnosis, Fix, Setting

_STYLE = """
.safe-langsmith { font: 13px/1.5 system-ui, sans-serif; max-width: 60rem; color: inherit; }
.safe-langsmith a { color: inherit; }
.safe-langsmith table { border-collapse: collapse; margin: .5rem 0 1rem; font-size: inherit; }
.safe-langsmith th, .safe-langsmith td { text-align: left; vertical-align: top; padding: .2rem .8rem .2rem 0;
  border-bottom: 1px solid rgba(128, 128, 128, .3); overflow-wrap: break-word; color: inherit; background: none; }
.safe-langsmith pre { padding: .4rem .6rem; margin: .3rem 0; border-radius: 4px; background: rgba(128, 128, 128, .15);
  color: inherit; white-space: pre-wrap; }
.safe-langsmith .problem { color: #d1242f; } .safe-langsmith .ok { color: #1a7f37; }
.safe-langsmith .unknown { color: #9a6700; } .safe-langsmith .not-applicable { opacity: .7; }
@media (prefers-color-scheme: dark) { .safe-langsmith .problem { color: #ff7b72; }
  .safe-langsmith .ok { color: #56d364; } .safe-langsmith .unknown { color: #e3b341; } }
"""
_MARKS = {"ok": "&#10003; ok", "problem": "&#10007; problem", "unknown": "? unknown", "not-applicable": "&ndash;"}


def as_html(diagnosis: Diagnosis) -> str:
    """Returns the diagnosis as one self-contained `<div>`, without scripts and without anything loaded."""
    page = f"docs/causes/{diagnosis.cause}.md"
    verdict = f"<b>{escape(diagnosis.cause)}</b> ({escape(diagnosis.confidence)}, see <code>{page}</code>)"
    refused = (
        f" &middot; {escape(diagnosis.method)} {escape(diagnosis.url or '')} &rarr; {diagnosis.status_code}"
        if diagnosis.method
        else ""
    )
    return "".join(
        [
            f'<div class="safe-langsmith"><style>{_STYLE}</style>',
            f"<p><b>{escape(diagnosis.summary)}</b></p><p>{verdict}{refused}</p>",
            "<p><b>What to do</b></p><ol>",
            *(_fix(fix) for fix in diagnosis.fixes),
            "</ol><p><b>What was checked</b></p>",
            _table(
                ("Step", "Check", "Result", "What was seen"),
                (
                    (
                        str(check.step or ""),
                        escape(check.title),
                        f'<span class="{escape(check.result)}">{_MARKS[check.result]}</span>',
                        escape(check.detail),
                    )
                    for check in diagnosis.checks
                ),
            ),
            _settings(diagnosis.settings),
            _workspaces(diagnosis),
            "</div>",
        ]
    )


def _fix(fix: Fix) -> str:
    code = f"<pre>{escape(fix.code)}</pre>" if fix.code else ""
    # Some addresses are built from the configured endpoint, which may hold anything.
    safe = fix.url and fix.url.startswith(("https://", "http://"))
    link = f' <a href="{escape(fix.url or "")}">{escape(fix.url or "")}</a>' if safe else ""
    return f"<li><b>{escape(fix.title)}</b>. {escape(fix.detail)}{code}{link}</li>"


def _settings(settings: dict[str, Setting]) -> str:
    def shown(setting: Setting) -> str:
        return f"{escape(setting.value or 'not set')} ({escape(setting.source)})"

    rows = (
        (escape(name), shown(setting), "<br>".join(shown(other) for other in setting.others))
        for name, setting in settings.items()
    )
    return "<p><b>Settings in use</b></p>" + _table(("Setting", "Value (source)", "Instead of"), rows)


def _workspaces(diagnosis: Diagnosis) -> str:
    if not diagnosis.workspaces:
        return ""
    rows = ((escape(w.id), escape(w.name), escape(w.role or "not told")) for w in diagnosis.workspaces[:50])
    return "<p><b>Workspaces this key reaches</b></p>" + _table(("Id", "Name", "Role"), rows)


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    titles = "".join(f"<th>{title}</th>" for title in head)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{titles}</tr>{body}</table>"
