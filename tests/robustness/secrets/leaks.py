"""Looking for secrets in texts, also for a part of one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import unquote

PIECE = 10
"""So many letters of a secret are a leak. Fewer would be found by chance among ids and addresses."""


def leaks(texts: Mapping[str, str], hidden: Iterable[str]) -> dict[str, str]:
    """Where a piece of something hidden stands, plain or as URLs write it: the channel, and what it says there."""
    pieces = {piece for secret in hidden for piece in pieces_of(secret)}
    found = {}
    for channel, text in texts.items():
        forms = (text, text.lower(), unquote(text))
        places = (
            form[max(0, at - 40) : at + 60] for form in forms for piece in pieces if (at := form.find(piece)) >= 0
        )
        said = next(places, None)
        if said is not None:
            found[channel] = said
    return found


def pieces_of(secret: str) -> set[str]:
    return {secret[start : start + PIECE] for start in range(max(1, len(secret) - PIECE + 1))}


def secret_part(key: str) -> str:
    """What may not be shown of a well-formed key: not its kind, and not its last four letters."""
    return key[8:-4]
