"""Write the one sentence of a diagnosis: principal, operation, place and reason."""

from __future__ import annotations

from collections.abc import Iterable

from safe_langsmith._core.evidence import Evidence
from safe_langsmith._core.model import SettingInUse, Verdict
from safe_langsmith._core.permissions import spoken
from safe_langsmith._core.redaction import HIDDEN, shorten
from safe_langsmith.diagnosis import Cause, Confidence, Workspace

PATH_LIMIT = 200

_PRINCIPALS = {
    "personal": "Personal access token",
    "service": "Service key",
    "legacy": "Legacy API key",
}


def summarize(e: Evidence, verdict: Verdict) -> str:
    """Return the sentence."""
    refused = f"{principal(e)} cannot {operation(e)}"
    endpoint = e.target.endpoint
    if verdict.cause is Cause.BLOCKED_UPSTREAM:
        is_sure = verdict.confidence is Confidence.CONFIRMED
        if e.proxy_refusal:
            return f"No request reaches {endpoint}: {verdict.reason}."
        if e.key_was_lost:
            return f"{principal(e)} seems not to have arrived at {endpoint}: {verdict.reason}."
        if e.request is None:
            return (
                f"What answers at {endpoint} {'is not' if is_sure else 'seems not to be'} LangSmith: {verdict.reason}."
            )
        came = "did not come" if is_sure else "seems not to come"
        return f"The refusal of {request(e)} {came} from LangSmith's API at {endpoint}: {verdict.reason}."
    is_about_workspace = verdict.cause is Cause.STALE_ENVIRONMENT and e.is_outdated
    if (
        verdict.cause is Cause.STALE_ENVIRONMENT
        and not is_about_workspace
        and any(answer.authorized for answer in e.answers.values())
    ):
        return f"{principal(e)} works at {endpoint}, but this may not be the client you mean: {verdict.reason}."
    if verdict.cause is Cause.WRONG_ENDPOINT:
        return f"{refused} at {endpoint}, which is the wrong endpoint: {verdict.reason}."
    if is_about_workspace or verdict.cause in (Cause.WORKSPACE_ID_MALFORMED, Cause.WORKSPACE_NOT_ACCESSIBLE):
        named = e.target.inherited_workspace or e.target.workspace_shown
        return f"{refused} in workspace {named} (from {e.target.workspace_origin}): {verdict.reason}."
    if verdict.cause is Cause.UNDETERMINED and e.request is None:
        who = within_sentence(principal(e))
        if e.place and e.unlisted:
            may = joined(spoken(need.permission) for need in e.unlisted)
            return f"It is not known whether {who} may {may} in {place(e)}: {verdict.reason}."
        return f"It is not known whether {who} works at {endpoint}: {verdict.reason}."
    if verdict.cause is Cause.KEY_MISSING and e.request is None:
        empty = e.configuration.related_variables.empty_key
        misplaced = e.configuration.related_variables.misplaced_key
        why = f" {misplaced} holds a key." if misplaced else f" {empty} is set, but empty." if empty else ""
        return f"The client cannot use LangSmith at {endpoint}: it has no API key, token or cookie to send.{why}"
    if verdict.cause in (Cause.PERMISSION_DENIED, Cause.UNDETERMINED, Cause.FEATURE_UNAVAILABLE):
        where = place(e)
        return f"{refused} {f'in {where}' if where else f'at {endpoint}'}: {verdict.reason}."
    if verdict.cause is Cause.WORKSPACE_REQUIRED and e.request is None:
        return f"{principal(e)} needs a workspace in each request to {endpoint}: {verdict.reason}."
    return f"{refused} at {endpoint}: {verdict.reason}."


def principal(e: Evidence) -> str:
    """Return the principal that was refused, without its key."""
    credential, source = e.target.credential, e.configuration["api_key"].origin
    if credential.kind in _PRINCIPALS and credential.masked != HIDDEN:
        return f"{_PRINCIPALS[credential.kind]} {credential.masked}"
    if credential.kind == "missing":
        return "A request without a credential"
    if credential.kind == "oauth":
        return f"The OAuth token from {source}"
    return f"The API key from {source}"


def within_sentence(name: str) -> str:
    """Return a name that can begin a sentence as it is written within one."""
    return name[0].lower() + name[1:]


def operation(e: Evidence) -> str:
    """Return the operation that was refused."""
    if e.request is None:
        return joined(spoken(need.permission) for need in e.lacking) or "use LangSmith"
    needed = e.requirement
    return f"{spoken(needed.permission)} ({request(e)})" if needed else f"call {request(e)}"


def joined(names: Iterable[object]) -> str:
    """Return names as a list in a sentence."""
    *others, last = [*map(str, names)] or [""]
    return f"{', '.join(others)} and {last}" if others else last


def request(e: Evidence) -> str:
    """Return the method and path that were refused."""
    request = e.request
    return f"{request.method} {shorten(request.path, PATH_LIMIT)}" if request else "the request"


def place(e: Evidence) -> str | None:
    """Return the workspace in which it was refused, or `None` if that is not known."""
    if e.place:
        return named(e.place)
    return f"workspace {e.target.workspace_shown}" if e.target.workspace_id else None


def named(workspace: Workspace) -> str:
    """Return a workspace's name and id."""
    return f'workspace "{workspace.name}" ({workspace.id})'


def naming(other: SettingInUse) -> str:
    """Return a sentence part that says what on this machine names a workspace, and which."""
    origin = other.origin
    return f"{origin.variable or origin} names {other.value}"


def needs_workspace(e: Evidence) -> str:
    """Return a sentence part that says that a workspace must be named, and how many there are."""
    found = e.workspaces
    did_not = "this one did not" if e.request else "the client names none"
    if not found:
        nobody = "the request named none" if e.request else did_not
        return f"this key needs a workspace to be named, and {nobody}"
    if len(found) == 1:
        conflict = f"; {naming(e.unreached[0])}, which it does not reach" if e.unreached else ""
        if e.configuration.files_unread and not conflict:
            conflict = "; the files of this machine, which may name another, were not read in time"
        return f'this key serves one workspace, "{found[0].name}", but a request must name it, and {did_not}{conflict}'
    return f"this key serves {len(found)} workspaces, so a request must name one, and {did_not}"
