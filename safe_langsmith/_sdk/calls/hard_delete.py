"""The road of `delete_examples(hard_delete=True)`: the one method that uses the session directly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from safe_langsmith._sdk.calls.base import InterceptedCall
from safe_langsmith._sdk.compat import response_of, without_tenant
from safe_langsmith._sdk.http import ForbiddenResponse


class HardDeleteCall(InterceptedCall):
    """A request that a method of the client sent over its session.

    Args:
        client: The client.
        error: The `requests.HTTPError` that the method raised.
    """

    def __init__(self, client: Any, error: Any) -> None:
        """Holds the request."""
        response = response_of(error)
        # Where redirects were followed, the first request is the one that was made.
        prepared = (response.history or [response])[0].request
        super().__init__(client, prepared.method, prepared.url)
        self._headers: dict[str, Any] = {}
        self._body = prepared.body
        self._timeout: tuple[float, ...] = ()
        self._check: Callable[[Any], None]

    def raised_by_sdk(self, error: Exception) -> bool:
        """Whether it is what the SDK raises on this road."""
        import requests

        return isinstance(error, requests.HTTPError)

    def prepare(self, workspace_id: str, refusal: ForbiddenResponse) -> bool:
        """Makes the second send name a workspace."""
        # All that can fail on our side fails in here: what `send` raises goes to the user.
        import langsmith.utils
        import requests

        sent = without_tenant(refusal.prepared.headers)
        self._headers = {name: value for name, value in sent.items() if name.lower() != "content-length"}
        self._headers["X-Tenant-Id"] = workspace_id
        self._timeout = tuple(milliseconds / 1000 for milliseconds in self.client.timeout_ms)
        # Undocumented. It adds the server's text to what is raised.
        self._check = getattr(langsmith.utils, "raise_for_status_with_text", requests.Response.raise_for_status)
        return True

    def send(self) -> None:
        """Sends the second time."""
        response = self.client.session.request(
            self.method, self.asked, headers=self._headers, data=self._body, timeout=self._timeout
        )
        self._check(response)
