"""From evidence to a verdict. `PRECEDENCE` is the whole order; each rule in it decides one cause.

A rule gets the evidence, asks what it still needs to know, and returns a verdict, or `None` where its cause does not
hold. Later rules see the answers of earlier ones, so a question is sent only where it can still change the verdict.
"""

from __future__ import annotations

from collections.abc import Callable, Generator

from safe_langsmith._core.evidence import Asking, Evidence
from safe_langsmith._core.verdict import Verdict

from . import answer, probed, refused, values

Rule = Callable[[Evidence], "Verdict | Asking[Verdict | None] | None"]

PRECEDENCE: tuple[Rule, ...] = (
    # 1. What the answer itself proves.
    answer.blocked_upstream,
    answer.wrong_endpoint,
    answer.feature_unavailable,
    answer.permission_named,
    answer.workspace_required_says_the_server,
    # 2. What the values themselves show.
    values.key_missing,
    values.key_legacy,
    values.key_malformed,
    values.workspace_id_malformed,
    # 3. What probes show.
    probed.workspace_not_accessible,
    probed.inherited_workspace_not_accessible,
    probed.workspace_required,
    probed.permission_denied,
    # 4. Everything is refused.
    refused.stale_environment,
    refused.wrong_region,
    refused.key_rejected,
    # 5. Nothing settles it.
    refused.nothing_from_langsmith,
    refused.undetermined,
)


def values_alone(e: Evidence) -> Verdict | None:
    """Returns the verdict that the values themselves give, without asking anybody."""
    rules = (values.key_missing, values.key_legacy, values.key_malformed, values.workspace_id_malformed)
    return next((verdict for verdict in (rule(e) for rule in rules) if verdict is not None), None)


def judge(e: Evidence) -> Asking[Verdict]:
    """Asks what is needed and returns the first verdict in the order of `PRECEDENCE`."""
    for rule in PRECEDENCE:
        verdict = rule(e)
        if isinstance(verdict, Generator):
            verdict = yield from verdict
        if verdict is not None:
            return verdict
    raise AssertionError("the last rule always decides")
