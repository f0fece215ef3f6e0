"""`install` and `uninstall`: safe clients for a whole process."""

from __future__ import annotations

import sys
from contextlib import suppress
from functools import partial
from importlib import import_module
from threading import RLock
from typing import TYPE_CHECKING, Any

from safe_langsmith._sdk.construction import AfterImport, Construction, shared_client

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from safe_langsmith._recovery.state import Chooser, PathLike

_CLASSES = {
    "langsmith.client": ("Client", "safe_langsmith.client", "SafeClient"),
    "langsmith.async_client": ("AsyncClient", "safe_langsmith.async_client", "SafeAsyncClient"),
}
"""The SDK's classes, by their modules, and the modules and names of ours."""

_options: tuple[Any, ...] | None = None
"""The options of `install`, or `None` if it is not in force."""

_constructions: dict[type, Construction] = {}
_unquiet: Callable[[], None] | None = None
"""Undoes what `install` did to the SDK's log in a notebook."""

_lock = RLock()


def install(
    *, resolve_workspace: bool | Chooser = True, probe: bool = True, dotenv_path: PathLike | None = None
) -> None:
    """Make every `langsmith.Client` and `AsyncClient` that this process creates from now on a safe one.

    This includes the client that `@traceable`, LangChain, `evaluate` and the pytest plugin share, and the clients that
    libraries create. Call it before the first of them is created: a client that exists stays as it is. It creates no
    client itself, and does not import the SDK. In a notebook, it also keeps refusals that repeat off the SDK's log,
    which would be shown in red below every later cell, and then out of the files that this log is written to.

    If it is called again, the new options hold for the clients that are created after that. They do not hold for a
    `SafeClient` that the program itself creates: that has its own.

    Args:
        resolve_workspace: As for `SafeClient`.
        probe: As for `SafeClient`.
        dotenv_path: As for `SafeClient`.

    Raises:
        TypeError: If `resolve_workspace` is neither a `bool` nor a callable.
    """
    global _options, _unquiet
    if resolve_workspace is not True:
        from safe_langsmith._recovery.state import ClientState

        ClientState(resolve_workspace, probe, dotenv_path)  # It checks the first one.
    with _lock:
        _options = (resolve_workspace, probe, dotenv_path)
        if _finder not in sys.meta_path:
            sys.meta_path.insert(0, _finder)
        if _unquiet is None and "IPython" in sys.modules:
            from safe_langsmith._log import quiet_repetitions_in_notebooks

            _unquiet = quiet_repetitions_in_notebooks()
    # Not under the lock: another thread that is importing the SDK may wait for it, and holds the lock of that import.
    for name in _CLASSES:
        if name in sys.modules:
            # This waits for the other thread, before which the module may not have the class yet.
            with suppress(ImportError):
                _take_over(import_module(name))
    _warn_if_late()


def uninstall() -> None:
    """Make the SDK create its own clients again.

    Clients that were created as safe ones stay safe. Do nothing if `install` is not in force.
    """
    global _options, _unquiet
    with _lock:
        _options = None
        if _unquiet is not None:
            _unquiet()
            _unquiet = None
        while _finder in sys.meta_path:
            sys.meta_path.remove(_finder)
        for construction in _constructions.values():
            construction.restore()


def _take_over(module: ModuleType) -> None:
    """Make the class in a module of the SDK construct safe clients."""
    name, safe_module, safe_name = _CLASSES[module.__name__]
    sdk_class = getattr(module, name, None)
    # A test may have put something else in its place.
    if not isinstance(sdk_class, type):
        return
    with _lock:
        construction = _constructions.get(sdk_class)
        if construction is None:
            construction = _constructions[sdk_class] = Construction(sdk_class)
        construction.make = partial(_make, sdk_class, safe_module, safe_name)
    # Now rather than with the first client: a fork could come in the middle of the import. If the import of this module
    # has imported the SDK, it is under way already.
    if safe_module not in sys.modules:
        import_module(safe_module)


def _make(sdk_class: type, safe_module: str, safe_name: str) -> object:
    """Return a safe client that is not initialized yet, with the options of `install`."""
    options = _options
    safe_class: Any = getattr(import_module(safe_module), safe_name)
    # Python initializes the instance of a subclass only. If the SDK was imported anew, its class is another one.
    if options is None or not issubclass(safe_class, sdk_class):
        return None
    from safe_langsmith._recovery.state import ClientState

    made = object.__new__(safe_class)
    # The constructor makes another one with these options. A copy of a plain client has no other.
    made._state = ClientState(*options)
    made._state.is_installed = True
    return made


def _warn_if_late() -> None:
    existing = shared_client()
    if existing is not None and not hasattr(existing, "_state"):
        from safe_langsmith._log import logger

        logger.warning(
            "install() came after the first trace: the client that @traceable and LangChain share exists already, and "
            "stays langsmith's own. Call install() earlier, or langsmith.configure(client=SafeClient())."
        )


_finder = AfterImport(dict.fromkeys(_CLASSES, _take_over))
