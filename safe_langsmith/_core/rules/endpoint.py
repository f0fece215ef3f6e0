"""Rules on the endpoint, as far as it takes a question to tell: is it LangSmith's API, and the right one?"""

from __future__ import annotations

from safe_langsmith._core.endpoints import api_instead_of_ui, may_lack_api_path, region_of
from safe_langsmith._core.model import GET_INFO, GET_INFO_BELOW, LIST_WORKSPACES, Evidence, Probing, Verdict
from safe_langsmith._core.responses import AGENT_SERVER, Answer
from safe_langsmith._core.rules.shared import everything_refused
from safe_langsmith._core.summary import named as named_workspace
from safe_langsmith.diagnosis import Cause, Confidence


def api_elsewhere(e: Evidence) -> Probing[str | None]:
    """Returns the API's URL where the endpoint is a web page of LangSmith's, or `None` where that does not show."""
    if may_lack_api_path(e.facts.endpoint):
        about = yield from e.ask(GET_INFO)
        if about.service is None and not about.forbidden:
            # Self-hosted: https://docs.langchain.com/langsmith/self-host-usage
            yield from e.ask(GET_INFO_BELOW)
    return e.api_elsewhere


def own_data_plane(e: Evidence) -> Probing[Verdict | None]:
    """A workspace of an organization that brings its own cloud is served by one data plane, and not by any other.

    Source: https://docs.langchain.com/langsmith/byoc-usage
    """
    named = e.facts.workspace
    if named is None and (e.facts.workspace_id or e.facts.inherited_workspace):
        return None
    works = yield from e.ask(e.here)
    if not works.forbidden or works.body.names_no_workspace:
        return None
    yield from e.ask(LIST_WORKSPACES)
    if e.data_plane is None:
        return None
    which = named_workspace(e.place) if e.place else "the workspace"
    reason = f"{which} is served by a data plane of its own, {e.data_plane}"
    # The other address may be this one by another name. Then the workspace may be all that was missing.
    return Verdict(Cause.WRONG_ENDPOINT, Confidence.LIKELY, reason, curable=named is None)


def another_service(e: Evidence) -> Probing[Verdict | None]:
    """Every key is refused by a host that is no LangSmith, too."""
    return (yield from told_by_itself(e)) if (yield from everything_refused(e)) else None


def unknown_service(e: Evidence) -> Probing[Verdict | None]:
    """The same, where the host does not say what it is."""
    return (yield from not_told(e)) if (yield from everything_refused(e)) else None


def no_api(e: Evidence) -> Probing[Verdict | None]:
    """Returns the verdict where the endpoint, asked what it is, does not say that it is LangSmith."""
    return (yield from told_by_itself(e)) or (yield from not_told(e))


def told_by_itself(e: Evidence) -> Probing[Verdict | None]:
    """Returns the verdict where the endpoint, asked what it is, says that it is something else."""
    if region_of(e.facts.endpoint):
        return None
    about = yield from e.ask(GET_INFO)
    if about.service == AGENT_SERVER:
        reason = "it is an Agent Server, which runs deployments, and not LangSmith's API"
        return wrong(reason, proved=True)
    api = (yield from api_elsewhere(e)) if about.service is None and knows_no_info(about) else None
    if api:
        reason = f"GET /info is not known there (status {about.status}). The API is at {api}"
        return wrong(reason, proved=e.api_is_proved)
    return None


def not_told(e: Evidence) -> Probing[Verdict | None]:
    """Returns the verdict where the endpoint does not know what LangSmith tells anybody."""
    if region_of(e.facts.endpoint):
        return None
    about = yield from e.ask(GET_INFO)
    if not knows_no_info(about):
        return None
    reason = f"GET /info, which LangSmith's API answers to anybody, is not known there (status {about.status})"
    return wrong(reason, proved=False)


def is_another(e: Evidence) -> Probing[bool]:
    """Whether the endpoint, asked what it is, answers, and not as LangSmith does."""
    about = yield from e.ask(GET_INFO)
    return about.service is None and about.status in (200, 401, 403, 404, 405)


def knows_no_info(about: Answer) -> bool:
    """Whether the answer to what a service is shows that none of LangSmith's is there."""
    return about.status in (404, 405) or (about.status == 200 and about.body.form == "html")


def web_page(e: Evidence) -> Probing[Verdict | None]:
    """LangSmith's web page answers, and not as an API does."""
    is_ui = api_instead_of_ui(e.facts.endpoint) is not None
    if not is_ui and not may_lack_api_path(e.facts.endpoint):
        return None
    works = yield from e.ask(e.here)
    if works.no_response or works.authorized or not (is_ui or works.body.form == "html"):
        return None
    api = yield from api_elsewhere(e)
    if api is None:
        return None
    reason = f"that is LangSmith's web page, and no API. The API is at {api}"
    # A redirect, or a fault, may be anybody's.
    return wrong(reason, proved=works.body.form == "html" and e.api_is_proved)


def wrong(reason: str, proved: bool) -> Verdict:
    """Returns the verdict that the endpoint is the wrong one."""
    return Verdict(Cause.WRONG_ENDPOINT, Confidence.CONFIRMED if proved else Confidence.LIKELY, reason)
