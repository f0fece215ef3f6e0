"""Inspect the text of a credential.

Sources: the kinds, https://docs.langchain.com/langsmith/administration-overview#api-keys. The shape
`lsv2_pt_<32>_<10>` comes from secret scanners; the vendor's own masking rule is looser. So there are two degrees: a
text that is no key anywhere, and a text that LangSmith's cloud does not accept but that a gateway in front of a
self-hosted instance may.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Literal, NamedTuple
from urllib.parse import unquote

from safe_langsmith._core.redaction import HIDDEN
from safe_langsmith.diagnosis import KeyKind

ProblemKind = Literal[
    "placeholder",
    "code",
    "reference",
    "encoded",
    "comment",
    "characters",
    "two keys",
    "short",
    "first letters",
    "vendor",
    "token",
    "uuid",
    "address",
    "form",
]
"""The kinds of problems with a key, which decide what to tell the user."""

_PREFIXES: dict[str, KeyKind] = {"lsv2_pt_": "personal", "lsv2_sk_": "service", "ls__": "legacy"}
_SHORTEST_SECRET = {"personal": 32, "service": 32, "legacy": 16}
_USUAL_LENGTH = len("lsv2_pt_") + 32 + len("_") + 10

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
    ("pplx-", "Perplexity"),
    ("nvapi-", "NVIDIA"),
    ("r8_", "Replicate"),
    ("glpat-", "GitLab"),
    ("ghp_", "GitHub"),
    ("github_pat_", "GitHub"),
    ("AIza", "Google"),
    ("AKIA", "AWS"),
    ("xoxb-", "Slack"),
    ("xoxp-", "Slack"),
)
_PLACEHOLDER = re.compile(
    r"^<.*>$|^\[.*\]$|^_{2,}.*_{2,}$|\.\.\.|…|\*{3}|•{3}|your[-_ ]|[-_ ]here\b"
    r"|(?:change|replace|fill)[-_ ]?(?:me|this|in|it)\b|placeholder|redacted|^x{3,}$|^todo$|^tbd$"
    r"|^(?:none|null|nil|undefined)$|^(?:insert|enter|paste|put|add)[-_ ]"
    r"|^(?:my[-_ ]|langsmith[-_ ]|langchain[-_ ])?api[-_ ]?key$",
    re.IGNORECASE,
)
# Texts of tests and of examples. A mock server or a gateway may accept them, LangSmith's cloud does not.
_OF_TESTS = re.compile(r"\b(?:dummy|fake|test|testing|example|sample|mock|secret)\b", re.IGNORECASE)
# An "=" at the end is not code: tokens of gateways may be base64.
_CODE = re.compile(r"""[(){}\[\]"'`$;]|=(?!=|$)|^(?:os|userdata|st|process)\.|^%\w+%$|^\w+:\s""")
_COMMENT = re.compile(r"(\S+)\s+#")
_COMMENT_OF_KNOWN = re.compile(r"([^\s#]+)\s*#")
_NEXT_KEY = re.compile(r"(?=lsv2_(?:pt|sk)_)")
_OF_A_KEY = re.compile(r"[A-Za-z0-9_]*")
_SPELT_OUT = re.compile(r"\\[nrt]")
# The names that secret managers and shells give to secrets: op://..., arn:..., projects/1/secrets/..., /run/secrets/...
# A token in base64 may begin with a slash, too.
_REFERENCE = re.compile(
    r"(?!https?:)[a-z][a-z0-9+.-]*://|arn:|projects/[^/]+/secrets/|secrets?[/:.]|(?:\.{1,2}|~)/\S|[A-Za-z]:\\"
    r"|/(?:run|var|etc|mnt|home|root|Users|opt|srv|tmp|app|secrets?|vault|content|kaggle)/"
    r"|(?:vault|ssm|env|file|keyring|keychain|doppler|infisical|aws|gcp|azure|sm|secretsmanager|parameterstore):"
    r"|@Microsoft\.KeyVault|https?://[^/]+\.vault\.azure\.net/",
    re.IGNORECASE,
)
_NAME_OF_A_VARIABLE = re.compile(r"(?=.*(?:KEY|TOKEN|SECRET))[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")
_UUID = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)
_JWT = re.compile(r"eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{20,}={0,2}")
_HEXADECIMAL = re.compile(r"(?:[0-9a-f]{2}){20,}", re.IGNORECASE)
# A key whose first letters were lost, altogether or with its kind.
_REST_OF_A_KEY = re.compile(r"_?(?:(?:pt|sk)_)?[0-9a-f]{32}_[0-9a-f]{10}")
# LangSmith may add kinds of keys.
_LATER_KIND = re.compile(r"lsv[0-9]_[a-z]{2}_")


class Credential(NamedTuple):
    """The properties of a credential that its text shows.

    Attributes:
        kind: The kind that its first letters show.
        masked: The text to show in its place.
        problem: Why it cannot be a LangSmith key, as the end of the sentence "it ...", or `None`.
        problem_kind: The kind of that problem, or `None`.
        may_be_valid_elsewhere: Whether only LangSmith's cloud is known to refuse such a text. A gateway may accept it.
    """

    kind: KeyKind
    masked: str
    problem: str | None = None
    problem_kind: ProblemKind | None = None
    may_be_valid_elsewhere: bool = False


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
    kind_of_problem, problem = _problem_at_cloud(key, kind) or (None, None)
    # The vendor's own masking rule takes a key without the last part for a whole one, too.
    is_well_formed = kind is not None and (problem is None or key.count("_") == prefix.count("_"))
    masked = f"{prefix}{HIDDEN}{key[-4:]}" if is_well_formed else HIDDEN
    return Credential(kind or "unrecognized", masked, problem, kind_of_problem, problem is not None)


def _start(key: str) -> tuple[KeyKind | None, str]:
    """Return the kind that the first letters show, and those letters."""
    return next(((kind, prefix) for prefix, kind in _PREFIXES.items() if key.startswith(prefix)), (None, ""))


def _problem(key: str) -> tuple[ProblemKind, str] | None:
    """Return why a text is a key nowhere, the most telling reason first, or `None`.

    A comment is the reason only if nothing is wrong with the text before it.
    """
    kind, prefix = _start(key)
    comment = (_COMMENT_OF_KNOWN if kind else _COMMENT).match(key)
    if comment:
        return _problem(comment[1]) or ("comment", "carries the comment behind it")
    around = _around(key, prefix) if kind or not _PLACEHOLDER.search(key) else None
    return around or _no_key(key, prefix) or (_too_short(key, kind, prefix) if kind else _other_start(key))


def _around(key: str, prefix: str) -> tuple[ProblemKind, str] | None:
    """Return what surrounds, repeats or encodes a key, or `None`."""
    _, *keys = (part.rstrip(" ,;:|\n\r\t\"'") for part in _NEXT_KEY.split(key))
    if len(keys) > 1:
        return "two keys", "is the same key twice, as if it had been pasted twice" if len(
            set(keys)
        ) == 1 else "is two keys"
    if keys and key.lstrip().startswith(("{", "[")):
        return "encoded", "is a JSON document, and the key is a value in it"
    if not prefix and _REFERENCE.match(key):
        return "reference", "is the name of a secret, or the path of a file, and not its value"
    if not prefix and _NAME_OF_A_VARIABLE.fullmatch(key):
        return "reference", "is the name of a variable, and not its value"
    encoding = None if prefix else _encoding(key)
    return ("encoded", f"is {encoding} of a key: decode it once") if encoding else None


def _encoding(key: str) -> str | None:
    """Return the encoding if a text is an encoded key, or `None`."""
    if _HEXADECIMAL.fullmatch(key) and _start(bytes.fromhex(key).decode("latin-1"))[0]:
        return "the hexadecimal form"
    if "%" in key and _start(unquote(key))[0]:
        return "the URL-encoded form"
    if not _BASE64.fullmatch(key):
        return None
    try:
        standard = key.rstrip("=").translate({ord("-"): "+", ord("_"): "/"})
        text = base64.b64decode(standard + "=" * (-len(standard) % 4)).decode("latin-1")
    except binascii.Error:
        return None
    if _start(text.strip().strip("\"'"))[0]:
        return "base64"
    # A Kubernetes Secret whose `data` was encoded by hand before `stringData` encoded it again.
    return f"base64 of {twice}" if (twice := _encoding(text.strip())) else None


def _no_key(key: str, prefix: str) -> tuple[ProblemKind, str] | None:
    secret = key[len(prefix) :]
    if prefix and re.search(r"(?:\.{3}|…|[*•]{3,})[A-Za-z0-9]{2,}$", secret):
        return "short", "is a key with letters left out, as LangSmith's list of keys shows it"
    if _PLACEHOLDER.search(key) or (prefix and not secret.strip("xX_-")):
        return "placeholder", "is a placeholder, not a key"
    if key[:7].lower() == "bearer ":
        return "characters", 'begins with "Bearer ", which is not part of a key'
    if prefix and _SPELT_OUT.search(secret):
        return "characters", "contains a backslash and a letter in place of a line break"
    if _CODE.search(key) and not (prefix and key[-1] in "=;"):
        return "code", "is a piece of code or a quoted text, not the key that the code would give"
    if not key.isascii() or not key.isprintable() or " " in key:
        return (
            "characters",
            "contains a character that no key has (a blank, a line break or a letter outside ASCII)",
        )
    if prefix and not _OF_A_KEY.fullmatch(secret):
        wrong = secret[_OF_A_KEY.match(secret).end()]  # type: ignore[union-attr]
        return "characters", f'contains "{wrong}", and a key has only letters, digits and "_"'
    if re.match(r"https?:", key, re.IGNORECASE):
        return "address", "is an address, not a key"
    return None


def _too_short(key: str, kind: KeyKind, prefix: str) -> tuple[ProblemKind, str] | None:
    shortest = len(prefix) + _SHORTEST_SECRET[kind]
    if len(key) >= shortest:
        return None
    return "short", f"is cut short: {len(key)} characters, and such a key has {shortest} or more"


def _other_start(key: str) -> tuple[ProblemKind, str] | None:
    for start, vendor in _OTHER_VENDORS:
        if key.startswith(start):
            return "vendor", f"looks like a key for {vendor}, not for LangSmith"
    for lost in ("l", "ls", "lsv"):
        if any(len(known) > 4 and f"{lost}{key}".startswith(known) for known in _PREFIXES):
            letters = "letter" if len(lost) == 1 else "letters"
            return "first letters", f'lost its first {letters}: LangSmith keys begin with "lsv2_"'
    if _REST_OF_A_KEY.fullmatch(key):
        return "first letters", 'lost its first letters: LangSmith keys begin with "lsv2_"'
    letters_and_digits = re.sub(r"[^a-z0-9]", "", key[:16].lower())
    if re.match(r"[l1i|]sv2(?:pt|sk)", letters_and_digits):
        return "first letters", 'begins almost like a LangSmith key: these begin with "lsv2_pt_" or "lsv2_sk_"'
    return None


def _problem_at_cloud(key: str, kind: KeyKind | None) -> tuple[ProblemKind, str] | None:
    """Return why LangSmith's cloud does not accept a text that a gateway may, or `None`."""
    if kind in ("personal", "service"):
        first, _, second = key.split("_", 2)[2].partition("_")
        if len(first) == 32 and len(second) < 10:
            missing = f"{len(key)} characters, and such a key usually has {_USUAL_LENGTH}"
            return "short", f"seems to be cut short: {missing}"
    if kind is not None or _LATER_KIND.match(key):
        return None
    if _JWT.fullmatch(key):
        return "token", "is a JSON Web Token, as a login gives it, not an API key"
    if _UUID.fullmatch(key):
        return "uuid", "is a UUID, as the IDs of workspaces are, not an API key"
    if _OF_TESTS.search(re.sub(r"[_-]", " ", key)):
        return "placeholder", "is a text for tests or examples, not a key"
    return "form", 'has not the form of a LangSmith key: these begin with "lsv2_pt_" or "lsv2_sk_"'
