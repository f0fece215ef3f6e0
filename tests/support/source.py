"""What the library's source says of a line."""

from __future__ import annotations

import ast
import functools
from pathlib import Path

import safe_langsmith

ROOT = Path(safe_langsmith.__file__).parent


@functools.cache
def tree(path: str) -> ast.Module:
    """Return the syntax tree of a file."""
    return ast.parse(Path(path).read_text("utf-8"))


@functools.cache
def lines_of_finally(path: str) -> frozenset[int]:
    """Return the lines of `finally` clauses, which Python enters without running a signal handler."""
    ends = [node.finalbody for node in ast.walk(tree(path)) if isinstance(node, ast.Try) and node.finalbody]
    return lines_of(ends)


@functools.cache
def guarded_lines(path: str) -> frozenset[int]:
    """Return the lines of a file from which no `Exception` leaves their function.

    They are in a `try` with a clause for every `Exception` that raises nothing itself, or in a `with` block of a
    context manager that has one.
    """
    blocks: list[list[ast.stmt]] = []
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Try) and any(map(_catches_all, node.handlers)):
            blocks.append(node.body)
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            calls = [item.context_expr for item in node.items if isinstance(item.context_expr, ast.Call)]
            if any(ast.unparse(call).rpartition(".")[2] in _guards() for call in calls):
                blocks.append(node.body)
    return lines_of(blocks)


@functools.cache
def is_guard(path: str, line: int) -> bool:
    """Return whether the function at a line of a file has a block from which no `Exception` leaves it."""
    functions = [node for node in ast.walk(tree(path)) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    around = [node for node in functions if node.lineno <= line <= (node.end_lineno or 0)]
    return bool(around) and not guarded_lines(path).isdisjoint(lines_of([around[-1].body]))


def lines_of(blocks: list[list[ast.stmt]]) -> frozenset[int]:
    """Return the lines of blocks of statements."""
    return frozenset(line for block in blocks for line in range(block[0].lineno, (block[-1].end_lineno or 0) + 1))


def _catches_all(handler: ast.ExceptHandler) -> bool:
    caught = (
        {node.id for node in ast.walk(handler.type) if isinstance(node, ast.Name)} if handler.type else {"Exception"}
    )
    raises = any(isinstance(node, ast.Raise) for statement in handler.body for node in ast.walk(statement))
    return bool(caught & {"Exception", "BaseException"}) and not raises


@functools.cache
def _guards() -> frozenset[str]:
    """Return what a call of a context manager looks like that lets no `Exception` out."""
    found = {"suppress(Exception)", "suppress(BaseException)"}
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(tree(str(path))):
            if isinstance(node, ast.FunctionDef) and node.decorator_list:
                tries = [each for each in ast.walk(node) if isinstance(each, ast.Try)]
                yields = any(isinstance(inner, ast.Yield) for each in tries for inner in ast.walk(each))
                if yields and any(map(_catches_all, (handler for each in tries for handler in each.handlers))):
                    found.add(f"{node.name}()")
    return frozenset(found)
