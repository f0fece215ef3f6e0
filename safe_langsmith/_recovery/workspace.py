"""Making a found workspace the client's own, or a replica's, and saying so; and unlearning it."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Sequence
from typing import Any, NamedTuple

from safe_langsmith._core.redaction import bare_url
from safe_langsmith._core.responses import canonical_workspace_id
from safe_langsmith._probe.cache import MOST_CASES, Case
from safe_langsmith._recovery.log import log_failure
from safe_langsmith._recovery.state import Chooser
from safe_langsmith._recovery.target import Target
from safe_langsmith._sdk.calls.base import InterceptedCall
from safe_langsmith._sdk.compat import is_unnamed, name_workspace, replicas_take_auth
from safe_langsmith._sdk.headers import with_chosen_workspace
from safe_langsmith.diagnosis import Diagnosis, Workspace

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


logger = logging.getLogger("safe_langsmith")

_MOST_WORKSPACES = 20


def keep(road: InterceptedCall, workspace: Workspace, to: Target, resent: bool, diagnosis: Diagnosis | None) -> None:
    """Keeps a workspace that was found. Whatever fails here must not fail a call that succeeded.

    Args:
        road: The call it was found for.
        workspace: The workspace.
        to: Whom the call was for.
        resent: Whether it was sent again.
        diagnosis: What the refusal was found to be, or `None` where it was cured as one before it was.
    """
    client, safeguard = road.client, road.client._state
    try:
        # Kept for as long as the answer that it came from, and not renewed by what it cured.
        if safeguard.resolve_workspace is True and to.case.automatic is None:
            to.case.automatic = workspace
        safeguard.before_send = with_chosen_workspace
        # First, because whatever the SDK makes of the rest, no request is sent again silently.
        announce(to.case, workspace, to.endpoint, resent, to.is_own, diagnosis)
        if not to.is_own:
            elsewhere = safeguard.chosen_elsewhere
            elsewhere[to.endpoint, to.fingerprint] = workspace.id
            # Runs may be sent with ever new keys.
            while len(elsewhere) > MOST_CASES:
                elsewhere.pop(next(iter(elsewhere)), None)
        # The user may have named one while the second request was on its way.
        elif is_unnamed(client):
            safeguard.chosen_workspace = workspace.id
            adopt(client, workspace.id)
            road.kept(workspace.id)
    except Exception as failure:
        log_failure("keeping a workspace", failure)


def give_up(to: Target, workspace_id: str | None) -> None:
    """Does not take a workspace for the cure any more, without asking, for other calls to the same endpoint and key."""
    if to.case.automatic is not None and to.case.automatic.id == workspace_id:
        to.case.automatic = None


def forget(client: Any, to: Target, workspace_id: str | None) -> None:
    """Forgets a workspace that was chosen once and cannot be reached any more, so that the next call finds another."""
    client._state.chosen_elsewhere.pop((to.endpoint, to.fingerprint), None)
    give_up(to, workspace_id)
    if to.is_own and workspace_id == client._state.chosen_workspace:
        client._state.drop_auto_workspace(client)


def adopt(client: Any, workspace_id: str) -> None:
    """Sets the client's workspace and forgets what it concluded without one.

    Args:
        client: The SDK's client. It may still be in its constructor, whose tracing thread sends the first request.
        workspace_id: The workspace.
    """
    client.workspace_id = workspace_id
    info = getattr(client, "_info", None)
    # A refused /info leaves an empty one behind for the life of the client, which turns features off.
    if info is not None and info == type(info)():
        client._info = None
    client._settings = None
    if hasattr(type(client), "_tenant_id"):
        client._tenant_id = None
    for name in ("_langsmith_api", "_langsmith_api_sync"):
        name_workspace(getattr(client, name, None), workspace_id)
    cached = getattr(client, "_get_data_type_cached", None)
    if cached is not None:
        cached.cache_clear()


def announce(
    case: Case, workspace: Workspace, endpoint: str, resent: bool, own: bool, diagnosis: Diagnosis | None
) -> None:
    """Logs, once per endpoint and key, which workspace was chosen and how to name it for good.

    The record's `diagnosis` is what `Diagnosis.to_dict` returns, which is what formatters for JSON can show and
    handlers can pickle.

    Args:
        case: What is known about the endpoint and key.
        workspace: The workspace that was chosen.
        endpoint: The base URL of the API.
        resent: Whether the refused request was sent again.
        own: Whether endpoint and key are the client's own, and not a replica's.
        diagnosis: What the refusal was found to be, or `None` where that is not known any more.
    """
    token = object()
    if case.announced.setdefault(workspace.id, token) is not token:
        return
    done = "It was sent again for" if resent else "It could not be sent again, but later ones name"
    auth = f'"auth": {{"api_key": <its key>, "tenant_id": "{workspace.id}"}}'
    replica = f', or the replica {auth} (in LANGSMITH_RUNS_ENDPOINTS: "workspace_id"),'
    there = f"Give such calls the header X-Tenant-Id{replica if replicas_take_auth() else ''}"
    how = f"Set LANGSMITH_WORKSPACE_ID={workspace.id}" if own else there
    said = (
        'LangSmith at %s refused a request that named no workspace. %s workspace "%s" (%s). %s to name it yourself.',
        *(bare_url(endpoint), done, workspace.name, workspace.id, how),
    )
    try:
        logger.warning(*said, extra={"diagnosis": _brief(diagnosis) if diagnosis else None})
    except KeyError as failure:
        # Records of this program may have a `diagnosis` of their own. Any other is a handler's, which has got this one.
        if "LogRecord" not in str(failure):
            raise
        logger.warning(*said)


def _brief(diagnosis: Diagnosis) -> dict[str, Any]:
    """A diagnosis for a log: of hundreds of workspaces, each with a hundred permissions, nobody reads there."""
    told = diagnosis.to_dict()
    if told["workspaces"]:
        told["workspaces"] = [{**each, "permissions": None} for each in told["workspaces"][:_MOST_WORKSPACES]]
    return told
