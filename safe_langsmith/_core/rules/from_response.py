"""Rules of the first rank: causes that the answer itself proves."""

from __future__ import annotations

from safe_langsmith._core.endpoints import is_agent_server, region_of
from safe_langsmith._core.evidence import Evidence, Probing
from safe_langsmith._core.model import GET_INFO, GET_INFO_BELOW, GET_SETTINGS, LIST_WORKSPACES, Verdict
from safe_langsmith._core.rules.endpoint import (
    answers_as_agent_server,
    api_elsewhere,
    is_another,
    knows_no_info,
    no_api,
    wrong,
)
from safe_langsmith._core.rules.fallback import REFUSED_TO_ANYBODY
from safe_langsmith._core.summary import needs_workspace
from safe_langsmith.diagnosis import Cause, Confidence


def blocked_upstream(e: Evidence) -> Probing[Verdict | None]:
    """The answer is an HTML page, in another product's words, or that of another host after a redirect."""
    facts = e.facts
    if facts.request and facts.request.redirected_to:
        return _blocked(f"a redirect led to another host, {facts.request.redirected_to}, and that one refused")
    if e.body.speaker and (region_of(facts.target.endpoint) or not (yield from is_another(e))):
        return _blocked(f"the answer is that of {e.body.speaker}")
    if e.body.form == "html" and not _is_web_page_of_its_own(e) and not (yield from api_elsewhere(e)):
        reason = f"the answer is {e.body.message}, and LangSmith's API answers in JSON"
        if e.is_at_cloud:
            # LangSmith's own edge answers in HTML, too, if it refuses a request for its content.
            yield from e.probe(GET_INFO)
            return _blocked(reason, Confidence.LIKELY)
        # If it is not known whether the API is below the endpoint, the page may be LangSmith's own.
        below = e.answers.get(GET_INFO_BELOW)
        return _blocked(reason, Confidence.CONFIRMED if below is None or knows_no_info(below) else Confidence.LIKELY)
    return None


def wrong_endpoint(e: Evidence) -> Probing[Verdict | None]:
    """The answer shows that the endpoint is one of LangSmith's web pages, another service, or an Agent Server."""
    facts = e.facts
    if e.body.form == "html":
        api = yield from api_elsewhere(e)
        if api:
            reason = f"it answers with {e.body.message}, and no API is there. The API is at {api}"
            return wrong(reason, proved=e.api_is_proved)
        if _is_web_page_of_its_own(e):
            reason = f"it answers with {e.body.message}, and LangSmith's API answers in JSON"
            return wrong(reason, proved=False)
    if e.body.speaker and not region_of(facts.target.endpoint) and (yield from is_another(e)):
        about = yield from e.probe(GET_INFO)
        # A proxy may have refused GET /info.
        proved = about.status in (200, 404, 405) or about.body.speaker == e.body.speaker
        return wrong(f"it is {e.body.speaker}, as its answer shows", proved=proved)
    yield from _find_out_who_wrote(e)
    if is_agent_server(facts.target.endpoint) or (_agent_servers_words(e) and not region_of(facts.target.endpoint)):
        return (yield from no_api(e))
    return None


def words_of_another(e: Evidence) -> Probing[Verdict | None]:
    """The answer gives a reason, and `GET /info`, which LangSmith answers to anybody, is refused alike."""
    yield from _find_out_who_wrote(e)
    return REFUSED_TO_ANYBODY if e.body.has_langsmiths_words and e.is_info_refused else None


def feature_unavailable(e: Evidence) -> Probing[Verdict | None]:
    """The answer names a plan, a feature or a limit; confirmed if LangSmith is there, or if the text is its own."""
    if e.body.unavailable and (yield from _may_be_true(e)):
        reason = f'the server says that {e.body.unavailable}: "{e.body.message}"'
        return Verdict(Cause.FEATURE_UNAVAILABLE, e.sureness(e.body), reason)
    return None


def permission_named(e: Evidence) -> Probing[Verdict | None]:
    """The answer names the missing permission; confirmed if LangSmith is there."""
    permission = e.body.permission
    if permission is None or not (yield from _may_be_true(e)):
        return None
    return Verdict(Cause.PERMISSION_DENIED, e.sureness(e.body), f"the server says that {permission} is missing")


def workspace_required_says_the_server(e: Evidence) -> Probing[Verdict | None]:
    """The answer says that no workspace was named; confirmed if LangSmith is there, or if the text is its own."""
    if not e.body.names_no_workspace or not (yield from _may_be_true(e)):
        return None
    if e.target.workspace_id:
        reason = "a workspace was named, but the server received no X-Tenant-Id; a proxy may be removing it"
    else:
        reason = needs_workspace(e)
    return Verdict(Cause.WORKSPACE_REQUIRED, e.sureness(e.body), reason)


def _find_out_who_wrote(e: Evidence) -> Probing[None]:
    """Ask whether LangSmith is there at all, if the answer has its words: gateways may write them for every path."""
    if not e.body.has_langsmiths_words:
        return
    # The user needs the names of role and workspace, or one to name. These answers show it, too,
    # and a refusal that a workspace cures may cost no other probe.
    if e.body.permission and e.target.workspace is None:
        yield from e.probe(GET_SETTINGS)
    if e.body.permission or e.body.names_no_workspace:
        yield from e.probe(LIST_WORKSPACES)
    if not e.is_langsmith_there:
        yield from e.probe(GET_INFO)


def _may_be_true(e: Evidence) -> Probing[bool]:
    """Return whether the reason that the answer gives may be true. LangSmith gives none to a text that is no key."""
    yield from _find_out_who_wrote(e)
    is_no_key = e.target.credential.kind in ("missing", "legacy") or e.target.key_problem is not None
    return not is_no_key or e.sureness(e.body) is Confidence.CONFIRMED


def _is_web_page_of_its_own(e: Evidence) -> bool:
    """Return whether the answer looks like the web page of a self-hosted LangSmith."""
    return e.body.is_langsmiths_page and not region_of(e.target.endpoint)


def _blocked(reason: str, confidence: Confidence = Confidence.CONFIRMED) -> Verdict:
    return Verdict(Cause.BLOCKED_UPSTREAM, confidence, reason)


def _agent_servers_words(e: Evidence) -> bool:
    """Return whether an answer is worded like an Agent Server's, which sends 403 when LangSmith sends 401."""
    refused = [answer.body for answer in e.answers.values() if answer.status == 403]
    bodies = [*refused, e.body] if e.request else refused
    return answers_as_agent_server(e) or any(body.invalid_token for body in bodies)
