"""Reading what the SDK has cached of the environment, without making it cache anything."""

from __future__ import annotations

import sys
from collections.abc import Iterator

_NAMESPACES = ("LANGSMITH", "LANGCHAIN")


def cached_variables() -> dict[str, str | None]:
    """Returns what the SDK's lookups of the environment have cached, by name without the namespace.

    Calling `get_env_var` would cache what it finds, so the cache is read from outside. A name that the SDK looked up
    with several defaults has the result that is none of them, if there is one. What `get_tracer_project` holds is
    under `"TRACER_PROJECT"`. Keys are among the values: do not show them.

    Returns:
        The results, or nothing where the SDK is not loaded or caches in another way.
    """
    utils = sys.modules.get("langsmith.utils")
    try:
        found: dict[str, str | None] = {}
        defaulted: dict[str, str | None] = {}
        for call, result in _calls(getattr(utils, "get_env_var", None)):
            asked = _asked(call)
            if asked and (result is None or isinstance(result, str)):
                name, default = asked
                (defaulted if result == default else found)[name] = result
        for _, project in _calls(getattr(utils, "get_tracer_project", None)):
            if project is None or isinstance(project, str):
                found["TRACER_PROJECT"] = project
        return {**defaulted, **found}
    except Exception:  # The layout of a cache is CPython's own: whatever it has become, this is only one more source.
        return {}


def _calls(function: object) -> Iterator[tuple[object, object]]:
    """The calls that an `lru_cache` holds, oldest first: the key of each, and its result.

    CPython names a cache's referents in one step and in this order: the cache's type, then for each call the key, the
    result and the type of the element that holds them, and then all else.
    """
    import gc

    if type(function).__qualname__ != "_lru_cache_wrapper":
        return
    referents = gc.get_referents(function)
    for key, result, element in zip(referents[1::3], referents[2::3], referents[3::3], strict=False):
        if not isinstance(element, type) or element.__name__ != "_lru_list_elem":
            return
        yield key, result


def _asked(call: object) -> tuple[str, str | None] | None:
    """The name and the default that a call of `get_env_var` gave, or `None` for one that looks in other namespaces."""
    parts = call if isinstance(call, tuple) else (call,)
    # A bare object() divides the positional arguments from the pairs of the others.
    mark = next((index for index, part in enumerate(parts) if type(part) is object), len(parts))
    given = dict(zip(("name", "default"), parts[:mark], strict=False))
    given.update(zip(parts[mark + 1 :: 2], parts[mark + 2 :: 2], strict=True))
    name, default = given.get("name"), given.get("default")
    if not isinstance(name, str) or not (default is None or isinstance(default, str)):
        return None
    return (name, default) if given.get("namespaces", _NAMESPACES) == _NAMESPACES else None
