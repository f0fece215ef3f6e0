"""Workspaces: an index of those that are listed, and which one a text means by its ID, an address or its name."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING
from uuid import UUID

from safe_langsmith.diagnosis import Workspace

if TYPE_CHECKING:
    from safe_langsmith._core.model import SettingInUse
    from safe_langsmith._core.origins import Origin

# Bytes of memory, measured, with the entries of the dictionaries that refer to a workspace.
_WORKSPACE_BYTES = 500
# Not within a key, whose secret has as many digits: it would be shown.
_ID = re.compile(
    r"(?<![0-9a-z_])([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})(?![0-9a-z_])"
)
_PLACEHOLDER = re.compile(
    r"your|<|\.\.\.|xxx|example|placeholder|change.?me|todo|undefined|\$\{"
    r"|^(?:none|null|default|true|false|yes|no|on|off|\d{1,3})$",
    re.IGNORECASE,
)


def canonical_workspace_id(text: str | None) -> str | None:
    """Return a workspace id as LangSmith writes it, or `None` if `text` is not a UUID."""
    try:
        # UUID() also takes braces, "urn:uuid:" and no hyphens at all, which a header does not.
        return (
            str(UUID(text))
            if text and re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", text)
            else None
        )
    except ValueError:
        return None


def ids_in(text: str) -> list[str]:
    """Return the UUIDs in a text, as LangSmith writes IDs: from an address, before a comment, without hyphens."""
    return ["-".join(found) for found in _ID.findall(text.lower())]


class WorkspaceIndex:
    """An index of listed workspaces, made once for an answer: a later refusal must not search thousands of them.

    Args:
        workspaces: The workspaces.
        data_planes: The URLs of their own data planes, by workspace id.

    Attributes:
        workspaces: The workspaces.
        by_id: The workspaces by their IDs, in the same order.
        data_plane: The URL of the data plane that all of them share, or `None`.
        size: About how many bytes of memory the workspaces and this index take.
    """

    def __init__(self, workspaces: tuple[Workspace, ...] = (), data_planes: Mapping[str, str] | None = None) -> None:
        """Make the index."""
        self.workspaces = workspaces
        self.by_id = {workspace.id: workspace for workspace in workspaces}
        self._by_name: dict[str, list[Workspace]] = {}
        for workspace in workspaces:
            self._by_name.setdefault(_plain(workspace.name), []).append(workspace)
        planes = {(data_planes or {}).get(workspace.id) for workspace in workspaces}
        self.data_plane = planes.pop() if len(planes) == 1 else None
        # The positions of the first two workspaces that may have a permission, and of the first two whose permissions
        # are not told. One of the two may be the workspace for which another one is searched.
        self._first_with: dict[str, list[int]] = {}
        self._first_untold: list[int] = []
        seen: dict[tuple[str, ...], int] = {}
        self.size = 0
        for position, workspace in enumerate(workspaces):
            self.size += _WORKSPACE_BYTES + sys.getsizeof(workspace.name)
            permissions = workspace.permissions
            if permissions is None:
                self._first_untold += [position] if len(self._first_untold) < 2 else []
                continue
            seen[permissions] = seen.get(permissions, 0) + 1
            if seen[permissions] <= 2:
                for name in permissions:
                    first = self._first_with.setdefault(name, [])
                    if len(first) < 2:
                        first.append(position)
        self.size += sum(map(sys.getsizeof, (*seen, *self._first_with)))

    def get(self, id_: str | None) -> Workspace | None:
        """Return the workspace with this id, or `None`."""
        return self.by_id.get(id_) if id_ else None

    def meant_by(self, text: str | None) -> Workspace | None:
        """Return the workspace that a text means, by an ID in it or as its name; `None` if it means none or several."""
        by_id = [workspace for id_ in dict.fromkeys(ids_in(text or "")) if (workspace := self.get(id_))]
        name = _plain(text or "")
        found = by_id or (self._by_name.get(name, []) if name else [])
        return found[0] if len(found) == 1 else None

    def other_than(self, workspace: Workspace | None, permission: str | None) -> Workspace | None:
        """Return the first other workspace that may have a permission, or `None`.

        Args:
            workspace: The workspace not to return, or `None`.
            permission: The permission, or `None` for any workspace.
        """
        positions: Iterable[int] = range(min(2, len(self.workspaces)))
        if permission is not None:
            positions = sorted((*self._first_with.get(permission, ()), *self._first_untold))
        return next((found for found in map(self.workspaces.__getitem__, positions) if found != workspace), None)


def contradiction(others: Iterable[SettingInUse], chosen: Workspace, listed: WorkspaceIndex) -> SettingInUse | None:
    """Return what on this machine names another workspace than one that may be chosen, or `None`.

    What the client does not read still says what its user means.

    Args:
        others: The workspace IDs that are not in use, with their origins.
        chosen: The workspace.
        listed: The workspaces that the key reaches.
    """
    for other in others:
        if speaks_of_workspaces(other.origin) and _names_another(other.value or "", chosen, listed):
            return other
    return None


def means_none(text: str, listed: WorkspaceIndex) -> bool:
    """Return whether a text names a workspace, by an ID or a name, and none of those that are listed."""
    if ids_in(text):
        return not any(map(listed.get, ids_in(text)))
    return listed.meant_by(text) is None and not _PLACEHOLDER.search(text) and bool(_plain(text) or text)


def _names_another(text: str, chosen: Workspace, listed: WorkspaceIndex) -> bool:
    """Return whether a text names a workspace and not the chosen one: by an ID in any spelling, or by another name."""
    ids = [*ids_in(text), *(id_ for word in re.split(r"[^0-9A-Za-z-]+", text) if (id_ := canonical_workspace_id(word)))]
    if ids:
        return chosen.id not in ids
    return listed.meant_by(text) not in (None, chosen) or means_none(text, listed)


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
