"""Making a found workspace the client's own, and saying so."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from safe_langsmith._core.clean import bare_url
from safe_langsmith.diagnosis import Workspace

from .ledger import Case

if TYPE_CHECKING:
    import langsmith

logger = logging.getLogger("safe_langsmith")


def adopt(client: langsmith.Client, workspace_id: str) -> None:
    """Sets the client's workspace and forgets what it concluded without one.

    Args:
        client: The client. It may still be in its constructor, whose tracing thread sends the first request.
        workspace_id: The workspace.
    """
    client.workspace_id = workspace_id
    info = getattr(client, "_info", None)
    # A refused /info leaves an empty one behind for the life of the client, which turns features off.
    if info is not None and info == type(info)():
        client._info = None
    client._settings = None
    client._tenant_id = None
    cached = getattr(client, "_get_data_type_cached", None)
    if cached is not None:
        cached.cache_clear()


def announce(case: Case, workspace: Workspace, endpoint: str) -> None:
    """Logs, once per endpoint and key, which workspace was chosen and how to name it for good."""
    if workspace.id in case.announced:
        return
    case.announced.add(workspace.id)
    logger.warning(
        'LangSmith at %s refused a request that named no workspace. It was sent again for workspace "%s" (%s). '
        "Set LANGSMITH_WORKSPACE_ID=%s to name it yourself.",
        bare_url(endpoint),
        workspace.name,
        workspace.id,
        workspace.id,
    )
