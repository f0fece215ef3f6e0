"""The pages of `docs/causes/`, which the installed package contains, as text for a terminal."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import safe_langsmith
from safe_langsmith._cli.report import in_ascii
from safe_langsmith._cli.terminal import BLUE, BOLD, Paint
from safe_langsmith._render.layout import NO_BREAK, wrap
from safe_langsmith.diagnosis import Cause

if TYPE_CHECKING:
    from importlib.abc import Traversable  # Deprecated since Python 3.12, but the only place in 3.10.

_FIRST_SENTENCE = re.compile(r"^# [^\n]*\n\n(.+?)\.\s", re.DOTALL)
# This part is an example; the reader in a terminal has the real message.
_EXAMPLE = re.compile(r"^## What it says\n.*?(?=^## )", re.MULTILINE | re.DOTALL)
_ITEM = re.compile(r" *(?:[-*]|[0-9]+\.) ")
_CODE = re.compile(r"`[^`]+`")
_RULE = re.compile(r"[|: -]+")
_LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")


def page(cause: Cause, width: int, paint: Paint) -> str:
    """Return the page on a cause as text for a terminal, in ASCII.

    Args:
        cause: The cause.
        width: The columns of a line.
        paint: Colours a text, if colours are wanted.
    """
    text = in_ascii(_LINK.sub(_spelt_out, _EXAMPLE.sub("", _read(cause))).strip())
    return "\n".join(_rendered(text, width, paint))


def contents(width: int) -> str:
    """Return the list of the causes, with a line for each."""
    command = "python -m safe_langsmith --explain CAUSE".replace(" ", NO_BREAK)
    return in_ascii(
        "\n".join(
            [
                "Causes of a 403, and other conditions that this command finds:",
                *_lines({cause: _FIRST_SENTENCE.findall(_read(cause))[0] for cause in Cause}, width),
                "",
                *wrap(f"A page on one of them, with what to do: {command}", width),
            ]
        )
    )


def _rendered(text: str, width: int, paint: Paint) -> Iterator[str]:
    """Yield the lines of a page: headings without marks, prose and lists as wide as the terminal, the rest as it is."""
    prose: list[str] = []
    in_code = False
    for line in text.splitlines():
        is_fence = line.lstrip().startswith("```")
        is_kept = in_code or is_fence or not line.strip() or line.startswith(("#", "|"))
        if is_kept or _ITEM.match(line):
            yield from _filled(prose, width)
            prose = []
        in_code ^= is_fence
        if is_fence:
            continue
        if in_code:
            yield paint(f"    {line}", BLUE)
        elif line.startswith("#"):
            yield paint(line.lstrip("# ").replace("`", ""), BOLD)
        elif not is_kept:
            prose.append(line)
        elif not _RULE.fullmatch(line):
            yield line.replace("`", "")
    yield from _filled(prose, width)


def _filled(prose: list[str], width: int) -> list[str]:
    if not prose:
        return []
    item = _ITEM.match(prose[0])
    label = item[0] if item else prose[0][: len(prose[0]) - len(prose[0].lstrip())]
    text = " ".join([prose[0][len(label) :], *(line.strip() for line in prose[1:])]).replace("**", "")
    # A command in backquotes is not broken.
    text = _CODE.sub(lambda code: code[0].strip("`").replace(" ", NO_BREAK), text)
    return wrap(text, width, len(label), label=label)


def _lines(descriptions: dict[Cause, str], width: int) -> Iterator[str]:
    longest = max(map(len, Cause))
    for cause in Cause:
        yield from wrap(descriptions[cause], width, longest + 4, 2, f"  {cause:<{longest}}  ")


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
    if text.strip("`") in set(Cause):
        return text
    # The package does not contain the rest of docs/.
    target = posixpath.normpath(f"docs/causes/{target}")
    return target if text.endswith(".md") else f"{text} ({target})"
