"""Find the pages, and run their examples."""

from __future__ import annotations

import ast
import asyncio
import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest import SkipTest

from sybil import Document, Example, Sybil
from sybil.parsers.markdown import CodeBlockParser, SkipParser

ROOT = Path(__file__).parents[2]


def evaluate(example: Example) -> None:
    """Run a block, which may await. A traceback shows the page and its line."""
    lines_before = "\n" * (example.line + example.parsed.line_offset)
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    code = compile(lines_before + example.parsed, example.path, "exec", flags, dont_inherit=True)
    if code.co_flags & inspect.CO_COROUTINE:
        asyncio.run(eval(code, example.namespace))
    else:
        exec(code, example.namespace)


def parse(path: Path) -> Document:
    return Sybil(parsers=[CodeBlockParser("python", evaluate), SkipParser()]).parse(path)


def pages() -> list[Path]:
    """Return the pages with examples."""
    candidates = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
    found = [path for path in candidates if path.exists() and "_build" not in path.parts]
    return [path for path in found if list(parse(path).examples())]


def run(path: Path, hidden_names: Mapping[str, Any]) -> None:
    document = parse(path)
    document.namespace["__name__"] = "__main__"
    for example in document.examples():
        hidden = document.text.startswith("<!--", example.start)
        lent = {name: value for name, value in hidden_names.items() if name not in document.namespace}
        if hidden:
            document.namespace.update(lent)
        try:
            example.evaluate()
        except SkipTest:  # It skips this block only.
            continue
        finally:
            for name, value in lent.items():
                if document.namespace.get(name) is value:
                    del document.namespace[name]
