"""The call path of `AsyncClient._arequest_with_retries`: every method of the async client but the generated ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from langsmith.utils import LangSmithAuthError, LangSmithError

from safe_langsmith._sdk.calls.base import InterceptedCall
from safe_langsmith._sdk.compat import SupportsClient, httpx_client_of, is_http_error, is_refreshing_prompts
from safe_langsmith._sdk.http import ForbiddenResponse, normalize_url, with_tenant
from safe_langsmith._sdk.replay import ExpectedRequest, Overlay, comparing_client, has_known_body


class AsyncCall(InterceptedCall):
    """A call of `_arequest_with_retries`.

    Args:
        client: The client.
        send: The SDK's own `_arequest_with_retries`.
        method: The HTTP method.
        endpoint: The requested path.
        arguments: The call's keyword arguments.
        error: The exception that the SDK raised.
        own_headers: The client's headers when the call began.
    """

    def __init__(
        self,
        client: SupportsClient,
        send: Callable[..., Any],
        method: str,
        endpoint: str,
        arguments: Mapping[str, Any],
        error: Exception,
        own_headers: Mapping[str, Any] | None,
    ) -> None:
        """Hold the call."""
        super().__init__(client, method, endpoint, error, own_headers=own_headers)
        self._send = send
        self._arguments = dict(arguments)

    @property
    def caller_headers(self) -> Mapping[str, Any]:
        """The headers that the call's own arguments set."""
        return self._arguments.get("headers") or {}

    @property
    def brings_auth(self) -> bool:
        """Whether the call's arguments authenticate it, in place of the httpx client's."""
        return "auth" in self._arguments

    @property
    def is_logged(self) -> bool:
        """Whether the SDK logs the exception: when it refreshes its cache of prompts."""
        return is_refreshing_prompts()

    def is_sdk_error(self, error: Exception) -> bool:
        """Return whether it has a response behind it: the SDK's other exceptions may have an older context."""
        if isinstance(error, LangSmithError) and is_http_error(error.__cause__):
            return True
        # The oldest SDKs raise these classes themselves while they handle the response, and name no cause.
        return (
            type(error) in (LangSmithError, LangSmithAuthError)
            and error.__cause__ is None
            and is_http_error(error.__context__)
        )

    def expected_url(self) -> str | None:
        """Return the URL of the call before the user's code authenticates it, or `None` if that is not known."""
        request = self.sender.build_request(self.method, self.url, params=self._arguments.get("params"))
        return str(normalize_url(str(request.url)))

    def prepare(self, expected: ExpectedRequest, forbidden: ForbiddenResponse) -> bool:
        """Prepare a second send, and return whether the body can be sent twice."""
        # A test may have put something else in the place of the SDK's method.
        send = getattr(self._send, "__func__", None)
        if send is None or not has_known_body(forbidden.prepared):
            return False
        arguments = {**self._arguments, "headers": with_tenant(self.caller_headers, expected.workspace_id)}
        client: Any = self.client
        overlay = Overlay(
            client,
            _client=comparing_client(httpx_client_of(client), expected),
            # The first send has used the call's attempts, so the second is a single one.
            _retry_config={**client._retry_config, "max_retries": 1},
        )
        if "stop_after_attempt" in arguments:
            arguments["stop_after_attempt"] = 1
        self._send_again = partial(send, overlay, self.method, self.requested, **arguments)
        return True

    again = InterceptedCall.again_async
