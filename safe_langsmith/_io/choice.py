"""Choosing the workspace that a second request names, by rule or by the user's callable."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from safe_langsmith._core.answers import canonical_workspace_id
from safe_langsmith.diagnosis import Workspace

from .ledger import Case
from .safeguard import Chooser

logger = logging.getLogger("safe_langsmith")


def choose(candidates: Sequence[Workspace], resolve: bool | Chooser, case: Case) -> Workspace | None:
    """Returns the workspace to name, or `None` to name none.

    Args:
        candidates: The live workspaces that the key reaches.
        resolve: The client's `resolve_workspace` option.
        case: What is known about the endpoint and key; a callable is called once for it.
    """
    if not candidates or resolve is False:
        return None
    if not callable(resolve):
        return candidates[0] if len(candidates) == 1 else None
    chosen = case.choose_once(resolve, lambda: _ask_user(candidates, resolve))
    return next((workspace for workspace in candidates if workspace.id == chosen), None)


def _ask_user(candidates: Sequence[Workspace], chooser: Chooser) -> str | None:
    try:
        choice = chooser(tuple(candidates))
        id_ = canonical_workspace_id(choice.id if isinstance(choice, Workspace) else choice)
    except Exception as error:
        # Without the traceback: its frames are the user's, and may show what they work with.
        logger.warning("resolve_workspace raised %s; no workspace was chosen", type(error).__name__)
        return None
    if choice is not None and not any(workspace.id == id_ for workspace in candidates):
        logger.warning("resolve_workspace chose a workspace that this key does not reach; no workspace was chosen")
        return None
    return id_
