"""The one pipeline that every refused call goes through, on threads and on event loops, and `diagnose` as well."""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple, cast

from safe_langsmith._core.endpoints import sends_runs
from safe_langsmith._core.engine import Conclusion, investigate
from safe_langsmith._core.fixes.workspace import body_not_replayable, chooser_declined
from safe_langsmith._core.model import Facts, ProbeRequest
from safe_langsmith._core.redaction import redact_value
from safe_langsmith._core.responses import Answer
from safe_langsmith._log import boundary, log_failure
from safe_langsmith._probe import driver
from safe_langsmith._probe.driver import Blocking, Busy, Probe, Prober, Resend, Steps
from safe_langsmith._probe.transports import AsyncTransport, RequestsTransport
from safe_langsmith._recovery.facts import collect_facts
from safe_langsmith._recovery.state import ClientState, state_of
from safe_langsmith._recovery.target import Target, target_of
from safe_langsmith._recovery.workspace import (
    Choice,
    choose,
    invalidate,
    is_uncontradicted,
    known_workspace,
    may_choose,
    may_still_name,
    needs_user,
    own_identity,
    remember,
    retry_was_refused,
)
from safe_langsmith._render.actions import present
from safe_langsmith._render.text import as_line
from safe_langsmith._sdk.calls.base import InterceptedCall
from safe_langsmith._sdk.compat import (
    drop_frames,
    is_async,
    response_of,
    status_of,
)
from safe_langsmith._sdk.http import ForbiddenResponse
from safe_langsmith._sdk.identity import sender_of
from safe_langsmith._sdk.replay import ExpectedRequest, NotSent
from safe_langsmith.diagnosis import Cause, Diagnosis, Workspace
from safe_langsmith.errors import ForbiddenDiagnosis, explain


class Outcome(NamedTuple):
    """How a refused call ends.

    Attributes:
        value: The response to the second send; for a checked client, what was found.
        error: What is raised: the SDK's own exception or a `ForbiddenDiagnosis`; `None` if the call succeeded.
    """

    value: Any = None
    error: BaseException | None = None


def resolve(call: InterceptedCall) -> Any:
    """Handle a refused call, and return the response to its second send.

    Args:
        call: The call.

    Raises:
        ForbiddenDiagnosis: If it stays refused.
        Exception: The SDK's own, if anything else goes wrong.
    """
    ended: list[Outcome] = []
    with boundary():
        ended.append(driver.run(handle(call)))
    if not ended:
        ended.append(Outcome(call.response, call.error))
    return _deliver(ended)


async def resolve_async(call: InterceptedCall) -> Any:
    """Do what `resolve` does, without blocking the event loop."""
    ended: list[Outcome] = []
    with boundary():
        ended.append(await driver.run_async(handle(call)))
    if not ended:
        ended.append(Outcome(call.response, call.error))
    return _deliver(ended)


def handle(call: InterceptedCall, retried: Workspace | None = None, seconds: float | None = None) -> Steps[Outcome]:
    """Handle a call that was refused, or a client that is checked before any call is.

    The order of operations:

    1. Read the response, and the request that it answers.
    2. Find out which endpoint and key the request was for, and who named its workspace.
    3. Collect what this machine says of the settings.
    4. If a retry with the key's only workspace succeeded before, go to step 7 with that workspace.
    5. Investigate, with a probe whenever its answer can change the verdict.
    6. Choose a workspace, if the user named none and one would help.
    7. If there is one, send the request once more, and remember the workspace.
    8. Otherwise explain why. If the second send is refused, too, start over at step 1.

    Args:
        call: The call.
        retried: The workspace that the second send named, if the second send was refused.
        seconds: How long all probes may take, or `None` for as long as they may take for one refusal.
    """
    forbidden, state = call.read_response(), state_of(call.client)
    target = target_of(call, forbidden, state, retried)
    if target is None:
        return Outcome(error=call.error or ValueError("the client has no endpoint"))
    try:
        facts = yield Blocking(lambda: collect_facts(call, forbidden, target, state))
    except Busy:
        # Another task's file does not answer, as on a network drive.
        facts = collect_facts(call, forbidden, target, state, reads_files=False)
    diagnosis: Diagnosis | None = None
    again: NotSent | tuple[Any, Exception | None] = NotSent(changed=False)
    workspace = known_workspace(call, forbidden, facts, target) if call.error is not None and retried is None else None
    identity = own_identity(call, target, forbidden) if call.error is not None else None
    if workspace is not None:
        again = yield from _send_again(call, workspace, forbidden, target)
    if workspace is None or isinstance(again, NotSent):
        prober = _prober_for(call, forbidden, target, state, seconds)
        conclusion = yield from _investigate(facts, prober, forbidden, target)
        seconds = prober.seconds_left
        if call.error is None:
            return Outcome(conclusion.diagnosis)
        diagnosis, workspace = yield from _choose(call, facts, target, conclusion, retried)
        if diagnosis.cause is Cause.WORKSPACE_NOT_ACCESSIBLE:
            invalidate(call.client, target, target.workspace_id)
        if workspace is None or not prober.is_shared:
            return Outcome(error=_explain(call, diagnosis, conclusion.reason, forbidden, target, facts))
        again = yield from _send_again(call, workspace, forbidden, target)
        if isinstance(again, NotSent):
            if not again.changed:
                kept = remember(call, workspace, target, forbidden, facts, identity, False, diagnosis)
                diagnosis = body_not_replayable(diagnosis, workspace, kept)
                diagnosis = present(diagnosis, facts.target.interface)
            return Outcome(error=_explain(call, diagnosis, conclusion.reason, forbidden, target, facts))
    call.response, call.error = again
    if status_of(call.error) in (401, 403):
        retry_was_refused(target, workspace.id)
    else:
        remember(call, workspace, target, forbidden, facts, identity, True, diagnosis)
    if call.error is None or not call.is_forbidden:
        return Outcome(call.response, call.error)
    return (yield from handle(call, workspace, seconds))


def _send_again(
    call: InterceptedCall, workspace: Workspace, forbidden: ForbiddenResponse, target: Target
) -> Steps[NotSent | tuple[Any, Exception | None]]:
    """Send the call once more, and return the response or the exception, or the reason why it was not sent."""
    expected = ExpectedRequest(forbidden, workspace.id, lambda: may_still_name(call, target, workspace, forbidden))
    try:
        if not call.prepare(expected, forbidden):
            return NotSent(changed=False)
        try:
            response = yield Resend(call)
        except Exception as refused_again:
            if not expected.may_have_left:
                # It was not LangSmith that refused, but something before the request could leave.
                log_failure(refused_again)
                return NotSent(changed=True)
            return None, refused_again
        return response if isinstance(response, NotSent) else (response, None)
    finally:
        # The call refers to it, and it to the call. The SDK's tracing thread counts references to its client.
        with boundary():
            expected.forget()


def _prober_for(
    call: InterceptedCall, forbidden: ForbiddenResponse, target: Target, state: ClientState, seconds: float | None
) -> Prober:
    sender, transport = sender_of(call.client), None
    if state.probe:
        # A generated client's requests have nothing of what the session adds to its own, and a call may bring its own.
        is_own = call.sender is sender and not call.brings_auth
        transport = AsyncTransport(sender, is_own) if is_async(call.client) else RequestsTransport(sender, is_own)
    prober = Prober(
        transport,
        target.endpoint,
        forbidden.headers,
        forbidden.secrets,
        target.key_state,
        call.on_probe,
        seconds,
        forbidden.has_same_caller,
    )
    # Probes have none of the parameters that a copy of a generated client adds to each request.
    prober.is_shared = not call.adds_query
    return prober


def _investigate(facts: Facts, prober: Prober, forbidden: ForbiddenResponse, target: Target) -> Steps[Conclusion]:
    """Drive the engine, unless an identical 403 has been investigated, and have the probes sent that it asks for.

    The conclusion has lines to copy, and no secret anywhere in it.
    """
    request = facts.request
    request_id = request.request_id if request else None
    # Identical refusals differ in their ids. Whether there is an id decides over a sentence, so one stands for all.
    same = replace(facts, request=replace(request, request_id="any" if request_id else None)) if request else facts
    conclusion = target.key_state.conclusion(same, forbidden.secrets)
    if conclusion is None:
        investigation = investigate(same)
        answers: list[tuple[ProbeRequest, Answer]] = []
        try:
            probe = next(investigation)
            while True:
                answers.append((probe, (yield Probe(prober, probe))))
                probe = investigation.send(answers[-1][1])
        except StopIteration as end:
            found: Conclusion = end.value
        # The workspaces' texts were sanitized when the listing was read. There may be thousands of them.
        redacted = redact_value(replace(found.diagnosis, workspaces=None), forbidden.secrets)
        redacted = replace(redacted, workspaces=found.diagnosis.workspaces)
        reason = redact_value(found.reason, forbidden.secrets)
        conclusion = found._replace(diagnosis=present(redacted, facts.target.interface), reason=reason)
        target.key_state.store_conclusion(same, forbidden.secrets, tuple(answers), conclusion)
    if not isinstance(conclusion.diagnosis, Diagnosis):
        return conclusion
    # The user may change the dictionary, which another diagnosis must not show.
    # A checked client may be told of a request that was refused before, with an id of its own.
    request_id = request_id if request else conclusion.diagnosis.request_id
    own = replace(conclusion.diagnosis, request_id=request_id, settings=dict(conclusion.diagnosis.settings))
    return conclusion._replace(diagnosis=own)


def _choose(
    call: InterceptedCall,
    facts: Facts,
    target: Target,
    conclusion: Conclusion,
    retried: Workspace | None,
) -> Steps[tuple[Diagnosis, Workspace | None]]:
    """Choose a workspace, and add to the diagnosis why the user's callable declined, if it did."""
    # A `HealthReport` is the result for a checked client only.
    diagnosis, candidates = cast("Diagnosis", conclusion.diagnosis), conclusion.candidates
    if retried is not None or not may_choose(call, target):
        return diagnosis, None
    resolve_workspace = call.client._state.resolve_workspace
    if needs_user(call.client, candidates):
        try:
            work = partial(choose, candidates, resolve_workspace, target.key_state)
            choice = yield Blocking(work, target.key_state.chooser_thread)
        except Busy:
            choice = Choice(None, "resolve_workspace is still running in another thread")
    else:
        choice = choose(candidates, resolve_workspace, target.key_state)
    if choice.declined:
        diagnosis = chooser_declined(diagnosis, choice.declined)
    return diagnosis, choice.workspace if is_uncontradicted(facts, choice.workspace, candidates) else None


def _explain(
    call: InterceptedCall, diagnosis: Diagnosis, reason: str, forbidden: ForbiddenResponse, target: Target, facts: Facts
) -> ForbiddenDiagnosis:
    if facts.request is not None:
        target.key_state.note_refusal(facts.request, target.workspace_id)
    sdk_class, message = call.describe_error()
    sdk_error = cast("Exception", call.error)
    explained = explain(diagnosis, sdk_error, message, sdk_class, forbidden.secrets)
    if call.is_logged:
        report = target.key_state.report(diagnosis)
        count, is_batch = report.count, sends_runs(call.url, call.method)
        words = ("batch lost", "batches lost") if is_batch else ("request refused", "requests refused")
        lost = f"{count} {words[count > 1]}"
        line = as_line(diagnosis, reason, lost, len(explained.sdk_message))
        # Evaluators send feedback from threads, and drop the exception.
        is_read = threading.current_thread() is threading.main_thread()
        explained.log_as(report, line, call.is_raised_too, is_read)
    # Last, because the SDK's exception reaches the user as it is if anything fails before.
    drop_frames(sdk_error, response_of(sdk_error))
    return explained


def _deliver(ended: list[Outcome]) -> Any:
    """Return the response, or raise what there is to raise.

    Args:
        ended: The outcome alone. It is taken out: an exception in the locals of a frame of its own traceback would keep
            itself alive, and the client with it.
    """
    value, error = ended.pop()
    if error is None:
        return value
    context = error.__context__
    try:
        if isinstance(error, ForbiddenDiagnosis):
            # The SDK's exception quotes the server, which may have quoted the key.
            raise error from None
        raise error
    finally:
        if not isinstance(error, ForbiddenDiagnosis):
            # Raised again, it would lose its own context to whatever exception the caller is just handling.
            error.__context__ = context
        del error, context
