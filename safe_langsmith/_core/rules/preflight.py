"""Rules for a look at a client before anything was refused: its key works, and something may be wrong all the same."""

from __future__ import annotations

from safe_langsmith._core.model import CREDENTIALS, GET_SETTINGS, LIST_WORKSPACES, Evidence, Probing, Verdict
from safe_langsmith._core.rules.fallback import undetermined
from safe_langsmith.diagnosis import Cause, Confidence


def another_workspace_answers(e: Evidence) -> Verdict | None:
    """The key works, but not in the workspace that was named."""
    return undetermined(e) if e.header_lost else None


def bypassed(e: Evidence) -> Probing[Verdict | None]:
    """The client itself works; what does not go through it may still lack the workspace that the client names."""
    certain = [bypass for bypass in e.facts.bypasses if bypass.is_certain]
    if not certain or e.facts.workspace is None:
        return None
    home = yield from e.ask(GET_SETTINGS)
    if not home.forbidden:
        return None
    yield from e.ask(LIST_WORKSPACES)
    names = " and ".join(bypass.name for bypass in certain)
    reason = f"the client names it, but not in the requests of {names}"
    return Verdict(Cause.WORKSPACE_REQUIRED, Confidence.LIKELY, reason)


def drifted(e: Evidence) -> Verdict | None:
    """A client made now would take another key, workspace or endpoint; or two variables disagree about one."""
    for drift in e.facts.unintended_drift:
        setting = e.facts.settings[drift.setting]
        mine = f"its {CREDENTIALS[drift.setting]} is {setting.value or 'not set'}"
        told = f"{drift.now.source} {'' if drift.dotenv_path else 'now '}says {drift.now.value}"
        return _drifted(f"{mine}, but {told}")
    for overruled in e.facts.disagreeing:
        winner = e.facts.settings[overruled.setting].source
        return _drifted(f"two variables disagree: it uses {winner}, and {overruled.name} says {overruled.shown}")
    return None


def _drifted(reason: str) -> Verdict:
    return Verdict(Cause.STALE_ENVIRONMENT, Confidence.POSSIBLE, reason)
