"""The call path of `Client.request_with_retries`: nearly every method of the client, and all of its tracing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from langsmith.utils import LangSmithError

from safe_langsmith._core.endpoints import sends_runs
from safe_langsmith._sdk.calls.base import InterceptedCall
from safe_langsmith._sdk.compat import SupportsClient, is_refreshing_prompts, session_of
from safe_langsmith._sdk.http import ForbiddenResponse, normalize_url
from safe_langsmith._sdk.replay import (
    ExpectedRequest,
    Overlay,
    Rewind,
    arguments_for,
    caller_headers,
    comparing_session,
)


class RequestsCall(InterceptedCall):
    """A call of `request_with_retries`.

    Args:
        client: The client.
        send: The SDK's own `request_with_retries`.
        method: The HTTP method.
        pathname: The requested path or URL.
        arguments: The call's keyword arguments.
        rewind: Rewinds the call's body to its position before the first send.
        error: The exception that the SDK raised.
        endpoint: The client's endpoint when the call began.
        own_headers: The client's headers when the call began.
    """

    def __init__(
        self,
        client: SupportsClient,
        send: Callable[..., Any],
        method: str,
        pathname: str,
        arguments: Mapping[str, Any],
        rewind: Rewind,
        error: Exception,
        endpoint: str,
        own_headers: Mapping[str, Any] | None,
    ) -> None:
        """Hold the call."""
        super().__init__(client, method, pathname, error, endpoint, own_headers)
        self._send = send
        self._arguments = dict(arguments)
        self._rewind = rewind

    @property
    def caller_headers(self) -> Mapping[str, Any]:
        """The headers that the call's own arguments set."""
        return caller_headers(self._arguments)

    @property
    def brings_auth(self) -> bool:
        """Whether the call's arguments authenticate it, in place of the session's."""
        return "auth" in self._arguments or "auth" in (self._arguments.get("request_kwargs") or {})

    @property
    def is_logged(self) -> bool:
        """Whether it sends runs or feedback, or renews a cached prompt. The SDK logs what fails there each time."""
        return sends_runs(self.url, self.method or "") or self._is_feedback or is_refreshing_prompts()

    @property
    def is_raised_too(self) -> bool:
        """Whether the SDK raises the exception once it has logged it, as it does for feedback."""
        return self._is_feedback

    @property
    def _is_feedback(self) -> bool:
        return self.method == "POST" and self.requested == "/feedback"

    def is_sdk_error(self, error: Exception) -> bool:
        """Return whether the SDK raises such for a response, or when it fails on the body."""
        from requests import RequestException

        return isinstance(error, (LangSmithError, RequestException, AttributeError, RecursionError))

    def expected_url(self) -> str | None:
        """Return the URL of the call before the user's code authenticates it, or `None` if that is not known."""
        from requests import Request, Session

        nested = self._arguments.get("request_kwargs") or {}
        params = {**(nested.get("params") or {}), **(self._arguments.get("params") or {})}
        session = Session()
        session.params, session.trust_env = session_of(self.client).params, False
        prepared = session.prepare_request(Request(self.method, self.url, params=params))
        return str(normalize_url(prepared.url or ""))

    def prepare(self, expected: ExpectedRequest, forbidden: ForbiddenResponse) -> bool:
        """Prepare a second send, and return whether the body can be sent twice."""
        workspace_id, prepared = expected.workspace_id, forbidden.prepared
        arguments = arguments_for(self._arguments, self.url, workspace_id, prepared, self._rewind)
        # A test may have put something else in the place of the SDK's method.
        send = getattr(self._send, "__func__", None)
        if arguments is None or send is None:
            return False
        overlay = Overlay(self.client, session=comparing_session(session_of(self.client), expected))
        self._send_again = partial(send, overlay, self.method, self.requested, **arguments)
        return True
