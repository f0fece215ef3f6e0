"""What a credential's text says about it, without asking anybody.

Sources: the kinds, https://docs.langchain.com/langsmith/administration-overview#api-keys. The shape
`lsv2_pt_<32>_<10>` comes from the vendor's own masking rule, which is looser than that: so a key is called malformed
only where it cannot be one, and an unknown prefix is merely unrecognized.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from safe_langsmith.diagnosis import KeyKind

from .clean import HIDDEN

_PREFIXES: dict[str, KeyKind] = {"lsv2_pt_": "personal", "lsv2_sk_": "service", "ls__": "legacy"}
_SHORTEST_SECRET = {"personal": 32, "service": 32, "legacy": 16}

# The prefixes other vendors document for their keys, longest first where one begins with another.
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
    r"|^(?:my[-_ ]|langsmith[-_ ]|langchain[-_ ])?api[-_ ]?key$",
    re.IGNORECASE,
)
# An "=" at the end is no code: tokens of gateways may be base64.
_CODE = re.compile(r"""[(){}\[\]"'`$;]|=(?!=*$)|^(?:os|userdata|st)\.""")


class Credential(NamedTuple):
    """What can be said of a credential.

    Attributes:
        kind: What its first letters say it is.
        masked: What may be shown of it.
        flaw: Why it cannot be a LangSmith key, as the end of the sentence "it ...", or `None`.
    """

    kind: KeyKind
    masked: str
    flaw: str | None = None


MISSING = Credential("missing", "none")
OAUTH = Credential("oauth", HIDDEN)


def describe(key: str | None) -> Credential:
    """Returns what the text of an API key says about it.

    Args:
        key: The key as it was sent, or `None` where none was.
    """
    if not key:
        return MISSING
    prefix, kind = next(((p, k) for p, k in _PREFIXES.items() if key.startswith(p)), ("", None))
    flaw = _flaw(key, prefix, kind)
    if flaw:
        return Credential(kind if kind else "unrecognized", HIDDEN, flaw)
    if kind is None:
        return Credential("unrecognized", HIDDEN)
    return Credential(kind, f"{prefix}{HIDDEN}{key[-4:]}")


def _flaw(key: str, prefix: str, kind: KeyKind | None) -> str | None:
    secret = key[len(prefix) :]
    if _PLACEHOLDER.search(key) or (prefix and not secret.strip("xX_-")):
        return "is a placeholder, not a key"
    if _CODE.search(key):
        return "is a piece of code or a quoted text, not the key that the code would give"
    if not key.isascii() or not key.isprintable() or " " in key:
        return "contains a character that no key has (a blank, a line break or a letter outside ASCII)"
    if kind is not None:
        shortest = len(prefix) + _SHORTEST_SECRET[kind]
        return (
            f"is cut short: {len(key)} characters, where such a key has {shortest} or more"
            if len(key) < shortest
            else None
        )
    for lost in ("l", "ls", "lsv"):
        if any(len(known) > 4 and f"{lost}{key}".startswith(known) for known in _PREFIXES):
            return f'lost its first {"letter" if len(lost) == 1 else "letters"}: LangSmith keys begin with "lsv2_"'
    for start, vendor in _OTHER_VENDORS:
        if key.startswith(start):
            return f"looks like a key for {vendor}, not for LangSmith"
    return None
