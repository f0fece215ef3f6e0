"""The interface of an intercepted call: its request, how to recognize its 403, and how to send it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from langsmith.utils import LangSmithError

from safe_langsmith._log import boundary
from safe_langsmith._sdk.compat import (
    SupportsClient,
    carries_credential_of,
    endpoint_of,
    has_another_key,
    headers_of,
    is_http_error,
    response_of,
    status_of,
    uses_own_credential,
    was_raised_by_sdk,
)
from safe_langsmith._sdk.http import (
    AUTHENTICATED,
    ForbiddenResponse,
    Headers,
    netloc_of,
    normalize_url,
    plain_headers,
    read_forbidden,
    requested_url,
)
from safe_langsmith._sdk.identity import sender_of, session_identity
from safe_langsmith._sdk.replay import ExpectedRequest, NotSent

if TYPE_CHECKING:
    from collections.abc import Callable

    from safe_langsmith._core.model import Interface, ProbeRequest, RegionAnswer
    from safe_langsmith._core.needs import Need


class InterceptedCall:
    """One call of the SDK that failed, on one of its call paths.

    A call holds its arguments, and with them the key, so that no frame has them among its locals.

    Args:
        client: The safe client that made the call.
        method: The HTTP method.
        url: The requested URL or path.
        error: The exception that the SDK raised.
        endpoint: The client's endpoint when the call began; the program may set another one meanwhile.
        own_headers: The client's headers when the call began, likewise.

    Attributes:
        error: The SDK's latest exception; `None` if nothing was refused, or the second send succeeded.
        response: The response to the second send.
        sibling_endpoints: Base URLs under which this call path reaches the client's own endpoint, beside the endpoint.
        on_probe: Called with each probe before it is sent, or `None`.
        interface: The form of lines to copy; `None` for the client's own language.
        regions: What the other regions answered, if the user had them asked.
        needs: The permissions that the program needs, for a checked client; `None` for what tracing needs, if it is on.
    """

    sibling_endpoints: tuple[str, ...] = ()
    on_probe: Callable[[ProbeRequest], None] | None = None
    interface: Interface | None = None
    regions: tuple[RegionAnswer, ...] = ()
    needs: tuple[Need, ...] | None = None

    def __init__(
        self,
        client: SupportsClient,
        method: str | None,
        url: str,
        error: Exception | None,
        endpoint: str | None = None,
        own_headers: Mapping[str, Any] | None = None,
    ) -> None:
        """Hold the call."""
        self.client = client
        self.own_headers = own_headers
        self.endpoint = endpoint if endpoint is not None else endpoint_of(client)
        self.method = method
        self.requested = url
        self.error = error
        self.response: Any = None
        self._send_again: Callable[[], Any]

    def __repr__(self) -> str:
        """Show nothing of the arguments."""
        return f"{type(self).__name__}()"

    @property
    def url(self) -> str:
        """The URL that the SDK builds for the call."""
        if self.requested.startswith("http"):
            return self.requested
        return f"{self.endpoint.rstrip('/')}/{self.requested.lstrip('/')}"

    @property
    def sender(self) -> Any:
        """The session or httpx client that sends the call."""
        return sender_of(self.client)

    def sender_identity(self) -> Headers:
        """Return what the sender of the call says about the caller beside headers."""
        return session_identity(self.sender)

    @property
    def is_logged(self) -> bool:
        """Whether the call runs in the background, and the SDK logs its exception."""
        return False

    @property
    def is_raised_too(self) -> bool:
        """Whether the SDK raises the exception once it has logged it."""
        return False

    @property
    def caller_headers(self) -> Mapping[str, Any]:
        """The headers that the call's own arguments set."""
        return {}

    @property
    def is_forbidden(self) -> bool:
        """Whether the SDK raised its exception for a 403 from the requested server."""
        return self._was_answered_with(403)

    @property
    def is_unauthorized(self) -> bool:
        """Whether the SDK raised its exception for a 401 from the requested server."""
        return self._was_answered_with(401)

    def _was_answered_with(self, status: int) -> bool:
        error = self.error
        if error is None or status_of(error) != status or not (self.is_sdk_error(error) and was_raised_by_sdk(error)):
            return False
        # An object of the user's that authenticates requests may itself be refused, by another host.
        requested = self.url
        return netloc_of(requested_url(response_of(error)) or requested) == netloc_of(requested)

    def is_sdk_error(self, error: Exception) -> bool:
        """Return whether an exception is of a class that the SDK raises for a response on this call path."""
        raise NotImplementedError

    def uses_own_credential(self, sent: Mapping[str, str]) -> bool:
        """Return whether the request carried the client's own credential: that of now, or of when the call began.

        Args:
            sent: The headers of the request, by lower-case name.
        """
        began = self.own_headers
        if began is not None and carries_credential_of(plain_headers(began), sent, self.caller_headers):
            return True
        return uses_own_credential(self.client, sent, self.caller_headers)

    @property
    def adds_query(self) -> bool:
        """Whether the sender adds parameters to each request that probes do not have."""
        return False

    @property
    def brings_auth(self) -> bool:
        """Whether the call's arguments authenticate it, in place of the session's."""
        return False

    def brings_credential(self, sent: Mapping[str, str]) -> bool:
        """Return whether the call itself brought another credential, as the SDK does for replicas.

        If the session or the call's `auth` changed a header, the key is still the client's.

        Args:
            sent: The headers of the request, by lower-case name.
        """
        own = [headers for headers in (self.own_headers, headers_of(self.client)) if headers is not None]
        return all(has_another_key(plain_headers(headers), sent, self.caller_headers) for headers in own)

    def read_response(self) -> ForbiddenResponse:
        """Return the 403 response and its request."""
        client, method = self.client, self.method or "GET"
        of_session = self.sender_identity()
        forbidden = read_forbidden(response_of(self.error), method, self.url, lambda: headers_of(client), of_session)
        if AUTHENTICATED not in of_session:
            return forbidden
        expected: str | None = None
        # Parameters may be anything, and a generator is used up.
        with boundary():
            expected = self.expected_url()
        return replace(forbidden, is_url_of_caller=expected != forbidden.url)

    def expected_url(self) -> str | None:
        """Return the URL of the call before the user's code authenticates it, or `None` if that is not known."""
        return None

    def prepare(self, expected: ExpectedRequest, forbidden: ForbiddenResponse) -> bool:
        """Set `_send_again` to a function that sends the call once more, and return whether there can be a second send.

        The user gets any exception that it raises. So it is the SDK's own function if possible, and this library does
        all of its work in here and in `expected`.

        Args:
            expected: The second request as it has to be. It is compared before the request leaves.
            forbidden: The first send's response.
        """
        raise NotImplementedError

    def again(self) -> Any:
        """Send the call once more, after `prepare`. For an async call, return something to await.

        Returns:
            The response, or a `NotSent` if the request would not have been the refused one.
        """
        try:
            return self._send_again()
        except NotSent as reason:
            # Its traceback shows the frames of the HTTP library, which hold the key.
            return reason.with_traceback(None)

    async def again_async(self) -> Any:
        """Do what `again` does, if `_send_again` returns something to await."""
        try:
            return await self._send_again()
        except NotSent as reason:
            return reason.with_traceback(None)

    def workspace_applied(self, workspace_id: str) -> None:
        """Update the call path after the client got a workspace."""

    def describe_error(self) -> tuple[type[BaseException], str]:
        """Return the class and the message of the exception that the SDK raises for a 403 on this call path."""
        error = self.error
        if error is not None and (isinstance(error, LangSmithError) or is_http_error(error)):
            return type(error), str(error)
        # The SDK failed while reading the body. This is its message for other bodies.
        context = error.__context__ if error is not None else None
        return LangSmithError, f"Failed to {self.method} {self.requested} in LangSmith API. {context!r}"


class CheckedClient(InterceptedCall):
    """A client that is checked before any call of it is refused.

    Args:
        client: The client.
        on_probe: Called with each probe before it is sent, or `None`.
        interface: The form of lines to copy; `None` for the client's own language.
        needs: The permissions that the program needs; `None` for what tracing needs, if it is on.
    """

    def __init__(
        self,
        client: Any,
        on_probe: Callable[[ProbeRequest], None] | None = None,
        interface: Interface | None = None,
        needs: tuple[Need, ...] | None = None,
    ) -> None:
        """Hold the client."""
        super().__init__(client, None, "", None)
        self.needs = needs
        self.on_probe = on_probe
        self.interface = interface

    def read_response(self) -> ForbiddenResponse:
        """Return the request that the client would send next."""
        from safe_langsmith._core.responses import NO_BODY

        headers, of_session = plain_headers(headers_of(self.client)), self.sender_identity()
        return ForbiddenResponse(headers, None, normalize_url(self.url), NO_BODY, of_session=of_session)
