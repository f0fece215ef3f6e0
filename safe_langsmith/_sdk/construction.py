"""What a class of the SDK constructs when it is called.

`install` makes `langsmith.Client()` return a `SafeClient`. It does not replace the name `Client` in modules: names in
closures, default arguments and other people's modules would be missed, and an existing client would no longer be an
instance of `langsmith.Client`. Instead, the class gets a `__new__` that returns an instance of its subclass
`SafeClient`. Python then calls the `__init__` of that subclass, once, with the caller's arguments. The class remains
the same object, so it constructs safe clients for every module that holds it, no matter when the module imported it.

A subclass of `Client` that a user or a library has written is constructed as before: its `__init__` may do anything.
"""

from __future__ import annotations

import inspect
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import ModuleType


class Construction:
    """The construction of one class of the SDK.

    Args:
        sdk_class: The class.

    Attributes:
        make: Returns the instance that takes the place of a new one, not yet initialized, or `None` for the SDK's own.
            Until it is set, and after `restore`, the class constructs its own.
    """

    def __init__(self, sdk_class: Any) -> None:
        """Put a `__new__` on the class."""
        self.make: Callable[[], object] | None = None
        self._class = sdk_class
        self._before = vars(sdk_class).get("__new__")
        self._construct = sdk_class.__new__
        self._ours = staticmethod(self._function())
        sdk_class.__new__ = self._ours

    def _function(self) -> Any:
        sdk_class = self._class

        def __new__(cls: Any, /, *args: Any, **kwargs: Any) -> object:
            try:
                try:
                    made = self._make() if cls is sdk_class else None
                    if made is not None:
                        return made
                    # Beside `Client`, a class of a user's may have a base with a `__new__` of its own.
                    construct = self._construct if self._before else super(sdk_class, cls).__new__
                    return construct(cls) if construct is object.__new__ else construct(cls, *args, **kwargs)
                finally:
                    # They hold the key, and a traceback shows this frame.
                    del args, kwargs
            except BaseException:
                # An interrupt may come just before they are deleted.
                args, kwargs = (), {}  # noqa: F841 # a traceback shows them
                raise

        # What `inspect.signature` shows of the class stays the signature of its constructor.
        __new__.__wrapped__ = sdk_class.__init__  # type: ignore[attr-defined] # as functools.wraps sets it
        __new__.__signature__ = inspect.signature(sdk_class.__init__)  # type: ignore[attr-defined] # for `getfullargspec`
        return __new__

    def _make(self) -> object:
        if self.make is None:
            return None
        from safe_langsmith._log import boundary

        # If this library fails, the caller gets the SDK's own client.
        with boundary():
            return self.make()
        return None

    def restore(self) -> None:
        """Make the class construct its own instances again.

        A `__new__` that was there before is put back, unless this library's has been replaced since. If there was none,
        this library's stays, and does what `object.__new__` does. It cannot be removed: a class whose `__new__` was
        deleted refuses every argument (bpo-5322, in all versions of CPython).
        """
        self.make = None
        if self._before is not None and vars(self._class).get("__new__") is self._ours:
            self._class.__new__ = self._before


class AfterImport:
    """A finder for `sys.meta_path` that calls a function after certain modules are imported. It finds nothing itself.

    Args:
        then: The functions, by the names of the modules. Each gets the module.
    """

    def __init__(self, then: dict[str, Callable[[ModuleType], None]]) -> None:
        """Hold the functions."""
        self._then = then

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> Any:
        """Return what the other finders find, if it is one of the modules."""
        if sys.meta_path[0] is not self and sys.meta_path.count(self) < _MOST_PLACES:
            # Another one was put before this one, as pytest's is, and would find the SDK first. This one stays in its
            # old place, too: if an entry is taken away, another thread's import may skip the next.
            sys.meta_path.insert(0, self)
        if name not in self._then:
            return None
        for finder in [each for each in sys.meta_path if each is not self]:
            spec: Any = finder.find_spec(name, path, target) if hasattr(finder, "find_spec") else None
            if spec is not None:
                if hasattr(spec.loader, "exec_module"):
                    spec.loader = _Loader(spec.loader, self._then[name])
                return spec
        return None


_MOST_PLACES = 10
"""Two finders that both want to be the first must not push each other forward forever."""


class _Loader:
    """The loader of one module, which calls a function after it has loaded the module."""

    def __init__(self, loader: Any, then: Callable[[ModuleType], None]) -> None:
        self._loader = loader
        self._then = then

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: Any) -> Any:
        return self._loader.create_module(spec)

    def exec_module(self, module: Any) -> None:
        from safe_langsmith._log import boundary

        # The module shows the loader that it has without this library.
        module.__spec__.loader = module.__loader__ = self._loader
        self._loader.exec_module(module)
        with boundary():
            self._then(module)


def shared_client() -> object:
    """Return the client that `@traceable` and LangChain share, or `None` if there is none yet."""
    return getattr(sys.modules.get("langsmith.run_trees"), "_CLIENT", None)
