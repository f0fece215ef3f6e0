"""The last look at a diagnosis before anybody sees it: a key may have been put where another setting belongs."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
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
    cleaned: Any = value
    if isinstance(value, Enum):
        pass
    elif isinstance(value, str):
        cleaned = redact(value, secrets)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {item.name: scrub(getattr(value, item.name), secrets) for item in dataclasses.fields(value)}
        cleaned = dataclasses.replace(value, **fields)
    elif isinstance(value, tuple):
        cleaned = tuple(scrub(item, secrets) for item in value)
    elif isinstance(value, Mapping):
        cleaned = {key: scrub(item, secrets) for key, item in value.items()}
    result: T = cleaned
    return result
