"""Rules, third rank: what probes show."""

from __future__ import annotations

from safe_langsmith._core.model import (
    GET_SETTINGS,
    LIST_DELETED_WORKSPACES,
    LIST_WORKSPACES,
    Evidence,
    Probing,
    Verdict,
    inside,
)
from safe_langsmith._core.rules.shared import needs_workspace
from safe_langsmith.diagnosis import Cause, Confidence


def workspace_not_accessible(e: Evidence) -> Probing[Verdict | None]:
    named = e.facts.workspace
    if named is None:
        return None
    there = yield from e.ask(inside(named))
    if not there.forbidden:
        return None
    listing = yield from e.ask(LIST_WORKSPACES)
    if listing.workspaces is not None:
        if any(workspace.id == named for workspace in listing.workspaces):
            return None
        if named in listing.organizations:
            return _not_accessible("it is the id of the organization, not of a workspace")
        if named not in listing.deleted:
            listing = yield from e.ask(LIST_DELETED_WORKSPACES)
        return _not_accessible("it is deleted" if named in listing.deleted else "this key has no access to it")
    home = yield from e.ask(GET_SETTINGS)
    if home.resolved is not None or (home.forbidden and home.body.names_no_workspace):
        return _not_accessible("this key has no access to it")
    if listing.knows_key or home.knows_key:
        reason = "LangSmith knows the key, and refuses it there"
        return Verdict(Cause.WORKSPACE_NOT_ACCESSIBLE, Confidence.LIKELY, reason)
    return None


def inherited_workspace_not_accessible(e: Evidence) -> Probing[Verdict | None]:
    inherited = e.facts.inherited_workspace
    if inherited is None:
        return None
    # Where the key needs a workspace and has none of its own, the next rule says so.
    home = yield from e.ask(GET_SETTINGS)
    if home.resolved is None or home.resolved.id == inherited:
        return None
    there = yield from e.ask(inside(inherited))
    return _not_accessible("it is the client's, and this key has no access to it") if there.forbidden else None


def workspace_required(e: Evidence) -> Probing[Verdict | None]:
    if e.facts.workspace_id is not None:
        return None
    home = yield from e.ask(GET_SETTINGS)
    if not home.forbidden:
        return None
    listing = yield from e.ask(LIST_WORKSPACES)
    if home.body.names_no_workspace:
        return Verdict(Cause.WORKSPACE_REQUIRED, Confidence.CONFIRMED, needs_workspace(e))
    # A bare refusal without a workspace, beside a list of workspaces, is what such a key gets. It is no proof.
    # https://docs.langchain.com/langsmith/administration-overview
    if not listing.workspaces or home.status != 403:
        return None
    # A personal token has a default workspace, so it may be another data plane that it lacks.
    if e.facts.credential.kind == "personal" and e.data_plane:
        return None
    return Verdict(Cause.WORKSPACE_REQUIRED, Confidence.LIKELY, needs_workspace(e))


def refused_by_another(e: Evidence) -> Probing[Verdict | None]:
    if e.facts.body.form != "other":
        return None
    works = yield from e.ask(e.here)
    if works.resolved is None and not (yield from e.ask(LIST_WORKSPACES)).knows_key:
        return None
    reason = f'it has not the form of LangSmith\'s errors: "{e.facts.body.message}", and LangSmith knows the key'
    return Verdict(Cause.BLOCKED_UPSTREAM, Confidence.LIKELY, reason)


def permission_denied(e: Evidence) -> Probing[Verdict | None]:
    named = e.facts.workspace
    works = yield from e.ask(e.here)
    if works.resolved is None or (named and works.resolved.id != named):
        return None
    yield from e.ask(LIST_WORKSPACES)
    needed, place = e.facts.requirement, e.place
    if needed is None:
        reason = "key and workspace are accepted, so it is this operation that is not allowed"
    elif place is None or place.permissions is None:
        reason = (
            f"key and workspace are accepted, so it is this operation that is not allowed; it needs {needed.permission}"
        )
    elif e.lacks_permission:
        role = f"the role {place.role}" if place.role else "the caller's role"
        reason = f"{role} does not include {e.lacks_permission}"
    else:
        # An access policy can deny what the role allows: https://docs.langchain.com/langsmith/abac
        reason = f"the role includes {needed.permission}, so an access policy or a passing fault denies it"
        return Verdict(Cause.PERMISSION_DENIED, Confidence.POSSIBLE, reason)
    return Verdict(Cause.PERMISSION_DENIED, Confidence.LIKELY, reason)


def _not_accessible(reason: str) -> Verdict:
    return Verdict(Cause.WORKSPACE_NOT_ACCESSIBLE, Confidence.CONFIRMED, reason)
