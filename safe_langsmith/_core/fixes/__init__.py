"""What to do about each cause, most useful first. A fix that the evidence rules out is not offered."""

from __future__ import annotations

from collections.abc import Callable

from safe_langsmith._core.fixes import access as beyond
from safe_langsmith._core.fixes import credentials as key
from safe_langsmith._core.fixes import workspace
from safe_langsmith._core.model import Evidence, Verdict
from safe_langsmith.diagnosis import Cause, Fix

FIXES: dict[Cause, Callable[[Evidence], list[Fix]]] = {
    Cause.WORKSPACE_REQUIRED: workspace.workspace_required,
    Cause.WORKSPACE_NOT_ACCESSIBLE: workspace.workspace_not_accessible,
    Cause.WORKSPACE_ID_MALFORMED: workspace.workspace_id_malformed,
    Cause.KEY_MALFORMED: key.key_malformed,
    Cause.KEY_LEGACY: key.key_legacy,
    Cause.KEY_MISSING: key.key_missing,
    Cause.KEY_REJECTED: key.key_rejected,
    Cause.WRONG_REGION: key.wrong_region,
    Cause.STALE_ENVIRONMENT: key.stale_environment,
    Cause.PERMISSION_DENIED: beyond.permission_denied,
    Cause.FEATURE_UNAVAILABLE: beyond.feature_unavailable,
    Cause.BLOCKED_UPSTREAM: beyond.blocked_upstream,
    Cause.WRONG_ENDPOINT: beyond.wrong_endpoint,
    Cause.UNDETERMINED: beyond.undetermined,
}


def fixes_for(e: Evidence, verdict: Verdict) -> tuple[Fix, ...]:
    """Returns what to do about a verdict; never empty."""
    return tuple(FIXES[verdict.cause](e))
