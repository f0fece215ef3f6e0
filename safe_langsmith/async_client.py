"""`SafeAsyncClient`, the drop-in for `langsmith.AsyncClient`."""

from __future__ import annotations

import contextlib
import inspect
from functools import partial
from typing import TYPE_CHECKING, Any

from langsmith.async_client import AsyncClient

from safe_langsmith._recovery.local import PathLike
from safe_langsmith._recovery.state import Chooser, ClientState, given_arguments, with_our_options
from safe_langsmith._sdk.compat import shown_client

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typing_extensions import Self

# Where the installed SDK's client has none, it has no workspace either.
_SDK_API_KEY: Any = getattr(AsyncClient, "api_key", None)


class SafeAsyncClient(AsyncClient):
    """A `langsmith.AsyncClient` that heals or explains a 403.

    Every argument and method of `langsmith.AsyncClient` works as it does there. A call that LangSmith refuses is sent
    once more where a missing workspace was all that it lacked (from langsmith 0.9.8 on, whose asynchronous client can
    name one), and otherwise raises `ForbiddenDiagnosis`. The event loop is never held up, and a call can be cancelled
    at any time.

    Args:
        resolve_workspace: As for `SafeClient`. A callable is called in a worker thread.
        probe: Whether read-only diagnostic requests may be sent after a refusal.
        dotenv_path: The `.env` file to compare with; by default what python-dotenv finds from the working directory
            upwards.

    Raises:
        TypeError: If `resolve_workspace` is neither a `bool` nor a callable.
        Exception: What `langsmith.AsyncClient` raises for its arguments.
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
            """Makes a client, as the newest SDK does. What the installed one knows is in `inspect.signature`."""

        # The SDK's is annotated with its own class, whatever enters.
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
            """Makes a client; arguments that are not described above are `langsmith.AsyncClient`'s."""
            try:
                given = given_arguments(_PARENT, args, kwargs)
                profile = (kwargs.get("profile"), kwargs.get("profile_config_path"))
                self._state = ClientState(resolve_workspace, probe, dotenv_path, given, *profile)
                super().__init__(*args, **kwargs)
            finally:
                # They hold the key, and a traceback shows this frame.
                del args, kwargs
            self._state.note_origins(self)
            # Where it cannot be guarded, it is the SDK's as it is.
            with contextlib.suppress(Exception):
                from safe_langsmith._sdk.calls.generated_client import guard

                guard(self._langsmith_api, self)

    def __repr__(self) -> str:
        """Shows what `langsmith.AsyncClient` shows, without a password in the endpoint, as `SafeClient` does."""
        return shown_client(super().__repr__(), self)

    # For type checkers it is the SDK's own property, whose type this one has lost.
    if not TYPE_CHECKING and _SDK_API_KEY is not None:

        def _set_api_key(self, value: str | None) -> None:
            changes = value != getattr(self, "api_key", value)
            try:
                _SDK_API_KEY.fset(self, value)
            finally:
                # It is the key, and a traceback shows this frame.
                del value
            if changes:
                with contextlib.suppress(Exception):  # The key is set, and that is what was asked for.
                    self._state.drop_auto_workspace(self)

        # A workspace that was chosen for one key is not another's. Reading goes straight to the SDK.
        api_key = property(_SDK_API_KEY.fget, _set_api_key)

    async def _arequest_with_retries(self, method: str, endpoint: str, **kwargs: Any) -> Any:
        """Sends a request as `langsmith.AsyncClient` does, and answers a 403."""
        if self._state.chosen_workspace is not None:
            from safe_langsmith._sdk.headers import apart_from_chosen_workspace

            kwargs = apart_from_chosen_workspace(self, endpoint, kwargs)
        try:
            try:
                return await super()._arequest_with_retries(method, endpoint, **kwargs)
            except Exception as error:
                # Notebooks and pytest leave out frames that say so.
                __tracebackhide__ = True
                call = None
                # Also while the interpreter ends and imports nothing any more, the SDK's own error stands.
                with contextlib.suppress(Exception):
                    from safe_langsmith._recovery.handler import refused
                    from safe_langsmith._sdk.calls.async_ import AsyncCall

                    again = super()._arequest_with_retries
                    call = refused(partial(AsyncCall, self, again, method, endpoint, kwargs), error)
                if call is None:
                    raise
        finally:
            # They hold the key, or a password of the endpoint, and a traceback shows this frame.
            del kwargs, endpoint
        # Outside the handler, so that nothing raised here drags the SDK's error along as its context.
        return await call.answer_async()


_PARENT = inspect.signature(AsyncClient.__init__)

# A signature is a courtesy: where some SDK's cannot be extended, ours is shown as it is.
with contextlib.suppress(ValueError):
    SafeAsyncClient.__init__.__signature__ = with_our_options(  # type: ignore[attr-defined]
        _PARENT, inspect.signature(SafeAsyncClient.__init__)
    )
