"""Rules about the endpoint that need probes: is it LangSmith's API, and the right one?"""

from __future__ import annotations

from safe_langsmith._core.endpoints import api_instead_of, may_lack_api_path, region_of
from safe_langsmith._core.evidence import Evidence, Probing
from safe_langsmith._core.model import GET_INFO, GET_INFO_BELOW, LIST_WORKSPACES, Verdict
from safe_langsmith._core.responses import AGENT_SERVER, Answer
from safe_langsmith._core.summary import named as named_workspace
from safe_langsmith.diagnosis import Cause, Confidence


def api_elsewhere(e: Evidence) -> Probing[str | None]:
    """Return the API's URL if the endpoint is a web page of LangSmith's, or `None` if that is not known."""
    if may_lack_api_path(e.target.endpoint):
        about = yield from e.probe(GET_INFO)
        if about.service is None and not about.forbidden:
            # Self-hosted: https://docs.langchain.com/langsmith/self-host-usage
            yield from e.probe(GET_INFO_BELOW)
    return e.api_elsewhere


def own_data_plane(e: Evidence) -> Probing[Verdict | None]:
    """The workspace has a data plane of its own, at another address.

    Source: https://docs.langchain.com/langsmith/byoc-usage
    """
    named = e.target.workspace
    if named is None and (e.target.workspace_id or e.target.inherited_workspace):
        return None
    works = yield from e.probe(e.settings_probe)
    if not works.forbidden or works.body.names_no_workspace:
        return None
    yield from e.probe(LIST_WORKSPACES)
    if e.data_plane is None:
        return None
    which = named_workspace(e.place) if e.place else "the workspace"
    reason = f"{which} is served by a data plane of its own, {e.data_plane}"
    # Both addresses may be one host under two names. Then only the workspace was missing.
    return Verdict(Cause.WRONG_ENDPOINT, Confidence.LIKELY, reason, curable=named is None)


def another_service(e: Evidence) -> Probing[Verdict | None]:
    """Everything is refused, or an answer has an Agent Server's words, and the host says that it is not LangSmith."""
    if not answers_as_agent_server(e) and not (yield from e.everything_refused()):
        return None
    return (yield from told_by_itself(e))


def unknown_service(e: Evidence) -> Probing[Verdict | None]:
    """Everything is refused, and the host does not know `GET /info`."""
    return (yield from not_told(e)) if (yield from e.everything_refused()) else None


def no_api(e: Evidence) -> Probing[Verdict | None]:
    """Return the verdict if `GET /info` is not answered as LangSmith answers it, or `None`."""
    return (yield from told_by_itself(e)) or (yield from not_told(e))


def told_by_itself(e: Evidence) -> Probing[Verdict | None]:
    """Return the verdict if the endpoint shows that it is another service, or `None`."""
    if region_of(e.target.endpoint):
        return None
    about = yield from e.probe(GET_INFO)
    if about.service == AGENT_SERVER and about.status == 200:
        return wrong("it is an Agent Server, which runs deployments, and not LangSmith's API", proved=True)
    if about.service != "LangSmith" and not about.no_response and answers_as_agent_server(e):
        reason = "it answers as an Agent Server does, which runs deployments: it is not LangSmith's API"
        return wrong(reason, proved=False)
    api = (yield from api_elsewhere(e)) if about.service is None and knows_no_info(about) else None
    if api:
        reason = f"GET /info is not known there (status {about.status}). The API is at {api}"
        return wrong(reason, proved=e.api_is_proved)
    return None


def not_told(e: Evidence) -> Probing[Verdict | None]:
    """Return the verdict if the endpoint does not know `GET /info`, which LangSmith answers to anybody, or `None`."""
    if region_of(e.target.endpoint):
        return None
    about = yield from e.probe(GET_INFO)
    if not knows_no_info(about):
        return None
    reason = f"GET /info, which LangSmith's API answers to anybody, is not known there (status {about.status})"
    return wrong(reason, proved=False)


def answers_as_agent_server(e: Evidence) -> bool:
    """Return whether the refusal, or the answer to a probe, is in an Agent Server's own words."""
    return e.body.agent_server or any(answer.service == AGENT_SERVER for answer in e.answers.values())


def is_another(e: Evidence) -> Probing[bool]:
    """Return whether the endpoint answers `GET /info`, and not as LangSmith does, which may refuse it without a key."""
    about = yield from e.probe(GET_INFO)
    return about.service is None and not about.forbidden and about.status in (200, 401, 403, 404, 405)


def knows_no_info(about: Answer) -> bool:
    """Return whether the answer to `GET /info` shows that no service of LangSmith's is there."""
    return about.status in (404, 405) or (about.status == 200 and about.body.form == "html")


def not_the_api(e: Evidence) -> Probing[Verdict | None]:
    """The host or the path is LangSmith's, but not that of its API; or its web page answers, and the API is below."""
    known = api_instead_of(e.target.endpoint)
    if known is None and not may_lack_api_path(e.target.endpoint):
        return None
    works = yield from e.probe(e.settings_probe)
    # The address itself shows what it is, also if nobody answers.
    if works.authorized or not (known or (works.body.form == "html" and not works.no_response)):
        return None
    api = yield from api_elsewhere(e)
    if api is None:
        return None
    what = known[1] if known else "that is LangSmith's web page and not its API"
    # A redirect or an error may come from something else.
    return wrong(f"{what}. The API is at {api}", proved=works.body.form == "html" and e.api_is_proved)


def wrong(reason: str, proved: bool) -> Verdict:
    """Return the verdict that the endpoint is the wrong one."""
    return Verdict(Cause.WRONG_ENDPOINT, Confidence.CONFIRMED if proved else Confidence.LIKELY, reason)
