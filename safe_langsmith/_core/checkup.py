"""Looking at a client before anything was refused: facts in, a diagnosis out where something is wrong."""

from __future__ import annotations

from dataclasses import replace

from safe_langsmith.diagnosis import Diagnosis

from .evidence import HOME, Asking, Evidence, Facts, inside
from .investigation import conclude
from .rules import judge, values_alone
from .rules.probed import bypassed


def check_up(facts: Facts) -> Asking[Diagnosis | None]:
    """Asks what is needed and returns what is wrong, or `None` where nothing is.

    Args:
        facts: What is known of the client; nothing was refused.

    Yields:
        The next question to put to the endpoint.
    """
    e = Evidence(facts)
    verdict = values_alone(e)
    if verdict is None:
        works = yield from e.ask(inside(facts.workspace) if facts.workspace else HOME)
        if works.resolved:
            verdict = yield from bypassed(e)
        else:
            # What a refusal of the client would say, this one says already.
            if works.status in (401, 403):
                e = Evidence(replace(facts, body=works.body), e.answers)
            verdict = yield from judge(e)
    return conclude(e, verdict).diagnosis if verdict else None
