"""`SafeClient`, the drop-in for `langsmith.Client`."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Sequence
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import langsmith
import requests

from safe_langsmith._recovery.local import PathLike
from safe_langsmith._recovery.state import Chooser, ClientState, given_arguments, with_our_options
from safe_langsmith._sdk.compat import shown_client
from safe_langsmith._sdk.replay import note_position

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Literal

    from langsmith.schemas import LangSmithInfo
    from urllib3 import Retry

# Taken here, because programs put this class where `langsmith.Client` was.
_SDK_API_KEY: Any = langsmith.Client.api_key


@cache
def _on_refusal() -> tuple[Callable[..., Any], Callable[..., Any]]:
    """What answers a refusal, which nobody pays for before there is one."""
    from safe_langsmith._recovery.handler import refused
    from safe_langsmith._sdk.calls.requests import RequestsCall

    return refused, RequestsCall


class SafeClient(langsmith.Client):
    """A `langsmith.Client` that heals or explains a 403.

    Every argument and method of `langsmith.Client` works as it does there, and a call that succeeds costs the same. A
    call that LangSmith refuses is sent once more where a missing workspace was all that it lacked, and otherwise raises
    `ForbiddenDiagnosis`, which is also an instance of the class that the SDK would have raised.

    Args:
        resolve_workspace: `True` sends a refused request again when exactly one workspace can be meant, `False` never
            does. A callable gets a sequence of the workspaces that the key reaches (`Workspace`, with `id`, `name`,
            `role` and `permissions`) and returns the one to use, its id, or `None` to use none. It is called at most
            once for an endpoint and key.
        probe: Whether read-only diagnostic requests may be sent after a refusal.
        dotenv_path: The `.env` file to compare with; by default what python-dotenv finds from the working directory
            upwards.

    Raises:
        TypeError: If `resolve_workspace` is neither a `bool` nor a callable.
        Exception: What `langsmith.Client` raises for its arguments.
    """

    __slots__ = ("_state",)

    _state: ClientState

    if TYPE_CHECKING:

        def __init__(
            self,
            api_url: str | None = None,
            *,
            api_key: str | None = None,
            retry_config: Retry | None = None,
            timeout_ms: int | tuple[int, int] | None = None,
            web_url: str | None = None,
            session: requests.Session | None = None,
            auto_batch_tracing: bool = True,
            anonymizer: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
            hide_inputs: Callable[[dict[str, Any]], dict[str, Any]] | bool | None = None,
            hide_outputs: Callable[[dict[str, Any]], dict[str, Any]] | bool | None = None,
            hide_metadata: Callable[[dict[str, Any]], dict[str, Any]] | bool | None = None,
            omit_traced_runtime_info: bool = False,
            process_buffered_run_ops: Callable[[Sequence[dict[str, Any]]], Sequence[dict[str, Any]]] | None = None,
            run_ops_buffer_size: int | None = None,
            run_ops_buffer_timeout_ms: float | None = None,
            info: dict[str, Any] | LangSmithInfo | None = None,
            api_urls: dict[str, str] | None = None,
            otel_tracer_provider: Any = None,
            tracing_mode: Literal["langsmith", "otel", "hybrid"] | None = None,
            otel_enabled: bool | None = None,
            tracing_sampling_rate: float | None = None,
            workspace_id: str | None = None,
            profile: str | None = None,
            profile_config_path: str | None = None,
            prefer_profile_auth: bool = False,
            max_batch_size_bytes: int | None = None,
            headers: dict[str, str] | None = None,
            tracing_error_callback: Callable[[Exception], None] | None = None,
            disable_prompt_cache: bool = False,
            cache: Any = None,
            resolve_workspace: bool | Chooser = True,
            probe: bool = True,
            dotenv_path: PathLike | None = None,
        ) -> None:
            """Makes a client, as the newest SDK does. What the installed one knows is in `inspect.signature`."""

    else:

        def __init__(
            self,
            *args: Any,
            resolve_workspace: bool | Chooser = True,
            probe: bool = True,
            dotenv_path: PathLike | None = None,
            **kwargs: Any,
        ) -> None:
            """Makes a client; arguments that are not described above are `langsmith.Client`'s."""
            try:
                given = given_arguments(_PARENT, args, kwargs)
                profile = (kwargs.get("profile"), kwargs.get("profile_config_path"))
                # Before the parent's: its tracing thread may send a request while the constructor still runs.
                self._state = ClientState(resolve_workspace, probe, dotenv_path, given, *profile)
                super().__init__(*args, **kwargs)
            finally:
                # They hold the key, and a traceback shows this frame.
                del args, kwargs
            self._state.note_origins(self)

    def __repr__(self) -> str:
        """Shows what `langsmith.Client` shows, without a password in the endpoint: frames of ours show the client."""
        return shown_client(super().__repr__(), self)

    def _repr_html_(self) -> str:
        """Shows what `langsmith.Client` shows in a notebook, without a password either."""
        said = str(super()._repr_html_())
        # Whatever stands before an "@" may be a password.
        if "@" in said:
            from html import escape

            return f"<code>{escape(repr(self))}</code>"
        return said

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

    # For type checkers it is the SDK's own property, whose type this one has lost.
    if not TYPE_CHECKING:
        # A workspace that was chosen for one key is not another's. Reading goes straight to the SDK.
        api_key = property(_SDK_API_KEY.fget, _set_api_key)

    def request_with_retries(self, /, method: Any, pathname: str, **kwargs: Any) -> requests.Response:
        """Sends a request as `langsmith.Client` does, and answers a 403.

        Args:
            method: The HTTP method.
            pathname: The path below the endpoint, or a whole URL.
            **kwargs: Passed on.

        Returns:
            The response.

        Raises:
            ForbiddenDiagnosis: If LangSmith refused and naming a workspace did not help.
            Exception: What `langsmith.Client` raises for everything else.
        """
        rewind = note_position(kwargs)
        before_send = self._state.before_send
        if before_send is not None:
            kwargs = before_send(self, pathname, kwargs)
        try:
            try:
                return super().request_with_retries(method, pathname, **kwargs)
            except Exception as error:
                # Notebooks and pytest leave out frames that say so: what failed is the caller's line, and not this one.
                __tracebackhide__ = True
                try:
                    refused, road = _on_refusal()
                    again = super().request_with_retries
                    call = refused(partial(road, self, again, method, pathname, kwargs, rewind), error)
                # Also while the interpreter ends and imports nothing any more, the SDK's own error stands.
                except Exception:
                    call = None
                if call is None:
                    raise
        finally:
            # They hold the key, or a password of the endpoint, and a traceback shows this frame.
            del kwargs, pathname
        # Outside the handler, so that nothing raised here drags the SDK's error along as its context.
        response: requests.Response = call.answer()
        return response

    def delete_examples(self, example_ids: Sequence[Any], *, hard_delete: bool = False, **kwargs: Any) -> None:
        """Deletes examples as `langsmith.Client` does, and answers a 403 to `hard_delete`, too.

        Args:
            example_ids: The ids of the examples.
            hard_delete: Whether they are deleted for good.
            **kwargs: Passed on.

        Raises:
            ForbiddenDiagnosis: If LangSmith refused and naming a workspace did not help.
            Exception: What `langsmith.Client` raises for everything else.
        """
        try:
            super().delete_examples(example_ids, hard_delete=hard_delete, **kwargs)
            return
        except Exception as error:
            __tracebackhide__ = True
            # Everything else goes through `request_with_retries` and is answered there.
            if type(error).__module__.partition(".")[0] != "requests":
                raise
            call = None
            with contextlib.suppress(Exception):  # As above.
                from safe_langsmith._recovery.handler import refused
                from safe_langsmith._sdk.calls.hard_delete import HardDeleteCall

                call = refused(partial(HardDeleteCall, self, error), error)
            if call is None:
                raise
        call.answer()

    def _get_langsmith_api(self) -> Any:
        return self._guarded(super()._get_langsmith_api())

    def _get_langsmith_api_sync(self) -> Any:
        return self._guarded(super()._get_langsmith_api_sync())

    def _guarded(self, api: Any) -> Any:
        # Where it cannot be guarded, it is the SDK's as it is.
        with contextlib.suppress(Exception):
            from safe_langsmith._sdk.calls.generated_client import guard

            guard(api, self)
        return api


_PARENT = inspect.signature(langsmith.Client.__init__)

# A signature is a courtesy: where some SDK's cannot be extended, ours is shown as it is.
with contextlib.suppress(ValueError):
    SafeClient.request_with_retries.__signature__ = inspect.signature(  # type: ignore[attr-defined]
        langsmith.Client.request_with_retries
    )
    SafeClient.__init__.__signature__ = with_our_options(  # type: ignore[attr-defined]
        _PARENT, inspect.signature(SafeClient.__init__)
    )
