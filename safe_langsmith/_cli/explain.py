"""The pages on the causes: those of `docs/causes/`, which an installed package has beside its code."""

from __future__ import annotations

import posixpath
import re
import textwrap
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import safe_langsmith
from safe_langsmith._render.text import WIDTH, wrap
from safe_langsmith.diagnosis import Cause

if TYPE_CHECKING:
    from importlib.abc import Traversable  # Its place until Python 3.14, and the only one in Python 3.10.

_LIST = "README"
_LINE_OF_LIST = re.compile(r"^- \[`([a-z-]+)`\]\(.*?\): (.*)$", re.MULTILINE)
# What stands there is an example, and who reads the page in a terminal has the real message.
_EXAMPLE = re.compile(r"^## What it says\n.*?(?=^## )", re.MULTILINE | re.DOTALL)
_ITEM = re.compile(r" *(?:[-*]|[0-9]+\.) ")
_CODE = re.compile(r"`[^`]+`")
_NO_BREAK = "\N{NO-BREAK SPACE}"
_LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")


def page(cause: Cause) -> str:
    """Returns the page on a cause, as it reads well in a terminal.

    Args:
        cause: The cause.
    """
    return "\n".join(_wrapped(_LINK.sub(_spelt_out, _EXAMPLE.sub("", _read(cause))).strip()))


def contents() -> str:
    """Returns the list of the causes with a line each."""
    return "\n".join(
        [
            "Causes of a 403, and what else this command finds:",
            *_lines(dict(_LINE_OF_LIST.findall(_read(_LIST)))),
            "",
            "A page on one of them, with what to do: python -m safe_langsmith --explain CAUSE",
        ]
    )


def _wrapped(text: str) -> Iterator[str]:
    """The lines of a page, with prose and lists as wide as a terminal, and all else as it is."""
    prose: list[str] = []
    in_code = False
    for line in text.splitlines():
        is_fence = line.lstrip().startswith("```")
        kept = in_code or is_fence or not line.strip() or line.startswith(("#", "|"))
        if kept or _ITEM.match(line):
            yield from _filled(prose)
            prose = []
        in_code ^= is_fence
        if kept:
            yield line
        else:
            prose.append(line)
    yield from _filled(prose)


def _filled(prose: list[str]) -> list[str]:
    if not prose:
        return []
    item = _ITEM.match(prose[0])
    # An address that is broken leads nowhere, and a command in backquotes is read as one.
    text = " ".join([prose[0], *(line.strip() for line in prose[1:])])
    text = _CODE.sub(lambda code: code[0].replace(" ", _NO_BREAK), text)
    hang = " " * (item.end() if item else len(text) - len(text.lstrip()))
    lines = textwrap.wrap(text, WIDTH, subsequent_indent=hang, break_long_words=False, break_on_hyphens=False)
    return [line.replace(_NO_BREAK, " ") for line in lines]


def _lines(told: dict[str, str]) -> Iterator[str]:
    width = max(map(len, Cause))
    for cause in Cause:
        yield from wrap(f"  {cause:<{width}}  {told.get(cause, '')}".rstrip(), width + 4, 2)


def _read(name: str) -> str:
    return (_folder() / f"{name}.md").read_text(encoding="utf-8")


def _folder() -> Traversable | Path:
    shipped = files(safe_langsmith) / "causes"
    if shipped.is_dir():
        return shipped
    return Path(safe_langsmith.__file__).parents[1] / "docs" / "causes"


def _spelt_out(link: re.Match[str]) -> str:
    text, target = link.groups()
    if "://" in target:
        return f"{text}: {target}"
    if text in set(Cause):
        return f"`{text}`"
    # The rest of docs/ does not come with the package.
    target = posixpath.normpath(f"docs/causes/{target}")
    return target if text.endswith(".md") else f"{text} ({target})"
