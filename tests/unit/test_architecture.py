"""The import rules that keep the folders of the package apart, read from the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

import safe_langsmith

PACKAGE = "safe_langsmith"
ROOT = Path(safe_langsmith.__file__).parent
# The modules of the SDK whose private names this library could come to depend on.
SDK = ("client", "async_client", "utils", "run_trees", "run_helpers", "_base_client", "_client")


@cache
def modules() -> dict[str, ast.Module]:
    """Return the syntax tree of each module of the package, by its dotted name."""
    paths = {path: path.relative_to(ROOT.parent).with_suffix("").parts for path in ROOT.rglob("*.py")}
    return {
        ".".join(parts).removesuffix(".__init__"): ast.parse(path.read_text("utf-8")) for path, parts in paths.items()
    }


def nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a tree, without those that only a type checker reads."""
    yield tree
    for child in ast.iter_child_nodes(tree):
        if not (isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)):
            yield from nodes(child)


def imports(name: str) -> Iterator[str]:
    """Yield the dotted name of each thing that a module imports, at its top or in a function."""
    is_package = (ROOT.parent / name.replace(".", "/") / "__init__.py").exists()
    for node in nodes(modules()[name]):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = name.split(".")
            above = parents[: len(parents) + is_package - node.level] if node.level else []
            source = ".".join([*above, *([node.module] if node.module else [])])
            yield from (f"{source}.{alias.name}" for alias in node.names)


@cache
def own_imports() -> dict[str, frozenset[str]]:
    """Return which modules of the package each of them imports."""
    found = {}
    for name in modules():
        ours = {thing for thing in imports(name) if thing.split(".")[0] == PACKAGE}
        found[name] = frozenset(thing if thing in modules() else thing.rpartition(".")[0] for thing in ours) - {name}
    return found


def inside(folder: str) -> list[str]:
    """Return the modules of a folder of the package."""
    whole = f"{PACKAGE}.{folder}"
    found = [name for name in modules() if name == whole or name.startswith(f"{whole}.")]
    # A rule about a folder that has another name by now would hold for nothing.
    assert found, whole
    return found


def test_the_core_imports_nothing_of_this_library_but_itself_and_the_public_values() -> None:
    allowed = {f"{PACKAGE}.diagnosis", f"{PACKAGE}.actions", *inside("_core")}
    found = {name: sorted(own_imports()[name] - allowed) for name in inside("_core")}

    assert {name: others for name, others in found.items() if others} == {}


@pytest.mark.parametrize("library", ["langsmith", "requests", "httpx", "socket", "urllib3", "asyncio", "threading"])
def test_the_core_sends_nothing_and_knows_no_sdk(library: str) -> None:
    assert [name for name in inside("_core") if library in {thing.split(".")[0] for thing in imports(name)}] == []


@pytest.mark.parametrize(
    ("folder", "other"),
    [(one, other) for one in ("_sdk", "_probe", "_render") for other in ("_sdk", "_probe", "_render") if one != other],
)
def test_the_sdk_the_probes_and_the_renderers_do_not_import_each_other(folder: str, other: str) -> None:
    found = {name: sorted(own_imports()[name] & set(inside(other))) for name in inside(folder)}

    assert {name: others for name, others in found.items() if others} == {}


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert [sorted(group) for group in circles(own_imports())] == []


def circles(graph: dict[str, frozenset[str]]) -> list[set[str]]:
    """Return the groups of modules each of which can be reached from each other one."""

    def reached(start: str) -> set[str]:
        seen: set[str] = set()
        waiting = [start]
        while waiting:
            new = graph[waiting.pop()] - seen
            seen |= new
            waiting += new
        return seen

    reach = {name: reached(name) for name in graph}
    groups = {
        frozenset(other for other in reach[name] if name in reach[other]) for name in graph if name in reach[name]
    }
    return [set(group) for group in groups]


@cache
def private_names_of_the_sdk() -> frozenset[str]:
    """Return the private names of the SDK's classes and modules that are not also names of this library."""
    theirs: set[str] = set()
    for module in SDK:
        spec = find_spec(f"langsmith.{module}")
        if spec is not None and spec.origin is not None:
            theirs |= _private_names(ast.parse(Path(spec.origin).read_text("utf-8")))
    ours = [_private_names(tree) for name, tree in modules().items() if name not in _OVERRIDING]
    return frozenset(theirs).difference(*ours)


_OVERRIDING = (f"{PACKAGE}.client", f"{PACKAGE}.async_client")


def _private_names(tree: ast.Module) -> set[str]:
    """Return what a module defines under a private name: functions, classes, variables, attributes of `self`."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and _is_self(node.value):
            found.add(node.attr)
    return {name for name in found if name.startswith("_") and not name.startswith("__")}


def _is_self(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id in ("self", "cls")


def outside_the_sdk_folder() -> list[str]:
    return [name for name in modules() if name not in inside("_sdk") and name not in inside("testing")]


def test_private_modules_of_the_sdk_are_imported_in_its_folder_alone() -> None:
    found = {
        name: [thing for thing in imports(name) if "langsmith._" in f"{thing}."] for name in outside_the_sdk_folder()
    }
    theirs = {name: [thing for thing in things if not thing.startswith(PACKAGE)] for name, things in found.items()}

    assert {name: things for name, things in theirs.items() if things} == {}


def test_private_names_of_the_sdk_are_used_in_its_folder_alone() -> None:
    """A client overrides some of the SDK's private methods, and so has to name them."""
    found = {}
    for name in outside_the_sdk_folder():
        tree = modules()[name]
        overridden = _private_names(tree) if name in _OVERRIDING else set()
        used = {node.attr for node in nodes(tree) if isinstance(node, ast.Attribute)}
        used |= {node.value for node in nodes(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
        found[name] = sorted(used & private_names_of_the_sdk() - overridden)

    assert {name: names for name, names in found.items() if names} == {}
