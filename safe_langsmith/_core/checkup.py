"""Looking at a client before anything was refused: facts in, a verdict out where something is wrong."""

from __future__ import annotations

from dataclasses import replace

from safe_langsmith.diagnosis import Cause

from .evidence import LISTING, Asking, Evidence
from .facts import Facts
from .rules import judge, judge_beforehand, values_alone
from .rules.endpoint import no_api
from .verdict import Verdict


def look(facts: Facts) -> Asking[tuple[Evidence, Verdict | None]]:
    """Asks what is needed and returns what was seen, and the verdict, or `None` where nothing is wrong.

    Args:
        facts: What is known of the client; nothing was refused.

    Yields:
        The next question to put to the endpoint.
    """
    e = Evidence(facts)
    verdict = yield from values_alone(e)
    if verdict is not None and verdict.cause is Cause.WORKSPACE_ID_MALFORMED:
        # The id that is meant may be among them.
        yield from e.ask(LISTING)
    if verdict is None:
        works = yield from e.ask(e.here)
        if works.resolved:
            verdict = yield from judge_beforehand(e)
        elif works.status in (404, 405) and works.body.form != "html":
            verdict = yield from no_api(e)
        if verdict is None and not works.resolved:
            # What a refusal of the client would say, this one says already. A server in trouble says nothing.
            if works.status is not None and works.status < 500 and not 300 <= works.status < 400:
                e = Evidence(replace(facts, body=works.body), e.answers)
            verdict = yield from judge(e)
    return e, verdict
