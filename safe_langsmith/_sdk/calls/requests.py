"""The road of `Client.request_with_retries`: nearly every method of the client, and all of its tracing."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from langsmith.utils import LangSmithError

from safe_langsmith._sdk.calls.base import InterceptedCall
from safe_langsmith._sdk.http import ForbiddenResponse
from safe_langsmith._sdk.replay import Rewind, arguments_for, caller_headers

# Annotation queues and datasets have runs, too, which are asked for by who waits for the answer.
_INGESTION = re.compile(
    r"^(?!.*/(?:annotation-queues|datasets)/)(?:POST .*/runs(?:/batch|/multipart)?|PATCH .*/runs/[^/]+)$"
)


class RequestsCall(InterceptedCall):
    """A call of `request_with_retries`.

    Args:
        client: The client.
        send: The SDK's own `request_with_retries`.
        method: The HTTP method.
        pathname: The path or URL that was asked for.
        arguments: The call's keyword arguments.
        rewind: Puts the call's body back where it was before the first send.
    """

    def __init__(
        self,
        client: Any,
        send: Callable[..., Any],
        method: str,
        pathname: str,
        arguments: Mapping[str, Any],
        rewind: Rewind,
    ) -> None:
        """Holds the call."""
        super().__init__(client, method, pathname)
        self._send = send
        self._arguments = dict(arguments)
        self._rewind = rewind

    @property
    def caller_headers(self) -> Mapping[str, Any]:
        """The headers that the call's own arguments set."""
        return caller_headers(self._arguments)

    @property
    def ends_in_a_log(self) -> bool:
        """Whether runs are sent: from the tracing threads, or by a decorator that must not fail the user's function."""
        method, path = self.method.upper(), urlsplit(self.url).path
        return bool(_INGESTION.search(f"{method} {path}"))

    def raised_by_sdk(self, error: Exception) -> bool:
        """Whether it is what the SDK raises, or what it trips over; anything else comes from the user's callbacks."""
        from requests import RequestException

        return isinstance(error, (LangSmithError, RequestException, AttributeError, RecursionError))

    def prepare(self, workspace_id: str, refusal: ForbiddenResponse) -> bool:
        """Makes the second send name a workspace; returns whether the body can be sent twice."""
        again = arguments_for(self._arguments, workspace_id, refusal.prepared, self._rewind)
        if again is None:
            return False
        self._arguments = again
        return True

    def send(self) -> Any:
        """Sends the second time."""
        return self._send(self.method, self.asked, **self._arguments)
