"""Reading what a server answered: the body of a refusal, in all its dialects, and the answers to our questions.

LangSmith's services write `{"detail": ...}` (a text, a list or an object), `{"error": ...}` or RFC 7807 problem
details; proxies write HTML or plain text. Nothing here trusts a type: whatever came, the result is a plain value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from safe_langsmith.diagnosis import Workspace

from .clean import bare_url, clean

MESSAGE_LIMIT = 300
NAME_LIMIT = 80
URL_LIMIT = 200
LARGEST_LISTING = 10_000

_NAMES_NO_WORKSPACE = re.compile(
    r"org_scoped_key_requires_workspace|requires workspace specification|requires a workspace id", re.IGNORECASE
)
_UNAVAILABLE = re.compile(
    r"not enabled for this (?:organization|tenant|workspace)|no plan found|usage_limit_exceeded",
    re.IGNORECASE,
)
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


@dataclass(frozen=True)
class Body:
    """What the body of a refusal says.

    Attributes:
        form: `json` for an object, `html`, `empty`, or `other`.
        message: What it says, cleaned; `None` where it says nothing readable.
        names_no_workspace: Whether it says that the key needs a workspace and none was named.
        permission: The permission it says is missing, if it names one.
        unavailable: Whether it says that a plan or a feature is missing.
        malformed_workspace_id: Whether it says that the workspace id is not a UUID.
        legacy_key: Whether it says that the key is a legacy key.
    """

    form: Literal["json", "html", "empty", "other"] = "empty"
    message: str | None = None
    names_no_workspace: bool = False
    permission: str | None = None
    unavailable: bool = False
    malformed_workspace_id: bool = False
    legacy_key: bool = False


NO_BODY = Body()


@dataclass(frozen=True)
class Answer:
    """The answer to one question, or why there is none.

    Attributes:
        status: The HTTP status, or `None` where no answer came.
        error: Why there is no usable answer, in a few words, or `None`.
        asked: Whether a request was sent at all.
        workspaces: The workspaces listed, deleted ones apart, or `None` where the answer was no list of them.
        deleted: The ids of the deleted ones in the list.
        organizations: The ids of the organizations they belong to.
        resolved: The workspace that the request resolved to, where that was the question.
        service: Which service described itself, where that was the question.
        data_planes: Where the data planes of the listed workspaces answer, by workspace id, for those that have one.
        body: What the body of a refusal says.
    """

    status: int | None = None
    error: str | None = None
    asked: bool = True
    workspaces: tuple[Workspace, ...] | None = None
    deleted: frozenset[str] = frozenset()
    organizations: frozenset[str] = frozenset()
    resolved: Workspace | None = None
    service: Literal["LangSmith", "an Agent Server"] | None = None
    data_planes: Mapping[str, str] = field(default_factory=dict, hash=False)
    body: Body = NO_BODY

    @property
    def granted(self) -> bool:
        """Whether LangSmith answered a question that it answers only with a key."""
        return self.resolved is not None or self.workspaces is not None

    @property
    def refused(self) -> bool:
        """Whether LangSmith itself, and not something on the way, refused: it does so with a JSON object."""
        return self.status in (401, 403) and self.body.form == "json"

    @property
    def failed(self) -> bool:
        """Whether nobody who could know has answered: the network, a server in trouble, something else's page."""
        return not self.granted and not self.refused and self.service is None


def canonical_workspace_id(text: str | None) -> str | None:
    """Returns a workspace id as LangSmith writes it, or `None` where `text` is not a UUID."""
    try:
        # UUID() also takes braces, "urn:uuid:" and no hyphens at all, which a header does not.
        return (
            str(UUID(text))
            if text and re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", text)
            else None
        )
    except ValueError:
        return None


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
        return Body("html", f"an HTML page, {said!r}" if said else "an HTML page")
    document = _parse(text)
    said = " ".join(_sentences(document)) if isinstance(document, dict) else text
    return Body(
        form="json" if isinstance(document, dict) else "other",
        message=clean(said or text, MESSAGE_LIMIT, secrets) or None,
        names_no_workspace=bool(_NAMES_NO_WORKSPACE.search(said)),
        permission=_permission(said),
        unavailable=bool(_UNAVAILABLE.search(said)),
        malformed_workspace_id="not a valid uuid" in said.lower(),
        legacy_key="legacy api key" in said.lower(),
    )


def read_answer(status: int, raw: bytes, content_type: str = "", secrets: tuple[str, ...] = ()) -> Answer:
    """Returns what the answer to one of our questions says.

    Args:
        status: The HTTP status.
        raw: The whole body.
        content_type: The `Content-Type` header.
        secrets: Strings that must not appear in the result.
    """
    if status != 200:
        error = "a redirect, which is not followed" if 300 <= status < 400 else None
        return Answer(status, error, body=read_body(raw[:100_000], content_type, secrets))
    document = _parse(raw.decode("utf-8", "replace"))
    if isinstance(document, dict):
        workspace = _workspace(document, secrets)
        if workspace is not None:
            return Answer(status, resolved=workspace)
        service = _service(document)
        if service is not None:
            return Answer(status, service=service)
    if isinstance(document, list) and len(document) <= LARGEST_LISTING:
        entries = [entry for entry in document if isinstance(entry, dict)]
        found = [(entry, _workspace(entry, secrets)) for entry in entries]
        live = {
            workspace.id: workspace for entry, workspace in found if workspace and entry.get("is_deleted") is not True
        }
        gone = {workspace.id for entry, workspace in found if workspace and entry.get("is_deleted") is True}
        owners = {canonical_workspace_id(_text(entry.get("organization_id"))) for entry in entries}
        planes = {workspace.id: _text(entry.get("data_plane_url")) for entry, workspace in found if workspace}
        if live or not document or gone:
            return Answer(
                status,
                workspaces=tuple(live.values()),
                deleted=frozenset(gone),
                organizations=frozenset(owner for owner in owners if owner),
                data_planes={id_: clean(bare_url(url), URL_LIMIT, secrets) for id_, url in planes.items() if url},
            )
    return Answer(
        status, "an answer that LangSmith does not give", body=read_body(raw[:100_000], content_type, secrets)
    )


def _service(document: dict[str, Any]) -> Literal["LangSmith", "an Agent Server"] | None:
    """Tells LangSmith's `GET /info` from that of an Agent Server, which is what LangSmith Deployment runs."""
    if not isinstance(document.get("version"), str):
        return None
    if "langgraph_py_version" in document or "langgraph_js_version" in document:
        return "an Agent Server"
    return "LangSmith" if "batch_ingest_config" in document or "instance_flags" in document else None


def _workspace(entry: dict[str, Any], secrets: tuple[str, ...]) -> Workspace | None:
    id_ = canonical_workspace_id(_text(entry.get("id")))
    if id_ is None:
        return None
    permissions = entry.get("permissions")
    return Workspace(
        id=id_,
        name=clean(_text(entry.get("display_name")) or "", NAME_LIMIT, secrets) or "(no name)",
        role=clean(_text(entry.get("role_name")) or "", NAME_LIMIT, secrets) or None,
        permissions=tuple(sorted({clean(item, NAME_LIMIT, secrets) for item in permissions if isinstance(item, str)}))
        if isinstance(permissions, list)
        else None,
    )


def _title(page: str) -> str:
    start = page.lower().find("<title")
    end = page.lower().find("</title", start)
    return page[start:end].partition(">")[2] if 0 <= start < end else ""


def _parse(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


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


def _permission(text: str) -> str | None:
    """The permission that a text calls missing: the only one in it, or the one behind a word that says so."""
    text = text[:20_000]
    named = {match.start(): match.group() for match in _PERMISSION.finditer(text)}
    known = {
        start: name
        for start, name in named.items()
        if name.partition(":")[0] in _RESOURCES and re.split("[-_]", name.rpartition(":")[2])[0] in _ACTIONS
    }
    if len(set(known.values())) == 1:
        return next(iter(known.values()))
    return next((name for start, name in known.items() if _LACKS.search(text[max(0, start - 30) : start])), None)
