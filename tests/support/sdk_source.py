"""What the source of the installed SDK does, read from its syntax trees."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

import langsmith

ROOT = Path(langsmith.__file__).parent
_CAUGHT = frozenset({"e", "err", "error", "ex", "exc", "exception"})
"""How the SDK calls an exception that one of its functions is given."""


@functools.cache
def trees() -> dict[str, ast.Module]:
    """Return the syntax tree of each module, by its path below the package."""
    paths = sorted(path for path in ROOT.rglob("*.py") if "/cli/" not in path.as_posix())
    return {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text("utf-8")) for path in paths}


@functools.cache
def attributes_read_of_exceptions() -> frozenset[str]:
    """Return the names of the attributes that the SDK reads of exceptions, or asks whether they have them."""
    return frozenset(name for tree in trees().values() for name in _read_of_exceptions(tree))


def _read_of_exceptions(tree: ast.Module) -> Iterator[str]:
    handlers = [node for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler) and node.name]
    scopes: list[tuple[ast.AST, frozenset[str]]] = [(tree, _CAUGHT)]
    scopes += [(handler, frozenset({handler.name or ""})) for handler in handlers]
    for scope, names in scopes:
        for node in ast.walk(scope):
            if isinstance(node, ast.Attribute) and _is_exception(node.value, names):
                yield node.attr
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) > 1:
                asked, name = node.args[:2]
                if node.func.id in ("getattr", "hasattr") and isinstance(name, ast.Constant):
                    if isinstance(asked, ast.Call) and asked.args:
                        # getattr(getattr(e, "response", None), "headers", None)
                        asked = asked.args[0]
                    if _is_exception(asked, names) and isinstance(name.value, str):
                        yield name.value


def _is_exception(node: ast.AST, names: frozenset[str]) -> bool:
    # `e.request.headers` reads of a response what it reads of an exception.
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name) and node.id in names
