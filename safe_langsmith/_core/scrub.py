"""The last look at a diagnosis before anybody sees it: a key may have been put where another setting belongs."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, TypeVar

from .clean import redact

T = TypeVar("T")


def scrub(value: T, secrets: tuple[str, ...]) -> T:
    """Returns a value of `safe_langsmith.diagnosis` without the secrets, wherever in it they stood.

    Args:
        value: A frozen value, a collection of such, or a plain value.
        secrets: Strings that must not appear in the result.
    """
    return each_text(value, lambda text: redact(text, secrets))


def each_text(value: T, change: Callable[[str], str]) -> T:
    """Returns a value of `safe_langsmith.diagnosis` with each of its texts changed.

    Args:
        value: A frozen value, a collection of such, or a plain value.
        change: What to make of a text.
    """
    changed: Any = value
    if isinstance(value, Enum):
        pass
    elif isinstance(value, str):
        changed = change(value)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {item.name: each_text(getattr(value, item.name), change) for item in dataclasses.fields(value)}
        changed = dataclasses.replace(value, **fields)
    elif isinstance(value, tuple):
        changed = tuple(each_text(item, change) for item in value)
    elif isinstance(value, Mapping):
        changed = {key: each_text(item, change) for key, item in value.items()}
    result: T = changed
    return result
