"""Rules, second rank: what the values themselves show. `confirmed` only where the body says so, too."""

from __future__ import annotations

from safe_langsmith._core.endpoints import can_be_sent_to
from safe_langsmith._core.model import Evidence, Verdict
from safe_langsmith.diagnosis import Cause, Confidence


def key_missing(e: Evidence) -> Verdict | None:
    if e.facts.credential.kind == "missing":
        return Verdict(Cause.KEY_MISSING, Confidence.LIKELY, "no API key, token or cookie was sent")
    return None


def key_legacy(e: Evidence) -> Verdict | None:
    if e.facts.credential.kind == "legacy" or e.facts.body.legacy_key:
        confidence = Confidence.CONFIRMED if e.facts.body.legacy_key else Confidence.LIKELY
        return Verdict(Cause.KEY_LEGACY, confidence, 'LangSmith stopped accepting "ls__" keys on 2024-10-22')
    return None


def key_malformed(e: Evidence) -> Verdict | None:
    if e.facts.credential.flaw:
        return Verdict(Cause.KEY_MALFORMED, Confidence.LIKELY, f"it {e.facts.credential.flaw}")
    return None


def endpoint_malformed(e: Evidence) -> Verdict | None:
    if can_be_sent_to(e.facts.endpoint):
        return None
    return Verdict(
        Cause.WRONG_ENDPOINT,
        Confidence.LIKELY,
        "it begins with neither https:// nor http://, so no request can be sent",
    )


def workspace_id_malformed(e: Evidence) -> Verdict | None:
    if e.facts.workspace_id is not None and e.facts.workspace is None:
        confidence = Confidence.CONFIRMED if e.facts.body.malformed_workspace_id else Confidence.LIKELY
        return Verdict(Cause.WORKSPACE_ID_MALFORMED, confidence, "it is not a UUID")
    return None
