"""Say in a note on a 401 what the values alone show. Nothing is sent and no file is read for it."""

from __future__ import annotations

from safe_langsmith._core.engine import sentence_for_401
from safe_langsmith._core.redaction import redact
from safe_langsmith._recovery.facts import collect_facts
from safe_langsmith._recovery.state import state_of
from safe_langsmith._recovery.target import target_of
from safe_langsmith._sdk.calls.base import InterceptedCall

COMMAND = "python -m safe_langsmith"


def note_cause(call: InterceptedCall) -> None:
    """Add a note to the SDK's exception for a 401, if the values show a cause. Python 3.10 has no notes.

    Args:
        call: The call that LangSmith answered with 401.
    """
    error = call.error
    if error is None or not hasattr(error, "add_note"):
        return
    forbidden, state = call.read_response(), state_of(call.client)
    target = target_of(call, forbidden, state)
    if target is None:
        return
    sentence = sentence_for_401(collect_facts(call, forbidden, target, state, reads_files=False))
    if sentence:
        error.add_note(f"{redact(sentence, forbidden.secrets)} `{COMMAND}` says more.")
