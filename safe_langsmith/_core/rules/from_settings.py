"""Rules of the second rank: causes that the values themselves show. `confirmed` only if the body says so, too."""

from __future__ import annotations

from safe_langsmith._core.credentials import OF_GATEWAYS, inspect_key
from safe_langsmith._core.endpoints import can_be_sent_to
from safe_langsmith._core.evidence import Evidence, Probing
from safe_langsmith._core.model import LIST_WORKSPACES, Verdict
from safe_langsmith._core.summary import named
from safe_langsmith.diagnosis import Cause, Confidence


def key_missing(e: Evidence) -> Verdict | None:
    """No key, token or cookie was sent."""
    if e.target.credential.kind == "missing":
        empty = e.configuration.related_variables.empty_key
        misplaced = e.configuration.related_variables.misplaced_key
        why = f", and {misplaced} holds a key" if misplaced else f", and {empty} is set, but empty" if empty else ""
        return Verdict(Cause.KEY_MISSING, Confidence.LIKELY, f"no API key, token or cookie was sent{why}")
    return None


def key_legacy(e: Evidence) -> Verdict | None:
    """The key begins with `ls__`, and did not work here before; confirmed if the answer says so, too."""
    if e.target.credential.kind != "legacy" or e.facts.successes:
        return None
    confidence = e.sureness(e.body) if e.body.legacy_key else Confidence.LIKELY
    return Verdict(Cause.KEY_LEGACY, confidence, 'LangSmith stopped accepting "ls__" keys on 2024-10-22')


def key_malformed(e: Evidence) -> Verdict | None:
    """The text of the key cannot be a key anywhere."""
    key = e.target.credential
    if e.swapped_with:
        reason = f"it {key.problem}, and {e.swapped_with} holds a key: the two are swapped"
        return Verdict(Cause.KEY_MALFORMED, Confidence.LIKELY, reason)
    is_known_to_be_none = not key.may_be_valid_elsewhere or (
        e.is_at_cloud and key.kind == "unrecognized" and key.problem_kind in OF_GATEWAYS
    )
    if key.problem and is_known_to_be_none and not e.facts.successes:
        return Verdict(Cause.KEY_MALFORMED, Confidence.LIKELY, f"it {key.problem}")
    return None


def key_of_another_form(e: Evidence) -> Verdict | None:
    """LangSmith's cloud refused the key, which does not begin as its keys do."""
    is_refused = e.request is not None or any(answer.forbidden for answer in e.answers.values())
    if e.target.credential.kind == "unrecognized" and e.target.key_problem and is_refused and not e.facts.successes:
        return Verdict(Cause.KEY_MALFORMED, Confidence.LIKELY, f"it {e.target.key_problem}")
    return None


def key_of_another_shape(e: Evidence) -> Verdict | None:
    """The answer is 401, and the key begins as LangSmith's do, but does not have their shape."""
    key = e.target.credential
    if key.kind not in ("personal", "service") or key.problem is None or e.facts.successes:
        return None
    return Verdict(Cause.KEY_MALFORMED, Confidence.LIKELY, f"it {key.problem}")


def key_did_not_arrive(e: Evidence) -> Verdict | None:
    """A well-formed key was sent, and the answer is the one to a request without a key, or not LangSmith's."""
    if e.body.form == "html":
        reason = f"the answer is {e.body.message}, and LangSmith's API answers in JSON"
        return Verdict(Cause.BLOCKED_UPSTREAM, Confidence.LIKELY, reason)
    key = e.target.credential
    if key.kind not in ("personal", "service") or e.facts.successes or e.named_reason or e.body.form == "other":
        return None
    like = (
        "as LangSmith answers if no key arrives, and" if e.body.form == "json" else "without LangSmith's JSON, though"
    )
    reason = f"the answer is 401, {like} a well-formed key was sent"
    return Verdict(Cause.BLOCKED_UPSTREAM, Confidence.LIKELY, reason)


def endpoint_malformed(e: Evidence) -> Verdict | None:
    """The endpoint does not begin with `https://` or `http://`."""
    if can_be_sent_to(e.target.endpoint) or e.swapped_with:
        return None
    return Verdict(
        Cause.WRONG_ENDPOINT,
        Confidence.LIKELY,
        "it begins with neither https:// nor http://, so no request can be sent",
    )


def workspace_id_malformed(e: Evidence) -> Probing[Verdict | None]:
    """The named workspace is not a UUID; confirmed if the answer says so, too."""
    if e.target.workspace_id is None or e.target.workspace is not None:
        return None
    # The list shows which workspace the user means by its name, or by an address with the ID in it.
    yield from e.probe(LIST_WORKSPACES)
    confidence = e.sureness(e.body) if e.body.malformed_workspace_id else Confidence.LIKELY
    reason = "it is not a UUID"
    if inspect_key(e.target.workspace_id).kind in ("personal", "service", "legacy"):
        reason += ", but an API key"
    elif e.workspace_meant:
        reason += f", but seems to mean {named(e.workspace_meant)}"
    return Verdict(Cause.WORKSPACE_ID_MALFORMED, confidence, reason)
