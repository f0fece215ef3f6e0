"""The whole of an investigation: facts in, `Diagnosis` out, with the questions in between yielded to a driver.

No I/O happens here. A road of the SDK drives `investigate` by sending each yielded question to the server and the
answer back in, on whatever it has: a thread, an event loop, or a test's dictionary.
"""

from __future__ import annotations

from typing import NamedTuple

from safe_langsmith.diagnosis import ApiKey, Cause, Diagnosis, Workspace

from .checks import run_checks
from .evidence import Asking, Evidence
from .facts import Facts
from .fixes import fixes_for
from .rules import judge
from .summary import summarize
from .verdict import Verdict


class Conclusion(NamedTuple):
    """What an investigation found.

    Attributes:
        diagnosis: The diagnosis.
        candidates: The workspaces of which one may be named in a second request. Empty where naming one would override
            the user or cure nothing.
    """

    diagnosis: Diagnosis
    candidates: tuple[Workspace, ...]


def investigate(facts: Facts) -> Asking[Conclusion]:
    """Asks what is needed and concludes.

    Args:
        facts: What is known before anything is asked.

    Yields:
        The next question to put to the endpoint.
    """
    e = Evidence(facts)
    verdict = yield from judge(e)
    return conclude(e, verdict)


def conclude(e: Evidence, verdict: Verdict) -> Conclusion:
    """Returns what a verdict amounts to.

    Args:
        e: The evidence.
        verdict: What was judged of it.
    """
    facts, key = e.facts, e.facts.credential
    diagnosis = Diagnosis(
        cause=verdict.cause,
        confidence=verdict.confidence,
        summary=summarize(e, verdict),
        checks=run_checks(e, verdict),
        fixes=fixes_for(e, verdict),
        key=ApiKey(key.kind, key.masked, facts.settings["api_key"].source),
        settings=facts.settings,
        workspaces=e.workspaces,
        method=facts.method,
        url=facts.url,
        status_code=facts.status_code,
        request_id=facts.request_id,
        # What a question was answered is no refusal of the user's.
        server_message=facts.body.message if facts.method else None,
        probes=e.probes,
    )
    curable = (verdict.cause is Cause.WORKSPACE_REQUIRED or verdict.curable) and facts.workspace_id is None
    # Beside one that could not be read, the only other one is not the only one.
    curable = curable and all(answer.lists_all for answer in e.answers.values())
    return Conclusion(diagnosis, e.workspaces or () if curable else ())
