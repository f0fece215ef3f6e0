"""Rules, first rank: what the answer itself proves."""

from __future__ import annotations

from safe_langsmith._core.endpoints import is_agent_server, region_of
from safe_langsmith._core.model import GET_INFO_BELOW, GET_SETTINGS, LIST_WORKSPACES, Evidence, Probing, Verdict
from safe_langsmith._core.rules.endpoint import api_elsewhere, is_another, knows_no_info, no_api, wrong
from safe_langsmith._core.rules.shared import needs_workspace
from safe_langsmith.diagnosis import Cause, Confidence


def blocked_upstream(e: Evidence) -> Probing[Verdict | None]:
    facts = e.facts
    if facts.redirected_to:
        return _blocked(f"a redirect led to another host, {facts.redirected_to}, and that one refused")
    if facts.body.speaker and (region_of(facts.endpoint) or not (yield from is_another(e))):
        return _blocked(f"the answer is that of {facts.body.speaker}")
    if facts.body.form == "html" and not _is_web_page_of_its_own(e) and not (yield from api_elsewhere(e)):
        reason = f"the answer is {facts.body.message}, and LangSmith's API answers in JSON"
        # Where nobody told whether the API is below the endpoint, the page may be LangSmith's own.
        below = e.answers.get(GET_INFO_BELOW)
        return _blocked(reason, Confidence.CONFIRMED if below is None or knows_no_info(below) else Confidence.LIKELY)
    return None


def wrong_endpoint(e: Evidence) -> Probing[Verdict | None]:
    facts = e.facts
    if facts.body.form == "html":
        api = yield from api_elsewhere(e)
        if api:
            reason = f"it answers with {facts.body.message}, and no API is there. The API is at {api}"
            return wrong(reason, proved=e.api_is_proved)
        if _is_web_page_of_its_own(e):
            reason = f"it answers with {facts.body.message}, and LangSmith's API answers in JSON"
            return wrong(reason, proved=False)
    if facts.body.speaker and not region_of(facts.endpoint) and (yield from is_another(e)):
        reason = f"it is {facts.body.speaker}, as its answer shows"
        return wrong(reason, proved=True)
    if is_agent_server(facts.endpoint) or (_agent_servers_words(e) and not region_of(facts.endpoint)):
        return (yield from no_api(e))
    return None


def feature_unavailable(e: Evidence) -> Verdict | None:
    if e.facts.body.unavailable:
        reason = f'the server says that {e.facts.body.unavailable}: "{e.facts.body.message}"'
        return Verdict(Cause.FEATURE_UNAVAILABLE, Confidence.CONFIRMED, reason)
    return None


def permission_named(e: Evidence) -> Probing[Verdict | None]:
    permission = e.facts.body.permission
    if not permission:
        return None
    # Asked for the role's and the workspace's names, which a person needs to ask for the permission.
    if e.facts.workspace is None:
        yield from e.ask(GET_SETTINGS)
    yield from e.ask(LIST_WORKSPACES)
    return Verdict(Cause.PERMISSION_DENIED, Confidence.CONFIRMED, f"the server says that {permission} is missing")


def workspace_required_says_the_server(e: Evidence) -> Probing[Verdict | None]:
    if not e.facts.body.names_no_workspace:
        return None
    yield from e.ask(LIST_WORKSPACES)
    if e.facts.workspace_id:
        reason = "a workspace was named, but the server says that none arrived: something on the way drops X-Tenant-Id"
    else:
        reason = needs_workspace(e)
    return Verdict(Cause.WORKSPACE_REQUIRED, Confidence.CONFIRMED, reason)


def _is_web_page_of_its_own(e: Evidence) -> bool:
    """Whether what answers looks like the web page of an instance of LangSmith's."""
    return e.facts.body.is_langsmiths_page and not region_of(e.facts.endpoint)


def _blocked(reason: str, confidence: Confidence = Confidence.CONFIRMED) -> Verdict:
    return Verdict(Cause.BLOCKED_UPSTREAM, confidence, reason)


def _agent_servers_words(e: Evidence) -> bool:
    """Whether somebody answered as an Agent Server does: it says 403 where LangSmith says 401."""
    refused = [answer.body for answer in e.answers.values() if answer.status == 403]
    bodies = [*refused, e.facts.body] if e.facts.status_code == 403 else refused
    return e.facts.body.agent_server or any(body.invalid_token for body in bodies)
