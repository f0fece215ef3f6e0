"""`SafeClient`, the drop-in for `langsmith.Client`."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Sequence
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any

import langsmith
import requests

from safe_langsmith import _recovery
from safe_langsmith._frames import clear_frames
from safe_langsmith._log import boundary
from safe_langsmith._recovery import intercept, recall_workspace, resolve
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
from safe_langsmith._sdk.calls.hard_delete import HardDeleteCall
from safe_langsmith._sdk.calls.requests import RequestsCall
from safe_langsmith._sdk.compat import is_page, safe_repr
from safe_langsmith._sdk.fork import renew_after_forks
from safe_langsmith._sdk.headers import drop_if_identity_changed
from safe_langsmith._sdk.replay import capture_body

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Literal

    from langsmith.schemas import LangSmithInfo
    from urllib3 import Retry


class SafeClient(langsmith.Client):
    """A `langsmith.Client` that retries or explains a 403.

    Every argument and method of `langsmith.Client` works as it does there, and a call that succeeds costs the same. If
    LangSmith answers a call with 403 and only a workspace was missing, the client names it and sends the call once
    more. Otherwise the call raises `ForbiddenDiagnosis`, which is also an instance of the class that the SDK would
    raise.

    Args:
        resolve_workspace: `True` retries if exactly one workspace can be meant, `False` never retries. A callable gets
            a sequence of the workspaces that the key reaches (`Workspace`, with `id`, `name`, `role` and
            `permissions`) and returns the one to use, its id, or `None` to use none. It is called at most once for an
            endpoint and key.
        probe: Whether the client may send read-only probes after a 403.
        dotenv_path: The `.env` file to compare with the values in use after a 403; by default the one that
            python-dotenv finds from the working directory upwards.

    Raises:
        TypeError: If `resolve_workspace` is neither a `bool` nor a callable.
        Exception: If `langsmith.Client` rejects its arguments.
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
            """Make a client, with the newest SDK's arguments; `inspect.signature` shows those of the installed one."""

    else:

        def __init__(
            self,
            *args: Any,
            resolve_workspace: bool | Chooser = True,
            probe: bool = True,
            dotenv_path: PathLike | None = None,
            **kwargs: Any,
        ) -> None:
            """Make a client; the arguments that are not described above are those of `langsmith.Client`."""
            try:
                try:
                    given = given_arguments(_PARENT, args, kwargs)
                    profile = (kwargs.get("profile"), kwargs.get("profile_config_path"))
                    # Before the parent's: its tracing thread may send a request while the constructor still runs.
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

    def __repr__(self) -> str:
        """Return the `repr` of `langsmith.Client`, without a password in the endpoint: tracebacks show the client."""
        return safe_repr(super().__repr__(), self)

    def _repr_html_(self) -> str:
        """Return the HTML of `langsmith.Client` for a notebook, also without a password."""
        sdk_html = str(super()._repr_html_())
        # A password may stand before an "@".
        if "@" in sdk_html:
            from html import escape

            return f"<code>{escape(repr(self))}</code>"
        return sdk_html

    def request_with_retries(self, /, method: Any, pathname: str, **kwargs: Any) -> requests.Response:
        """Send a request as `langsmith.Client` does, and handle a 403.

        Args:
            method: The HTTP method.
            pathname: The path below the endpoint, or a whole URL.
            **kwargs: Passed on.

        Returns:
            The response.

        Raises:
            ForbiddenDiagnosis: If LangSmith refused and naming a workspace did not help.
            Exception: If the request fails for another reason, as `langsmith.Client` raises it.
        """
        try:
            try:
                # The program may set others meanwhile.
                rewind: Any = capture_body(kwargs)
                began: Any = (self.api_url, getattr(self, "_headers", None))
                before_send = self._state.before_send
                if before_send is not None:
                    kwargs = before_send(self, pathname, kwargs)
                try:
                    sent = super().request_with_retries(method, pathname, **kwargs)
                except Exception as error:
                    # Notebooks and pytest leave out frames with this name: the caller's line failed, and not this one.
                    __tracebackhide__ = True
                    send = super().request_with_retries
                    call = intercept(partial(RequestsCall, self, send, method, pathname, kwargs, rewind, error, *began))
                    if call is None:
                        raise
                else:
                    # A success is evidence, if the same key is refused later. No call: every request pays for this. An
                    # error that the SDK was told to ignore is none, nor is a page of a portal where one signs in. A
                    # test's double is not to be compared.
                    status: Any = getattr(sent, "status_code", None)
                    if type(status) is not int or status >= 400 or is_page(sent):
                        pass
                    elif method == "GET" and not pathname.startswith(FOR_ANYBODY):
                        self._state.read_at = monotonic()
                    elif pathname.endswith(INGEST) and pathname.startswith(("/", began[0])):
                        self._state.wrote_at = monotonic()
                    return sent
                # Outside the except clause, so that an exception raised here does not get the SDK's as its context.
                response: requests.Response = resolve(call)
                return response
            finally:
                # They hold the key, or a password of the endpoint, and a traceback shows this frame.
                kwargs, pathname, began, rewind, call = {}, "", None, None, None
        except BaseException:
            # An interrupt may have come just before that.
            kwargs, pathname, began, rewind, call = {}, "", None, None, None
            clear_frames()
            raise

    def delete_examples(self, example_ids: Sequence[Any], *, hard_delete: bool = False, **kwargs: Any) -> None:
        """Delete examples as `langsmith.Client` does, and handle a 403 to `hard_delete`, too.

        Args:
            example_ids: The ids of the examples.
            hard_delete: Whether they are deleted for good.
            **kwargs: Passed on.

        Raises:
            ForbiddenDiagnosis: If LangSmith refused and naming a workspace did not help.
            Exception: If the request fails for another reason, as `langsmith.Client` raises it.
        """
        endpoint = self.api_url
        if self._state.auto_workspace is not None:
            drop_if_identity_changed(self)
        try:
            try:
                super().delete_examples(example_ids, hard_delete=hard_delete, **kwargs)
                return
            except Exception as error:
                __tracebackhide__ = True
                # Every other exception comes from `request_with_retries`, which has handled it.
                if type(error).__module__.partition(".")[0] != "requests":
                    raise
                call = intercept(partial(HardDeleteCall, self, error, endpoint))
                if call is None:
                    raise
            resolve(call)
        except BaseException:
            # The endpoint may hold a password, and a traceback shows this frame.
            call = endpoint = None  # type: ignore[assignment]
            clear_frames()
            raise

    def _get_langsmith_api(self) -> Any:
        return self._intercepted(super()._get_langsmith_api())

    def _get_langsmith_api_sync(self) -> Any:
        return self._intercepted(super()._get_langsmith_api_sync())

    def _intercepted(self, api: Any) -> Any:
        # If this library cannot intercept its requests, the user gets the SDK's generated client as it is.
        with boundary():
            from ._sdk.calls.generated import intercept_requests

            intercept_requests(api, self, _recovery)
        return api


note_assignments(SafeClient, langsmith.Client)

_PARENT = inspect.signature(langsmith.Client.__init__)

# `inspect.signature` reads the attribute; the type of a function does not declare it, hence the ignored error. If some
# SDK's signature cannot be extended, `inspect.signature` shows this library's own.
with contextlib.suppress(ValueError):
    SafeClient.request_with_retries.__signature__ = inspect.signature(  # type: ignore[attr-defined]
        langsmith.Client.request_with_retries
    )
    SafeClient.__init__.__signature__ = with_our_options(  # type: ignore[attr-defined]
        _PARENT, inspect.signature(SafeClient.__init__)
    )
