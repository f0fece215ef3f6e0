"""The local variables that a traceback shows of this library's frames, as error trackers take them."""

from __future__ import annotations

import asyncio
import functools
import os
import traceback
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from types import (
    AsyncGeneratorType,
    CellType,
    CoroutineType,
    FrameType,
    FunctionType,
    GeneratorType,
    MethodType,
    ModuleType,
)
from typing import Any

import safe_langsmith
from safe_langsmith import ForbiddenDiagnosis

OURS = os.path.dirname(safe_langsmith.__file__) + os.sep
FAKE_SERVER = os.path.join(OURS, "testing") + os.sep
# What it calls in between shows what it was given.
HELPER = f"{os.sep}tenacity{os.sep}"
_DEEPEST = 5


def is_ours(path: str) -> bool:
    return (path.startswith(OURS) and not path.startswith(FAKE_SERVER)) or HELPER in path


def chain_of(error: BaseException | None) -> Iterator[BaseException]:
    """An exception and all that it is chained to, or that are its members."""
    waiting: list[BaseException | None] = [error]
    seen: set[int] = set()
    while waiting:
        current = waiting.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        waiting += [current.__cause__, current.__context__, getattr(current, "sdk_error", None)]
        waiting += list(getattr(current, "exceptions", ()))


def frames_of(error: BaseException | None) -> Iterator[FrameType]:
    """Every frame of ours in the tracebacks of an exception and of all that it is chained to."""
    for current in chain_of(error):
        for frame, _ in traceback.walk_tb(current.__traceback__):
            if is_ours(frame.f_code.co_filename):
                yield frame


def locals_of(error: BaseException | None, in_passing: bool = False) -> dict[str, str]:
    """What is shown of each local variable of ours, by function and name.

    Args:
        error: What was raised.
        in_passing: Whether this library was interrupted at work. Then what it works on is still there, in objects that
            do not show it.
    """
    shown: dict[str, str] = {}
    for frame in frames_of(error):
        for name, value in frame.f_locals.items():
            place = f"local {name} of {frame.f_code.co_name} ({os.path.basename(frame.f_code.co_filename)})"
            shown[place] = "\n".join([shown.get(place, ""), *_shown_of(value, not in_passing)])
    return shown


def _shown_of(value: Any, look_inside: bool, depth: int = 0) -> Iterator[str]:
    """A value as error trackers show it: what it says of itself, and what a collection holds, whatever it says.

    Some show attributes, too, here of what is ours. A client is the user's: it has the key.
    """
    yield _repr(value)
    if depth == _DEEPEST:
        return
    items: list[Any] = []
    if isinstance(value, dict):
        items = [*value, *value.values()]
    elif isinstance(value, (list, tuple, set, frozenset)):
        items = list(value)
    elif look_inside and _holds_ours(value):
        items = list(vars(value).values())
    for item in items:
        yield from _shown_of(item, look_inside, depth + 1)


def _repr(value: Any) -> str:
    try:
        return repr(value)
    except Exception as failure:  # As of a client whose constructor failed.
        return f"no repr: {failure!r}"


def _holds_ours(value: Any) -> bool:
    module = type(value).__module__ or ""
    is_client = hasattr(value, "_state") or hasattr(value, "_safe_client")
    is_error = isinstance(value, BaseException)
    return module.startswith("safe_langsmith") and hasattr(value, "__dict__") and not (is_client or is_error)


def holders_of(error: BaseException | None, hidden: Iterable[str]) -> dict[str, str]:
    """Every local variable of ours from which a secret can be reached: "file:line name", and the way to the secret.

    A client holds its key, so nothing is searched that a variable reaches through one: `self` in a client's method is
    the client. The same holds for the parts of the SDK's clients that send its requests.
    """
    secrets = tuple(hidden)
    found: dict[str, str] = {}
    for current in chain_of(error):
        for frame, line in traceback.walk_tb(current.__traceback__):
            path = frame.f_code.co_filename
            if path.startswith(OURS) and not path.startswith(FAKE_SERVER):
                for name, value in frame.f_locals.items():
                    way = _way_to(secrets, value)
                    if way is not None:
                        found[f"{path.removeprefix(OURS)}:{line} {frame.f_code.co_name}: {name}"] = way
    return found


def _way_to(secrets: tuple[str, ...], value: Any) -> str | None:
    """The types of the objects on the shortest way from a value to a secret, or `None` if there is no way."""
    waiting: deque[tuple[Any, str]] = deque([(value, "")])
    seen: dict[int, Any] = {}
    while waiting:
        current, before = waiting.popleft()
        if id(current) in seen:
            continue
        seen[id(current)] = current  # Kept, so that no other object gets its id.
        way = f"{before} > {type(current).__name__}" if before else type(current).__name__
        if isinstance(current, (str, bytes, bytearray)):
            text = current if isinstance(current, str) else bytes(current).decode("latin-1")
            if any(secret in text for secret in secrets):
                return way
        elif not _is_passed_over(current):
            waiting += [(inner, way) for inner in _inside(current)]
    return None


# A client holds its headers, and so does what it sends its requests with. `Langsmith` is the generated client.
_OF_CLIENTS = {
    (package, name)
    for package in ("langsmith", "requests", "httpx", "httpx2")
    for name in ("Client", "AsyncClient", "Langsmith", "AsyncLangsmith", "Session")
}


def _is_passed_over(value: Any) -> bool:
    # The SDK's exception, which the user gets as `sdk_error`, holds the request.
    if isinstance(value, (ModuleType, type, asyncio.AbstractEventLoop, ForbiddenDiagnosis)):
        return True
    return any((kind.__module__.partition(".")[0], kind.__name__) in _OF_CLIENTS for kind in type(value).__mro__)


def _inside(value: Any) -> Iterator[Any]:
    """What a value holds: items, attributes, and what a function, a generator or a task would work on."""
    if isinstance(value, Mapping):
        # Not what it says of itself: a mapping of ours may say less.
        yield from dict.items(value) if isinstance(value, dict) else value.items()
    elif isinstance(value, (list, tuple, set, frozenset, deque)):
        yield from list(value)
    elif isinstance(value, FunctionType):
        yield from (value.__closure__, value.__defaults__, value.__kwdefaults__)
    elif isinstance(value, MethodType):
        yield from (value.__self__, value.__func__)
    elif isinstance(value, functools.partial):
        yield from (value.func, value.args, value.keywords)
    elif isinstance(value, CellType):
        yield from _attributes(value, ["cell_contents"])
    elif isinstance(value, (GeneratorType, CoroutineType, AsyncGeneratorType)):
        names = [f"{kind}_frame" for kind in ("gi", "cr", "ag")]
        yield from (frame.f_locals for frame in _attributes(value, names) if frame is not None)
    elif isinstance(value, asyncio.Task):
        yield value.get_coro()
    elif isinstance(value, BaseException):
        # Tracebacks of its own are those of `frames_of`.
        yield from (value.args, vars(value), value.__cause__, value.__context__)
    names = [name for kind in type(value).__mro__ for name in _slots(kind)]
    yield from _attributes(value, ["__dict__", *names])


def _slots(kind: type) -> Iterator[str]:
    slots = vars(kind).get("__slots__", ())
    for name in (slots,) if isinstance(slots, str) else slots:
        is_private = name.startswith("__") and not name.endswith("__")
        yield f"_{kind.__name__.lstrip('_')}{name}" if is_private else name


def _attributes(value: Any, names: Iterable[str]) -> Iterator[Any]:
    for name in names:
        try:
            yield object.__getattribute__(value, name)
        except (AttributeError, ValueError):  # It is not set, or a cell is empty.
            continue
