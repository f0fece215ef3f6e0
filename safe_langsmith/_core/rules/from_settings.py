"""Rules of the second rank: causes that the values themselves show. `confirmed` only if the body says so, too."""

from __future__ import annotations

from safe_langsmith._core.endpoints import can_be_sent_to
from safe_langsmith._core.model import Evidence, Verdict
from safe_langsmith.diagnosis import Cause, Confidence


def key_missing(e: Evidence) -> Verdict | None:
    """No key, token or cookie was sent."""
    if e.target.credential.kind == "missing":
        return Verdict(Cause.KEY_MISSING, Confidence.LIKELY, "no API key, token or cookie was sent")
    return None


def key_legacy(e: Evidence) -> Verdict | None:
    """The key begins with `ls__`; confirmed if the answer says so, too."""
    if e.target.credential.kind == "legacy" or e.body.legacy_key:
        confidence = Confidence.CONFIRMED if e.body.legacy_key else Confidence.LIKELY
        return Verdict(Cause.KEY_LEGACY, confidence, 'LangSmith stopped accepting "ls__" keys on 2024-10-22')
    return None


def key_malformed(e: Evidence) -> Verdict | None:
    """The key does not have the form of a key."""
    if e.target.credential.problem:
        return Verdict(Cause.KEY_MALFORMED, Confidence.LIKELY, f"it {e.target.credential.problem}")
    return None


def endpoint_malformed(e: Evidence) -> Verdict | None:
    """The endpoint does not begin with `https://` or `http://`."""
    if can_be_sent_to(e.target.endpoint):
        return None
    return Verdict(
        Cause.WRONG_ENDPOINT,
        Confidence.LIKELY,
        "it begins with neither https:// nor http://, so no request can be sent",
    )


def workspace_id_malformed(e: Evidence) -> Verdict | None:
    """The named workspace is not a UUID; confirmed if the answer says so, too."""
    if e.target.workspace_id is not None and e.target.workspace is None:
        confidence = Confidence.CONFIRMED if e.body.malformed_workspace_id else Confidence.LIKELY
        return Verdict(Cause.WORKSPACE_ID_MALFORMED, confidence, "it is not a UUID")
    return None
