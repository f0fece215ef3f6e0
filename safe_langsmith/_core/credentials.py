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

OF_GATEWAYS: frozenset[ProblemKind] = frozenset(("vendor", "characters", "address"))
"""The problems that LangSmith's cloud is known to refuse, but that a gateway's own token may have."""

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
# What no gateway gives out itself, as it may a token that begins like another vendor's.
_ONLY_THEIRS = ("sk-proj-", "sk-ant-", "sk-lf-", "pk-lf-")
_PLACEHOLDER = re.compile(
    r"^<.*>$|^\[.*\]$|^_{2,}.*_{2,}$|\.\.\.|…|\*{3}|•{3}|your[-_ ]|[-_ ]here\b"
    r"|(?:change|replace|fill)[-_ ]?(?:me|this|in|it)\b|placeholder|redacted|^x{3,}$|^todo$|^tbd$"
    r"|^(?:none|null|nil|undefined)$|^(?:insert|enter|paste|put|add)[-_ ]"
    r"|^(?:my[-_ ]|langsmith[-_ ]|langchain[-_ ])?api[-_ ]?key$",
    re.IGNORECASE,
)
# Texts of tests and of examples. A mock server or a gateway may accept them, LangSmith's cloud does not.
_OF_TESTS = re.compile(r"\b(?:dummy|fake|test|testing|example|sample|mock|secret)\b", re.IGNORECASE)
# Code in place of the value that it gives, and references that nothing resolved. Passwords may hold such signs, too.
_CODE = re.compile(
    r"^\$(?:env:)?\w+$|\$\{|\$\(|\{\{|<%|^%\w+%$|^#?\{\w+\}#?$|^@@?\w*(?:KEY|TOKEN|SECRET)\w*@@?$"
    r"|^[\w.]+(?:\(.*\)|\[[\"'].*\])$|^(?:os|userdata|st|process|secrets)\."
    r"|^(?:(?:export|set|env) )?\$?\w*(?:KEY|TOKEN|SECRET)\w*\s*(?:=|:\s)|^[rbf]?[\"'].*[\"']$",
    re.IGNORECASE | re.DOTALL,
)
# A key, also one of a length that is not usual. What holds one is not a token of a gateway.
_A_KEY = re.compile(r"lsv2_(?:pt|sk)_(?![xX]+(?![A-Za-z0-9]))[A-Za-z0-9]{32,}(?:_[A-Za-z0-9]+)*")
_MEANT_FOR_LANGSMITH = re.compile(r"lsv2|ls__", re.IGNORECASE)
_QUOTES = "\"'`" + "".join(map(chr, range(0x2018, 0x2020)))
_SCHEME = re.compile(
    r"(?:authorization|bearer|basic|token|x[-_]api[-_]key|api[-_]?key|key)\b[\s:]*(?:bearer\s+)?", re.IGNORECASE
)
_SHAPE = re.compile(r"[0-9a-f]{32}_[0-9a-f]{10}")
_COMMENT = re.compile(r"(\S+)\s+#")
_COMMENT_OF_KNOWN = re.compile(r"([^\s#]+)\s*#")
_NEXT_KEY = re.compile(r"(?=lsv2_(?:pt|sk)_)")
_OF_A_KEY = re.compile(r"[A-Za-z0-9_]*")
_SPELT_OUT = re.compile(r"\\[nrt]")
# The names that secret managers and shells give to secrets: op://..., arn:..., projects/1/secrets/..., /run/secrets/...
# A token in base64 may begin with a slash, too.
_REFERENCE = re.compile(
    r"(?!https?:)[a-z][a-z0-9+.-]*://|arn:|projects/[^/]+/secrets/|secrets?[/:.]|(?:\.{1,2}|~)/\S|[A-Za-z]:\\"
    r"|(?:/[\w.-]+)+[/_-](?:api[_-]?key|key|token|secret|credentials?)\Z|ENC\[\w+,"
    r"|/(?:run|var|etc|mnt|home|root|Users|opt|srv|tmp|app|secrets?|vault|content|kaggle)/"
    r"|(?:vault|ssm|env|file|keyring|keychain|doppler|infisical|aws|gcp|azure|(?:[a-z]+-)?sm|secretsmanager"
    r"|parameterstore|secret-?(?:key)?-?ref|key-?vault|bws|akeyless|conjur|sops|gsm|external-?secret):"
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
        is_of_gateway = kind_of_problem in OF_GATEWAYS and key.isascii() and key.isprintable()
        elsewhere = is_of_gateway and not _MEANT_FOR_LANGSMITH.search(key) and not key.startswith(_ONLY_THEIRS)
        return Credential(kind if kind else "unrecognized", HIDDEN, problem, kind_of_problem, elsewhere)
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
    return (
        around
        or _surrounded(key)
        or _no_key(key, prefix)
        or (_too_short(key, kind, prefix) if kind else _other_start(key))
    )


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
    return ("encoded", f"is {encoding}: decode it once") if encoding else None


def _surrounded(key: str) -> tuple[ProblemKind, str] | None:
    """Return what stands before and behind a whole key, or `None`."""
    found = _A_KEY.search(key)
    is_text = (key.isprintable() and key.isascii()) or key[0] in _QUOTES
    if found is None or found.group() == key or not is_text:
        return None
    before, behind = key[: found.start()], key[found.end() :]
    if before.strip(_QUOTES) == behind.strip(_QUOTES) == "":
        return "characters", "is a key in quotes: remove the quotes"
    if (before[-1:], behind) in (("<", ">"), ("(", ")"), ("[", "]"), ("{", "}")) and len(before) == 1:
        return "characters", "is a key in brackets: remove the brackets"
    if not behind.strip(_QUOTES) and _SCHEME.fullmatch(before.strip(_QUOTES)):
        return "characters", f'begins with "{before.strip(_QUOTES)}", which is not part of a key'
    if before.strip() and not _CODE.search(key):
        return "characters", "has other text before the key: remove that"
    return None


def _what_it_is(text: str) -> str | None:
    """Return what a decoded text is if it is a key or has one in it, or `None`."""
    if _start(text.strip())[0]:
        return "a key"
    around = _start(text.strip().strip(_QUOTES))[0] or _A_KEY.search(text)
    return "a key with something around it that is to be removed" if around else None


def _encoding(key: str) -> str | None:
    """Return what is encoded, and how, if a text is an encoded key; or `None`."""
    if _HEXADECIMAL.fullmatch(key) and (inside := _what_it_is(bytes.fromhex(key).decode("latin-1"))):
        return f"the hexadecimal form of {inside}"
    if "%" in key and (inside := _what_it_is(unquote(key))):
        return f"the URL-encoded form of {inside}"
    if not _BASE64.fullmatch(key):
        return None
    try:
        standard = key.rstrip("=").translate({ord("-"): "+", ord("_"): "/"})
        text = base64.b64decode(standard + "=" * (-len(standard) % 4)).decode("latin-1")
    except binascii.Error:
        return None
    # A Kubernetes Secret whose `data` was encoded by hand before `stringData` encoded it again is encoded twice.
    inside = _what_it_is(text) or _encoding(text.strip())
    return f"base64 of {inside}" if inside else None


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
    if not key.strip(f"{_QUOTES}<>(){{}}[]"):
        return "placeholder", "is empty, apart from quotes or brackets"
    if _CODE.search(key) and not (prefix and key[-1] in "=;"):
        return "code", "is code or quoted text, not a key"
    if not key.isascii() or not key.isprintable() or " " in key:
        return (
            "characters",
            "contains a character that no key has (a blank, a line break or a letter outside ASCII)",
        )
    if prefix and not _OF_A_KEY.fullmatch(secret):
        wrong = next(character for character in secret if not _OF_A_KEY.fullmatch(character))
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
        return _another_shape(key)
    if kind is not None or _LATER_KIND.match(key):
        return None
    if _JWT.fullmatch(key):
        return "token", "is a JSON Web Token, as a login gives it, not an API key"
    if _UUID.fullmatch(key):
        return "uuid", "is a UUID, as the IDs of workspaces are, not an API key"
    if _OF_TESTS.search(re.sub(r"[_-]", " ", key)):
        return "placeholder", "is a text for tests or examples, not a key"
    return "form", 'has not the form of a LangSmith key: these begin with "lsv2_pt_" or "lsv2_sk_"'


def _another_shape(key: str) -> tuple[ProblemKind, str] | None:
    """Return what is wrong with the secret of a key that begins as LangSmith's do, or `None`."""
    secret = key.split("_", 2)[2]
    has = f"{len(key)} characters, and such a key usually has {_USUAL_LENGTH}"
    if _SHAPE.fullmatch(secret):
        return None
    if _SHAPE.fullmatch(secret.lower()):
        return "first letters", "has capital letters, and LangSmith's keys have only small ones"
    if len(key) < _USUAL_LENGTH:
        return "short", f"seems to be cut short: {has}"
    if secret[:32] == secret[32:64] or secret[32:43] == secret[43:54] or secret[:43] == secret[43:86]:
        return "two keys", f"repeats a part of itself, as if it had been pasted twice: {has}"
    if len(key) > _USUAL_LENGTH:
        behind = ", behind the key" if _SHAPE.match(secret) else ""
        return "characters", f"has characters too many{behind}: {has}"
    return "form", 'has not the form of a LangSmith key, whose parts are hexadecimal: 32 characters, "_", and 10'
