"""The one sentence of a diagnosis: principal, operation, place and reason."""

from __future__ import annotations

from safe_langsmith._core.model import Evidence, Verdict
from safe_langsmith._core.permissions import spoken
from safe_langsmith._core.redaction import shorten
from safe_langsmith.diagnosis import Cause, Workspace

PATH_LIMIT = 200

_PRINCIPALS = {
    "personal": "Personal access token",
    "service": "Service key",
    "legacy": "Legacy API key",
}


def summarize(e: Evidence, verdict: Verdict) -> str:
    """Returns the sentence."""
    refused = f"{principal(e)} cannot {operation(e)}"
    if verdict.cause is Cause.BLOCKED_UPSTREAM:
        if e.facts.method is None:
            return f"What answers at {e.facts.endpoint} is not LangSmith: {verdict.reason}."
        return f"The refusal of {request(e)} did not come from LangSmith at {e.facts.endpoint}: {verdict.reason}."
    if verdict.cause is Cause.STALE_ENVIRONMENT and any(answer.authorized for answer in e.answers.values()):
        return f"{principal(e)} works at {e.facts.endpoint}, but this may not be the client you mean: {verdict.reason}."
    if verdict.cause is Cause.WRONG_ENDPOINT:
        return f"{refused} at {e.facts.endpoint}, which is the wrong endpoint: {verdict.reason}."
    if verdict.cause in (Cause.WORKSPACE_ID_MALFORMED, Cause.WORKSPACE_NOT_ACCESSIBLE):
        named = e.facts.inherited_workspace or e.facts.workspace_shown
        return f"{refused} in workspace {named} (from {e.facts.workspace_source}): {verdict.reason}."
    if verdict.cause is Cause.UNDETERMINED and e.facts.method is None:
        who = within_sentence(principal(e))
        return f"It is not known whether {who} works at {e.facts.endpoint}: {verdict.reason}."
    if verdict.cause is Cause.KEY_MISSING and e.facts.method is None:
        return f"The client cannot use LangSmith at {e.facts.endpoint}: it has no API key, token or cookie to send."
    if verdict.cause in (Cause.PERMISSION_DENIED, Cause.UNDETERMINED, Cause.FEATURE_UNAVAILABLE):
        where = place(e)
        return f"{refused} {f'in {where}' if where else f'at {e.facts.endpoint}'}: {verdict.reason}."
    if verdict.cause is Cause.WORKSPACE_REQUIRED and e.facts.method is None:
        return f"{principal(e)} needs a workspace in each request to {e.facts.endpoint}: {verdict.reason}."
    return f"{refused} at {e.facts.endpoint}: {verdict.reason}."


def principal(e: Evidence) -> str:
    """Names who was refused, as far as that may be shown."""
    credential, source = e.facts.credential, e.facts.settings["api_key"].source
    if credential.kind in _PRINCIPALS and not credential.flaw:
        return f"{_PRINCIPALS[credential.kind]} {credential.masked}"
    if credential.kind == "missing":
        return "A request without a credential"
    if credential.kind == "oauth":
        return f"The OAuth token from {source}"
    return f"The API key from {source}"


def within_sentence(name: str) -> str:
    """What a sentence could begin with, where it does not begin one."""
    return name[0].lower() + name[1:]


def operation(e: Evidence) -> str:
    """Names what was refused."""
    if e.facts.method is None:
        return "use LangSmith"
    needed = e.facts.requirement
    return f"{spoken(needed.permission)} ({request(e)})" if needed else f"call {request(e)}"


def request(e: Evidence) -> str:
    """The method and path that were refused."""
    return f"{e.facts.method} {shorten(e.facts.path or '', PATH_LIMIT)}" if e.facts.method else "the request"


def place(e: Evidence) -> str | None:
    """Names the workspace where it was refused, or `None` where that is not known."""
    if e.place:
        return named(e.place)
    return f"workspace {e.facts.workspace_shown}" if e.facts.workspace_id else None


def named(workspace: Workspace) -> str:
    """A workspace with its name and id."""
    return f'workspace "{workspace.name}" ({workspace.id})'
