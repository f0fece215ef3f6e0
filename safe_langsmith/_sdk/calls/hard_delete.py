"""The call path of `delete_examples(hard_delete=True)`: the one method that uses the session directly."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from safe_langsmith._sdk.calls.base import InterceptedCall
from safe_langsmith._sdk.compat import SupportsClient, response_of, session_of
from safe_langsmith._sdk.http import ForbiddenResponse, with_tenant
from safe_langsmith._sdk.replay import ExpectedRequest, comparing_session


class HardDeleteCall(InterceptedCall):
    """A request that a method of the client sent over its session.

    Args:
        client: The client.
        error: The `requests.HTTPError` that the method raised.
        endpoint: The client's endpoint when the call began.
    """

    def __init__(self, client: SupportsClient, error: Exception, endpoint: str) -> None:
        """Hold the request."""
        response = response_of(error)
        # If redirects were followed, the first request is the one that the SDK made.
        prepared = (response.history or [response])[0].request
        super().__init__(client, prepared.method, prepared.url, error, endpoint)
        self._body = prepared.body

    def is_sdk_error(self, error: Exception) -> bool:
        """Return whether it is what the SDK raises on this call path."""
        import requests

        return isinstance(error, requests.HTTPError)

    def prepare(self, expected: ExpectedRequest, forbidden: ForbiddenResponse) -> bool:
        """Prepare a second send."""
        import langsmith.utils
        import requests

        client: Any = self.client
        headers = without_length(with_tenant(forbidden.prepared.headers, expected.workspace_id))
        timeout = tuple(milliseconds / 1000 for milliseconds in client.timeout_ms)
        request = comparing_session(session_of(client), expected).request
        send = partial(request, self.method, self.requested, headers=headers, data=self._body, timeout=timeout)
        # Undocumented. It adds the server's text to the exception.
        raise_for_status = getattr(langsmith.utils, "raise_for_status_with_text", requests.Response.raise_for_status)
        self._send_again = partial(_send, send, raise_for_status)
        return True


def _send(send: Callable[[], Any], raise_for_status: Callable[[Any], Any]) -> None:
    raise_for_status(send())


def without_length(headers: dict[str, Any]) -> dict[str, Any]:
    """Return headers without the body's length, which requests computes."""
    return {name: value for name, value in headers.items() if name.lower() != "content-length"}
