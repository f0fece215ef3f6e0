"""From evidence to a verdict. `PRECEDENCE` is the whole order; each rule in it decides one cause.

A rule gets the evidence, asks what it still needs to know, and returns a verdict, or `None` where its cause does not
hold. Later rules see the answers of earlier ones, so a question is sent only where it can still change the verdict.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from safe_langsmith._core.checks import run_checks
from safe_langsmith._core.fixes import fixes_for
from safe_langsmith._core.model import LIST_WORKSPACES, Evidence, Facts, Probing, Verdict
from safe_langsmith._core.rules import endpoint, fallback, from_probes, from_response, from_settings, preflight
from safe_langsmith._core.rules.endpoint import no_api
from safe_langsmith._core.summary import named, principal, summarize
from safe_langsmith.diagnosis import ApiKey, Cause, Check, Confidence, Diagnosis, Fix, Probe, Setting, Workspace, _plain

Rule = Callable[[Evidence], "Verdict | Probing[Verdict | None] | None"]


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
    Row(1, Cause.BLOCKED_UPSTREAM,         _CONFIRMED, from_response.blocked_upstream),
    Row(1, Cause.WRONG_ENDPOINT,           _CONFIRMED, from_response.wrong_endpoint),
    Row(1, Cause.FEATURE_UNAVAILABLE,      _CONFIRMED, from_response.feature_unavailable),
    Row(1, Cause.PERMISSION_DENIED,        _CONFIRMED, from_response.permission_named),
    Row(1, Cause.WORKSPACE_REQUIRED,       _CONFIRMED, from_response.workspace_required_says_the_server),

    Row(2, Cause.WRONG_ENDPOINT,           _LIKELY,    from_settings.endpoint_malformed),
    Row(2, Cause.KEY_MISSING,              _LIKELY,    from_settings.key_missing),
    Row(2, Cause.KEY_LEGACY,               _CONFIRMED, from_settings.key_legacy),
    Row(2, Cause.KEY_MALFORMED,            _LIKELY,    from_settings.key_malformed),
    Row(2, Cause.WORKSPACE_ID_MALFORMED,   _CONFIRMED, from_settings.workspace_id_malformed),

    Row(3, Cause.WRONG_ENDPOINT,           _CONFIRMED, endpoint.web_page),
    Row(3, Cause.WORKSPACE_NOT_ACCESSIBLE, _CONFIRMED, from_probes.workspace_not_accessible),
    Row(3, Cause.WORKSPACE_NOT_ACCESSIBLE, _CONFIRMED, from_probes.inherited_workspace_not_accessible),
    Row(3, Cause.BLOCKED_UPSTREAM,         _LIKELY,    from_probes.refused_by_another),
    Row(3, Cause.WORKSPACE_REQUIRED,       _CONFIRMED, from_probes.workspace_required),
    Row(3, Cause.WRONG_ENDPOINT,           _LIKELY,    endpoint.own_data_plane),
    Row(3, Cause.PERMISSION_DENIED,        _LIKELY,    from_probes.permission_denied),

    Row(4, Cause.WRONG_ENDPOINT,           _CONFIRMED, endpoint.another_service),
    Row(4, Cause.STALE_ENVIRONMENT,        _LIKELY,    fallback.stale_environment),
    Row(4, Cause.WRONG_REGION,             _LIKELY,    fallback.wrong_region),
    Row(4, Cause.WRONG_ENDPOINT,           _LIKELY,    endpoint.unknown_service),
    Row(4, Cause.KEY_REJECTED,             _LIKELY,    fallback.key_rejected),

    Row(5, Cause.BLOCKED_UPSTREAM,         _LIKELY,    fallback.nothing_from_langsmith),
    Row(5, Cause.UNDETERMINED,             _POSSIBLE,  fallback.undetermined),
)

PREFLIGHT: tuple[Row, ...] = (
    Row(3, Cause.UNDETERMINED,             _POSSIBLE,  preflight.another_workspace_answers),
    Row(3, Cause.WORKSPACE_REQUIRED,       _LIKELY,    preflight.bypassed),
    Row(4, Cause.STALE_ENVIRONMENT,        _POSSIBLE,  preflight.drifted),
)
"""What may be wrong though nothing was refused and the key works: what probes show, then what the values show."""
# fmt: on

_VALUES = tuple(row for row in PRECEDENCE if row.rank == 2)


def values_alone(e: Evidence) -> Probing[Verdict | None]:
    """Returns the verdict that the values themselves give, without asking anybody."""
    return _first_of(_VALUES, e)


def judge(e: Evidence) -> Probing[Verdict]:
    """Asks what is needed and returns the first verdict in the order of `PRECEDENCE`."""
    verdict = yield from _first_of(PRECEDENCE, e)
    assert verdict is not None, "the last rule always decides"  # noqa: S101
    return verdict


def judge_preflight(e: Evidence) -> Probing[Verdict | None]:
    """Returns what is wrong with a client whose key works, or `None` where nothing is."""
    return _first_of(PREFLIGHT, e)


def _first_of(rows: Iterable[Row], e: Evidence) -> Probing[Verdict | None]:
    for row in rows:
        verdict = row.rule(e)
        if isinstance(verdict, Generator):
            verdict = yield from verdict
        if verdict is not None:
            return verdict
    return None


class Conclusion(NamedTuple):
    """What an investigation found.

    Attributes:
        diagnosis: The diagnosis.
        candidates: The workspaces of which one may be named in a second request. Empty where naming one would override
            the user or cure nothing.
    """

    diagnosis: Diagnosis
    candidates: tuple[Workspace, ...]


def investigate(facts: Facts) -> Probing[Conclusion]:
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


def look(facts: Facts) -> Probing[tuple[Evidence, Verdict | None]]:
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
        yield from e.ask(LIST_WORKSPACES)
    if verdict is None:
        works = yield from e.ask(e.here)
        if works.resolved:
            verdict = yield from judge_preflight(e)
        elif works.status in (404, 405) and works.body.form != "html":
            verdict = yield from no_api(e)
        if verdict is None and not works.resolved:
            # What a refusal of the client would say, this one says already. A server in trouble says nothing.
            if works.status is not None and works.status < 500 and not 300 <= works.status < 400:
                e = Evidence(replace(facts, body=works.body), e.answers)
            verdict = yield from judge(e)
    return e, verdict


# The checks look at a verdict for what is wrong, and this one names nothing that they look for.
_NONE = Verdict(Cause.UNDETERMINED, Confidence.POSSIBLE, "")


@dataclass(frozen=True, kw_only=True)
class HealthReport:
    """What was seen of a client with which nothing is wrong. The fields are those of a `Diagnosis`, in its order.

    Attributes:
        cause: None.
        confidence: None.
        summary: Principal, endpoint and workspace, and what was not looked at.
        checks: All five documented checks, then this library's own.
        fixes: None.
        key: The credential in use.
        settings: The five settings with their sources.
        workspaces: The live workspaces, or `None` where nobody had to list them.
        method: None, like the next four, because nothing was refused.
        url: None.
        status_code: None.
        request_id: None.
        server_message: None.
        probes: What was asked and answered.
    """

    cause: None = None
    confidence: None = None
    summary: str
    checks: tuple[Check, ...]
    fixes: tuple[Fix, ...] = ()
    key: ApiKey
    settings: dict[str, Setting] = field(hash=False)
    workspaces: tuple[Workspace, ...] | None = None
    method: None = None
    url: None = None
    status_code: None = None
    request_id: None = None
    server_message: None = None
    probes: tuple[Probe, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Returns what `Diagnosis.to_dict` returns, with `None` for the cause."""
        plain: dict[str, Any] = _plain(self)
        return plain


def healthy_report(e: Evidence) -> HealthReport:
    """Returns what was seen of a client with which nothing is wrong.

    Args:
        e: The evidence.
    """
    key, where = e.facts.credential, f" in {named(e.place)}" if e.place else ""
    return HealthReport(
        summary=f"{principal(e)} works at {e.facts.endpoint}{where}. What it may do there was not checked.",
        checks=run_checks(e, _NONE),
        key=ApiKey(key.kind, key.masked, e.facts.settings["api_key"].source),
        settings=e.facts.settings,
        workspaces=e.workspaces,
        probes=e.probes,
    )
