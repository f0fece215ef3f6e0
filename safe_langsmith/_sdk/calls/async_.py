"""The road of `AsyncClient._arequest_with_retries`: every method of the asynchronous client but the generated ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from langsmith.utils import LangSmithError

from safe_langsmith._probe.transports import ProbeTransport
from safe_langsmith._sdk.calls.base import InterceptedCall, way_of_async
from safe_langsmith._sdk.compat import is_http_error, without_tenant
from safe_langsmith._sdk.http import ForbiddenResponse


class AsyncCall(InterceptedCall):
    """A call of `_arequest_with_retries`.

    Args:
        client: The client.
        send: The SDK's own `_arequest_with_retries`.
        method: The HTTP method.
        endpoint: The path that was asked for.
        arguments: The call's keyword arguments.
    """

    def __init__(
        self, client: Any, send: Callable[..., Any], method: str, endpoint: str, arguments: Mapping[str, Any]
    ) -> None:
        """Holds the call. Needs a running event loop."""
        super().__init__(client, method, endpoint)
        self._send = send
        self._arguments = dict(arguments)
        self._way = way_of_async(client)

    @property
    def caller_headers(self) -> Mapping[str, Any]:
        """The headers that the call's own arguments set."""
        return self._arguments.get("headers") or {}

    def raised_by_sdk(self, error: Exception) -> bool:
        """Whether it is what the SDK raises for an answer: what it raises otherwise may have an older context."""
        if isinstance(error, LangSmithError) and is_http_error(error.__cause__):
            return True
        # The oldest SDKs raise this very class while handling the answer, and name no cause.
        return type(error) is LangSmithError and error.__cause__ is None and is_http_error(error.__context__)

    def way(self) -> ProbeTransport:
        """Returns how diagnostic requests go: over the client's own httpx client, on its loop."""
        return self._way

    def prepare(self, workspace_id: str, refusal: ForbiddenResponse) -> bool:
        """Makes the second send name a workspace; returns whether the body can be sent twice."""
        content = self._arguments.get("content")
        if not isinstance(content, (bytes, str, type(None))) or self._arguments.get("files"):
            return False
        headers = {**without_tenant(self.caller_headers), "X-Tenant-Id": workspace_id}
        self._arguments = {**self._arguments, "headers": headers}
        return True

    def send(self) -> Any:
        """Sends the second time."""
        return self._send(self.method, self.asked, **self._arguments)
