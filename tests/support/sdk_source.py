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


@functools.cache
def places_that_send() -> frozenset[str]:
    """Return where the SDK sends requests or creates what sends them: "module: function", or "module: Class.method"."""
    return frozenset().union(*(places_in(path, tree) for path, tree in trees().items()))


def places_in(path: str, tree: ast.Module) -> set[str]:
    """Return the places in a module."""
    return set(_sending(path, tree))


_SENDERS = frozenset(
    {"Session", "Client", "AsyncClient", "SyncClient", "Langsmith", "AsyncLangsmith", "OTLPSpanExporter"}
)
"""Classes whose objects send: of `requests`, httpx, the SDK itself and OpenTelemetry."""
_VERBS = frozenset({"get", "post", "put", "patch", "delete", "head", "request", "stream", "send"})
_LIBRARIES = frozenset("requests httpx _httpx httpx2 session _http http_client _client".split())
_CONNECTING = frozenset({"urlopen", "HTTPSConnection", "HTTPConnection", "create_connection", "ws_connect"})


def _sending(path: str, tree: ast.Module) -> Iterator[str]:
    for function, node in _calls(tree, ""):
        called = node.func
        name = called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
        owner = called.value if isinstance(called, ast.Attribute) else None
        of = owner.attr if isinstance(owner, ast.Attribute) else owner.id if isinstance(owner, ast.Name) else ""
        creates = name in _SENDERS or name.endswith(("OtelExporter", "TracingClient"))
        connects = name in _CONNECTING or (name == "connect" and "websocket" in ast.unparse(called).lower())
        if creates or connects or (name in _VERBS and of in _LIBRARIES):
            yield f"{path}: {function or 'module'}"


def _calls(tree: ast.AST, function: str) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.iter_child_nodes(tree):
        inner = function
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            inner = f"{function}.{node.name}" if function else node.name
        if isinstance(node, ast.Call):
            yield function, node
        yield from _calls(node, inner)
