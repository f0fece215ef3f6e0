"""Text in lines of a given width. Addresses and lines to copy are never broken."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

WIDTH = 80
NO_BREAK = "\N{NO-BREAK SPACE}"
MORE = " ..."
# Where foreign words may be broken, best first: between sentences, then between their parts.
_BETWEEN = (re.compile(r"(?<=[.!?]) "), re.compile(r"(?<=[,;:]) "), re.compile(" "))


def wrap(text: str, width: int = WIDTH, hang: int = 0, most: int | None = None, label: str = "") -> list[str]:
    """Return a text in lines, broken between words.

    Args:
        text: The text. A no-break space becomes a space, at which no line is broken.
        width: The columns of a line.
        hang: The indentation of all lines but the first.
        most: The most lines; what is left over is replaced by an ellipsis.
        label: The beginning of the first line, which stays as it is.
    """
    return _fill([(word, False) for word in text.split(" ") if word], width, label, " " * hang, most)


def wrap_phrases(text: str, width: int = WIDTH, hang: int = 0, most: int | None = None, label: str = "") -> list[str]:
    """Return a text in lines as `wrap` does, but broken between sentences if possible.

    Programs search for the SDK's words, and do not find a phrase that a line break divides.
    """
    return _fill(_phrases(text.strip(), width - max(hang, len(label))), width, label, " " * hang, most)


def _phrases(text: str, room: int, level: int = 0) -> Iterator[tuple[str, bool]]:
    """Yield the pieces of a text that stay whole, each with whether it begins a line."""
    for piece in filter(None, _BETWEEN[level].split(text)):
        if len(piece) <= room or level == len(_BETWEEN) - 1:
            yield piece, False
        else:
            # Begun behind another piece, its first words would be divided from the next ones.
            inner = list(_phrases(piece, room, level + 1))
            yield inner[0][0], True
            yield from inner[1:]


def _fill(pieces: Iterable[tuple[str, bool]], width: int, label: str, hang: str, most: int | None) -> list[str]:
    lines: list[str] = []
    line, is_empty = label, True
    for whole, begins in pieces:
        for piece in _fitting(whole, width - len(hang)):
            if not is_empty and (begins or len(line) + 1 + len(piece) > width):
                lines.append(line)
                line, is_empty = hang, True
            line, is_empty, begins = line + ("" if is_empty else " ") + piece, False, False
    lines.append(line)
    if most is not None and len(lines) > most:
        last = lines[most - 1]
        lines = [*lines[: most - 1], f"{last if len(last) + len(MORE) <= width else _cut(last, width)}{MORE}"]
    return [line.replace(NO_BREAK, " ") for line in lines]


def _cut(line: str, width: int) -> str:
    kept = line[: width - len(MORE)]
    before = kept.rpartition(" ")[0]
    # Before a long piece that stays whole, there may be nothing but the label.
    return before if len(before) > width // 2 else kept


def _fitting(piece: str, room: int) -> list[str]:
    """Return a piece whole if it is an address or a line to copy, else in parts that fit a line."""
    if len(piece) <= room or "://" in piece or NO_BREAK in piece:
        return [piece]
    return [piece[at : at + room] for at in range(0, len(piece), room)]
