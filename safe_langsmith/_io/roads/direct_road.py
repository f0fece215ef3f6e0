"""The road of `delete_examples(hard_delete=True)`: the one method that uses the session directly."""

from __future__ import annotations

from typing import Any

from safe_langsmith._io.owner import without_tenant
from safe_langsmith._io.refusals import Refusal
from safe_langsmith._io.sdk_errors import response_of

from .road import Road


class DirectRoad(Road):
    """A request that a method of the client sent over its session.

    Args:
        client: The client.
        error: The `requests.HTTPError` that the method raised.
    """

    def __init__(self, client: Any, error: Any) -> None:
        """Holds the request."""
        prepared = response_of(error).request
        super().__init__(client, prepared.method, prepared.url)
        self._headers: dict[str, Any] = {}
        self._body = prepared.body

    def raised_by_sdk(self, error: Exception) -> bool:
        """Whether it is what the SDK raises on this road."""
        import requests

        return isinstance(error, requests.HTTPError)

    def prepare(self, workspace_id: str, refusal: Refusal) -> bool:
        """Makes the second send name a workspace."""
        sent = without_tenant(refusal.prepared.headers)
        self._headers = {name: value for name, value in sent.items() if name.lower() != "content-length"}
        self._headers["X-Tenant-Id"] = workspace_id
        return True

    def send(self) -> None:
        """Sends the second time."""
        from langsmith.utils import raise_for_status_with_text

        response = self.client.session.request(
            self.method, self.asked, headers=self._headers, data=self._body, timeout=self.client._timeout
        )
        raise_for_status_with_text(response)
