"""Rules, fourth rank: everything is refused. And the last: nothing settles it."""

from __future__ import annotations

from safe_langsmith._core.endpoints import region_of
from safe_langsmith._core.model import GET_SETTINGS, LIST_WORKSPACES, Evidence, Probing, Verdict
from safe_langsmith._core.rules.shared import everything_refused
from safe_langsmith._core.settings import UNKNOWN
from safe_langsmith.diagnosis import Cause, Confidence


def stale_environment(e: Evidence) -> Probing[Verdict | None]:
    newer = e.facts.newer_key
    if newer is None or not (yield from everything_refused(e)):
        return None
    # Who passes a key on purpose need not mean the one in the environment.
    perhaps_meant = newer.on_purpose or e.facts.settings["api_key"].source == UNKNOWN
    return Verdict(
        Cause.STALE_ENVIRONMENT,
        Confidence.POSSIBLE if perhaps_meant else Confidence.LIKELY,
        f"this endpoint refused every request made with it, and {newer.now.source} now holds another key",
    )


def wrong_region(e: Evidence) -> Probing[Verdict | None]:
    elsewhere = e.facts.other_region
    if elsewhere is None or not (yield from everything_refused(e)):
        return None
    # Keys of another region get 403: https://docs.langchain.com/langsmith/regions-faq
    if e.answers[GET_SETTINGS].status == e.answers[LIST_WORKSPACES].status == 401:
        return None
    here = region_of(e.facts.endpoint)
    where = f"the {here} region" if here else "this endpoint"
    reason = f"{where} refused every request made with it, and {elsewhere.source} names {elsewhere.region}"
    return Verdict(Cause.WRONG_REGION, Confidence.LIKELY, reason)


def key_rejected(e: Evidence) -> Probing[Verdict | None]:
    if not (yield from everything_refused(e)):
        return None
    return Verdict(
        Cause.KEY_REJECTED,
        Confidence.LIKELY,
        "this endpoint refused every request made with it, as it does with a key that is revoked, expired or "
        "deactivated, or that belongs to another region or another organization",
    )


def nothing_from_langsmith(e: Evidence) -> Probing[Verdict | None]:
    if e.facts.body.form != "other":
        return None
    yield from e.ask(e.here)
    yield from e.ask(LIST_WORKSPACES)
    if not all(a.status in (401, 403) and a.body.form in ("html", "other") for a in e.answers.values()):
        return None
    reason = f'no answer has the form of LangSmith\'s errors: "{e.facts.body.message}"'
    return Verdict(Cause.BLOCKED_UPSTREAM, Confidence.LIKELY, reason)


def undetermined(e: Evidence) -> Verdict:
    return Verdict(Cause.UNDETERMINED, Confidence.POSSIBLE, _missing(e))


def _missing(e: Evidence) -> str:
    failed = [(question, answer) for question, answer in e.answers.items() if answer.inconclusive]
    if failed:
        question, answer = failed[0]
        if not answer.asked:
            return f"what LangSmith would say of this key is not known ({answer.error})"
        if answer.status is None:
            so = "the key was not tested" if e.facts.method is None else "it is not known why"
            return f"nobody answered GET {question.path} ({answer.error}), so {so}"
        alien = "" if answer.body.form == "json" else ", which is not in LangSmith's JSON"
        what = answer.error or f"status {answer.status}{alien}"
        return f"GET {question.path} got no usable answer ({what}), and without one it cannot be told"
    if e.header_lost:
        return "a question for the named workspace was answered for another, so something on the way drops X-Tenant-Id"
    if e.workspaces == ():
        return "the key is accepted, but no workspace is listed for it"
    return "the answers to the diagnostic requests contradict each other"
