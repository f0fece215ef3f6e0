"""The call path of `AsyncClient._arequest_with_retries`: every method of the async client but the generated ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from langsmith.utils import LangSmithError

from safe_langsmith._sdk.calls.base import InterceptedCall
from safe_langsmith._sdk.compat import SupportsClient, is_http_error
from safe_langsmith._sdk.http import ForbiddenResponse, with_tenant


class AsyncCall(InterceptedCall):
    """A call of `_arequest_with_retries`.

    Args:
        client: The client.
        send: The SDK's own `_arequest_with_retries`.
        method: The HTTP method.
        endpoint: The requested path.
        arguments: The call's keyword arguments.
        error: The exception that the SDK raised.
    """

    def __init__(
        self,
        client: SupportsClient,
        send: Callable[..., Any],
        method: str,
        endpoint: str,
        arguments: Mapping[str, Any],
        error: Exception,
    ) -> None:
        """Hold the call."""
        super().__init__(client, method, endpoint, error)
        self._send = send
        self._arguments = dict(arguments)

    @property
    def caller_headers(self) -> Mapping[str, Any]:
        """The headers that the call's own arguments set."""
        return self._arguments.get("headers") or {}

    def was_raised_by_sdk(self, error: Exception) -> bool:
        """Return whether the SDK raised it for a response: its other exceptions may have an older context."""
        if isinstance(error, LangSmithError) and is_http_error(error.__cause__):
            return True
        # The oldest SDKs raise this class itself while they handle the response, and name no cause.
        return type(error) is LangSmithError and error.__cause__ is None and is_http_error(error.__context__)

    def prepare(self, workspace_id: str, forbidden: ForbiddenResponse) -> bool:
        """Set `again` to a second send for a workspace, and return whether the body can be sent twice."""
        content = self._arguments.get("content")
        if not isinstance(content, (bytes, str, type(None))) or self._arguments.get("files"):
            return False
        arguments = {**self._arguments, "headers": with_tenant(self.caller_headers, workspace_id)}
        self.again = partial(self._send, self.method, self.requested, **arguments)
        return True
