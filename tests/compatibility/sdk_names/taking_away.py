"""Taking a name of the SDK away: from this library alone, as where a new SDK has renamed it, or from everybody."""

from __future__ import annotations

import importlib
import inspect
import sys
import types
from typing import Any

import langsmith
import pytest
import requests
import urllib3

from safe_langsmith import SafeAsyncClient, SafeClient
from safe_langsmith._sdk.replay import Overlay

from .table import Name

_NOTHING = object()
_SAFE = {"Client": SafeClient, "AsyncClient": SafeAsyncClient}
_ELSEWHERE = {"requests.Response": requests.Response, "urllib3.HTTPResponse": urllib3.HTTPResponse}


def classes(place: str) -> list[type]:
    """The SDK's classes that a place of the table stands for; none where it is a module."""
    if place in _SAFE:
        return [langsmith.Client if place == "Client" else langsmith.AsyncClient]
    if place == "generated client":
        return [type(api) for api in generated()]
    return [_ELSEWHERE[place]] if place in _ELSEWHERE else []


def generated() -> list[Any]:
    """The generated clients of the SDK's own client, as far as the installed SDK has them."""
    client = langsmith.Client(api_url="http://127.0.0.1:9", api_key="none", auto_batch_tracing=False)
    client.session.close()
    factories = ("_get_langsmith_api", "_get_langsmith_api_sync")
    return [getattr(client, factory)() for factory in factories if hasattr(client, factory)]


def options_of_generated() -> type:
    """The class of the options of a generated client's requests."""
    modules = [sys.modules[kind.__module__] for api in generated() for kind in type(api).__mro__]
    found: type = next(module.FinalRequestOptions for module in modules if hasattr(module, "FinalRequestOptions"))
    return found


def rename(patch: pytest.MonkeyPatch, name: Name) -> None:
    """Makes a name one that the SDK uses and this library does not find."""
    if name.place.startswith("langsmith."):
        patch.setattr(importlib.import_module(name.place), "__class__", _without(name.name))
    elif name.name in vars(_SAFE.get(name.place, object)):
        # The SDK calls its own under the new name, and nobody calls what this library puts in front of the old one.
        patch.delattr(_SAFE[name.place], name.name)
    elif name.name == "_models":
        patch.setattr(options_of_generated(), "__module__", "langsmith.renamed")
    elif name.name == "_types":
        patch.delitem(sys.modules, options_of_generated().__module__.replace("._models", "._types"))
    for kind in classes(name.place):
        original = inspect.getattr_static(kind, name.name, _NOTHING)
        patch.setattr(kind, name.name, _Renamed(name.name, original), raising=False)


def remove(patch: pytest.MonkeyPatch, name: Name, thing: Any) -> None:
    """Makes a name gone for everybody: from a client that has been made, from its class, or from its module."""
    if name.place.startswith("langsmith."):
        patch.delattr(importlib.import_module(name.place), name.name, raising=False)
    elif hasattr(inspect.getattr_static(type(thing), name.name, None), "__set__") or name.name in _held(thing):
        delattr(thing, name.name)
    else:
        for kind in type(thing).__mro__:
            if kind.__module__.startswith("langsmith.") and name.name in vars(kind):
                patch.delattr(kind, name.name)


def _held(thing: Any) -> dict[str, Any]:
    return getattr(thing, "__dict__", {})


def _asked_by_us() -> bool:
    frame = sys._getframe(2)
    if frame.f_code is Overlay.__getattr__.__code__ and frame.f_back is not None:
        # An overlay passes on what the SDK asks of a client.
        frame = frame.f_back
    module: str = frame.f_globals.get("__name__", "")
    return module.partition(".")[0] == "safe_langsmith"


def _without(name: str) -> type:
    class Module(types.ModuleType):
        def __getattribute__(self, asked: str) -> Any:
            if asked == name and _asked_by_us():
                raise AttributeError(asked)
            return super().__getattribute__(asked)

    return Module


class _Renamed:
    """Stands in a class for an attribute of it, or of its instances, that this library cannot see any more."""

    def __init__(self, name: str, original: Any) -> None:
        self._name, self._original = name, original
        # What this library sets under the old name, it can read.
        self._ours = f"{name} of safe_langsmith"

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        held = _held(instance)
        if _asked_by_us():
            if self._ours in held:
                return held[self._ours]
        elif hasattr(self._original, "__get__"):
            return self._original.__get__(instance, owner)
        elif self._name in held:
            return held[self._name]
        elif self._original is not _NOTHING:
            return self._original
        raise AttributeError(self._name)

    def __set__(self, instance: Any, value: Any) -> None:
        if _asked_by_us():
            _held(instance)[self._ours] = value
        elif hasattr(self._original, "__set__"):
            self._original.__set__(instance, value)
        else:
            _held(instance)[self._name] = value

    def __delete__(self, instance: Any) -> None:
        self._original.__delete__(instance)
