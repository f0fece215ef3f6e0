"""Reading the body of a refusal, in all its dialects.

LangSmith's services write `{"detail": ...}` (a text, a list or an object), `{"error": ...}` or RFC 7807 problem
details; proxies write HTML or plain text. Nothing here trusts a type: whatever came, the result is a plain value.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Literal

from .clean import clean

MESSAGE_LIMIT = 300

_NAMES_NO_WORKSPACE = re.compile(
    r"org_scoped_key_requires_workspace|requires workspace specification|requires a workspace id", re.IGNORECASE
)
_UNAVAILABLE = {
    re.compile(
        r"not (?:enabled|activated) for (?:this|your|the) (?:organization|tenant|workspace)"
        r"|\b(?:features?|exports?|sandbox(?:es)?|gateway|deployments?) (?:is|are) not (?:enabled|available)\b",
        re.IGNORECASE,
    ): "a feature is not enabled",
    re.compile(r"no plan found", re.IGNORECASE): "the organization has no plan",
    re.compile(
        r"\b(?:requires?|needs?|upgrade (?:to|your)|available on|not (?:included|available) (?:in|on|with)) "
        r"(?:[\w-]+ ){0,4}(?:plan|tier)\b|\bplan (?:does not|doesn't) (?:include|allow|support)\b",
        re.IGNORECASE,
    ): "the organization's plan lacks it",
    re.compile(r"usage_limit_exceeded", re.IGNORECASE): "a usage limit is exceeded",
}
# What an Agent Server says of every request that it does not let in, with 403 where LangSmith says 401.
_AGENT_SERVER = re.compile(r"\A(?:Missing authentication headers|Invalid tenant ID)\Z", re.IGNORECASE)
_ADMINS_ONLY = re.compile(r"\bonly org(?:anization)? admins can\b", re.IGNORECASE)
_PERMISSION = re.compile(r"(?<![\w:/.-])[a-z][a-z-]*(?::[a-z][a-z_-]*){1,2}(?![\w:/-])")
# The resources that LangSmith's permissions begin with, so that "host:port" and its like are not taken for one.
_RESOURCES = frozenset(
    "agent-auth-connections alerts annotation-queues bulk-exports charts custom-apps datasets deployments experiments "
    "feedback feedback-configs fleet gateway issues mcp-servers model-price-map organization projects prompts rules "
    "runs sandboxes snapshots workspaces".split()
)
_ACTIONS = frozenset(
    "clone configure create decrease delete download exec increase invoke manage read revoke run share tag update "
    "write".split()
)
_LACKS = re.compile(r"\b(?:missing|lacks?|needs?|requires?|required|insufficient|without)\b[^,;.]*$", re.IGNORECASE)
_HTML = re.compile(
    r"\s*(?:<!--(?:[^-]|-(?!->)){0,2000}-->\s*){0,5}<(?:!doctype|html|head|body|title|center|h1)\b", re.IGNORECASE
)
_ENDS = (".", ":", "!", "?")
_MOST_SENTENCES = 50

_DEEPEST = 50
_ESCAPED = re.compile(r"\\.", re.DOTALL)
_STRING = re.compile(r'"[^"]*(?:"|\Z)')
_NO_BRACKETS = re.compile(r"[^][{}]+")


@dataclass(frozen=True)
class Body:
    """What the body of a refusal says.

    Attributes:
        form: `json` for an object as LangSmith's services write it, `html`, `empty`, or `other`.
        message: What it says, cleaned; `None` where it says nothing readable.
        names_no_workspace: Whether it says that the key needs a workspace and none was named.
        permission: The permission it says is missing, if it names one.
        unavailable: What it says is missing or used up, where it speaks of a plan, a feature or a limit.
        malformed_workspace_id: Whether it says that the workspace id is not a UUID.
        legacy_key: Whether it says that the key is a legacy key.
        agent_server: Whether these are the words of an Agent Server.
        invalid_token: Whether it calls the token invalid, which LangSmith says with 401 only.
        speaker: Who wrote it, where its form is that of another known service.
        is_langsmiths_page: Whether it is a web page with the title of LangSmith's own.
    """

    form: Literal["json", "html", "empty", "other"] = "empty"
    message: str | None = None
    names_no_workspace: bool = False
    permission: str | None = None
    unavailable: str | None = None
    malformed_workspace_id: bool = False
    legacy_key: bool = False
    agent_server: bool = False
    invalid_token: bool = False
    speaker: str | None = None
    is_langsmiths_page: bool = False


NO_BODY = Body()


def read_body(raw: bytes, content_type: str = "", secrets: tuple[str, ...] = ()) -> Body:
    """Returns what the body of a refusal says.

    Args:
        raw: The bytes that came, as many as are worth reading.
        content_type: The `Content-Type` header.
        secrets: Strings that must not appear in the result.
    """
    text = raw.decode("utf-8", "replace")
    if not text.strip():
        return Body("empty")
    if _HTML.match(text[:20_000]) or "html" in content_type.lower():
        said = clean(_title(text[:20_000]), MESSAGE_LIMIT, secrets)
        page = f"an HTML page, '{said}'" if said else "an HTML page"
        return Body("html", page, is_langsmiths_page=said.strip() == "LangSmith")
    document = parse(text)
    said = _joined(_sentences(document)[:_MOST_SENTENCES]) if isinstance(document, dict) else text
    if isinstance(document, str):
        said = document
    message = clean(said or text, MESSAGE_LIMIT, secrets) or None
    if not isinstance(document, dict) or not _is_langsmiths(document):
        # What somebody else says of features and permissions is said of their own.
        return Body("other", message, speaker=_speaker(document))
    return Body(
        "json",
        message,
        names_no_workspace=bool(_NAMES_NO_WORKSPACE.search(said)),
        permission=_permission(said),
        unavailable=next((what for words, what in _UNAVAILABLE.items() if words.search(said)), None),
        malformed_workspace_id="not a valid uuid" in said.lower(),
        legacy_key="legacy api key" in said.lower(),
        agent_server=bool(_AGENT_SERVER.match(said)),
        invalid_token=said.strip().lower() == "invalid token",
    )


def _is_langsmiths(document: dict[str, Any]) -> bool:
    """Whether an error document has the form that one of LangSmith's services gives it."""
    if isinstance(document.get("error"), str) or "detail" in document:
        return True
    return "title" in document and "status" in document


def _speaker(document: Any) -> str | None:
    if isinstance(document, dict) and document.get("kind") == "Status" and "apiVersion" in document:
        return "a Kubernetes API server"
    return None


def _title(page: str) -> str:
    start = page.lower().find("<title")
    end = page.lower().find("</title", start)
    return page[start:end].partition(">")[2] if 0 <= start < end else ""


def parse(text: str) -> Any:
    """Returns what a JSON text holds; `None` where it is none, or nested deeper than what any service writes."""
    # The parser would go down to the recursion limit, and what the garbage collector happens to finalize down there,
    # anybody's objects, would fail for want of stack.
    if text.count("[") + text.count("{") > _DEEPEST and not _is_balanced(text):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _is_balanced(text: str) -> bool:
    """Whether every bracket of a JSON text is closed, and none stands much deeper than `_DEEPEST` others."""
    brackets = _NO_BRACKETS.sub("", _STRING.sub("", _ESCAPED.sub("", text)))
    for _ in range(_DEEPEST):
        brackets, before = brackets.replace("[]", "").replace("{}", ""), brackets
        if brackets == before:
            break
    return not brackets


def _sentences(value: Any, depth: int = 0) -> list[str]:
    """Collects the texts of an error document, in the order in which they help."""
    if isinstance(value, str):
        return [value]
    if depth > 3:
        return []
    if isinstance(value, list):
        return [text for item in value[:5] for text in _sentences(item, depth + 1)]
    if isinstance(value, dict):
        fields = ("error", "code", "title", "detail", "message", "msg", "error_description", "error_class", "remedy")
        texts = [text for name in fields for text in _sentences(value.get(name), depth + 1)]
        return list(dict.fromkeys(texts))
    return []


def _joined(texts: list[str]) -> str:
    """Puts the texts together, a short one as the heading of the others, without those that another one contains."""
    told = [text for text in texts if not any(text.lower() in other.lower() for other in texts if other != text)]
    sentences = [text if text.endswith(_ENDS) else f"{text}." for text in told[1:-1]] + told[1:][-1:]
    heading = told[:1] if not sentences or told[0].endswith(_ENDS) else [f"{told[0]}:"]
    return " ".join(heading + sentences)


def _permission(text: str) -> str | None:
    """The permission that a text calls missing: the only one in it, or the one behind a word that says so."""
    text = text[:20_000]
    if _ADMINS_ONLY.search(text):
        return "organization:manage"
    named = {match.start(): match.group() for match in _PERMISSION.finditer(text)}
    known = {
        start: name
        for start, name in named.items()
        if name.partition(":")[0] in _RESOURCES and re.split("[-_]", name.rpartition(":")[2])[0] in _ACTIONS
    }
    if len(set(known.values())) == 1:
        return next(iter(known.values()))
    return next((name for start, name in known.items() if _LACKS.search(text[max(0, start - 30) : start])), None)
