"""Choosing the workspace that a second request names, by rule or by the user's callable."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Sequence
from typing import NamedTuple

from safe_langsmith._core.answers import canonical_workspace_id
from safe_langsmith.diagnosis import Workspace

from .ledger import Case
from .safeguard import Chooser

logger = logging.getLogger("safe_langsmith")


class Choice(NamedTuple):
    """What was chosen.

    Attributes:
        workspace: The workspace to name, or `None` to name none.
        declined: Why the user's callable led to none, or `None` where it was not asked or chose one.
    """

    workspace: Workspace | None
    declined: str | None = None


def choose(candidates: Sequence[Workspace], resolve: bool | Chooser, case: Case) -> Choice:
    """Returns the workspace to name.

    Args:
        candidates: The live workspaces that the key reaches.
        resolve: The client's `resolve_workspace` option.
        case: What is known about the endpoint and key; a callable is called once for it.
    """
    if not candidates or resolve is False:
        return Choice(None)
    if not callable(resolve):
        return Choice(candidates[0] if len(candidates) == 1 else None)
    chosen, declined = case.choose_once(resolve, lambda: _ask_user(candidates, resolve))
    return Choice(next((workspace for workspace in candidates if workspace.id == chosen), None), declined)


def _ask_user(candidates: Sequence[Workspace], chooser: Chooser) -> tuple[str | None, str | None]:
    """Returns the id of the chosen workspace, or `None` and why there is none."""
    try:
        choice = chooser(tuple(candidates))
        if inspect.iscoroutine(choice):
            # Nothing here could wait for it, and Python would warn that nobody does.
            choice.close()
            declined = "resolve_workspace returned a coroutine, and has to be an ordinary function"
            logger.warning("%s; no workspace was chosen", declined)
            return None, declined
        if not isinstance(choice, (Workspace, str, type(None))):
            declined = f"resolve_workspace returned {type(choice).__name__}, which is neither a workspace nor an id"
            logger.warning("%s; no workspace was chosen", declined)
            return None, declined
        id_ = canonical_workspace_id(choice.id if isinstance(choice, Workspace) else choice)
    except Exception as error:
        # Without the traceback: its frames are the user's, and may show what they work with.
        declined = f"resolve_workspace raised {type(error).__name__}"
        logger.warning("%s; no workspace was chosen", declined)
        return None, declined
    if choice is None:
        return None, "resolve_workspace chose none"
    if not any(workspace.id == id_ for workspace in candidates):
        declined = "resolve_workspace chose a workspace that this key does not reach"
        logger.warning("%s; no workspace was chosen", declined)
        return None, declined
    return id_, None
