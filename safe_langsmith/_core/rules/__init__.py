"""From evidence to a verdict. `PRECEDENCE` is the whole order; each rule in it decides one cause.

A rule gets the evidence, asks what it still needs to know, and returns a verdict, or `None` where its cause does not
hold. Later rules see the answers of earlier ones, so a question is sent only where it can still change the verdict.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import NamedTuple

from safe_langsmith._core.evidence import Asking, Evidence
from safe_langsmith._core.verdict import Verdict
from safe_langsmith.diagnosis import Cause, Confidence

from . import answer, beforehand, endpoint, probed, refused, values

Rule = Callable[[Evidence], "Verdict | Asking[Verdict | None] | None"]


class Row(NamedTuple):
    """One row of the precedence.

    Attributes:
        rank: The rank: 1 what the answer itself proves, 2 what the values themselves show, 3 what probes show,
            4 everything is refused, 5 nothing settles it.
        cause: The cause that the rule decides.
        at_most: How sure its verdict can be.
        rule: The rule.
    """

    rank: int
    cause: Cause
    at_most: Confidence
    rule: Rule


_CONFIRMED, _LIKELY, _POSSIBLE = Confidence.CONFIRMED, Confidence.LIKELY, Confidence.POSSIBLE

# fmt: off
PRECEDENCE: tuple[Row, ...] = (
    Row(1, Cause.BLOCKED_UPSTREAM,         _CONFIRMED, answer.blocked_upstream),
    Row(1, Cause.WRONG_ENDPOINT,           _CONFIRMED, answer.wrong_endpoint),
    Row(1, Cause.FEATURE_UNAVAILABLE,      _CONFIRMED, answer.feature_unavailable),
    Row(1, Cause.PERMISSION_DENIED,        _CONFIRMED, answer.permission_named),
    Row(1, Cause.WORKSPACE_REQUIRED,       _CONFIRMED, answer.workspace_required_says_the_server),

    Row(2, Cause.WRONG_ENDPOINT,           _LIKELY,    values.endpoint_malformed),
    Row(2, Cause.KEY_MISSING,              _LIKELY,    values.key_missing),
    Row(2, Cause.KEY_LEGACY,               _CONFIRMED, values.key_legacy),
    Row(2, Cause.KEY_MALFORMED,            _LIKELY,    values.key_malformed),
    Row(2, Cause.WORKSPACE_ID_MALFORMED,   _CONFIRMED, values.workspace_id_malformed),

    Row(3, Cause.WRONG_ENDPOINT,           _CONFIRMED, endpoint.web_page),
    Row(3, Cause.WORKSPACE_NOT_ACCESSIBLE, _CONFIRMED, probed.workspace_not_accessible),
    Row(3, Cause.WORKSPACE_NOT_ACCESSIBLE, _CONFIRMED, probed.inherited_workspace_not_accessible),
    Row(3, Cause.BLOCKED_UPSTREAM,         _LIKELY,    probed.refused_by_another),
    Row(3, Cause.WORKSPACE_REQUIRED,       _CONFIRMED, probed.workspace_required),
    Row(3, Cause.WRONG_ENDPOINT,           _LIKELY,    endpoint.own_data_plane),
    Row(3, Cause.PERMISSION_DENIED,        _LIKELY,    probed.permission_denied),

    Row(4, Cause.WRONG_ENDPOINT,           _CONFIRMED, endpoint.another_service),
    Row(4, Cause.STALE_ENVIRONMENT,        _LIKELY,    refused.stale_environment),
    Row(4, Cause.WRONG_REGION,             _LIKELY,    refused.wrong_region),
    Row(4, Cause.WRONG_ENDPOINT,           _LIKELY,    endpoint.unknown_service),
    Row(4, Cause.KEY_REJECTED,             _LIKELY,    refused.key_rejected),

    Row(5, Cause.BLOCKED_UPSTREAM,         _LIKELY,    refused.nothing_from_langsmith),
    Row(5, Cause.UNDETERMINED,             _POSSIBLE,  refused.undetermined),
)

BEFOREHAND: tuple[Row, ...] = (
    Row(3, Cause.UNDETERMINED,             _POSSIBLE,  beforehand.another_workspace_answers),
    Row(3, Cause.WORKSPACE_REQUIRED,       _LIKELY,    beforehand.bypassed),
    Row(4, Cause.STALE_ENVIRONMENT,        _POSSIBLE,  beforehand.drifted),
)
"""What may be wrong though nothing was refused and the key works: what probes show, then what the values show."""
# fmt: on

_VALUES = tuple(row for row in PRECEDENCE if row.rank == 2)


def values_alone(e: Evidence) -> Asking[Verdict | None]:
    """Returns the verdict that the values themselves give, without asking anybody."""
    return _first_of(_VALUES, e)


def judge(e: Evidence) -> Asking[Verdict]:
    """Asks what is needed and returns the first verdict in the order of `PRECEDENCE`."""
    verdict = yield from _first_of(PRECEDENCE, e)
    assert verdict is not None, "the last rule always decides"  # noqa: S101
    return verdict


def judge_beforehand(e: Evidence) -> Asking[Verdict | None]:
    """Returns what is wrong with a client whose key works, or `None` where nothing is."""
    return _first_of(BEFOREHAND, e)


def _first_of(rows: Iterable[Row], e: Evidence) -> Asking[Verdict | None]:
    for row in rows:
        verdict = row.rule(e)
        if isinstance(verdict, Generator):
            verdict = yield from verdict
        if verdict is not None:
            return verdict
    return None
