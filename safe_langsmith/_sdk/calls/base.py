"""What every road has: how to read a refusal on it, how to ask along it, and how to go it a second time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from langsmith.utils import LangSmithError

from safe_langsmith._probe.driver import under_examination
from safe_langsmith._probe.transports import AsyncTransport, ProbeTransport, RequestsTransport
from safe_langsmith._sdk.compat import endpoint_of, is_http_error, response_of, status_of
from safe_langsmith._sdk.http import ForbiddenResponse, asked_url, netloc_of


class InterceptedCall:
    """One call of the SDK, on one road.

    A road holds the call's arguments, and with them the key: so they are in here and not in the locals of a frame.

    Args:
        client: The safe client whose call it is.
        method: The HTTP method.
        url: The URL or path that was asked for.

    Attributes:
        siblings: Base URLs under which this road reaches the client's own endpoint, beside the endpoint itself.
    """

    siblings: tuple[str, ...] = ()

    def __init__(self, client: Any, method: str, url: str) -> None:
        """Holds the call."""
        self.client = client
        self.method = method
        self.asked = url

    def __repr__(self) -> str:
        """Shows nothing of the arguments."""
        return f"{type(self).__name__}()"

    @property
    def url(self) -> str:
        """The URL that the SDK makes of what was asked for."""
        return self.asked if self.asked.startswith("http") else f"{endpoint_of(self.client)}/{self.asked.lstrip('/')}"

    @property
    def ends_in_a_log(self) -> bool:
        """Whether the SDK logs what such calls raise, one by one, where nobody waits for it."""
        return False

    @property
    def caller_headers(self) -> Mapping[str, Any]:
        """The headers that the call's own arguments set."""
        return {}

    def is_refusal(self, error: Exception) -> bool:
        """Whether an exception of the SDK stands for a 403 that this library has to answer."""
        if status_of(error) != 403 or under_examination() or not self.raised_by_sdk(error):
            return False
        # An object that authenticates requests may itself be refused, by a host that is none of ours.
        asked = self.url
        return netloc_of(asked_url(response_of(error)) or asked) == netloc_of(asked)

    def raised_by_sdk(self, error: Exception) -> bool:
        """Whether the SDK raised an exception on this road for an answer, and not something that it called."""
        raise NotImplementedError

    def way(self) -> ProbeTransport:
        """Returns how diagnostic requests go."""
        return RequestsTransport(self.client.session)

    def prepare(self, workspace_id: str, refusal: ForbiddenResponse) -> bool:
        """Makes the second send name a workspace; returns whether there can be a second send.

        Args:
            workspace_id: The workspace.
            refusal: The refusal of the first send.
        """
        raise NotImplementedError

    def send(self) -> Any:
        """Sends the second time and returns what the SDK returns; on an asynchronous road, something to await."""
        raise NotImplementedError

    def kept(self, workspace_id: str) -> None:
        """Is told that a workspace has become the client's own."""

    def message_of(self, error: Exception) -> tuple[type[BaseException], str]:
        """Returns the class and the message of what the SDK raises for a 403 on this road."""
        if isinstance(error, LangSmithError) or is_http_error(error):
            return type(error), str(error)
        # The SDK tripped over the body; this is what it says of other bodies.
        return LangSmithError, f"Failed to {self.method} {self.asked} in LangSmith API. {error.__context__!r}"


def way_of_async(client: Any) -> ProbeTransport:
    """Returns how diagnostic requests of an `AsyncClient` go. Needs a running event loop."""
    return AsyncTransport(client._client, asyncio.get_running_loop())
