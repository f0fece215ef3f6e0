"""From facts to a conclusion. `PRECEDENCE` is the whole order; each rule in it decides one cause.

`investigate` is the only entry point, for a refused request and for a client before any request is refused. It is a
generator: it yields a `ProbeRequest` when it needs an answer, is sent the `Answer`, and returns a `Conclusion`. It
sends nothing itself, so any driver, synchronous or not, can run it.

A rule gets the evidence, asks for the answers that it still needs, and returns a verdict, or `None` if its cause does
not hold. Later rules see the answers of earlier ones, so a probe is sent only if it can still change the verdict.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from safe_langsmith._core.checks import run_checks
from safe_langsmith._core.evidence import Evidence, Probing
from safe_langsmith._core.fixes import access, credentials, workspace
from safe_langsmith._core.model import PROBING_OFF, Facts, Verdict, ago
from safe_langsmith._core.rules import endpoint, fallback, from_probes, from_response, from_settings, preflight
from safe_langsmith._core.summary import joined, named, principal, summarize
from safe_langsmith.diagnosis import ApiKey, Cause, Check, Confidence, Diagnosis, Fix, Probe, Setting, Workspace, _plain

Rule = Callable[[Evidence], "Verdict | Probing[Verdict | None] | None"]


class Row(NamedTuple):
    """One row of the precedence.

    Attributes:
        rank: The rank: 1 the answer itself proves it, 2 the values themselves show it, 3 probes show it,
            4 everything is refused, 5 nothing settles it.
        cause: The cause that the rule decides.
        at_most: How sure its verdict can be. The tests hold the rule to it.
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
    Row(1, Cause.BLOCKED_UPSTREAM,         _LIKELY,    from_response.words_of_another),
    Row(1, Cause.FEATURE_UNAVAILABLE,      _CONFIRMED, from_response.feature_unavailable),
    Row(1, Cause.PERMISSION_DENIED,        _CONFIRMED, from_response.permission_named),
    Row(1, Cause.WORKSPACE_REQUIRED,       _CONFIRMED, from_response.workspace_required_says_the_server),

    Row(2, Cause.WRONG_ENDPOINT,           _LIKELY,    from_settings.endpoint_malformed),
    Row(2, Cause.KEY_MISSING,              _LIKELY,    from_settings.key_missing),
    Row(2, Cause.KEY_LEGACY,               _CONFIRMED, from_settings.key_legacy),
    Row(2, Cause.KEY_MALFORMED,            _LIKELY,    from_settings.key_malformed),
    Row(2, Cause.KEY_MALFORMED,            _LIKELY,    from_settings.key_of_another_form),
    Row(2, Cause.WORKSPACE_ID_MALFORMED,   _CONFIRMED, from_settings.workspace_id_malformed),

    Row(3, Cause.BLOCKED_UPSTREAM,         _CONFIRMED, from_probes.proxy_refused),
    Row(3, Cause.WRONG_ENDPOINT,           _CONFIRMED, endpoint.not_the_api),
    Row(3, Cause.STALE_ENVIRONMENT,        _LIKELY,    from_probes.workspace_outdated),
    Row(3, Cause.WORKSPACE_NOT_ACCESSIBLE, _CONFIRMED, from_probes.workspace_not_accessible),
    Row(3, Cause.WORKSPACE_NOT_ACCESSIBLE, _CONFIRMED, from_probes.inherited_workspace_not_accessible),
    Row(3, Cause.BLOCKED_UPSTREAM,         _LIKELY,    from_probes.refused_by_another),
    Row(3, Cause.WORKSPACE_REQUIRED,       _CONFIRMED, from_probes.workspace_required),
    Row(3, Cause.WRONG_ENDPOINT,           _LIKELY,    endpoint.own_data_plane),
    Row(3, Cause.PERMISSION_DENIED,        _LIKELY,    from_probes.permission_denied),

    Row(4, Cause.WRONG_ENDPOINT,           _CONFIRMED, endpoint.another_service),
    Row(4, Cause.BLOCKED_UPSTREAM,         _LIKELY,    fallback.info_refused),
    Row(4, Cause.WRONG_REGION,             _CONFIRMED, fallback.known_in_another_region),
    Row(4, Cause.STALE_ENVIRONMENT,        _LIKELY,    fallback.stale_environment),
    Row(4, Cause.KEY_MALFORMED,            _LIKELY,    fallback.key_cut_short),
    Row(4, Cause.PERMISSION_DENIED,        _LIKELY,    fallback.only_reads_refused),
    Row(4, Cause.BLOCKED_UPSTREAM,         _LIKELY,    fallback.key_lost),
    Row(4, Cause.WRONG_REGION,             _LIKELY,    fallback.wrong_region),
    Row(4, Cause.WRONG_ENDPOINT,           _LIKELY,    endpoint.unknown_service),
    Row(4, Cause.KEY_REJECTED,             _LIKELY,    fallback.key_rejected),

    Row(5, Cause.BLOCKED_UPSTREAM,         _LIKELY,    fallback.nothing_from_langsmith),
    Row(5, Cause.KEY_REJECTED,             _POSSIBLE,  fallback.said_by_the_server),
    Row(5, Cause.UNDETERMINED,             _POSSIBLE,  fallback.undetermined),
)

PREFLIGHT: tuple[Row, ...] = (
    Row(3, Cause.WORKSPACE_NOT_ACCESSIBLE, _LIKELY,    from_probes.workspace_not_listed),
    Row(3, Cause.UNDETERMINED,             _POSSIBLE,  preflight.another_workspace_answers),
    Row(3, Cause.WORKSPACE_REQUIRED,       _LIKELY,    preflight.bypassed),
    Row(3, Cause.PERMISSION_DENIED,        _LIKELY,    preflight.not_permitted),
    Row(3, Cause.UNDETERMINED,             _POSSIBLE,  preflight.permissions_not_listed),
    Row(4, Cause.STALE_ENVIRONMENT,        _POSSIBLE,  preflight.drifted),
)
"""The problems to look for if nothing was refused and the key works: those that probes show, then those of values."""

FIXES: dict[Cause, Callable[[Evidence], list[Fix]]] = {
    Cause.BLOCKED_UPSTREAM:         access.blocked_upstream,
    Cause.WRONG_ENDPOINT:           access.wrong_endpoint,
    Cause.FEATURE_UNAVAILABLE:      access.feature_unavailable,
    Cause.PERMISSION_DENIED:        access.permission_denied,
    Cause.WORKSPACE_REQUIRED:       workspace.workspace_required,
    Cause.KEY_MISSING:              credentials.key_missing,
    Cause.KEY_LEGACY:               credentials.key_legacy,
    Cause.KEY_MALFORMED:            credentials.key_malformed,
    Cause.WORKSPACE_ID_MALFORMED:   workspace.workspace_id_malformed,
    Cause.WORKSPACE_NOT_ACCESSIBLE: workspace.workspace_not_accessible,
    Cause.STALE_ENVIRONMENT:        credentials.stale_environment,
    Cause.WRONG_REGION:             credentials.wrong_region,
    Cause.KEY_REJECTED:             credentials.key_rejected,
    Cause.UNDETERMINED:             access.undetermined,
}
"""The fixes for each cause, whichever of its rules decided."""
# fmt: on

_FROM_SETTINGS = tuple(row for row in PRECEDENCE if row.rank == 2)
_FOR_401 = (
    *_FROM_SETTINGS,
    Row(2, Cause.WRONG_ENDPOINT, _LIKELY, endpoint.not_the_api),
    Row(2, Cause.KEY_MALFORMED, _LIKELY, from_settings.key_of_another_shape),
    Row(2, Cause.BLOCKED_UPSTREAM, _LIKELY, from_settings.key_did_not_arrive),
)
"""The rules for a 401, for which nothing is asked. LangSmith answers 403 to a well-formed key that it does not know."""


@dataclass(frozen=True, kw_only=True)
class HealthReport:
    """The report on a client with which nothing is wrong. The fields are those of a `Diagnosis`, in its order.

    Attributes:
        cause: None.
        confidence: None.
        summary: Principal, endpoint and workspace, and what was not checked.
        checks: All five documented checks, then this library's own.
        fixes: None.
        key: The credential in use.
        settings: The five settings with their sources.
        workspaces: The live workspaces, or `None` if no probe had to list them.
        method: None, like the next four, because nothing was refused.
        url: None.
        status_code: None.
        request_id: None.
        server_message: None.
        probes: The probes and their answers.
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
        """Return the same as `Diagnosis.to_dict`, with `None` for the cause."""
        plain: dict[str, Any] = _plain(self)
        return plain


class Conclusion(NamedTuple):
    """The result of an investigation.

    Attributes:
        diagnosis: The diagnosis; a `HealthReport` if nothing was refused and nothing is wrong.
        candidates: The workspaces of which one may be named in a second request. Empty if naming one would override the
            user or change nothing.
        reason: The reason alone, the end of the diagnosis's sentence.
    """

    diagnosis: Diagnosis | HealthReport
    candidates: tuple[Workspace, ...] = ()
    reason: str = ""


def investigate(facts: Facts) -> Probing[Conclusion]:
    """Yield the probes that are needed, and return the conclusion.

    Args:
        facts: The facts known before any probe is sent. If `facts.request` is `None`, nothing was refused yet: the
            client itself is checked.

    Yields:
        The next probe to send to the endpoint, at most `MOST_PROBES` in all.
    """
    e = Evidence(facts)
    verdict = yield from (judge(e) if facts.request else judge_client(e))
    return conclude(e, verdict)


def judge(e: Evidence) -> Probing[Verdict]:
    """Return the first verdict in the order of `PRECEDENCE`."""
    return (yield from _first_of(PRECEDENCE, e)) or fallback.undetermined(e)


def judge_client(e: Evidence) -> Probing[Verdict | None]:
    """Return the problem of a client before any request is refused, or `None` if nothing is wrong."""
    verdict = yield from _first_of(_FROM_SETTINGS, e)
    if verdict is not None:
        return verdict
    works = yield from e.probe(e.settings_probe)
    if works.resolved:
        return (yield from _refused_before(e)) or (yield from _first_of(PREFLIGHT, e))
    if works.status in (404, 405) and works.body.form != "html":
        verdict = (yield from endpoint.not_the_api(e)) or (yield from endpoint.no_api(e))
        if verdict is not None:
            return verdict
    # This refusal is worded like the refusal of a call. A redirect or a failing server says nothing.
    if works.status is not None and works.status < 500 and not 300 <= works.status < 400:
        e.body = works.body
    return (yield from judge(e))


_OF_ONE_OPERATION = (Cause.PERMISSION_DENIED, Cause.FEATURE_UNAVAILABLE, Cause.BLOCKED_UPSTREAM)
"""The causes for which a key that works is refused."""


def _refused_before(e: Evidence) -> Probing[Verdict | None]:
    """Return why a request was refused before, judged by the answers of now, and take it for the refused request."""
    for request, minutes in e.facts.earlier:
        then = Evidence(replace(e.facts, request=request), e.answers)
        verdict = yield from judge(then)
        if verdict.cause in _OF_ONE_OPERATION:
            e.facts, e.body = then.facts, then.body
            # What the answer of then proved may no longer hold.
            sure = _LIKELY if verdict.confidence is _CONFIRMED else verdict.confidence
            return verdict._replace(confidence=sure, reason=f"{verdict.reason}; a request was refused {ago(minutes)}")
    return None


def sentence_for_401(facts: Facts) -> str | None:
    """Return in one sentence why a request was answered with 401, as far as the values alone show it, or `None`.

    Args:
        facts: The facts known without any probe.
    """
    e = Evidence(facts)
    judging = _first_of(_FOR_401, e)
    try:
        next(judging)
        while True:
            judging.send(PROBING_OFF)
    except StopIteration as end:
        verdict: Verdict | None = end.value
    if verdict is not None and verdict.cause is Cause.BLOCKED_UPSTREAM:
        return f"{principal(e)} seems not to have arrived at {e.target.endpoint}: {verdict.reason}."
    return summarize(e, verdict) if verdict else None


def _first_of(rows: Iterable[Row], e: Evidence) -> Probing[Verdict | None]:
    for row in rows:
        verdict = row.rule(e)
        if isinstance(verdict, Generator):
            verdict = yield from verdict
        if verdict is not None:
            return verdict
    return None


def fixes_for(e: Evidence, verdict: Verdict) -> tuple[Fix, ...]:
    """Return the fixes for a verdict; never empty. The lines to copy are rendered later, from the actions."""
    return tuple(workspace.update_langsmith_first(e, FIXES[verdict.cause](e)))


def conclude(e: Evidence, verdict: Verdict | None) -> Conclusion:
    """Return the conclusion from a verdict.

    Args:
        e: The evidence.
        verdict: The verdict, or `None` if nothing is wrong.
    """
    facts, request, key = e.facts, e.request, e.target.credential
    needs = joined(need.permission for need in facts.needs)
    permitted = f"Its permissions there include {needs}" if needs else "Its permissions there were not checked"
    api_key = ApiKey(key.kind, key.masked, str(e.configuration["api_key"].origin))
    settings = e.configuration.public()
    if verdict is None:
        in_workspace = f" in {named(e.place)}" if e.place else ""
        report = HealthReport(
            summary=f"{principal(e)} works at {e.target.endpoint}{in_workspace}. {permitted}.",
            checks=run_checks(e, None),
            key=api_key,
            settings=settings,
            workspaces=e.workspaces,
            probes=e.probes,
        )
        return Conclusion(report)
    diagnosis = Diagnosis(
        cause=verdict.cause,
        confidence=verdict.confidence,
        summary=summarize(e, verdict),
        checks=run_checks(e, verdict),
        fixes=fixes_for(e, verdict),
        key=api_key,
        settings=settings,
        workspaces=e.workspaces,
        method=request.method if request else None,
        url=request.url if request else None,
        status_code=request.status_code if request else None,
        request_id=request.request_id if request else None,
        # The answer to a probe is not a refusal of the user's request.
        server_message=e.body.message if request else None,
        probes=(*e.probes, *[answer.probe for answer in facts.regions]),
    )
    curable = (verdict.cause is Cause.WORKSPACE_REQUIRED or verdict.curable) and facts.target.workspace_id is None
    # If an entry of the list could not be read, it may be the one that the user means.
    curable = curable and all(answer.lists_all for answer in e.answers.values())
    return Conclusion(diagnosis, e.workspaces or () if curable else (), verdict.reason)
