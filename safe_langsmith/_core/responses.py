"""Read the bodies of refusals and of answers to probes.

LangSmith's services write `{"detail": ...}` (a text, a list or an object), `{"error": ...}` or RFC 7807 problem
details; proxies write HTML or plain text. No type is trusted here: the result is a plain value for any body.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from safe_langsmith._core.endpoints import api_instead_of_ui, is_plain_address
from safe_langsmith._core.reasons import NamedReason, named_reason, says_why
from safe_langsmith._core.redaction import sanitize
from safe_langsmith._core.workspaces import WorkspaceIndex, canonical_workspace_id
from safe_langsmith.diagnosis import Workspace

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
# The words in which LangSmith refuses without a reason.
_BARE = frozenset(
    {"forbidden", "unauthorized", "invalid token", "invalid auth", "forbidden: forbidden (insufficient permission)"}
    | {"forbidden (insufficient permission)", "not authenticated", "unauthorized: unauthorized", "forbidden: forbidden"}
)
# The texts that LangSmith is known to write, word for word. Gateways have words like these, but not the same ones.
_LANGSMITHS_TEXTS = re.compile(
    r"(?:org_scoped_key_requires_workspace(?:: )?)?(?:This API key requires a workspace ID\.?)?"
    r"|Forbidden: This API key requires a workspace ID\.?"
    r"|This API key is org-scoped and requires workspace specification\. Please provide 'X-Tenant-ID' header\."
    r"|(?:ABAC is|LLM Gateway|Engine feature is|LangSmith Deployment is) not enabled for this (?:organization|tenant)"
    r"|Forbidden - no plan found|Only org admins can create org-wide keys"
    r"|Using legacy API key\. Please generate a new API key\."
)
# The messages of an Agent Server for requests that it does not let in. It sends them with 403; LangSmith sends 401.
_AGENT_SERVER = re.compile(r"\A(?:Missing authentication headers|Invalid tenant ID)\Z", re.IGNORECASE)
_ADMINS_ONLY = re.compile(r"\bonly org(?:anization)? admins can\b", re.IGNORECASE)
_PERMISSION = re.compile(r"(?<![\w:/.-])[a-z][a-z-]*(?::[a-z][a-z_-]*){1,2}(?![\w:/-])")
# The resources that LangSmith's permissions begin with: without this list, "host:port" would be read as a permission.
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
_WORDS = re.compile(r"(?<![\w/])[^\W\d_]+(?=[\s.,;:!?\"')]|$)")
_ENDS = (".", ":", "!", "?")
_MOST_SENTENCES = 50

_DEEPEST = 50
# Each value of a JSON text becomes an object of fifty bytes or more, so few bytes of text could take much memory.
_MOST_VALUES = 700_000
_ESCAPED = re.compile(r"\\.", re.DOTALL)
_NO_BRACKETS = re.compile(r'"[^"]*(?:"|\Z)|[^][}{"]+')


@dataclass(frozen=True)
class Body:
    """The parsed body of a refusal.

    Attributes:
        form: `json` for an object as LangSmith's services write it, `html`, `empty`, or `other`.
        message: Its message, sanitized; `None` if it has none that can be read.
        names_no_workspace: Whether it says that the key needs a workspace and the request named none.
        permission: The permission that it calls missing, or `None`.
        unavailable: Its words about a plan, a feature or a limit, or `None`.
        malformed_workspace_id: Whether it says that the workspace id is not a UUID.
        legacy_key: Whether it says that the key is a legacy key.
        agent_server: Whether the message is one of an Agent Server's.
        invalid_token: Whether it calls the token invalid. LangSmith does so with 401 only.
        named_reason: What its words name as the reason, beside a permission and a feature; or `None`.
        speaker: The service that wrote it, if it has the form of another known one.
        is_langsmiths_text: Whether its message is, word for word, one that LangSmith is known to write.
        is_langsmiths_page: Whether it is a web page with LangSmith's title.
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
    named_reason: NamedReason | None = None
    speaker: str | None = None
    is_langsmiths_text: bool = False
    is_langsmiths_page: bool = False

    @property
    def has_langsmiths_words(self) -> bool:
        """Whether it gives a reason in words that LangSmith uses. Gateways that write JSON may use them, too."""
        says = (
            self.names_no_workspace,
            self.permission,
            self.unavailable,
            self.malformed_workspace_id,
            self.legacy_key,
        )
        return self.form == "json" and any(says)

    @property
    def is_bare(self) -> bool:
        """Whether it gives no reason at all, as LangSmith mostly does."""
        return self.form == "json" and (self.message or "").strip(" .").lower() in _BARE

    @property
    def says_why(self) -> bool:
        """Whether it gives a reason in words of its own, which may mean anything."""
        return self.form == "json" and not self.has_langsmiths_words and says_why(self.message or "")


NO_BODY = Body()


def read_body(raw: bytes, content_type: str = "", secrets: tuple[str, ...] = ()) -> Body:
    """Parse the body of a refusal.

    Args:
        raw: The beginning of the body.
        content_type: The `Content-Type` header.
        secrets: Strings that must not appear in the result.
    """
    text = raw.decode("utf-8", "replace")
    if not text.strip():
        return Body("empty")
    if _HTML.match(text[:20_000]) or "html" in content_type.lower():
        words = sanitize(_title(text[:20_000]), MESSAGE_LIMIT, secrets)
        page = f"an HTML page, '{words}'" if words else "an HTML page"
        return Body("html", page, is_langsmiths_page=words.strip() == "LangSmith")
    document = parse(text)
    words = _joined(_sentences(document)[:_MOST_SENTENCES]) if isinstance(document, dict) else text
    if isinstance(document, str):
        words = document
    message = sanitize(words or text, MESSAGE_LIMIT, secrets) or None
    if not isinstance(document, dict) or not _is_langsmiths(document):
        # Features and permissions in another service's words are not LangSmith's.
        return Body("other", message, speaker=_speaker(document))
    return Body(
        "json",
        message,
        names_no_workspace=bool(_NAMES_NO_WORKSPACE.search(words)),
        permission=_permission(words),
        unavailable=next((what for pattern, what in _UNAVAILABLE.items() if pattern.search(words)), None),
        malformed_workspace_id="not a valid uuid" in words.lower(),
        legacy_key="legacy api key" in words.lower(),
        agent_server=bool(_AGENT_SERVER.match(words)),
        invalid_token=words.strip().lower() == "invalid token",
        named_reason=named_reason(words),
        is_langsmiths_text=bool(words) and _LANGSMITHS_TEXTS.fullmatch(words.strip()) is not None,
    )


def are_alike(one: Body, other: Body) -> bool:
    """Return whether two bodies say the same, apart from a heading, and from paths and numbers, which vary."""
    shorter, longer = sorted((_WORDS.findall(body.message or "") for body in (one, other)), key=len)
    is_same = bool(shorter) and longer[-len(shorter) :] == shorter
    return one.form == other.form and (is_same or one.message == other.message)


def _is_langsmiths(document: dict[str, Any]) -> bool:
    """Return whether an error document has the form of one of LangSmith's services."""
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


def parse(text: str, read_object: Callable[[list[tuple[str, Any]]], Any] | None = None) -> Any:
    """Return the value of a JSON text; `None` if it is not JSON, or deeper or larger than any service writes it.

    Args:
        text: The text.
        read_object: Makes the value of each object from its pairs, or `None` for dictionaries.
    """
    brackets = text.count("[") + text.count("{")
    if brackets + text.count(",") > _MOST_VALUES:
        return None
    # The parser recurses up to the recursion limit. If the garbage collector runs there, finalizers of the user's
    # objects fail for lack of stack.
    if brackets > _DEEPEST and not _is_balanced(text):
        return None
    try:
        return json.loads(text, object_pairs_hook=read_object)
    except (ValueError, RecursionError):
        return None


def _is_balanced(text: str) -> bool:
    """Return whether every bracket of a JSON text is closed, and none is nested much deeper than `_DEEPEST`."""
    brackets = _NO_BRACKETS.sub("", _ESCAPED.sub("", text))
    for _ in range(_DEEPEST):
        brackets, before = brackets.replace("[]", "").replace("{}", ""), brackets
        if brackets == before:
            break
    return not brackets


def _sentences(value: Any, depth: int = 0) -> list[str]:
    """Collect the texts of an error document, the most useful first."""
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
    """Join the texts, the first as a heading of the others, without those that another one contains."""
    shown = [text for text in texts if not any(text.lower() in other.lower() for other in texts if other != text)]
    sentences = [text if text.endswith(_ENDS) else f"{text}." for text in shown[1:-1]] + shown[1:][-1:]
    heading = shown[:1] if not sentences or shown[0].endswith(_ENDS) else [f"{shown[0]}:"]
    return " ".join(heading + sentences)


def _permission(text: str) -> str | None:
    """Return the permission that a text calls missing: the only one in it, or the one behind a word like "needs"."""
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


Service = Literal["LangSmith", "an Agent Server"]
AGENT_SERVER: Service = "an Agent Server"

NAME_LIMIT = 80
URL_LIMIT = 200
LARGEST_LISTING = 10_000
MOST_PERMISSIONS = 500
# Measured, with the entries of the dictionaries and sets that refer to them.
_ANSWER_BYTES, _ID_BYTES = 3_000, 250
# The fields that are read from the objects of an answer. Everything else goes while the answer is parsed.
_FIELDS = frozenset(
    "id display_name role_name permissions is_deleted organization_id data_plane_url "
    "version langgraph_py_version langgraph_js_version batch_ingest_config instance_flags".split()
)


@dataclass(frozen=True)
class Answer:
    """The answer to a probe, or why there is none.

    Attributes:
        status: The HTTP status, or `None` if no answer came.
        error: Why there is no usable answer, in a few words, or `None`.
        asked: Whether the probe was sent at all.
        out_of_time: Whether the answer did not come before the deadline of all probes.
        proxy_refusal: The status and the words in which a proxy refused to connect to the endpoint, or `None`.
        workspaces: The listed workspaces without deleted ones, or `None` if the answer is not such a list.
        lists_all: Whether every entry of the list could be read.
        deleted: The ids of the deleted ones in the list.
        organizations: The ids of the organizations they belong to.
        resolved: The workspace that the probe ran in, or `None` if the answer does not tell.
        service: The service that described itself, or that answered in its own words, or `None`.
        data_planes: The URLs of the listed workspaces' own data planes, by workspace id.
        body: The parsed body, if the answer is a refusal.
        index: The index of the listed workspaces; empty if there are none.
    """

    status: int | None = None
    error: str | None = None
    asked: bool = True
    out_of_time: bool = False
    proxy_refusal: str | None = None
    workspaces: tuple[Workspace, ...] | None = None
    lists_all: bool = True
    deleted: frozenset[str] = frozenset()
    organizations: frozenset[str] = frozenset()
    resolved: Workspace | None = None
    service: Service | None = None
    data_planes: Mapping[str, str] = field(default_factory=dict, hash=False)
    body: Body = NO_BODY
    index: WorkspaceIndex = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Make the index."""
        object.__setattr__(self, "index", WorkspaceIndex(self.workspaces or (), self.data_planes))

    @property
    def size(self) -> int:
        """About how many bytes of memory the answer takes."""
        return _ANSWER_BYTES + self.index.size + _ID_BYTES * (len(self.deleted) + len(self.data_planes))

    @property
    def authorized(self) -> bool:
        """Whether LangSmith answered as it does only if it accepts the key."""
        return self.resolved is not None or self.workspaces is not None

    @property
    def forbidden(self) -> bool:
        """Whether LangSmith itself refused, and neither a proxy nor an Agent Server."""
        return self.status in (401, 403) and self.body.form == "json" and not self.body.agent_server

    @property
    def knows_key(self) -> bool:
        """Whether LangSmith knows the key: it does if it names a permission that the key lacks."""
        return self.authorized or (self.forbidden and self.body.permission is not None)

    @property
    def no_response(self) -> bool:
        """Whether no answer came, or only that the server fails or is busy."""
        return self.status is None or self.status == 429 or self.status >= 500

    @property
    def inconclusive(self) -> bool:
        """Whether the answer says nothing about the key: no answer, a failing server, a proxy's page."""
        return not self.authorized and not self.forbidden and self.service is None


def read_answer(status: int, raw: bytes, content_type: str = "", secrets: tuple[str, ...] = ()) -> Answer:
    """Parse the answer to a probe, and sanitize all its texts.

    Args:
        status: The HTTP status.
        raw: The whole body.
        content_type: The `Content-Type` header.
        secrets: Strings that must not appear in the result.
    """
    if status != 200:
        error = "a redirect, which is not followed" if 300 <= status < 400 else None
        body = read_body(raw[:100_000], content_type, secrets)
        return Answer(status, error, service=AGENT_SERVER if body.agent_server else None, body=body)
    reader = _Reader(secrets)
    document = parse(raw.decode("utf-8", "replace"), reader.read_object)
    if isinstance(document, dict):
        workspace = reader.workspace(document)
        if workspace is not None:
            return Answer(status, resolved=workspace)
        service = _service(document)
        if service is not None:
            return Answer(status, service=service)
    if isinstance(document, list) and len(document) <= LARGEST_LISTING:
        entries = [entry for entry in document if isinstance(entry, dict)]
        found = [(entry, reader.workspace(entry)) for entry in entries]
        live = {
            workspace.id: workspace for entry, workspace in found if workspace and entry.get("is_deleted") is not True
        }
        gone = {workspace.id for entry, workspace in found if workspace and entry.get("is_deleted") is True}
        owners = map(canonical_workspace_id, {_text(entry.get("organization_id")) for entry in entries})
        planes = {workspace.id: _text(entry.get("data_plane_url")) for entry, workspace in found if workspace}
        if live or not document or gone:
            unread = any(not workspace and entry.get("is_deleted") is not True for entry, workspace in found)
            urls = {url: url for url in planes.values() if url and _is_data_plane(url)}
            return Answer(
                status,
                workspaces=tuple(live.values()),
                lists_all=not unread and len(entries) == len(document),
                deleted=frozenset(gone),
                organizations=frozenset(owner for owner in owners if owner),
                data_planes={id_: urls[url] for id_, url in planes.items() if url in urls},
            )
    return Answer(
        status, "an answer that LangSmith does not give", body=read_body(raw[:100_000], content_type, secrets)
    )


def _service(document: dict[str, Any]) -> Service | None:
    """Return the service that an answer to `GET /info` describes. LangSmith Deployment runs Agent Servers."""
    if not isinstance(document.get("version"), str):
        return None
    if "langgraph_py_version" in document or "langgraph_js_version" in document:
        return AGENT_SERVER
    return "LangSmith" if "batch_ingest_config" in document or "instance_flags" in document else None


def _is_data_plane(url: str) -> bool:
    return len(url) <= URL_LIMIT and is_plain_address(url) and api_instead_of_ui(url) is None


class _Reader:
    """Reads the objects of one answer. Texts that many workspaces share are sanitized and kept once.

    Args:
        secrets: Strings that must not appear in the result.
    """

    def __init__(self, secrets: tuple[str, ...]) -> None:
        self._secrets = secrets
        self._names: dict[str, str] = {}
        self._permissions: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._roles: dict[str, str] = {}

    def read_object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        """Return an object without the fields that are not read, and with its permissions sanitized.

        The parser calls it for each object before it reads the next, so that a listing of thousands of workspaces never
        takes the memory of all its texts.
        """
        found = {name: value for name, value in pairs if name in _FIELDS}
        listed = found.get("permissions")
        found["permissions"] = self._read_permissions(listed) if isinstance(listed, list) else None
        return found

    def workspace(self, entry: dict[str, Any]) -> Workspace | None:
        """Return the workspace that an object of the answer describes, or `None` if it has no id."""
        id_ = canonical_workspace_id(_text(entry.get("id")))
        if id_ is None:
            return None
        role = _text(entry.get("role_name")) or ""
        if role not in self._roles:
            self._roles[role] = sanitize(role, NAME_LIMIT, self._secrets)
        return Workspace(
            id=id_,
            name=sanitize(_text(entry.get("display_name")) or "", NAME_LIMIT, self._secrets) or "(no name)",
            role=self._roles[role] or None,
            permissions=entry["permissions"],
        )

    def _read_permissions(self, listed: list[Any]) -> tuple[str, ...] | None:
        """Return the listed permissions, sanitized and sorted; `None` if there are implausibly many."""
        given = [name for name in listed if isinstance(name, str)]
        for name in given:
            if name not in self._names:
                if len(self._names) >= MOST_PERMISSIONS:
                    return None
                self._names[name] = sanitize(name, NAME_LIMIT, self._secrets)
        permissions = tuple(sorted({self._names[name] for name in given}))
        return self._permissions.setdefault(permissions, permissions)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
