"""Reading the answers to our questions. Nothing here trusts a type: whatever came, the result is a plain value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from safe_langsmith.diagnosis import Workspace

from .body import NO_BODY, Body, parse, read_body
from .clean import clean
from .hosts import api_instead_of_ui, is_plain_address

Service = Literal["LangSmith", "an Agent Server"]
AGENT_SERVER: Service = "an Agent Server"

NAME_LIMIT = 80
URL_LIMIT = 200
LARGEST_LISTING = 10_000
MOST_PERMISSIONS = 500


@dataclass(frozen=True)
class Answer:
    """The answer to one question, or why there is none.

    Attributes:
        status: The HTTP status, or `None` where no answer came.
        error: Why there is no usable answer, in a few words, or `None`.
        asked: Whether a request was sent at all.
        workspaces: The workspaces listed, deleted ones apart, or `None` where the answer was no list of them.
        lists_all: Whether all that it lists could be read.
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
    lists_all: bool = True
    deleted: frozenset[str] = frozenset()
    organizations: frozenset[str] = frozenset()
    resolved: Workspace | None = None
    service: Service | None = None
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
    def knows_key(self) -> bool:
        """Whether LangSmith showed that it knows the key: who lacks a permission is somebody."""
        return self.granted or (self.refused and self.body.permission is not None)

    @property
    def unheard(self) -> bool:
        """Whether nobody answered at all, or only to say that the server is in trouble."""
        return self.status is None or self.status == 429 or self.status >= 500

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
    document = parse(raw.decode("utf-8", "replace"))
    if isinstance(document, dict):
        workspace = _workspace(document, secrets, {})
        if workspace is not None:
            return Answer(status, resolved=workspace)
        service = _service(document)
        if service is not None:
            return Answer(status, service=service)
    if isinstance(document, list) and len(document) <= LARGEST_LISTING:
        entries = [entry for entry in document if isinstance(entry, dict)]
        # Workspaces list the same permissions, so each is made fit to show once.
        names: dict[str, str] = {}
        found = [(entry, _workspace(entry, secrets, names)) for entry in entries]
        live = {
            workspace.id: workspace for entry, workspace in found if workspace and entry.get("is_deleted") is not True
        }
        gone = {workspace.id for entry, workspace in found if workspace and entry.get("is_deleted") is True}
        owners = {canonical_workspace_id(_text(entry.get("organization_id"))) for entry in entries}
        planes = {workspace.id: _text(entry.get("data_plane_url")) for entry, workspace in found if workspace}
        if live or not document or gone:
            unread = any(not workspace and entry.get("is_deleted") is not True for entry, workspace in found)
            return Answer(
                status,
                workspaces=tuple(live.values()),
                lists_all=not unread and len(entries) == len(document),
                deleted=frozenset(gone),
                organizations=frozenset(owner for owner in owners if owner),
                data_planes={id_: url for id_, url in planes.items() if url and _is_data_plane(url)},
            )
    return Answer(
        status, "an answer that LangSmith does not give", body=read_body(raw[:100_000], content_type, secrets)
    )


def _service(document: dict[str, Any]) -> Service | None:
    """Tells LangSmith's `GET /info` from that of an Agent Server, which is what LangSmith Deployment runs."""
    if not isinstance(document.get("version"), str):
        return None
    if "langgraph_py_version" in document or "langgraph_js_version" in document:
        return AGENT_SERVER
    return "LangSmith" if "batch_ingest_config" in document or "instance_flags" in document else None


def _is_data_plane(url: str) -> bool:
    return len(url) <= URL_LIMIT and is_plain_address(url) and api_instead_of_ui(url) is None


def _workspace(entry: dict[str, Any], secrets: tuple[str, ...], names: dict[str, str]) -> Workspace | None:
    id_ = canonical_workspace_id(_text(entry.get("id")))
    if id_ is None:
        return None
    permissions = entry.get("permissions")
    return Workspace(
        id=id_,
        name=clean(_text(entry.get("display_name")) or "", NAME_LIMIT, secrets) or "(no name)",
        role=clean(_text(entry.get("role_name")) or "", NAME_LIMIT, secrets) or None,
        permissions=_permissions(permissions, secrets, names) if isinstance(permissions, list) else None,
    )


def _permissions(listed: list[Any], secrets: tuple[str, ...], names: dict[str, str]) -> tuple[str, ...] | None:
    """The listed permissions, sorted, `None` where there are more than anybody has; `names` is what each shows as."""
    permissions = [name for name in listed if isinstance(name, str)]
    for name in permissions:
        if name not in names:
            if len(names) >= MOST_PERMISSIONS:
                return None
            names[name] = clean(name, NAME_LIMIT, secrets)
    return tuple(sorted({names[name] for name in permissions}))


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
