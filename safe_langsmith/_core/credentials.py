"""Inspect the text of a credential.

Sources: the kinds, https://docs.langchain.com/langsmith/administration-overview#api-keys. The shape
`lsv2_pt_<32>_<10>` comes from the vendor's own masking rule, which is looser than that: so a key is called malformed
only if it cannot be one, and an unknown prefix is only unrecognized.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from safe_langsmith._core.redaction import HIDDEN
from safe_langsmith.diagnosis import KeyKind

ProblemKind = Literal["placeholder", "code", "comment", "characters", "short", "first letters", "vendor"]
"""The kinds of problems with a key, which decide what to tell the user."""

_PREFIXES: dict[str, KeyKind] = {"lsv2_pt_": "personal", "lsv2_sk_": "service", "ls__": "legacy"}
_SHORTEST_SECRET = {"personal": 32, "service": 32, "legacy": 16}

# The prefixes that other vendors document for their keys; one that begins with another comes first.
_OTHER_VENDORS = (
    ("sk-lf-", "Langfuse"),
    ("pk-lf-", "Langfuse"),
    ("sk-ant-", "Anthropic"),
    ("sk-or-", "OpenRouter"),
    ("sk-", "OpenAI"),
    ("sk_live_", "Stripe"),
    ("sk_test_", "Stripe"),
    ("hf_", "Hugging Face"),
    ("gsk_", "Groq"),
    ("xai-", "xAI"),
    ("tvly-", "Tavily"),
    ("pcsk_", "Pinecone"),
    ("ghp_", "GitHub"),
    ("github_pat_", "GitHub"),
    ("AIza", "Google"),
    ("AKIA", "AWS"),
    ("xoxb-", "Slack"),
)
_PLACEHOLDER = re.compile(
    r"^<.*>$|^\[.*\]$|\.\.\.|…|\*{3}|your[-_ ]|[-_ ]here\b|change[-_ ]?me|placeholder|redacted|^x{3,}$|^todo$"
    r"|^(?:none|null|nil|undefined)$"
    r"|^(?:my[-_ ]|langsmith[-_ ]|langchain[-_ ])?api[-_ ]?key$",
    re.IGNORECASE,
)
# An "=" at the end is not code: tokens of gateways may be base64.
_CODE = re.compile(r"""[(){}\[\]"'`$;]|=(?!=|$)|^(?:os|userdata|st)\.""")
_COMMENT = re.compile(r"(\S+)\s+#")
_COMMENT_OF_KNOWN = re.compile(r"([^\s#]+)\s*#")
_SECOND_KEY = re.compile(r"lsv2_(?:pt|sk)_")


class Credential(NamedTuple):
    """The properties of a credential that its text shows.

    Attributes:
        kind: The kind that its first letters show.
        masked: The text to show in its place.
        problem: Why it cannot be a LangSmith key, as the end of the sentence "it ...", or `None`.
        problem_kind: The kind of that problem, or `None`. A key that was written twice counts as "characters".
    """

    kind: KeyKind
    masked: str
    problem: str | None = None
    problem_kind: ProblemKind | None = None


MISSING = Credential("missing", "none")
OAUTH = Credential("oauth", HIDDEN)


def inspect_key(key: str | None) -> Credential:
    """Inspect the text of an API key.

    Args:
        key: The key as it was sent, or `None` if none was.
    """
    if not key:
        return MISSING
    kind, prefix = _start(key)
    kind_of_problem, problem = _problem(key) or (None, None)
    if kind_of_problem:
        return Credential(kind if kind else "unrecognized", HIDDEN, problem, kind_of_problem)
    if kind is None:
        return Credential("unrecognized", HIDDEN)
    return Credential(kind, f"{prefix}{HIDDEN}{key[-4:]}")


def _start(key: str) -> tuple[KeyKind | None, str]:
    """Return the kind that the first letters show, and those letters."""
    return next(((kind, prefix) for prefix, kind in _PREFIXES.items() if key.startswith(prefix)), (None, ""))


def _problem(key: str) -> tuple[ProblemKind, str] | None:
    """Return the most telling problem: a comment only if nothing is wrong with the text before it."""
    kind, prefix = _start(key)
    comment = (_COMMENT_OF_KNOWN if kind else _COMMENT).match(key)
    if comment:
        return _problem(comment[1]) or ("comment", "carries the comment behind it")
    return _no_key(key, prefix) or (_too_short(key, kind, prefix) if kind else _other_start(key))


def _no_key(key: str, prefix: str) -> tuple[ProblemKind, str] | None:
    secret = key[len(prefix) :]
    if _PLACEHOLDER.search(key) or (prefix and not secret.strip("xX_-")):
        return "placeholder", "is a placeholder, not a key"
    if _CODE.search(key):
        return "code", "is a piece of code or a quoted text, not the key that the code would give"
    if key[:7].lower() == "bearer ":
        return "characters", 'begins with "Bearer ", which is not part of a key'
    if prefix and _SECOND_KEY.search(secret):
        return "characters", "is two keys in a row, as if it had been pasted twice"
    if not key.isascii() or not key.isprintable() or " " in key:
        return (
            "characters",
            "contains a character that no key has (a blank, a line break or a letter outside ASCII)",
        )
    return None


def _too_short(key: str, kind: KeyKind, prefix: str) -> tuple[ProblemKind, str] | None:
    shortest = len(prefix) + _SHORTEST_SECRET[kind]
    if len(key) >= shortest:
        return None
    return "short", f"is cut short: {len(key)} characters, and such a key has {shortest} or more"


def _other_start(key: str) -> tuple[ProblemKind, str] | None:
    for lost in ("l", "ls", "lsv"):
        if any(len(known) > 4 and f"{lost}{key}".startswith(known) for known in _PREFIXES):
            letters = "letter" if len(lost) == 1 else "letters"
            return "first letters", f'lost its first {letters}: LangSmith keys begin with "lsv2_"'
    for start, vendor in _OTHER_VENDORS:
        if key.startswith(start):
            return "vendor", f"looks like a key for {vendor}, not for LangSmith"
    return None
