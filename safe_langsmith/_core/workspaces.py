"""Recognize the workspace that a text means which is not its ID: an address with the ID in it, or the name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from safe_langsmith._core.responses import canonical_workspace_id
from safe_langsmith.diagnosis import Workspace

if TYPE_CHECKING:
    from safe_langsmith._core.model import SettingInUse
    from safe_langsmith._core.origins import Origin

# Not within a key, whose secret has as many digits: it would be shown.
_ID = re.compile(
    r"(?<![0-9a-z_])([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})(?![0-9a-z_])"
)
_PLACEHOLDER = re.compile(
    r"your|<|\.\.\.|xxx|example|placeholder|change.?me|todo|^none$|^null$|undefined", re.IGNORECASE
)


def ids_in(text: str) -> list[str]:
    """Return the UUIDs in a text, as LangSmith writes IDs: from an address, before a comment, without hyphens."""
    return ["-".join(found) for found in _ID.findall(text.lower())]


def meant_by(text: str | None, workspaces: Sequence[Workspace]) -> Workspace | None:
    """Return the workspace that a text means, or `None` if it means none or several.

    Args:
        text: The text.
        workspaces: The workspaces that can be meant.
    """
    ids = ids_in(text or "")
    by_id = [workspace for workspace in workspaces if workspace.id in ids]
    name = _plain(text or "")
    by_name = [workspace for workspace in workspaces if name and _plain(workspace.name) == name]
    found = by_id or by_name
    return found[0] if len(found) == 1 else None


def contradiction(
    others: Iterable[SettingInUse], chosen: Workspace, workspaces: Sequence[Workspace]
) -> SettingInUse | None:
    """Return what on this machine names another workspace than one that may be chosen, or `None`.

    What the client does not read still says what its user means.

    Args:
        others: The workspace IDs that are not in use, with their origins.
        chosen: The workspace.
        workspaces: The workspaces that the key reaches.
    """
    for other in others:
        if speaks_of_workspaces(other.origin) and _names_another(other.value or "", chosen, workspaces):
            return other
    return None


def _names_another(text: str, chosen: Workspace, workspaces: Sequence[Workspace]) -> bool:
    """Return whether a text names a workspace and not the chosen one: by an ID in any spelling, or by another name."""
    ids = [*ids_in(text), *(id_ for word in re.split(r"[^0-9A-Za-z-]+", text) if (id_ := canonical_workspace_id(word)))]
    if ids:
        return chosen.id not in ids
    return meant_by(text, workspaces) != chosen and not _PLACEHOLDER.search(text) and bool(_plain(text) or text)


def speaks_of_workspaces(origin: Origin) -> bool:
    """Return whether a value that the client does not use names a workspace, and not an organization."""
    unread = origin.kind in ("unread-variable", "dotenv")
    return unread and not (origin.name or "").upper().endswith(("ORG_ID", "ORGANIZATION_ID"))


def id_meant_by(text: str | None) -> str | None:
    """Return the only ID in a text, or `None`. A text without hyphens may be a secret, so it is not taken for one."""
    ids = [id_ for id_ in ids_in(text or "") if id_ in (text or "").lower()]
    return canonical_workspace_id(ids[0]) if len(ids) == 1 else None


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.partition("#")[0]).lower()
