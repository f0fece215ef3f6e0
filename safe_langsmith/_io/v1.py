"""The road of `Client.request_with_retries`: nearly every method of the client, and all of its tracing."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from langsmith.utils import LangSmithError

from safe_langsmith._core.afterthoughts import call_again
from safe_langsmith._core.scrub import scrub
from safe_langsmith.diagnosis import Diagnosis, Workspace
from safe_langsmith.errors import ForbiddenDiagnosis, explain

from . import probes
from .adoption import adopt, announce
from .destination import Destination, destination_of, url_of
from .examination import examine, under_examination
from .naming import OURS, Naming, naming_of
from .probes import Prober
from .refusals import Refusal, asked_url, facts_of, netloc_of, read_refusal, response_of, status_of
from .second_send import Rewind, arguments_for, caller_headers

if TYPE_CHECKING:
    from safe_langsmith.client import SafeClient

logger = logging.getLogger("safe_langsmith")


def is_refusal(client: SafeClient, pathname: str, error: Exception) -> bool:
    """Whether an exception of the SDK stands for a 403 that this library has to answer.

    Args:
        client: The client.
        pathname: The path or URL that was asked for.
        error: What the SDK raised.
    """
    from requests import RequestException

    try:
        # What the SDK raises, and what it trips over; anything else comes from the user's own callbacks.
        raised_by_sdk = isinstance(error, (LangSmithError, RequestException, AttributeError, RecursionError))
        if not raised_by_sdk or status_of(error) != 403 or under_examination():
            return False
        # An object that authenticates requests may itself be refused, by a host that is none of ours.
        asked = url_of(client, pathname)
        return netloc_of(asked_url(response_of(error)) or asked) == netloc_of(asked)
    except Exception:  # Whatever fails in here, the SDK's own error stands.
        return False


class RefusedCall:
    """One call of `request_with_retries` that was refused, to be sent again or explained.

    The call's arguments hold the key, so they live in here and not in the locals of a frame, and `answer` drops all.

    Args:
        client: The client.
        send: The SDK's own `request_with_retries`.
        method: The HTTP method.
        pathname: The path or URL that was asked for.
        arguments: The call's keyword arguments.
        rewind: Puts the call's body back where it was before the first send.
        error: What the SDK raised.
    """

    def __init__(
        self,
        client: SafeClient,
        send: Callable[..., Any],
        method: str,
        pathname: str,
        arguments: Mapping[str, Any],
        rewind: Rewind,
        error: Exception,
    ) -> None:
        """Holds the call."""
        self._client = client
        self._send = send
        self._method, self._pathname = method, pathname
        self._arguments = dict(arguments)
        self._rewind = rewind
        self._response: Any = None
        self._error: Exception | None = error
        self._attempts = 0
        self._second: tuple[Workspace, Destination] | None = None
        self._explained: ForbiddenDiagnosis | None = None
        self._seconds = probes.DEADLINE

    def __repr__(self) -> str:
        """Shows nothing of the arguments."""
        return "RefusedCall()"

    def answer(self) -> Any:
        """Sends the call once more where that can help, and returns the response. Can be called once.

        Raises:
            ForbiddenDiagnosis: Where it stays refused.
            Exception: The SDK's own, where anything else went wrong.
        """
        from tenacity import Retrying, retry_if_result, stop_after_attempt

        # The first attempt is the one that was refused; the policy allows one more, and only where that can help.
        policy = Retrying(
            stop=stop_after_attempt(2),
            retry=retry_if_result(lambda _: self._is_worth_another()),
            retry_error_callback=lambda state: None,
        )
        try:
            policy(self._attempt)
            response, sdk_error, explained = self._response, self._error, self._explained
        finally:
            # The policy refers to itself and so to this, and nothing may keep the client alive: the SDK counts.
            self.__dict__.clear()
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

    def _attempt(self) -> None:
        self._attempts += 1
        if self._attempts == 1:
            return
        try:
            self._response, self._error = self._send(self._method, self._pathname, **self._arguments), None
        except Exception as error:
            self._error = error
        if self._second is not None:
            workspace, to = self._second
            if status_of(self._error) not in (401, 403):
                self._keep(workspace, to, resent=True)
            elif to.case.automatic == workspace:
                to.case.automatic = None

    def _is_worth_another(self) -> bool:
        """Whether another attempt is worth making; if not, a refusal is explained."""
        try:
            return self._error is not None and self._examine(self._error)
        except Exception as failure:
            _log_failure("diagnosing a refusal", failure)
            return False

    def _examine(self, error: Exception) -> bool:
        client = self._client
        if not is_refusal(client, self._pathname, error):
            return False
        safeguard = client._safeguard
        refusal = read_refusal(response_of(error), self._method, url_of(client, self._pathname), client._headers)
        to = destination_of(client, refusal)
        if to is None:
            return False
        naming = self._naming(refusal)
        # Where the user has named a workspace since this request left, the next one will carry it.
        may_choose = naming.workspace_id is None and self._second is None and (not to.is_own or _unnamed(client))
        # What cured a refusal of this key before cures this one, unless its answer tells of something else.
        curable = may_choose and safeguard.resolve_workspace is True and refusal.is_plain
        known = to.case.automatic if curable else None
        if known is not None and self._prepare_second(known, to, refusal):
            return True
        facts = facts_of(refusal, to.endpoint, naming.workspace_id, naming.sources, safeguard, to.is_own)
        prober = Prober(client.session, to.endpoint, refusal.headers, refusal.secrets, self._seconds)
        start = time.monotonic()
        try:
            diagnosis, workspace = examine(facts, to.case, prober.ask, safeguard, may_choose)
        finally:
            prober.forget()
            self._seconds -= time.monotonic() - start
        if workspace is not None:
            if self._prepare_second(workspace, to, refusal):
                return True
            self._keep(workspace, to, resent=False)
            diagnosis = call_again(diagnosis, workspace, kept=to.is_own)
        self._explained = self._explain(diagnosis, error, refusal)
        return False

    def _prepare_second(self, workspace: Workspace, to: Destination, refusal: Refusal) -> bool:
        again = arguments_for(self._arguments, workspace.id, refusal.prepared, self._rewind)
        if again is None:
            return False
        self._arguments, self._second = again, (workspace, to)
        return True

    def _naming(self, refusal: Refusal) -> Naming:
        if self._second is not None:
            return Naming(self._second[0].id, {"workspace_id": OURS})
        return naming_of(refusal, self._client, self._client._safeguard, caller_headers(self._arguments))

    def _keep(self, workspace: Workspace, to: Destination, resent: bool) -> None:
        """Makes what was found the client's own. Whatever fails here must not fail a call that succeeded."""
        try:
            if self._client._safeguard.resolve_workspace is True:
                to.case.automatic = workspace
            # The user may have named one while the second request was on its way.
            if to.is_own and _unnamed(self._client):
                self._client._safeguard.chosen_workspace = workspace.id
                adopt(self._client, workspace.id)
            announce(to.case, workspace, to.endpoint, resent, to.is_own)
        except Exception as failure:
            _log_failure("keeping a workspace", failure)

    def _explain(self, diagnosis: Diagnosis, error: Exception, refusal: Refusal) -> ForbiddenDiagnosis:
        import requests

        sdk_class, message = type(error), str(error)
        if not isinstance(error, (LangSmithError, requests.RequestException)):
            # The SDK tripped over the body; this is what it says of other bodies.
            sdk_class = LangSmithError
            message = f"Failed to {self._method} {self._pathname} in LangSmith API. {error.__context__!r}"
        _drop_frames(error)
        diagnosis = scrub(diagnosis, refusal.secrets)
        return explain(diagnosis, error, message, sdk_class, refusal.secrets)


def _unnamed(client: SafeClient) -> bool:
    """Whether the user has named no workspace for the client; one that was chosen for them may be chosen again."""
    return (client.workspace_id or None) in (None, client._safeguard.chosen_workspace)


def _log_failure(what: str, failure: Exception) -> None:
    # The name of its class only: a traceback would show frames that hold the key.
    logger.debug("%s failed with %s; the SDK's own result stands", what, type(failure).__name__)


def _drop_frames(error: BaseException | None) -> None:
    """Drops the frames of the SDK's exceptions for one answer: they hold headers with the key, and the whole body."""
    import requests

    answered = response_of(error) if error is not None else None
    while error is not None:
        error.__traceback__ = None
        behind = error.__cause__ or error.__context__
        known = isinstance(behind, requests.HTTPError) and behind.response in (None, answered)
        error = behind if known else None
