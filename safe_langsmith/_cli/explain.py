"""The pages of `docs/causes/`, which the installed package contains, as text for a terminal."""

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
    from importlib.abc import Traversable  # Deprecated since Python 3.12, but the only place in 3.10.

_FIRST_SENTENCE = re.compile(r"^# [^\n]*\n\n(.+?)\.\s", re.DOTALL)
# This part is an example; the reader in a terminal has the real message.
_EXAMPLE = re.compile(r"^## What it says\n.*?(?=^## )", re.MULTILINE | re.DOTALL)
_ITEM = re.compile(r" *(?:[-*]|[0-9]+\.) ")
_CODE = re.compile(r"`[^`]+`")
_NO_BREAK = "\N{NO-BREAK SPACE}"
_LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")


def page(cause: Cause) -> str:
    """Return the page on a cause as text for a terminal.

    Args:
        cause: The cause.
    """
    return "\n".join(_wrapped(_LINK.sub(_spelt_out, _EXAMPLE.sub("", _read(cause))).strip()))


def contents() -> str:
    """Return the list of the causes, with a line for each."""
    return "\n".join(
        [
            "Causes of a 403, and other conditions that this command finds:",
            *_lines({cause: _FIRST_SENTENCE.findall(_read(cause))[0] for cause in Cause}),
            "",
            "A page on one of them, with what to do: python -m safe_langsmith --explain CAUSE",
        ]
    )


def _wrapped(text: str) -> Iterator[str]:
    """Yield the lines of a page, with prose and lists as wide as a terminal, and the rest unchanged."""
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
    # Do not break addresses, which would no longer work, or commands in backquotes.
    text = " ".join([prose[0], *(line.strip() for line in prose[1:])])
    text = _CODE.sub(lambda code: code[0].replace(" ", _NO_BREAK), text)
    hang = " " * (item.end() if item else len(text) - len(text.lstrip()))
    lines = textwrap.wrap(text, WIDTH, subsequent_indent=hang, break_long_words=False, break_on_hyphens=False)
    return [line.replace(_NO_BREAK, " ") for line in lines]


def _lines(descriptions: dict[Cause, str]) -> Iterator[str]:
    width = max(map(len, Cause))
    for cause in Cause:
        yield from wrap(f"  {cause:<{width}}  {descriptions[cause]}", width + 4, 2)


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
    # The package does not contain the rest of docs/.
    target = posixpath.normpath(f"docs/causes/{target}")
    return target if text.endswith(".md") else f"{text} ({target})"
