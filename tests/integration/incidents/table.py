"""The results, as the text of `docs/incidents.md`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

from .case import Case, Helps
from .playing import CASES, Outcome, outcome

REPORTS = {report["id"]: report for report in json.loads((Path(__file__).parent / "incidents.json").read_text("utf-8"))}
_ID = re.compile(r" \([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\)")
_ORDINAL = ("", "first", "second", "third", "fourth", "fifth", "sixth")
_HEAD = """\
# Public reports, reproduced

These are {all} public reports of problems with LangSmith's authorization, with causes that are known or at least
claimed. Each was reproduced on the fake server, with the real SDK and `SafeClient`. If the reported answer is not a
403, the error stays the SDK's own, and `diagnose(client)` was called instead. Then the fixes were carried out one at a
time, each on a fresh machine, and the call was repeated.

| | |
|---|---|
| Causes with evidence on the machine or at the endpoint | {evident} |
| of these, named first | **{named} of {evident}** ({named_share}) |
| of these, those that the caller can fix | {doable} |
| of these, the first fix made the call succeed | **{helped} of {doable}** ({helped_share}) |
| Causes that cannot be known, or are out of reach ([below](#causes-that-cannot-be-known)) | {untold} |
| of these, those that the caller can fix | {untold_doable} |
| of these, the first fix made the call succeed | {untold_helped} |
| of these, a later fix did | {untold_later} |

| report | situation | result | cause named first | first fix helped |
|---|---|---|---|---|
"""
_FOOT = """
## Causes that cannot be known

"""


def document() -> str:
    """Return the text of the page."""
    rows = [(case, outcome(id)) for id, case in CASES.items()]
    head = _HEAD.format(all=len(rows), **_counts(rows))
    table = "".join(f"| {' | '.join(_row(case, found))} |\n" for case, found in rows)
    reasons: dict[str, list[str]] = {}
    for case, _ in rows:
        if case.untold:
            reasons.setdefault(case.untold, []).append(_link(case.id))
    return head + table + _FOOT + "".join(f"- {', '.join(links)}: {reason}\n" for reason, links in reasons.items())


def _counts(rows: Iterable[tuple[Case, Outcome]]) -> dict[str, object]:
    evident = [(case, found) for case, found in rows if not case.untold]
    untold = [(case, found) for case, found in rows if case.untold]
    doable, untold_doable = (
        [found for case, found in some if case.helps is not Helps.NONE] for some in (evident, untold)
    )
    named = sum(_is_named(case, found) for case, found in evident)
    helped = sum(found.helped == 1 for found in doable)
    return {
        "evident": len(evident),
        "named": named,
        "named_share": f"{named / len(evident):.0%}",
        "doable": len(doable),
        "helped": helped,
        "helped_share": f"{helped / len(doable):.0%}",
        "untold": len(untold),
        "untold_doable": len(untold_doable),
        "untold_helped": sum(found.helped == 1 for found in untold_doable),
        "untold_later": sum((found.helped or 0) > 1 for found in untold_doable),
    }


def _is_named(case: Case, found: Outcome) -> bool:
    return found.diagnosis is not None and found.diagnosis.cause in case.causes


def _row(case: Case, found: Outcome) -> tuple[str, ...]:
    return _link(case.id), case.story, _came_out(found), _named(case, found), _helped(case, found)


def _link(id: str) -> str:
    url = re.match(r"https://\S+", REPORTS[id]["source"])
    return f"[{id}]({url[0]})" if url else f"{id} (a public repository)"


def _came_out(found: Outcome) -> str:
    if found.diagnosis is None:
        return "nothing was found"
    said = f'`{found.diagnosis.cause}` ({found.diagnosis.confidence}): "{_ID.sub("", found.title)}"'
    return f"with one workspace, the call succeeded; with two, {said}" if found.retried else said


def _named(case: Case, found: Outcome) -> str:
    if case.untold:
        return "cannot be known"
    return "yes" if _is_named(case, found) else "no"


def _helped(case: Case, found: Outcome) -> str:
    if found.helped:
        return "yes" if found.helped == 1 else f"no, the {_ORDINAL[found.helped]} did"
    if case.helps is Helps.NONE:
        return "others have to act" if found.diagnosis else "nothing to do here"
    return "no"
