"""`SafeAsyncClient`, the drop-in for `langsmith.AsyncClient`."""

from __future__ import annotations

import contextlib
import inspect
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any

from langsmith.async_client import AsyncClient

from safe_langsmith import _recovery
from safe_langsmith._frames import clear_frames
from safe_langsmith._log import boundary
from safe_langsmith._recovery import intercept, recall_workspace, resolve_async
from safe_langsmith._recovery.state import (
    FOR_ANYBODY,
    INGEST,
    Chooser,
    ClientState,
    PathLike,
    given_arguments,
    note_assignments,
    with_our_options,
)
from safe_langsmith._sdk.calls.async_ import AsyncCall
from safe_langsmith._sdk.calls.generated import intercept_requests
from safe_langsmith._sdk.compat import is_page, safe_repr
from safe_langsmith._sdk.fork import renew_after_forks
from safe_langsmith._sdk.headers import client_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typing_extensions import Self


class SafeAsyncClient(AsyncClient):
    """A `langsmith.AsyncClient` that retries or explains a 403.

    Every argument and method of `langsmith.AsyncClient` works as it does there. If LangSmith answers a call with 403
    and only a workspace was missing, the client names it and sends the call once more. That needs langsmith 0.9.8 or
    newer, whose async client can name a workspace. Otherwise the call raises `ForbiddenDiagnosis`. The client never
    blocks the event loop, and you can cancel a call at any time.

    Args:
        resolve_workspace: As for `SafeClient`. The client calls a callable in a worker thread.
        probe: Whether the client may send read-only probes after a 403.
        dotenv_path: The `.env` file to compare with the values in use after a 403; by default the one that
            python-dotenv finds from the working directory upwards.

    Raises:
        TypeError: If `resolve_workspace` is neither a `bool` nor a callable.
        Exception: If `langsmith.AsyncClient` rejects its arguments.
    """

    _state: ClientState

    if TYPE_CHECKING:

        def __init__(
            self,
            api_url: str | None = None,
            api_key: str | None = None,
            timeout_ms: int | tuple[int | None, int | None, int | None, int | None] | None = None,
            retry_config: Mapping[str, Any] | None = None,
            web_url: str | None = None,
            headers: dict[str, str] | None = None,
            workspace_id: str | None = None,
            disable_prompt_cache: bool = False,
            cache: Any = None,
            *,
            profile: str | None = None,
            profile_config_path: str | None = None,
            prefer_profile_auth: bool = False,
            resolve_workspace: bool | Chooser = True,
            probe: bool = True,
            dotenv_path: PathLike | None = None,
        ) -> None:
            """Make a client, with the newest SDK's arguments; `inspect.signature` shows those of the installed one."""

        # The SDK's method is annotated with its own class, also for a subclass.
        async def __aenter__(self) -> Self: ...

    else:

        def __init__(
            self,
            *args: Any,
            resolve_workspace: bool | Chooser = True,
            probe: bool = True,
            dotenv_path: PathLike | None = None,
            **kwargs: Any,
        ) -> None:
            """Make a client; the arguments that are not described above are those of `langsmith.AsyncClient`."""
            try:
                try:
                    given = given_arguments(_PARENT, args, kwargs)
                    profile = (kwargs.get("profile"), kwargs.get("profile_config_path"))
                    self._state = ClientState.of_new(self, resolve_workspace, probe, dotenv_path, given, profile)
                    super().__init__(*args, **kwargs)
                    self._state.note_origins(self)
                    # A failure here must not fail the constructor: then the client is the SDK's after a fork.
                    with boundary():
                        renew_after_forks(self)
                    recall_workspace(self)
                finally:
                    # They hold the key, and a traceback shows this frame.
                    del args, kwargs
            except BaseException:
                # An interrupt may come just before they are deleted.
                args, kwargs = (), {}
                clear_frames()
                raise
            # If this library cannot intercept its requests, the user gets the SDK's generated client as it is.
            with boundary():
                intercept_requests(self._langsmith_api, self, _recovery)

    def __repr__(self) -> str:
        """Return the `repr` of `langsmith.AsyncClient` without a password in the endpoint, as `SafeClient` does."""
        return safe_repr(super().__repr__(), self)

    async def _arequest_with_retries(self, method: str, endpoint: str, **kwargs: Any) -> Any:
        """Send a request as `langsmith.AsyncClient` does, and handle a 403."""
        try:
            try:
                sender: Any = self if self._state.auto_workspace is None else client_for(self, endpoint, kwargs)
                # The program may set others meanwhile.
                began = getattr(getattr(self, "_client", None), "headers", None)
                send: Any = super()._arequest_with_retries
                method_of_sdk = getattr(send, "__func__", None)
                # A test may have put something else in the place of the SDK's method.
                first = send if sender is self or method_of_sdk is None else partial(method_of_sdk, sender)
                try:
                    sent = await first(method, endpoint, **kwargs)
                except Exception as error:
                    # Notebooks and pytest leave out frames with this name.
                    __tracebackhide__ = True
                    call = intercept(partial(AsyncCall, self, send, method, endpoint, kwargs, error, began))
                    if call is None:
                        raise
                else:
                    # As in `SafeClient`.
                    if is_page(sent):
                        pass
                    elif method == "GET" and not endpoint.startswith(FOR_ANYBODY):
                        self._state.read_at = monotonic()
                    elif endpoint.endswith(INGEST) and endpoint.startswith("/"):
                        self._state.wrote_at = monotonic()
                    return sent
                # Outside the except clause, so that an exception raised here does not get the SDK's as its context.
                return await resolve_async(call)
            finally:
                # They hold the key, or a password of the endpoint, and a traceback shows this frame.
                kwargs, endpoint, sender, began, first, call = {}, "", None, None, None, None
        except BaseException:
            # An interrupt may have come just before that.
            kwargs, endpoint, sender, began, first, call = {}, "", None, None, None, None
            clear_frames()
            raise


note_assignments(SafeAsyncClient, AsyncClient)

_PARENT = inspect.signature(AsyncClient.__init__)

# `inspect.signature` reads the attribute; the type of a function does not declare it, hence the ignored error. If some
# SDK's signature cannot be extended, `inspect.signature` shows this library's own.
with contextlib.suppress(ValueError):
    SafeAsyncClient.__init__.__signature__ = with_our_options(  # type: ignore[attr-defined]
        _PARENT, inspect.signature(SafeAsyncClient.__init__)
    )
