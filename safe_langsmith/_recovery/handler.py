"""One refused call, on whichever road: examined, sent again where that can help, and otherwise explained."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

from safe_langsmith._core.afterthoughts import add_to_workspace_check, call_again, for_async
from safe_langsmith._core.engine import investigate
from safe_langsmith._core.model import Facts, ProbeRequest
from safe_langsmith._core.redaction import redact_value
from safe_langsmith._core.responses import Answer
from safe_langsmith._probe import cache as ledger
from safe_langsmith._probe import driver as probes
from safe_langsmith._probe.cache import Case, Hold
from safe_langsmith._probe.driver import Prober, _examining, in_turn, in_worker, no_questions, too_long
from safe_langsmith._recovery.echo import Repetition, listen, recall, remember
from safe_langsmith._recovery.facts import facts_of
from safe_langsmith._recovery.log import log_failure
from safe_langsmith._recovery.state import ClientState
from safe_langsmith._recovery.target import Target, WorkspaceOrigin, ours, target_of, workspace_origin_of
from safe_langsmith._recovery.workspace import choose, forget, give_up, keep
from safe_langsmith._sdk.bypasses import bypasses_in_use
from safe_langsmith._sdk.calls.base import InterceptedCall
from safe_langsmith._sdk.compat import (
    can_name_a_workspace,
    drop_frames,
    headers_of,
    is_async,
    is_own_credential,
    is_unnamed,
    response_of,
    status_of,
)
from safe_langsmith._sdk.http import ForbiddenResponse, read_forbidden
from safe_langsmith.diagnosis import Cause, Diagnosis, Workspace
from safe_langsmith.errors import ForbiddenDiagnosis, explain


class Examination(NamedTuple):
    """What an examination found.

    Attributes:
        diagnosis: The diagnosis.
        workspace: The workspace to name in a second request, or `None` where there must not be one.
    """

    diagnosis: Diagnosis
    workspace: Workspace | None


def examine(
    facts: Facts,
    case: Case,
    ask: Callable[[ProbeRequest], Answer],
    safeguard: ClientState,
    may_choose: bool,
    needs_thread: int | None = None,
) -> Examination:
    """Examines one refusal; others of the same endpoint and key wait and are given the same answers.

    Args:
        facts: What is known before anything is asked.
        case: What is known about the endpoint and key.
        ask: Sends one question.
        safeguard: The client's options.
        may_choose: Whether a workspace may be chosen where none was named.
        needs_thread: The thread without which a question gets no answer, or `None`.
    """
    # Who waits longer than the questions may take, waits for the user's callable, and goes on without. And who is
    # waited for by the one who asks must not wait, but ask, too.
    with case.hold(probes.DEADLINE + 1, needs_thread) as hold:
        try:
            _examining.now = True
            asking = too_long if hold is Hold.TOO_LONG else ask
            conclusion = case.drive(investigate(facts), asking if safeguard.probe else no_questions)
            by_rule = hold is Hold.NEEDS_ME and safeguard.resolve_workspace is True
            if not (may_choose and (hold is Hold.MINE or by_rule)):
                return Examination(conclusion.diagnosis, None)
            workspace, declined = choose(conclusion.candidates, safeguard.resolve_workspace, case)
            diagnosis = add_to_workspace_check(conclusion.diagnosis, declined) if declined else conclusion.diagnosis
            return Examination(diagnosis, workspace)
        finally:
            _examining.now = False


def refused(make_road: Callable[[], InterceptedCall], error: Exception) -> ForbiddenHandler | Repetition | None:
    """Returns the refused call that an exception of the SDK stands for, or `None` where it stands for anything else.

    Args:
        make_road: Makes the road of the call.
        error: What the SDK raised.
    """
    try:
        road = make_road()
        heard = listen(road, error)
        repetition = recall(road, heard, error)
        if repetition is not None:
            return repetition
        return ForbiddenHandler(road, error, _policy(), heard and heard.digest) if road.is_refusal(error) else None
    except Exception:  # Whatever fails in here, the SDK's own error stands.
        return None


class _Look(NamedTuple):
    """What a refusal itself tells: the refusal, whom it was for, who named its workspace, whether one may be chosen."""

    refusal: ForbiddenResponse
    to: Target
    naming: WorkspaceOrigin
    may_choose: bool


class ForbiddenHandler:
    """A call that was refused. Either `answer` or `answer_async` can be called, and once.

    Args:
        road: The call.
        error: What the SDK raised.
        policy: When another attempt is made.
        digest: What was heard of the refusal, to know it again by.
    """

    def __init__(
        self, road: InterceptedCall, error: Exception, policy: dict[str, Any], digest: int | None = None
    ) -> None:
        """Holds the call."""
        self._digest = digest
        self._learned = 0
        self._policy = policy
        self._road = road
        self._client = road.client
        self._response: Any = None
        self._error: Exception | None = error
        self._second: tuple[Workspace, Target, ForbiddenResponse, Diagnosis | None] | None = None
        self._prober: Prober | None = None
        self._explained: ForbiddenDiagnosis | None = None
        self._seconds = probes.DEADLINE

    def __repr__(self) -> str:
        """Shows nothing of the arguments."""
        return "ForbiddenHandler()"

    def answer(self) -> Any:
        """Sends the call once more where that can help, and returns what the SDK returns.

        Raises:
            ForbiddenDiagnosis: Where it stays refused.
            Exception: The SDK's own, where anything else went wrong.
        """
        __tracebackhide__ = True
        try:
            from tenacity import Retrying

            Retrying(**self._policy)(self._attempt)
        except Exception as failure:  # What the SDK raises, an attempt keeps: so this is ours.
            log_failure("answering a refusal", failure)
        except BaseException:
            self._drop_all()
            raise
        return self._deliver()

    async def answer_async(self) -> Any:
        """Does what `answer` does, on an asynchronous road, without ever holding up the event loop.

        Raises:
            ForbiddenDiagnosis: Where it stays refused.
            Exception: The SDK's own, where anything else went wrong.
        """
        __tracebackhide__ = True
        try:
            from tenacity import AsyncRetrying

            await AsyncRetrying(**self._policy)(self._attempt_async)
        except Exception as failure:  # As above.
            log_failure("answering a refusal", failure)
        except BaseException:
            # Where the task was cancelled, a worker may still be waiting for an answer that nobody wants now.
            if self._prober is not None:
                self._prober.call_off()
            self._drop_all()
            raise
        return self._deliver()

    def _deliver(self) -> Any:
        """Returns the response, or raises what there is to raise."""
        __tracebackhide__ = True
        response, sdk_error, explained = self._response, self._error, self._explained
        # Not before: what is found for a task that was cancelled meanwhile is no answer.
        if explained is not None:
            remember(self._road, self._digest, self._learned, explained)
        self._drop_all()
        if sdk_error is None:
            return response
        context = sdk_error.__context__
        try:
            if explained is not None:
                # The SDK's exception quotes the server, which may have quoted the key.
                sdk_error = None
                raise explained from None
            raise sdk_error
        finally:
            if sdk_error is not None:
                # Raised again, it would lose its own context to whatever exception the caller is just handling.
                sdk_error.__context__ = context
            # An exception in the locals of its own traceback would keep itself alive.
            del sdk_error, explained, context

    def _drop_all(self) -> None:
        # The policy refers to itself and so to this, and nothing may keep the client alive: the SDK counts.
        self._road.__dict__.clear()
        self.__dict__.clear()

    def _attempt(self) -> bool:
        """Makes the next attempt, and returns whether another one is worth making."""
        if self._second is not None:
            try:
                self._response, self._error = self._road.send(), None
            except Exception as error:
                self._error = error
            self._conclude_second(*self._second)
        return self._should_retry()

    async def _attempt_async(self) -> bool:
        if self._second is not None:
            try:
                self._response, self._error = await self._road.send(), None
            except Exception as error:
                self._error = error
            # No await between this and the answer: whoever cancels leaves no workspace half set.
            self._conclude_second(*self._second)
        if self._error is None:
            return False
        try:
            look = self._look(self._error)
            if look is None or self._retry_with_known_workspace(look):
                return look is not None
            # One at a time for an endpoint and key: the others wait on the loop, and then find what that one learned.
            async with in_turn(look.to.case.gates, probes.DEADLINE + 1):
                return self._retry_with_known_workspace(look) or await in_worker(self._should_retry)
        except Exception as failure:
            log_failure("diagnosing a refusal", failure)
            return False

    def _conclude_second(
        self, workspace: Workspace, to: Target, refusal: ForbiddenResponse, diagnosis: Diagnosis | None
    ) -> None:
        if status_of(self._error) in (401, 403):
            give_up(to, workspace.id)
        else:
            own = to.is_own and self._has_same_key(to, refusal)
            keep(self._road, workspace, to._replace(is_own=own), resent=True, diagnosis=diagnosis)

    def _should_retry(self) -> bool:
        try:
            return self._error is not None and self._examine(self._error)
        except Exception as failure:
            # Where all was dropped, the task was cancelled while this worked for it.
            if self.__dict__:
                log_failure("diagnosing a refusal", failure)
            return False

    def _look(self, error: Exception) -> _Look | None:
        """Returns what a refusal itself tells, or `None` where it is none of ours. Waits for nothing."""
        client, road = self._client, self._road
        if not road.is_refusal(error):
            return None
        refusal = read_forbidden(response_of(error), road.method, road.url, headers_of(client))
        to = target_of(client, refusal, road.siblings, road.caller_headers)
        if to is None:
            return None
        naming = self._naming(refusal, to)
        may_choose = naming.workspace_id is None and self._second is None and can_name_a_workspace(client)
        # Where the user has named a workspace since this request left, the next one will carry it.
        nobody_named = is_unnamed(client) and not client._state.environment_names_a_workspace
        return _Look(refusal, to, naming, may_choose and (not to.is_own or nobody_named))

    def _retry_with_known_workspace(self, look: _Look) -> bool:
        """What cured a refusal of this key before cures this one, unless its answer tells of something else."""
        curable = look.may_choose and self._client._state.resolve_workspace is True and look.refusal.is_plain
        known = look.to.case.automatic if curable and self._has_same_key(look.to, look.refusal) else None
        return known is not None and self._prepare_second(known, look.to, look.refusal, None)

    def _examine(self, error: Exception) -> bool:
        """Prepares a second send and returns `True`, or explains the refusal and returns `False`."""
        client, road = self._client, self._road
        look = self._look(error)
        if look is None or self._retry_with_known_workspace(look):
            return look is not None
        refusal, to, naming, may_choose = look
        try:
            diagnosis, workspace = self._ask(refusal, to, naming, may_choose)
        except BaseException:
            # The traceback of an interrupt shows these frames, and what is in them.
            refusal.forget()
            raise
        self._learned = ledger.CACHE.changes
        if diagnosis.cause is Cause.WORKSPACE_NOT_ACCESSIBLE:
            forget(client, to, naming.workspace_id)
        if workspace is not None and self._has_same_key(to, refusal):
            cured = redact_value(diagnosis, refusal.secrets)
            if self._prepare_second(workspace, to, refusal, cured):
                return True
            keep(road, workspace, to, resent=False, diagnosis=cured)
            diagnosis = call_again(diagnosis, workspace, kept=to.is_own)
        repeated = road.ends_in_a_log and not to.case.is_news(diagnosis)
        self._explained = self._explain(diagnosis, error, refusal, repeated)
        if workspace is not None or self._second is not None:
            self._digest = None
        return False

    def _ask(
        self, refusal: ForbiddenResponse, to: Target, naming: WorkspaceOrigin, may_choose: bool
    ) -> tuple[Diagnosis, Workspace | None]:
        facts = facts_of(refusal, to, naming, self._client._state, bypasses_in_use(self._client))
        way = self._road.way()
        prober = Prober(way, to.endpoint, refusal.headers, refusal.secrets, self._seconds)
        self._prober = prober
        start = time.monotonic()
        try:
            found = examine(facts, to.case, prober.ask, self._client._state, may_choose, way.needs_thread)
        finally:
            prober.forget()
            self._seconds -= time.monotonic() - start
        diagnosis, workspace = found
        if is_async(self._client):
            diagnosis = for_async(diagnosis, can_name_a_workspace(self._client))
        return diagnosis, workspace

    def _prepare_second(
        self, workspace: Workspace, to: Target, refusal: ForbiddenResponse, diagnosis: Diagnosis | None
    ) -> bool:
        if not self._road.prepare(workspace.id, refusal):
            return False
        self._second = (workspace, to, refusal, diagnosis)
        return True

    def _has_same_key(self, to: Target, refusal: ForbiddenResponse) -> bool:
        """Whether the client's own key, if it was that, is still the refused one, for which the workspace was found."""
        return not to.is_own or is_own_credential(self._client, refusal.headers, self._road.caller_headers)

    def _naming(self, refusal: ForbiddenResponse, to: Target) -> WorkspaceOrigin:
        if self._second is not None:
            return ours(self._second[0].id)
        naming = workspace_origin_of(refusal, self._client, self._road.caller_headers, to.own_credential)
        chosen = self._client._state.chosen_elsewhere.get((to.endpoint, to.fingerprint))
        return ours(chosen) if chosen is not None and naming.workspace_id == chosen else naming

    def _explain(
        self, diagnosis: Diagnosis, error: Exception, refusal: ForbiddenResponse, repeated: bool
    ) -> ForbiddenDiagnosis:
        sdk_class, message = self._road.message_of(error)
        drop_frames(error, response_of(error))
        return explain(redact_value(diagnosis, refusal.secrets), error, message, sdk_class, refusal.secrets, repeated)


def _policy() -> dict[str, Any]:
    """The first attempt is the one that was refused; one more is made, and only where that can help."""
    from tenacity import retry_if_result, stop_after_attempt

    return {
        "stop": stop_after_attempt(2),
        "retry": retry_if_result(bool),
        "retry_error_callback": lambda state: None,
    }
