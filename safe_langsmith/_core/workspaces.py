"""Recognize the workspace that a text means which is not its ID: an address with the ID in it, or the name."""

from __future__ import annotations

import re
from collections.abc import Sequence

from safe_langsmith._core.responses import canonical_workspace_id
from safe_langsmith.diagnosis import Workspace

# Not within a key, whose secret has as many digits: it would be shown.
_ID = re.compile(
    r"(?<![0-9a-z_])([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})(?![0-9a-z_])"
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


def id_meant_by(text: str | None) -> str | None:
    """Return the only ID in a text, or `None`. A text without hyphens may be a secret, so it is not taken for one."""
    ids = [id_ for id_ in ids_in(text or "") if id_ in (text or "").lower()]
    return canonical_workspace_id(ids[0]) if len(ids) == 1 else None


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.partition("#")[0]).lower()
