"""Rules of the fourth rank, for a key that is refused for everything, and the last: nothing settles it."""

from __future__ import annotations

from safe_langsmith._core.endpoints import region_of
from safe_langsmith._core.evidence import Evidence, Probing
from safe_langsmith._core.model import GET_INFO, GET_SETTINGS, LIST_WORKSPACES, PROBING_OFF, Verdict
from safe_langsmith._core.reasons import NamedReason
from safe_langsmith.diagnosis import Cause, Confidence

_THE_SERVER_SAYS: dict[NamedReason, str] = {
    "expired": "the key has expired",
    "revoked": "the key is no longer active",
    "address": "it does not accept requests from this address",
    "organization": "the organization is not active",
    "member": "the user is no longer an active member",
}
REFUSED_TO_ANYBODY = Verdict(
    Cause.BLOCKED_UPSTREAM,
    Confidence.LIKELY,
    "also GET /info is refused, which LangSmith answers to anybody, with or without a key",
)
_NOT_OF_THE_KEY = ("address", "organization", "member")


def info_refused(e: Evidence) -> Probing[Verdict | None]:
    """Everything is refused, also `GET /info`, which LangSmith answers to anybody."""
    if not (yield from e.everything_refused()):
        return None
    about = yield from e.probe(GET_INFO)
    if e.is_info_refused:
        return REFUSED_TO_ANYBODY
    # LangSmith's cloud answers it in its own form. An error of a server may pass.
    is_anothers = about.service is None and about.status is not None and about.status < 500 and about.status != 429
    if not (e.is_at_cloud and is_anothers):
        return None
    reason = f"GET /info, which LangSmith answers to anybody, has another's answer (status {about.status})"
    return Verdict(Cause.BLOCKED_UPSTREAM, Confidence.LIKELY, reason)


def known_in_another_region(e: Evidence) -> Probing[Verdict | None]:
    """Everything is refused, and another region knows the key: only if the user had the other regions asked."""
    elsewhere = e.facts.knowing_region
    if elsewhere is None or not (yield from e.everything_refused()):
        return None
    answer = elsewhere.answer
    if not answer.authorized and e.named_reason:
        # This region gives a reason itself, so it knows the key.
        return None
    says = "accepts it" if answer.authorized else f'knows it: "{answer.body.message}"'
    reason = (
        f"the {region_of(e.target.endpoint)} region refused every request made with it, and {elsewhere.region} {says}"
    )
    is_proved = answer.authorized or answer.body.is_langsmiths_text
    return Verdict(Cause.WRONG_REGION, Confidence.CONFIRMED if is_proved else Confidence.LIKELY, reason)


def stale_environment(e: Evidence) -> Probing[Verdict | None]:
    """Everything is refused, and the environment or `.env` now holds another key."""
    newer = e.configuration.newer_key
    if newer is None or not (yield from e.everything_refused()) or e.named_reason in _NOT_OF_THE_KEY:
        return None
    # A program that passes a key explicitly need not mean the one in the environment.
    perhaps_meant = newer.on_purpose or e.configuration["api_key"].origin.kind == "unknown"
    return Verdict(
        Cause.STALE_ENVIRONMENT,
        Confidence.POSSIBLE if perhaps_meant else Confidence.LIKELY,
        f"this endpoint refused every request made with it, and {newer.now.origin} now holds another key",
    )


def key_cut_short(e: Evidence) -> Probing[Verdict | None]:
    """LangSmith's cloud refuses everything, and the key is shorter than its keys are."""
    if not e.target.key_problem or e.facts.successes or not (yield from e.everything_refused()):
        return None
    if e.named_reason:
        # The server knows more than the length of the key shows.
        return None
    return Verdict(Cause.KEY_MALFORMED, Confidence.LIKELY, f"it {e.target.key_problem}")


def only_reads_refused(e: Evidence) -> Probing[Verdict | None]:
    """The key has written here before, has never read, and every request that reads is refused."""
    before = e.facts.successes
    if before is None or before.read or e.named_reason or not (yield from e.everything_refused()):
        return None
    # With 401, LangSmith does not accept the key at all.
    if (e.request is not None and e.request.writes) or any(answer.status == 401 for answer in e.answers.values()):
        return None
    reason = f"LangSmith accepted what this key wrote {before.when}, so it may write, but not read"
    return Verdict(Cause.PERMISSION_DENIED, Confidence.LIKELY, reason)


def key_lost(e: Evidence) -> Probing[Verdict | None]:
    """A well-formed key was sent, and every answer is 401, as if no key had arrived, or speaks of a legacy key."""
    if e.facts.successes or not (yield from e.everything_refused()) or e.named_reason or e.words_unknown:
        # LangSmith gives no reason if no key arrives.
        return None
    yield from e.probe(GET_INFO)
    if not e.key_was_lost:
        return None
    reason = "every answer is 401, as LangSmith answers if no key arrives, and a well-formed key was sent"
    if e.body.legacy_key:
        reason = "the server speaks of a legacy key, and this one is none, so another key seems to have arrived"
    return Verdict(Cause.BLOCKED_UPSTREAM, Confidence.LIKELY, reason)


def wrong_region(e: Evidence) -> Probing[Verdict | None]:
    """Everything is refused, and something on this machine names another region."""
    elsewhere = e.facts.other_region
    # A login is for the endpoint of its profile, and expires. A key that worked here, or of which the server says that
    # it expired, belongs to this region.
    rules_it_out = e.facts.successes or e.target.credential.kind == "oauth"
    if elsewhere is None or rules_it_out or not (yield from e.everything_refused()):
        return None
    if e.named_reason:
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
    before = e.facts.successes
    if e.named_reason:
        reason = f'the server says that {_THE_SERVER_SAYS[e.named_reason]}: "{e.reason_message}"'
    elif e.words_unknown:
        worked = f"it worked here {before.when}, and now every" if before else "every"
        reason = f'{worked} request made with it is refused, and the server says "{e.words_unknown}"'
    elif before:
        reason = (
            f"it worked here {before.when}, and now every request made with it is refused, as with a key that was "
            "revoked or has expired since, or because of a temporary error"
        )
    elif e.target.credential.kind == "oauth":
        reason = "this endpoint refused every request made with it, as it does if the login has expired"
    elif e.facts.is_known_nowhere:
        # The other regions were asked for the workspaces alone.
        is_service = e.target.credential.kind == "service"
        may_not_list = ", or with a service key that may not list its workspaces" if is_service else ""
        reason = (
            "no region of LangSmith's cloud accepts it, as with a key that is revoked, expired or deactivated, or that "
            f"belongs to a self-hosted instance{may_not_list}"
        )
    else:
        reason = (
            "this endpoint refused every request made with it, as it does with a key that is revoked, expired or "
            "deactivated, or that belongs to another region or another organization"
        )
    return Verdict(Cause.KEY_REJECTED, Confidence.LIKELY, reason)


def nothing_from_langsmith(e: Evidence) -> Probing[Verdict | None]:
    """No answer has the form of LangSmith's."""
    if e.body.form not in ("other", "empty"):
        return None
    if (yield from e.probe(e.settings_probe)).status not in (401, 403):
        return None
    yield from e.probe(LIST_WORKSPACES)
    answers = e.answers.values()
    if not all(answer.status in (401, 403) and answer.body.form != "json" for answer in answers):
        return None
    # LangSmith sends 401 if no key arrives. A 403 without a body may be its own.
    if e.body.form == "empty" and not all(answer.status == 401 for answer in answers):
        return None
    said = f': "{e.body.message}"' if e.body.message else ", which say in JSON what was refused"
    reason = f"no answer has the form of LangSmith's errors{said}"
    return Verdict(Cause.BLOCKED_UPSTREAM, Confidence.LIKELY, reason)


def said_by_the_server(e: Evidence) -> Probing[Verdict | None]:
    """The answer names a reason that concerns the key, and no probe may be sent."""
    if e.named_reason is None or (yield from e.probe(e.settings_probe)).asked:
        return None
    reason = f'the server says that {_THE_SERVER_SAYS[e.named_reason]}: "{e.reason_message}"'
    return Verdict(Cause.KEY_REJECTED, Confidence.POSSIBLE, reason)


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
            so = "the key was not tested" if e.request is None else "the cause is not known"
            return f"GET {request.path} got no answer ({answer.error}), so {so}"
        alien = "" if answer.body.form == "json" else ", which is not in LangSmith's JSON"
        what = answer.error or f"status {answer.status}{alien}"
        return f"GET {request.path} got no usable answer ({what}), and without one it cannot be told"
    if e.header_lost:
        return "a probe for the named workspace was answered for another one, so a proxy may be removing X-Tenant-Id"
    if e.workspaces and e.worked_without_workspace and e.facts.successes:
        return (
            f"it worked here {e.facts.successes.when} without a workspace, so its default one may have changed, or "
            "the error is temporary"
        )
    if e.workspaces == ():
        return "the key is accepted, but no workspace is listed for it"
    return "the answers to the diagnostic requests contradict each other"
