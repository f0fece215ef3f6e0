"""Rules, fourth rank: everything is refused. And the last: nothing settles it."""

from __future__ import annotations

from safe_langsmith._core.evidence import HOME, LISTING, Asking, Evidence
from safe_langsmith._core.hosts import region_of
from safe_langsmith._core.verdict import Verdict
from safe_langsmith.diagnosis import Cause, Confidence


def stale_environment(e: Evidence) -> Asking[Verdict | None]:
    newer = e.facts.newer_key
    if newer is None or not (yield from _everything_refused(e)):
        return None
    # Who passes a key on purpose need not mean the one in the environment.
    return Verdict(
        Cause.STALE_ENVIRONMENT,
        Confidence.POSSIBLE if newer.on_purpose else Confidence.LIKELY,
        f"this endpoint refused every request made with it, and {newer.now.source} now holds another key",
    )


def wrong_region(e: Evidence) -> Asking[Verdict | None]:
    here = region_of(e.facts.endpoint)
    named = ((other.source, region_of(other.value or "")) for other in e.facts.settings["endpoint"].others)
    source, elsewhere = next(((s, region) for s, region in named if region and region != here), ("", None))
    if elsewhere is None or not (yield from _everything_refused(e)):
        return None
    where = f"the {here} region" if here else "this endpoint"
    reason = f"{where} refused every request made with it, and {source} names the {elsewhere} region"
    return Verdict(Cause.WRONG_REGION, Confidence.LIKELY, reason)


def key_rejected(e: Evidence) -> Asking[Verdict | None]:
    if not (yield from _everything_refused(e)):
        return None
    return Verdict(
        Cause.KEY_REJECTED,
        Confidence.LIKELY,
        "this endpoint refused every request made with it, as it does with a key that is revoked, expired or "
        "deactivated, or that belongs to another region or another organization",
    )


def nothing_from_langsmith(e: Evidence) -> Verdict | None:
    foreign = [a for a in e.answers.values() if a.status in (401, 403) and a.body.form in ("html", "other")]
    if e.facts.body.form != "other" or not foreign or len(foreign) < len(e.answers):
        return None
    reason = f'every answer is a refusal that is no JSON object, as LangSmith\'s are: "{e.facts.body.message}"'
    return Verdict(Cause.BLOCKED_UPSTREAM, Confidence.LIKELY, reason)


def undetermined(e: Evidence) -> Verdict:
    return Verdict(Cause.UNDETERMINED, Confidence.POSSIBLE, _missing(e))


def _everything_refused(e: Evidence) -> Asking[bool]:
    if not all(answer.refused for answer in e.answers.values()):
        return False
    for question in (HOME, LISTING):
        answer = yield from e.ask(question)
        if not answer.refused:
            return False
    return True


def _missing(e: Evidence) -> str:
    failed = [(question, answer) for question, answer in e.answers.items() if answer.failed]
    if failed:
        question, answer = failed[0]
        if not answer.asked:
            return f"what LangSmith would say of this key is not known ({answer.error})"
        alien = "" if answer.body.form == "json" else ", which is not in LangSmith's JSON"
        what = answer.error or f"status {answer.status}{alien}"
        return f"GET {question.path} got no usable answer ({what}), and without one the cause cannot be told"
    if e.workspaces == ():
        return "the key is accepted, but no workspace is listed for it"
    return "the answers to the diagnostic requests contradict each other"
