"""Making text from outside fit to show: no control characters, no secrets, no more than a screen can take."""

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
# What a query calls a secret; "sort_key" and "page_token" are none.
_IN_QUERY = re.compile(
    r"""([?&](?:[A-Za-z0-9_.-]{0,40}(?:api|access|security|auth|session|refresh|id)[_-]?)?(?:key|token)="""
    r"""|[?&][A-Za-z0-9_.-]{0,40}(?:secret|password|credential|signature|sig)=)[^\s&#"'<>]+""",
    re.IGNORECASE,
)
_ESCAPE = re.compile(r"(?<!\\)\\+u([0-9a-fA-F]{4})")
_ESCAPED_BYTE = re.compile(r"(?<!\\)\\+x([0-9a-fA-F]{2})")
_BREAK = r"(?: |\\+[nrt])*"
_MOST = 1_000_000
_LONGEST_KEY = 200
SHORTEST_SECRET = 6
HIDDEN = "****"
TO_FILL_IN = "<the key>"
"""What stands for a key in lines to copy. Who leaves it so has set no secret."""


def clean(text: str, limit: int, secrets: Iterable[str] = ()) -> str:
    """Returns `text` on one line, without control characters and secrets, and at most `limit` characters long.

    Args:
        text: Text that somebody else wrote.
        limit: The longest result, in characters.
        secrets: Strings that must not appear in the result.
    """
    # Secrets go before anything that could take a part of one, and again after what may have stood inside one is gone.
    # An escape in JSON, or in what Python writes of it, may stand for a letter of one. A path may hold such letters.
    text = _ESCAPE.sub(_escaped, _without(secrets, text)[:_MOST])
    text = _ESCAPED_BYTE.sub(_escaped, text) if secrets else text
    text = _ANSI.sub("", text)
    if not text.isprintable():
        text = "".join(" " if character.isspace() else character for character in text if _harmless(character))
    return shorten(redact(" ".join(text.split()), secrets), limit)


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Returns `text` without the `secrets`, without anything that looks like a key or is called one, and userinfo."""
    known = _KEYS.sub(rf"\1{HIDDEN}", _without(secrets, text))
    return _IN_QUERY.sub(rf"\1{HIDDEN}", _USERINFO.sub(r"\1", _OTHERS_KEYS.sub(HIDDEN, known)))


def _without(secrets: Iterable[str], text: str) -> str:
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= SHORTEST_SECRET and secret != TO_FILL_IN:
            text = text.replace(secret, HIDDEN)
            if len(secret) <= min(_LONGEST_KEY, len(text)) and (" " in text or "\\" in text):
                # A secret that was broken over lines is one still, also where the break is written out.
                text = re.sub(_BREAK.join(map(re.escape, secret)), HIDDEN, text)
    return text


def shorten(text: str, limit: int) -> str:
    """Returns `text`, cut to `limit` characters with an ellipsis where it is longer."""
    return text if len(text) <= limit else text[: limit - 3] + "..."


def bare_url(url: str) -> str:
    """Returns `url` without user information, query and fragment."""
    scheme, mark, rest = url.rpartition("://")
    # A password may hold any letter, so whatever stands before the last "@" may belong to one.
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


def redact_value(value: T, secrets: tuple[str, ...]) -> T:
    """Returns a value of `safe_langsmith.diagnosis` without the secrets, wherever in it they stood.

    Args:
        value: A frozen value, a collection of such, or a plain value.
        secrets: Strings that must not appear in the result.
    """
    return each_text(value, lambda text: redact(text, secrets))


def each_text(value: T, change: Callable[[str], str]) -> T:
    """Returns a value of `safe_langsmith.diagnosis` with each of its texts changed.

    Args:
        value: A frozen value, a collection of such, or a plain value.
        change: What to make of a text.
    """
    changed: Any = value
    if isinstance(value, Enum):
        pass
    elif isinstance(value, str):
        changed = change(value)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {item.name: each_text(getattr(value, item.name), change) for item in dataclasses.fields(value)}
        changed = dataclasses.replace(value, **fields)
    elif isinstance(value, tuple):
        changed = tuple(each_text(item, change) for item in value)
    elif isinstance(value, Mapping):
        changed = {key: each_text(item, change) for key, item in value.items()}
    result: T = changed
    return result
