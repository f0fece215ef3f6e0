"""Rules for a client before any request is refused: its key works, but something else may be wrong."""

from __future__ import annotations

from safe_langsmith._core.evidence import Evidence, Probing
from safe_langsmith._core.model import CREDENTIALS, GET_SETTINGS, LIST_WORKSPACES, Verdict
from safe_langsmith._core.rules.fallback import undetermined
from safe_langsmith._core.summary import joined
from safe_langsmith.diagnosis import Cause, Confidence


def another_workspace_answers(e: Evidence) -> Verdict | None:
    """The probe for the named workspace was answered for another one."""
    return undetermined(e) if e.header_lost else None


def bypassed(e: Evidence) -> Probing[Verdict | None]:
    """A part of the SDK in use does not go through the client, and its requests name no workspace."""
    certain = [bypass for bypass in e.target.bypasses if bypass.is_certain]
    if not certain or e.target.workspace is None:
        return None
    home = yield from e.probe(GET_SETTINGS)
    if not home.forbidden:
        return None
    yield from e.probe(LIST_WORKSPACES)
    names = " and ".join(bypass.name for bypass in certain)
    reason = f"the client names it, but not in the requests of {names}"
    return Verdict(Cause.WORKSPACE_REQUIRED, Confidence.LIKELY, reason)


def not_permitted(e: Evidence) -> Probing[Verdict | None]:
    """The role of the key lacks a permission that the program needs."""
    if not e.facts.needs:
        return None
    yield from e.probe(LIST_WORKSPACES)
    if not e.lacking:
        return None
    role = f"the role {e.place.role}" if e.place and e.place.role else "the caller's role"
    return Verdict(Cause.PERMISSION_DENIED, Confidence.LIKELY, f"{role} does not include {joined(e.lacking)}")


def permissions_not_listed(e: Evidence) -> Probing[Verdict | None]:
    """No answer shows whether the key has a permission that the program needs."""
    if not e.unlisted:
        return None
    listing = yield from e.probe(LIST_WORKSPACES)
    if listing.workspaces is None and listing.forbidden:
        reason = "this key may not list workspaces, and so not its permissions"
    elif listing.workspaces is None:
        reason = f"its permissions were not listed, because GET /workspaces failed ({listing.status or listing.error})"
    elif e.place is None or e.place.permissions is None:
        reason = "the server did not list its permissions"
    else:
        reason = f"the server lists no permissions of the organization, such as {e.unlisted[0].permission}"
    return Verdict(Cause.UNDETERMINED, Confidence.POSSIBLE, reason)


def drifted(e: Evidence) -> Verdict | None:
    """A client created now would use another key, endpoint or workspace; or two variables disagree."""
    for drift in e.configuration.unintended_drift:
        setting = e.configuration[drift.setting]
        mine = f"its {CREDENTIALS[drift.setting]} is {setting.value or 'not set'}"
        elsewhere = f"{drift.now.origin} {'' if drift.dotenv_path else 'now '}says {drift.now.value}"
        return _drifted(f"{mine}, but {elsewhere}")
    for overruled in e.configuration.disagreeing:
        winner = e.configuration[overruled.setting].origin
        return _drifted(f"two variables disagree: it uses {winner}, and {overruled.name} says {overruled.shown}")
    return None


def _drifted(reason: str) -> Verdict:
    return Verdict(Cause.STALE_ENVIRONMENT, Confidence.POSSIBLE, reason)
