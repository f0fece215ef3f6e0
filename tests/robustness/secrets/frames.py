"""The local variables that a traceback shows of this library's frames, as error trackers take them."""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterator
from types import FrameType
from typing import Any

import safe_langsmith

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
