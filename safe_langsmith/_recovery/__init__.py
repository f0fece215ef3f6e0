"""What happens after a 403: collect facts, investigate, send the request once more, or raise `ForbiddenDiagnosis`.

These are the entries for the clients. They import what they need when the first 403 comes, so that a program that is
never refused does not pay for it.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from safe_langsmith._log import boundary

if TYPE_CHECKING:
    from safe_langsmith._sdk.calls.base import InterceptedCall


_handler: Any = None
"""The module `handler`, from the first 403 on."""

_is_needed = False

_ON_FIRST_403 = (
    "dotenv",
    "tenacity",
    "safe_langsmith._core.dotenv",
    "safe_langsmith._core.settings",
    "safe_langsmith._recovery.local",
    "safe_langsmith._recovery.unauthorized",
    "safe_langsmith._sdk.calls.generated",
    "safe_langsmith._sdk.profile",
    "safe_langsmith._render.text",
)
"""The modules that `handler` imports late. They are imported with it, so that a forked child imports nothing."""


def load_handler() -> Any:
    """Import what a 403 needs, and return the module `handler`."""
    global _handler, _is_needed
    _is_needed = True
    if _handler is None:
        for name in _ON_FIRST_403:
            importlib.import_module(name)
        _handler = importlib.import_module("safe_langsmith._recovery.handler")
    return _handler


def intercept(make_call: Callable[[], InterceptedCall]) -> InterceptedCall | None:
    """Return a failed call if it failed with a 403 that this library handles, else `None`. Put a note on a 401.

    Args:
        make_call: Makes the call. It is made in here, so that a failure of this library's leaves the SDK's exception.
    """
    # An import fails while the interpreter shuts down; then, too, the SDK's own exception stands.
    with boundary():
        call = make_call()
        # It holds the key, and the import below takes long enough for an interrupt, whose traceback shows this frame.
        del make_call
        is_unauthorized = call.is_unauthorized and not call.is_logged
        if not (call.is_forbidden or is_unauthorized):
            return None
        load_handler()
        from safe_langsmith._probe.transports import is_nested

        if is_nested():
            return None
        if not is_unauthorized:
            return call
        from safe_langsmith._recovery.unauthorized import note_cause

        note_cause(call)
    return None


def resolve(call: InterceptedCall) -> Any:
    """Handle a refused call, and return the response to its second send.

    Args:
        call: The call.

    Raises:
        ForbiddenDiagnosis: If it stays refused.
        Exception: The SDK's own, if anything else goes wrong.
    """
    return _handler.resolve(call)


async def resolve_async(call: InterceptedCall) -> Any:
    """Do what `resolve` does, without blocking the event loop."""
    return await _handler.resolve_async(call)


def recall_workspace(client: Any) -> None:
    """Have a new client name the workspace that this process has found for its endpoint, key and identity, if any.

    Args:
        client: The safe client, at the end of its constructor.
    """
    # Nothing was found before the first 403. A failure must not fail the constructor: then the client may be refused.
    if _handler is not None:
        with boundary():
            importlib.import_module("safe_langsmith._recovery.workspace").name_known_workspace(client)


def finish_imports() -> None:
    """Wait for the thread that imports what a 403 needs. Do nothing if there was none.

    A fork copies the lock of a module that another thread is importing, and the child would wait for it forever.
    """
    # A failed import must not prevent the fork.
    with boundary():
        if _is_needed:
            load_handler()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=finish_imports)
