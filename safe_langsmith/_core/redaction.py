"""Make text from outside fit to show: no control characters, no secrets, no more than a screen can take."""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.?)", re.DOTALL)
_KEYS = re.compile(r"(lsv2_[a-z]{2}_|(?<![A-Za-z])ls__)[A-Za-z0-9_-]{8,}")
# Keys of other vendors, in the shapes that these document, and LangSmith's own without the first letters.
_OTHERS_KEYS = re.compile(
    r"(?<![A-Za-z0-9])(?:sk-(?:proj|ant|or|lf|svcacct)-[A-Za-z0-9_-]{8,}|sk-[A-Za-z0-9]{20,}|pk-lf-[A-Za-z0-9-]{8,}"
    r"|sk_(?:live|test)_[A-Za-z0-9]{8,}|hf_[A-Za-z0-9]{16,}|gsk_[A-Za-z0-9]{16,}|xai-[A-Za-z0-9]{16,}"
    r"|tvly-[A-Za-z0-9-]{16,}|pcsk_[A-Za-z0-9_]{16,}|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}"
    r"|AIza[A-Za-z0-9_-]{30,}|AKIA[A-Z0-9]{12,}|xox[a-z]-[A-Za-z0-9-]{8,}|(?:pt|sk)_[A-Za-z0-9]{32}_[A-Za-z0-9]{8,}"
    r"|s?v2_(?:pt|sk)_[A-Za-z0-9_]{8,})"
)
_USERINFO = re.compile(r"""(https?://)[^/\s?#"<>]*@""")
# Names of secrets in a query; "sort_key" and "page_token" are not among them.
_IN_QUERY = re.compile(
    r"""([?&](?:[A-Za-z0-9_.-]{0,40}(?:api|access|security|auth|session|refresh|id)[_-]?)?(?:key|token)="""
    r"""|[?&][A-Za-z0-9_.-]{0,40}(?:secret|password|credential|signature|sig)=)[^\s&#"'<>]+""",
    re.IGNORECASE,
)
_ESCAPE = re.compile(r"(?<!\\)\\+u([0-9a-fA-F]{4})")
_ESCAPED_BYTE = re.compile(r"(?<!\\)\\+x([0-9a-fA-F]{2})")
_BREAK = r"(?: |\\+[nrt])*"
_OF_BREAKS = re.compile(r"[ \\nrt]+")
# Every key that `_OTHERS_KEYS` matches is at least this long.
_LONG_WORD = re.compile(r"[A-Za-z0-9_-]{13}")
_MOST = 1_000_000
_LONGEST_KEY = 200
SHORTEST_SECRET = 6
HIDDEN = "****"
TO_FILL_IN = "<the key>"
"""The placeholder for a key in lines to copy. A user who leaves it has set no secret."""


def sanitize(text: str, limit: int, secrets: Iterable[str] = ()) -> str:
    """Return `text` on one line, without control characters and secrets, and at most `limit` characters long.

    Args:
        text: Text from outside this library.
        limit: The length of the longest result, in characters.
        secrets: Strings that must not appear in the result.
    """
    known = secrets_of(secrets)
    # Secrets go first, because the steps below could take a part of one away, and again at the end, because characters
    # that these steps remove may have stood inside one. An escape, as in JSON, may stand for a letter of a secret; a
    # path may hold the same letters, so bytes are unescaped only if there are secrets to look for.
    # Text beyond `_MOST` is never shown. Search twice as much, so that no secret is cut in two first.
    text = _without(known, text[: 2 * _MOST])[:_MOST]
    if "\\" in text:
        text = _ESCAPE.sub(_escaped, text)
        text = _ESCAPED_BYTE.sub(_escaped, text) if known else text
    if not text.isprintable():
        text = _ANSI.sub("", text)
        text = "".join(" " if character.isspace() else character for character in text if _harmless(character))
    return shorten(redact(" ".join(text.split()), known), limit)


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Return `text` without the `secrets`, without user information, and without anything that looks like a key."""
    text = _without(secrets_of(secrets), text)
    # Each pattern is tried only on text that contains a substring it requires; most texts contain none.
    if "ls" in text:
        text = _KEYS.sub(rf"\1{HIDDEN}", text)
    if _LONG_WORD.search(text):
        text = _OTHERS_KEYS.sub(HIDDEN, text)
    if "@" in text:
        text = _USERINFO.sub(r"\1", text)
    if "=" in text:
        text = _IN_QUERY.sub(rf"\1{HIDDEN}", text)
    return text


class Secrets(tuple[str, ...]):
    """Strings that must not appear in any text, the longest first: one may contain another. See `secrets_of`.

    Its `repr` shows none of them, because tracebacks show locals.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        """Show none of them."""
        return f"<{len(self)} secrets>"


def secrets_of(secrets: Iterable[str]) -> Secrets:
    """Return strings as `Secrets`, without those that are too short to be one."""
    if isinstance(secrets, Secrets):
        return secrets
    hidden = {secret for secret in secrets if len(secret) >= SHORTEST_SECRET and secret != TO_FILL_IN}
    return Secrets(sorted(hidden, key=len, reverse=True))


def _without(secrets: Secrets, text: str) -> str:
    for secret in secrets:
        if secret in text:
            text = text.replace(secret, HIDDEN)
        # A secret that was broken over lines is still one, also if the line break is written as an escape.
        if len(secret) <= _LONGEST_KEY and (" " in text or "\\" in text) and _may_be_broken(secret, text):
            text = re.sub(_BREAK.join(map(re.escape, secret)), HIDDEN, text)
    return text


def _may_be_broken(secret: str, text: str) -> bool:
    """Return whether `text` holds `secret` if the characters of line breaks do not count, which is quick to see."""
    return _OF_BREAKS.sub("", secret) in _OF_BREAKS.sub("", text)


def shorten(text: str, limit: int) -> str:
    """Return `text`, cut to `limit` characters with an ellipsis if it is longer."""
    return text if len(text) <= limit else text[: limit - 3] + "..."


def bare_url(url: str) -> str:
    """Return `url` without user information, query and fragment."""
    scheme, mark, rest = url.rpartition("://")
    # A password may hold any character, so everything before the last "@" may belong to one.
    bare = f"{scheme}{mark}" + re.split("[?#]", rest.rpartition("@")[2])[0]
    if not mark:
        return bare
    try:
        parts = urlsplit(bare)
        return urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))
    except ValueError:
        return ""


def _escaped(match: re.Match[str]) -> str:
    return chr(int(match[1], 16))


def _harmless(character: str) -> bool:
    # Cc: control, Cf: format (bidirectional overrides, zero-width), Cs: lone surrogates, Co and Cn: no agreed meaning.
    return character.isspace() or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Cn")


T = TypeVar("T")


def redact_value(value: T, secrets: tuple[str, ...], unless: type | None = None) -> T:
    """Return a value of `safe_langsmith.diagnosis` with the secrets removed from all its texts.

    Args:
        value: A frozen value, a collection of such, or a plain value.
        secrets: Strings that must not appear in the result.
        unless: The type of values whose texts are sanitized already, or `None`.
    """
    known = secrets_of(secrets)
    return each_text(value, lambda text: redact(text, known), unless)


def each_text(value: T, change: Callable[[str], str], unless: type | None = None) -> T:
    """Return a value of `safe_langsmith.diagnosis` with each of its texts changed.

    Args:
        value: A frozen value, a collection of such, or a plain value.
        change: Returns the new text for a text.
        unless: The type of values that stay as they are, or `None`.
    """
    changed: Any = value
    if isinstance(value, Enum) or (unless is not None and isinstance(value, unless)):
        pass
    elif isinstance(value, str):
        changed = change(value)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {item.name: each_text(getattr(value, item.name), change, unless) for item in dataclasses.fields(value)}
        changed = dataclasses.replace(value, **fields)
    elif isinstance(value, tuple):
        changed = tuple(each_text(item, change, unless) for item in value)
    elif isinstance(value, Mapping):
        changed = {key: each_text(item, change, unless) for key, item in value.items()}
    result: T = changed
    return result
