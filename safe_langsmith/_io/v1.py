"""The road of `Client.request_with_retries`: nearly every method of the client, and all of its tracing."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from safe_langsmith._core.call_again import call_again
from safe_langsmith.diagnosis import Diagnosis, Workspace
from safe_langsmith.errors import ForbiddenDiagnosis, explain

from .adoption import adopt, announce
from .examination import examine, under_examination
from .ledger import LEDGER, Case
from .naming import OURS, Naming, naming_of
from .probes import Prober
from .refusals import Refusal, facts_of, netloc_of, read_refusal, response_of, status_of
from .second_send import Rewind, arguments_for, caller_headers

if TYPE_CHECKING:
    from safe_langsmith.client import SafeClient

logger = logging.getLogger("safe_langsmith")


class Outcome(NamedTuple):
    """How a send ended: with a response or with the SDK's exception."""

    response: Any
    error: Exception | None


class Destination(NamedTuple):
    """Whom a request was for.

    Attributes:
        endpoint: The base URL of the API.
        is_own: Whether endpoint and key are the client's own, so that what was found may become the client's.
        case: What is known about the endpoint and key.
    """

    endpoint: str
    is_own: bool
    case: Case


def is_refusal(client: SafeClient, pathname: str, error: Exception) -> bool:
    """Whether an exception of the SDK stands for a 403 that this library has to answer.

    Args:
        client: The client.
        pathname: The path or URL that was asked for.
        error: What the SDK raised.
    """
    if status_of(error) != 403 or under_examination():
        return False
    # An object that authenticates requests may itself be refused, by a host that is none of ours.
    asked = read_refusal(response_of(error), "", _url(client, pathname), {}).url
    return netloc_of(asked) == netloc_of(_url(client, pathname))


class RefusedCall:
    """One call of `request_with_retries` that was refused, to be sent again or explained.

    The call's arguments hold the key, so they live in here and not in the locals of a frame, and `answer` drops them.

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
        self._first: Outcome | None = Outcome(None, error)
        self._second: tuple[Workspace, Destination] | None = None
        self._explained: ForbiddenDiagnosis | None = None

    def __repr__(self) -> str:
        """Shows nothing of the arguments."""
        return f"RefusedCall({self._method})"

    def answer(self) -> Any:
        """Sends the call once more where that can help, and returns the response.

        Raises:
            ForbiddenDiagnosis: Where it stays refused.
            Exception: The SDK's own, where anything else went wrong.
        """
        from tenacity import RetryCallState, Retrying, retry_if_result, stop_after_attempt

        def as_it_is(state: RetryCallState) -> Any:
            return state.outcome.result() if state.outcome else None

        # The first attempt is the one that was refused; the policy allows one more, and only where that can help.
        attempts = Retrying(
            stop=stop_after_attempt(2), retry=retry_if_result(self._worth), retry_error_callback=as_it_is
        )
        try:
            outcome: Outcome = attempts(self._attempt)
        finally:
            self._arguments, self._first = {}, None
        if outcome.error is None:
            return outcome.response
        sdk_error = outcome.error
        del outcome
        if self._explained is not None:
            # The SDK's exception quotes the server, which may have quoted the key.
            del sdk_error
            raise self._explained from None
        context = sdk_error.__context__
        try:
            raise sdk_error
        finally:
            # Raised again, it would lose its own context to whatever exception the caller is just handling.
            sdk_error.__context__ = context

    def _attempt(self) -> Outcome:
        if self._first is not None:
            first, self._first = self._first, None
            return first
        try:
            outcome = Outcome(self._send(self._method, self._pathname, **self._arguments), None)
        except Exception as error:
            outcome = Outcome(None, error)
        if self._second is not None and status_of(outcome.error) not in (401, 403):
            self._keep(*self._second)
        return outcome

    def _worth(self, outcome: Outcome) -> bool:
        """Whether another attempt is worth making; if not, a refusal is explained."""
        try:
            return outcome.error is not None and self._examine(outcome.error)
        except Exception as failure:
            # The name of its class only: a traceback would show frames that hold the key.
            logger.debug("diagnosing a refusal failed with %s; the SDK's own error is raised", type(failure).__name__)
            return False

    def _examine(self, error: Exception) -> bool:
        client = self._client
        if not is_refusal(client, self._pathname, error):
            return False
        safeguard = client._safeguard
        refusal = read_refusal(response_of(error), self._method, _url(client, self._pathname), client._headers)
        to = _destination(client, refusal)
        naming = self._naming(refusal)
        facts = facts_of(refusal, to.endpoint, naming.workspace_id, naming.sources, safeguard)
        prober = Prober(client.session, to.endpoint, refusal.headers, refusal.secrets)
        # Where the user has named a workspace since this request left, the next one will carry it.
        overtaken = to.is_own and client.workspace_id not in (None, safeguard.chosen_workspace)
        may_choose = naming.workspace_id is None and self._second is None and not overtaken
        try:
            diagnosis, workspace = examine(facts, to.case, prober.ask, safeguard, may_choose)
        finally:
            prober.forget()
        if workspace is not None:
            again = arguments_for(self._arguments, workspace.id, refusal.prepared, self._rewind)
            if again is not None:
                self._arguments, self._second = again, (workspace, to)
                return True
            self._keep(workspace, to)
            diagnosis = call_again(diagnosis, workspace, kept=to.is_own)
        self._explained = self._explain(diagnosis, error, refusal)
        return False

    def _naming(self, refusal: Refusal) -> Naming:
        if self._second is not None:
            return Naming(self._second[0].id, {"workspace_id": OURS})
        return naming_of(refusal, self._client, self._client._safeguard, caller_headers(self._arguments))

    def _keep(self, workspace: Workspace, to: Destination) -> None:
        if to.is_own:
            self._client._safeguard.chosen_workspace = workspace.id
            adopt(self._client, workspace.id)
        announce(to.case, workspace, to.endpoint)

    def _explain(self, diagnosis: Diagnosis, error: Exception, refusal: Refusal) -> ForbiddenDiagnosis:
        import requests
        from langsmith.utils import LangSmithError

        sdk_class, message = type(error), str(error)
        if not isinstance(error, (LangSmithError, requests.RequestException)):
            # The SDK tripped over the body; this is what it says of other bodies.
            sdk_class = LangSmithError
            message = f"Failed to {self._method} {self._pathname} in LangSmith API. {error.__context__!r}"
        _drop_frames(error)
        return explain(diagnosis, error, message, sdk_class, refusal.secrets)


def _url(client: SafeClient, pathname: str) -> str:
    return pathname if pathname.startswith("http") else f"{client.api_url.rstrip('/')}/{pathname.lstrip('/')}"


def _destination(client: SafeClient, refusal: Refusal) -> Destination:
    own = client.api_url.rstrip("/")
    known = [own, *(str(url).rstrip("/") for url in getattr(client, "_write_api_urls", None) or ())]
    endpoint = next((base for base in known if refusal.url.startswith((f"{base}/", f"{base}?"))), None)
    if endpoint is None:
        # A replica, which is sent runs and nothing else.
        parts = urlsplit(refusal.url)
        endpoint = f"{parts.scheme}://{parts.netloc}{parts.path.rpartition('/runs')[0]}"
    case = LEDGER.case(endpoint, refusal.fingerprint)
    return Destination(endpoint, endpoint == own and refusal.api_key == client.api_key, case)


def _drop_frames(error: BaseException | None) -> None:
    """Drops the frames of the SDK's exceptions for one answer: they hold headers with the key, and the whole body."""
    import requests

    answered = response_of(error) if error is not None else None
    while error is not None:
        error.__traceback__ = None
        behind = error.__cause__ or error.__context__
        known = isinstance(behind, requests.HTTPError) and behind.response in (None, answered)
        error = behind if known else None
