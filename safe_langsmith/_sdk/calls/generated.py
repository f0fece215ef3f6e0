"""The road of the generated clients behind `client.runs`, `client.agents` and their like, sync and async."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from safe_langsmith._probe.transports import ProbeTransport
from safe_langsmith._sdk.calls.base import InterceptedCall, way_of_async
from safe_langsmith._sdk.compat import name_workspace, without_tenant
from safe_langsmith._sdk.http import ForbiddenResponse, asked_url


class GeneratedCall(InterceptedCall):
    """A request of a generated client.

    Args:
        api: The generated client, which is guarded.
        send: The generated client's own `request`, which takes the options.
        options: What to send.
        headers: The headers in the options before the first send, which takes some of them out.
        error: What the generated client raised.
    """

    def __init__(self, api: Any, send: Callable[[Any], Any], options: Any, headers: Any, error: Any) -> None:
        """Holds the request.

        Raises:
            LookupError: If the safe client that the generated one belongs to is gone.
        """
        client = api._safe_client()
        if client is None:
            raise LookupError("the client is gone")
        # The error's own request is the last one of a redirect.
        super().__init__(client, str(options.method).upper(), asked_url(error.response) or str(error.request.url))
        self.siblings = (str(api.base_url),)
        self._api = api
        self._send = send
        self._options = options
        self._headers: Mapping[str, Any] = headers if isinstance(headers, Mapping) else {}
        self._way = None if hasattr(client, "session") else way_of_async(client)

    @property
    def caller_headers(self) -> Mapping[str, Any]:
        """The headers that the call itself, or who copied the client for it, set."""
        named = self._api._named_workspace
        brought = dict.fromkeys(self._api._brought, "what the copy was made with")
        return {**brought, **({"X-Tenant-Id": named} if named else {}), **self._headers}

    def raised_by_sdk(self, error: Exception) -> bool:
        """Whether it is what a generated client raises for an answer."""
        return getattr(error, "status_code", None) is not None

    def way(self) -> ProbeTransport:
        """Returns how diagnostic requests go: as those of the safe client."""
        return self._way or super().way()

    def prepare(self, workspace_id: str, refusal: ForbiddenResponse) -> bool:
        """Makes the second send name a workspace. All bodies are JSON here and can be sent twice."""
        self._options = copy.copy(self._options)
        self._options.headers = {**without_tenant(self._headers), "X-Tenant-Id": workspace_id}
        return True

    def send(self) -> Any:
        """Sends the second time."""
        return self._send(self._options)

    def kept(self, workspace_id: str) -> None:
        """Sets the workspace on the generated client at hand, which may be a copy that nobody else knows."""
        name_workspace(self._api, workspace_id)
