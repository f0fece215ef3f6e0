"""Make text from outside fit to show: no control characters, no secrets, no more than a screen can take."""

from __future__ import annotations

import dataclasses
import re
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import Enum
from functools import cached_property
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlsplit, urlunsplit

SHORTEST_SECRET = 6
HIDDEN = "****"
TO_FILL_IN = "<the key>"
"""The placeholder for a key in lines to copy. A user who leaves it has set no secret."""
_ANSI = r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.?)"
_TERMINAL_CODES = re.compile(_ANSI, re.DOTALL)
_USERINFO = re.compile(r"""https?://([^/\s?#"<>]*@)""")
# Names of secrets in a query; "sort_key" and "page_token" are not among them.
_IN_QUERY = re.compile(
    r"""(?:[?&](?:[A-Za-z0-9_.-]{0,40}(?:api|access|security|auth|session|refresh|id)[_-]?)?(?:key|token)="""
    r"""|[?&][A-Za-z0-9_.-]{0,40}(?:secret|password|credential|signature|sig)=)([^\s&#"'<>]+)""",
    re.IGNORECASE,
)
# Keys of LangSmith, also without the first letters, keys of other vendors in the shapes that these document, and JWTs:
# what a text must contain to hold one, what stands before the part that is hidden, and that part.
_KEYS = [
    (needle, re.compile(rf"(?:{before})({key})"))
    for needle, before, key in (
        ("2_", r"[Ll][Ss][Vv]2_[A-Za-z]{2}_", r"[A-Za-z0-9_-]{8,}"),
        ("ls__", r"(?<![A-Za-z])ls__", r"[A-Za-z0-9_-]{8,}"),
        *(
            (needle, r"(?<![A-Za-z0-9])", key)
            for needle, key in {
                "v2_": r"s?v2_(?:pt|sk)_[A-Za-z0-9_]{8,}",
                "t_": r"(?<![Vv]2_)pt_[A-Za-z0-9]{32}_[A-Za-z0-9]{8,}",
                "k_": r"(?<![Vv]2_)sk_[A-Za-z0-9]{32}_[A-Za-z0-9]{8,}|[sr]k_(?:live|test)_[A-Za-z0-9]{8,}",
                "sk-": r"sk-(?:(?:proj|ant|or|lf|svcacct)-[A-Za-z0-9_-]{8,}|[A-Za-z0-9]{20,})",
                "pk-lf-": r"pk-lf-[A-Za-z0-9-]{8,}",
                "hf_": r"hf_[A-Za-z0-9]{16,}",
                "gsk_": r"gsk_[A-Za-z0-9]{16,}",
                "xai-": r"xai-[A-Za-z0-9]{16,}",
                "tvly-": r"tvly-[A-Za-z0-9-]{16,}",
                "pcsk_": r"pcsk_[A-Za-z0-9_]{16,}",
                "gh": r"gh[opsru]_[A-Za-z0-9]{20,}",
                "github_pat_": r"github_pat_[A-Za-z0-9_]{20,}",
                "glpat-": r"glpat-[A-Za-z0-9_-]{16,}",
                "AIza": r"AIza[A-Za-z0-9_-]{30,}",
                "IA": r"A[KS]IA[A-Z0-9]{12,}",
                "xox": r"xox[a-z]-[A-Za-z0-9-]{8,}",
                "eyJ": r"eyJ[A-Za-z0-9_-]{10,}(?:\.[A-Za-z0-9_-]+){0,2}",
            }.items()
        ),
    )
]
# These values are not secrets although they stand where a key belongs: our own placeholder, an address of LangSmith, a
# template variable that no program replaced. If they were hidden, nobody could use the lines to copy.
_NO_KEY = re.compile(
    rf"{TO_FILL_IN}|https?://(?:[a-z0-9-]+\.){{0,3}}smith\.langchain\.com(?:/[a-z0-9/]{{0,20}})?"
    r"|#\{\w{1,40}\}#?|\$\{\w{1,40}\}|\{\{[ \w.]{1,40}\}\}|%\w{1,40}%|<[ A-Za-z_-]{1,40}>"
)
# Text beyond this is never shown.
_MOST = 20_000


def sanitize(text: str, limit: int, secrets: Iterable[str] = ()) -> str:
    """Return `text` on one line, without control characters and secrets, and at most `limit` characters long.

    Args:
        text: Text from outside this library.
        limit: The length of the longest result, in characters.
        secrets: Strings that must not appear in the result.
    """
    # Secrets go first, because the steps below could take a part of one away. Twice as much is searched as can be
    # shown, so that no secret is cut in two before it is found.
    text = redact(text[: 2 * _MOST], secrets)[:_MOST]
    if not text.isprintable():
        text = _TERMINAL_CODES.sub("", text)
        text = "".join(" " if character.isspace() else character for character in text if _harmless(character))
    return shorten(" ".join(text.split()), limit)


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Return `text` without the `secrets`, without user information, and without anything that looks like a key.

    A secret is found however it is written: in upper case, in escapes of JSON, URLs or HTML, in full-width letters,
    broken over lines, or with invisible characters in it. So is a part of one, from eight characters on.

    Args:
        text: Text from outside this library, or with values from outside in it.
        secrets: Strings that must not appear in the result.
    """
    known = secrets_of(secrets)
    spans = [(at, at + len(secret), HIDDEN) for secret in known if secret in text for at in _places(secret, text)]
    for view in _views(text):
        spans += _secrets_in(view, known)
        spans += _keys_in(view)
    return _replaced(text, spans) if spans else text


def is_no_key(text: str) -> bool:
    """Return whether a text in the place of a key may be shown: it shows that no key was put there."""
    return _NO_KEY.fullmatch(text) is not None


class Secrets(tuple[str, ...]):
    """Strings that must not appear in any text, the longest first: one may contain another. See `secrets_of`.

    Its `repr` shows none of them, because tracebacks show locals.
    """

    def __repr__(self) -> str:
        """Show none of them."""
        return f"<{len(self)} secrets>"

    @cached_property
    def lookup(self) -> _Lookup:
        """What to look for in a text. It is made when the first text is searched."""
        return _lookup(self)


def secrets_of(secrets: Iterable[str]) -> Secrets:
    """Return strings as `Secrets`, without those that are too short to be one."""
    if isinstance(secrets, Secrets):
        return secrets
    hidden = {secret for secret in secrets if len(secret) >= SHORTEST_SECRET and secret != TO_FILL_IN}
    return Secrets(sorted(hidden, key=len, reverse=True))


# To find a secret, the text and the secret are both decoded and freed of invisible characters (`_views`), and then both
# folded to one case, without white space (`_folded`). Each character knows its place in the text, which is replaced.

_PIECE = 8
_BLOCK = _PIECE // 2
_LONGEST_KEY = 200
_MOST_LAYERS = 3
_NOT_ASCII_OR_CONTROL = re.compile(r"[^\t-\r\x1c-~]")
# Text without any of these reads as it is.
_SPECIAL = re.compile(rf"{_NOT_ASCII_OR_CONTROL.pattern}|[\\%&]")
_ENCODED = re.compile(
    rf"(?P<code>{_ANSI})|(?P<url>(?:%[0-9A-Fa-f]{{2}})+)"
    r"|(?P<html>(?:&(?:#[0-9]{1,7};?|#[xX][0-9A-Fa-f]{1,6};?|[A-Za-z]{2,24};))+)"
    r"|(?<!\\)\\+(?:u\{(?P<braces>[0-9A-Fa-f]{1,6})\}|u(?P<u>[0-9A-Fa-f]{4})|U(?P<U>[0-9A-Fa-f]{8})"
    r"|x(?P<x>[0-9A-Fa-f]{2})|(?P<octal>[0-3][0-7]{2})|(?P<blank>[abfnrtv])|(?P<itself>[^\sA-Za-z0-9]))",
    re.DOTALL,
)
# Letters and symbols that show nothing, beside the categories of `_is_visible`.
_BLANKS = frozenset("\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\ufffc\U0001d159")
# What every key of a kind begins with, or every header with one.
_PUBLIC = re.compile(r"(?:bearer|basic)?(lsv2_[a-z]{2}_|ls__|s?v2_(?:pt|sk)_|[sp]k-(?:[a-z]{2,7}-)?)?")
_OF_WORDS = [
    re.compile(rf"{first}{rest}{{{_PIECE - 1},}}")
    for first, rest in ((r"[A-Za-z\W_]", r"[a-z\W_]"), (r"[A-Z\W_]", r"[A-Z\W_]"), (r"[\d\W_]", r"[\d\W_]"))
]
_MASKS = "*.x\u2022"


class _View(NamedTuple):
    """A text as a reader decodes it, and where each of its characters begins and ends in the original text."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]


class _Lookup(NamedTuple):
    """What to look for in a folded text.

    Attributes:
        wholes: The folded secrets. One that consists of words has its own writing with it: in another, it is a word.
        pieces: The pieces of secrets, with the folded secret that each is part of and its place in that.
        blocks: All parts of pieces that have half their length.
    """

    wholes: dict[str, str | None]
    pieces: dict[str, tuple[str, int]]
    blocks: set[str]


_Span = tuple[int, int, str]
"""Where something begins and ends that must not be shown, and what is shown in its place."""


def _views(text: str) -> list[_View]:
    """Return a text as it is, and decoded if that is something else: a backslash may be of an escape, or of a path."""
    plain = decoded = _View(text, range(len(text)), range(1, len(text) + 1))
    if not _SPECIAL.search(text):
        return [plain]
    for _ in range(_MOST_LAYERS):
        layer, decoded = decoded, _decoded(decoded)
        if decoded is layer:
            break
    return [_visible(view) for view in ([plain] if decoded is plain else [plain, decoded])]


def _decoded(view: _View) -> _View:
    return _with(view, ((*match.span(), _meaning(match)) for match in _ENCODED.finditer(view.text)))


def _meaning(match: re.Match[str]) -> str:
    kind, text = match.lastgroup or "", match[match.lastgroup or 0]
    if kind == "url":
        raw = bytes.fromhex(text.replace("%", ""))
        try:
            return raw.decode()
        except UnicodeDecodeError:
            return raw.decode("latin-1")
    if kind == "html":
        # Most texts have no entity in them, and the table of all of them takes a millisecond to import.
        from html import unescape

        return unescape(text)
    if kind in ("code", "blank", "itself"):
        return {"code": "", "blank": " "}.get(kind, text)
    number = int(text, 8 if kind == "octal" else 16)
    return chr(number) if number <= sys.maxunicode else ""


def _visible(view: _View) -> _View:
    """Return a view without invisible characters, and with the plain forms of letters: full-width, with accents."""
    if not _NOT_ASCII_OR_CONTROL.search(view.text):
        return view
    plain = {character: _plain(character) for character in set(view.text)}
    changed = {character for character, form in plain.items() if form != character}
    return _with(view, ((at, at + 1, plain[c]) for at, c in enumerate(view.text) if c in changed))


def _plain(character: str) -> str:
    form = unicodedata.normalize("NFKD", character)
    folded = form.casefold()
    # Folding what a view holds must not change its length.
    return "".join(filter(_is_visible, form if len(folded) == len(form) else folded))


def _is_visible(character: str) -> bool:
    # C: control characters, bidirectional overrides, surrogates and what has no agreed meaning. M: combining marks.
    return character.isspace() or not (unicodedata.category(character)[0] in "CM" or character in _BLANKS)


def _with(view: _View, changes: Iterable[tuple[int, int, str]]) -> _View:
    """Return a view with parts of its text replaced: where each begins and ends, and the text in its place."""
    parts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    done = 0
    for begin, end, text in changes:
        parts += (view.text[done:begin], text)
        starts += view.starts[done:begin]
        ends += view.ends[done:begin]
        # A run of escapes of one length stands for a character each; of any other run, none is replaced alone.
        step, rest = divmod(end - begin, len(text) or 1)
        for at in range(begin, end, step) if text and not rest else ():
            starts.append(view.starts[at])
            ends.append(view.ends[at + step - 1])
        if rest:
            starts += [view.starts[begin]] * len(text)
            ends += [view.ends[end - 1]] * len(text)
        done = end
    if not done:
        return view
    return _View("".join([*parts, view.text[done:]]), [*starts, *view.starts[done:]], [*ends, *view.ends[done:]])


def _folded(text: str) -> str:
    return "".join(text.casefold().split())


def _lookup(secrets: Secrets) -> _Lookup:
    lookup = _Lookup({}, {}, set())
    for secret in secrets:
        for view in _views(secret):
            _add(lookup, view.text)
    return lookup


def _add(lookup: _Lookup, text: str) -> None:
    whole, secret = _folded(text), "".join(text.split())
    if len(whole) < SHORTEST_SECRET:
        return
    public = _PUBLIC.match(whole)
    begin, is_key = (public.end(), bool(public[1])) if public else (0, False)
    of_words: set[int] = set()
    # Pieces of a key may look like words by chance. Words in a password are no secret by themselves.
    if not is_key and len(secret) == len(whole):
        runs = [run.span() for words in _OF_WORDS for run in words.finditer(secret)]
        of_words.update(at for start, end in runs for at in range(start, end - _PIECE + 1))
    # At least five characters of a piece are secret.
    first = max(0, begin - _PIECE + _BLOCK + 1)
    places = [at for at in range(first, len(whole) - _PIECE + 1) if at not in of_words]
    lookup.wholes[whole] = None if places or any(map(str.isdigit, whole)) else text
    last = len(whole) - _LONGEST_KEY
    # A long quotation holds all pieces of a cookie of kilobytes, so some of them suffice to find it.
    places = [at for at in places if at < _LONGEST_KEY or at > last or at % _PIECE == 0]
    for at in places:
        lookup.pieces.setdefault(whole[at : at + _PIECE], (whole, at))
        lookup.blocks.update(_blocks_of(whole[at : at + _PIECE]))
    if len(whole) >= 2 * _PIECE and places:
        for piece in _beside_masks(whole, begin, is_key):
            lookup.pieces[piece] = (piece, 0)
            lookup.blocks.update(_blocks_of(piece))


def _beside_masks(whole: str, begin: int, is_key: bool) -> Iterator[str]:
    """Yield the pieces of a secret that somebody else has masked, showing more of it than four characters."""
    for mask in _MASKS:
        for shown in range(_BLOCK + 1, _PIECE):
            yield mask * (_PIECE - shown) + whole[-shown:]
            yield whole[begin : begin + shown] + mask * (_PIECE - shown)
        # Of a key, the last four characters may be shown, and so none of the first.
        for shown in range(max(1, _PIECE - 1 - begin), _PIECE) if is_key else ():
            yield whole[begin + shown - _PIECE + 1 : begin + shown] + mask


def _blocks_of(text: str) -> list[str]:
    return [text[at : at + _BLOCK] for at in range(len(text) - _BLOCK + 1)]


def _secrets_in(view: _View, secrets: Secrets) -> Iterator[_Span]:
    if not secrets:
        return
    lookup, folded = secrets.lookup, _folded(view.text)
    wholes = [whole for whole in lookup.wholes if whole in folded]
    # Of the blocks that a text divides into, each piece in it contains one whole. Most texts contain none of a piece.
    may_hold = not lookup.blocks.isdisjoint([folded[at : at + _BLOCK] for at in range(0, len(folded), _BLOCK)])
    pieces = [folded[at : at + _PIECE] for at in range(len(folded) - _PIECE + 1)] if may_hold else []
    if not wholes and lookup.pieces.keys().isdisjoint(pieces):
        return
    places = [at for at, character in enumerate(view.text) if not character.isspace()]
    for whole in wholes:
        for at in _places(whole, folded):
            first, last = places[at], places[at + len(whole) - 1]
            # "API key" is not the secret of a user whose key is "apikey".
            if lookup.wholes[whole] in (None, view.text[first : last + 1]):
                yield view.starts[first], view.ends[last], HIDDEN
    done = 0
    for at, piece in enumerate(pieces):
        if piece in lookup.pieces and at + _PIECE > done:
            begin, end = _extended(folded, at, *lookup.pieces[piece], done)
            yield view.starts[places[begin]], view.ends[places[end - 1]], HIDDEN
            done = end


def _places(part: str, text: str) -> Iterator[int]:
    at = text.find(part)
    while at >= 0:
        yield at
        at = text.find(part, at + len(part))


def _extended(folded: str, begin: int, secret: str, offset: int, done: int) -> tuple[int, int]:
    """Return where the part of a secret begins and ends that has a piece at `begin`, but not before `done`."""
    end, after = begin + _PIECE, offset + _PIECE
    while begin > done and offset > 0 and folded[begin - 1] == secret[offset - 1]:
        begin, offset = begin - 1, offset - 1
    while end < len(folded) and after < len(secret) and folded[end] == secret[after]:
        end, after = end + 1, after + 1
    return begin, end


def _keys_in(view: _View) -> Iterator[_Span]:
    """Yield what looks like a key, though nobody has named it a secret, and the user information in URLs."""
    text = view.text
    # Each pattern is tried only on text that contains what it requires; most texts contain none.
    found = [(match.span(1), HIDDEN) for needle, key in _KEYS if needle in text for match in key.finditer(text)]
    if "@" in text:
        found += [(match.span(1), "") for match in _USERINFO.finditer(text)]
    if "=" in text:
        found += [(match.span(1), HIDDEN) for match in _IN_QUERY.finditer(text)]
    for (begin, end), shown in found:
        yield view.starts[begin], view.ends[end - 1], shown


def _replaced(text: str, spans: Iterable[_Span]) -> str:
    parts: list[str] = []
    done = 0
    for begin, end, shown in _merged(spans):
        parts += (text[done:begin], shown)
        done = end
    return "".join([*parts, text[done:]])


def _merged(spans: Iterable[_Span]) -> list[_Span]:
    merged: list[_Span] = []
    for begin, end, shown in sorted(spans):
        if merged and begin <= merged[-1][1]:
            last = merged[-1]
            merged[-1] = (last[0], max(last[1], end), max(last[2], shown))
        else:
            merged.append((begin, end, shown))
    return merged


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


def _harmless(character: str) -> bool:
    # Cc: control, Cf: format (bidirectional overrides, zero-width), Cs: lone surrogates, Co and Cn: no agreed meaning.
    return character.isspace() or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Cn")


T = TypeVar("T")


def redact_value(value: T, secrets: tuple[str, ...]) -> T:
    """Return a value of `safe_langsmith.diagnosis` with the secrets removed from all its texts.

    Args:
        value: A frozen value, a collection of such, or a plain value.
        secrets: Strings that must not appear in the result.
    """
    known = secrets_of(secrets)
    return each_text(value, lambda text: redact(text, known))


def each_text(value: T, change: Callable[[str], str]) -> T:
    """Return a value of `safe_langsmith.diagnosis` with each of its texts changed.

    Args:
        value: A frozen value, a collection of such, or a plain value.
        change: Returns the new text for a text.
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
