"""Rules, first rank: what the answer itself proves."""

from __future__ import annotations

from safe_langsmith._core.evidence import HOME, LISTING, Asking, Evidence
from safe_langsmith._core.hosts import api_instead_of_ui
from safe_langsmith._core.verdict import Verdict
from safe_langsmith.diagnosis import Cause, Confidence

from .wording import needs_workspace


def blocked_upstream(e: Evidence) -> Verdict | None:
    facts = e.facts
    if facts.redirected_to:
        reason = f"a redirect led to another host, {facts.redirected_to}, and that one refused"
        return Verdict(Cause.BLOCKED_UPSTREAM, Confidence.CONFIRMED, reason)
    if facts.body.form == "html" and not api_instead_of_ui(facts.endpoint):
        reason = f"the answer is {facts.body.message}, and LangSmith's API answers in JSON"
        return Verdict(Cause.BLOCKED_UPSTREAM, Confidence.CONFIRMED, reason)
    return None


def wrong_endpoint(e: Evidence) -> Verdict | None:
    if e.facts.body.form == "html" and api_instead_of_ui(e.facts.endpoint):
        reason = f"{e.facts.endpoint} is LangSmith's web page, not its API, and answers with {e.facts.body.message}"
        return Verdict(Cause.WRONG_ENDPOINT, Confidence.CONFIRMED, reason)
    return None


def feature_unavailable(e: Evidence) -> Verdict | None:
    if e.facts.body.unavailable:
        reason = f'the server says that a plan or a feature is missing: "{e.facts.body.message}"'
        return Verdict(Cause.FEATURE_UNAVAILABLE, Confidence.CONFIRMED, reason)
    return None


def permission_named(e: Evidence) -> Asking[Verdict | None]:
    permission = e.facts.body.permission
    if not permission:
        return None
    # Asked for the role's and the workspace's names, which a person needs to ask for the permission.
    if e.facts.workspace is None:
        yield from e.ask(HOME)
    yield from e.ask(LISTING)
    return Verdict(Cause.PERMISSION_DENIED, Confidence.CONFIRMED, f"the server says that {permission} is missing")


def workspace_required_says_the_server(e: Evidence) -> Asking[Verdict | None]:
    if not e.facts.body.names_no_workspace:
        return None
    yield from e.ask(LISTING)
    if e.facts.workspace_id:
        reason = "a workspace was named, but the server says that none arrived: something on the way drops X-Tenant-Id"
    else:
        reason = needs_workspace(e)
    return Verdict(Cause.WORKSPACE_REQUIRED, Confidence.CONFIRMED, reason)
