"""Rules of the fourth rank, for a key that is refused for everything, and the last: nothing settles it."""

from __future__ import annotations

from safe_langsmith._core.endpoints import region_of
from safe_langsmith._core.model import GET_SETTINGS, LIST_WORKSPACES, PROBING_OFF, Evidence, Probing, Verdict
from safe_langsmith.diagnosis import Cause, Confidence


def stale_environment(e: Evidence) -> Probing[Verdict | None]:
    """Everything is refused, and the environment or `.env` now holds another key."""
    newer = e.configuration.newer_key
    if newer is None or not (yield from e.everything_refused()):
        return None
    # A program that passes a key explicitly need not mean the one in the environment.
    perhaps_meant = newer.on_purpose or e.configuration["api_key"].origin.kind == "unknown"
    return Verdict(
        Cause.STALE_ENVIRONMENT,
        Confidence.POSSIBLE if perhaps_meant else Confidence.LIKELY,
        f"this endpoint refused every request made with it, and {newer.now.origin} now holds another key",
    )


def wrong_region(e: Evidence) -> Probing[Verdict | None]:
    """Everything is refused, and something on this machine names another region."""
    elsewhere = e.facts.other_region
    if elsewhere is None or not (yield from e.everything_refused()):
        return None
    # Keys of another region get 403: https://docs.langchain.com/langsmith/regions-faq
    if e.answers[GET_SETTINGS].status == e.answers[LIST_WORKSPACES].status == 401:
        return None
    here = region_of(e.target.endpoint)
    refusing = f"the {here} region" if here else "this endpoint"
    reason = f"{refusing} refused every request made with it, and {elsewhere.source} names {elsewhere.region}"
    return Verdict(Cause.WRONG_REGION, Confidence.LIKELY, reason)


def key_rejected(e: Evidence) -> Probing[Verdict | None]:
    """Everything is refused, and nothing on this machine says why."""
    if not (yield from e.everything_refused()):
        return None
    return Verdict(
        Cause.KEY_REJECTED,
        Confidence.LIKELY,
        "this endpoint refused every request made with it, as it does with a key that is revoked, expired or "
        "deactivated, or that belongs to another region or another organization",
    )


def nothing_from_langsmith(e: Evidence) -> Probing[Verdict | None]:
    """No answer has the form of LangSmith's."""
    if e.body.form != "other":
        return None
    yield from e.probe(e.settings_probe)
    yield from e.probe(LIST_WORKSPACES)
    if not all(a.status in (401, 403) and a.body.form in ("html", "other") for a in e.answers.values()):
        return None
    reason = f'no answer has the form of LangSmith\'s errors: "{e.body.message}"'
    return Verdict(Cause.BLOCKED_UPSTREAM, Confidence.LIKELY, reason)


def undetermined(e: Evidence) -> Verdict:
    """No other rule decides: the probes failed, or their answers contradict each other."""
    return Verdict(Cause.UNDETERMINED, Confidence.POSSIBLE, _missing(e))


def _missing(e: Evidence) -> str:
    failed = [(request, answer) for request, answer in e.answers.items() if answer.inconclusive]
    if failed:
        request, answer = failed[0]
        if not answer.asked:
            is_offline = answer == PROBING_OFF and e.target.interface == "shell"
            why = "--offline, so nothing was sent" if is_offline else answer.error
            return f"what LangSmith would say of this key is not known ({why})"
        if answer.status is None:
            so = "the key was not tested" if e.request is None else "it is not known why"
            return f"nobody answered GET {request.path} ({answer.error}), so {so}"
        alien = "" if answer.body.form == "json" else ", which is not in LangSmith's JSON"
        what = answer.error or f"status {answer.status}{alien}"
        return f"GET {request.path} got no usable answer ({what}), and without one it cannot be told"
    if e.header_lost:
        return "a probe for the named workspace was answered for another one, so a proxy may be removing X-Tenant-Id"
    if e.workspaces == ():
        return "the key is accepted, but no workspace is listed for it"
    return "the answers to the diagnostic requests contradict each other"
