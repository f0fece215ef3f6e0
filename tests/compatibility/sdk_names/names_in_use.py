"""Which private names of others a module uses, read from its syntax tree."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

# What this library itself puts on the SDK's objects, and a method of named tuples.
OURS = frozenset(
    "_state _intercepted _sdk_class _handler _safe_client _named_workspace _brought _is_for_another _replace"
    " _line _report _is_raised_too _is_short_in_log _is_being_logged".split()
)
# What IPython asks of every value, whoever made it.
_IPYTHONS = frozenset({"_repr_html_", "_render_traceback_"})
_PRIVATE = re.compile(r"\.?(_[A-Za-z]\w*)")
# The base of a class that inherits the SDK's private names.
_SDK_CLASS = re.compile(r"\b(langsmith|Client|AsyncClient|LangSmithError|base)\b")
_DOCUMENTED = {"AsyncClient", "Client", "LangSmithError", "LangSmithInfo"}


def names_in_use(text: str) -> dict[str, int]:
    """The private names that a module uses and does not define, each with a line of it.

    What is asked of anything but `self` is another's. So is what is asked of `self` where the class extends the SDK's,
    or in a function outside of any class, which becomes a method of a generated client. A name may be in a string.
    """
    tree = ast.parse(text)
    own = OURS | _IPYTHONS | {name.id for node in tree.body if isinstance(node, ast.Assign) for name in _names(node)}
    found = {}
    for name, line in _mentioned(tree):
        match = _PRIVATE.fullmatch(name)
        if match and match[1] not in own:
            found[match[1]] = line
    return found | dict(_imported(tree))


def all_names(text: str) -> set[str]:
    """Every attribute, string, method and import of a module, whoever's it is."""
    tree = ast.parse(text)
    return {name.lstrip(".") for name, _ in (*_mentioned(tree), *_imported(tree))}


def _mentioned(tree: ast.Module) -> Iterator[tuple[str, int]]:
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    extending = [kind for kind in classes if any(_SDK_CLASS.search(ast.unparse(base)) for base in kind.bases)]
    own: dict[ast.AST, set[str]] = {}
    for kind in (kind for kind in classes if kind not in extending):
        inside = list(ast.walk(kind))
        names = {node.attr for node in inside if _is_of_self(node)}
        own |= dict.fromkeys(inside, names)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and not (node in own and _is_of_self(node)):
            yield node.attr, node.lineno
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value not in own.get(node, ()):
            yield node.value, node.lineno
    for node in (node for kind in extending for node in ast.walk(kind)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name, node.lineno
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            yield from ((name.id, node.lineno) for name in _names(node))


def _is_of_self(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"


def _names(node: ast.Assign | ast.AnnAssign) -> list[ast.Name]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return [target for target in targets if isinstance(target, ast.Name)]


def _imported(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """What is imported from the SDK by name, other than what its documentation has."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "langsmith":
            yield from ((alias.name, node.lineno) for alias in node.names if alias.name not in _DOCUMENTED)
