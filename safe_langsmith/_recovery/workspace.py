"""The workspace of a second send: find it, apply it to the client, log it, and drop it when it no longer works."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from safe_langsmith._core.endpoints import TENANT_HEADER
from safe_langsmith._core.model import Facts
from safe_langsmith._core.redaction import bare_url
from safe_langsmith._core.workspaces import WorkspaceIndex, canonical_workspace_id, contradiction
from safe_langsmith._log import boundary, logger, raise_hidden_interrupt
from safe_langsmith._probe import cache, driver
from safe_langsmith._probe.cache import MOST_KEYS, KeyState
from safe_langsmith._probe.transports import run_nested
from safe_langsmith._recovery.state import Chooser
from safe_langsmith._recovery.target import Target
from safe_langsmith._sdk.calls.base import InterceptedCall
from safe_langsmith._sdk.compat import (
    SupportsClient,
    apply_workspace,
    can_name_workspace,
    custom_headers_of,
    endpoint_of,
    replicas_take_auth,
    session_of,
    uses_own_credential,
    workspace_of,
)
from safe_langsmith._sdk.headers import arguments_of_requests
from safe_langsmith._sdk.http import CREDENTIAL_HEADERS, ForbiddenResponse, fingerprint, has_tenant
from safe_langsmith._sdk.identity import identity_of, is_own_identity
from safe_langsmith.diagnosis import Diagnosis, Workspace

_MOST_LOGGED = 20


class Choice(NamedTuple):
    """The workspace that was chosen.

    Attributes:
        workspace: The workspace to name, or `None` to name none.
        declined: The reason why the user's callable led to none; `None` if it was not called or chose one.
    """

    workspace: Workspace | None
    declined: str | None = None


def may_choose(call: InterceptedCall, target: Target) -> bool:
    """Return whether this library may choose the workspace of a second send: only if the user has named none.

    Args:
        call: The refused call.
        target: The endpoint and key of the call.
    """
    if target.workspace_id is not None or not can_name_workspace(call.client):
        return False
    # If the user has named a workspace since the request was sent, the next request will carry it.
    return not target.is_for_client or is_unnamed(call.client)


def may_still_name(call: InterceptedCall, target: Target, workspace: Workspace, forbidden: ForbiddenResponse) -> bool:
    """Return whether a second send may name the workspace that was chosen, now that it is about to leave.

    Args:
        call: The refused call.
        target: The endpoint and key of the call.
        workspace: The workspace.
        forbidden: The response to the first send.
    """
    client = call.client
    if call.sender_identity() != forbidden.of_session or _is_named_elsewhere(client, workspace):
        return False
    if not target.primary:
        return may_choose(call, target)
    # The call may carry a copy of the key and of the endpoint that the client had.
    own_key = uses_own_credential(client, forbidden.headers, call.caller_headers)
    is_same_client = own_key and endpoint_of(client) == target.configured_endpoint
    # A callable of the user's may choose a workspace and name it as well.
    return is_same_client and (workspace_of(client) == workspace.id or may_choose(call, target))


def _is_named_elsewhere(client: SupportsClient, workspace: Workspace) -> bool:
    """Return whether a variable that the client does not read names another workspace by now."""
    in_use = {"endpoint": None, "api_key": None, "workspace_id": workspace.id}
    others = client._state.configuration(in_use, {}, reads_files=False)["workspace_id"].others
    return contradiction(others, workspace, WorkspaceIndex((workspace,))) is not None


def is_unnamed(client: SupportsClient) -> bool:
    """Return whether the user has named no workspace for the client; one that this library chose does not count."""
    in_headers = has_tenant(custom_headers_of(client)) or has_tenant(getattr(session_of(client), "headers", None) or {})
    by_user = workspace_of(client) not in (None, client._state.auto_workspace)
    return not (in_headers or by_user or client._state.environment_names_a_workspace)


def known_workspace(
    call: InterceptedCall, forbidden: ForbiddenResponse, facts: Facts, target: Target
) -> Workspace | None:
    """Return the workspace that a retry for this endpoint and key succeeded with before, if it may be used again.

    Args:
        call: The refused call.
        forbidden: The response.
        facts: What this machine says of the settings.
        target: The endpoint and key of the call.
    """
    by_rule = call.client._state.resolve_workspace is True
    if not (by_rule and forbidden.names_no_other_reason and may_choose(call, target)):
        return None
    known = target.key_state.known_workspace
    return known if known is not None and is_uncontradicted(facts, known, (known,)) else None


def name_known_workspace(client: SupportsClient) -> None:
    """Have a new client name the workspace that was found for its identity, as if it had found it itself.

    The conditions are those of a retry: the user has named none, and nothing on this machine names another.

    Args:
        client: The client.
    """
    state = client._state
    if not cache.CACHE.workspaces or state.resolve_workspace is not True:
        return
    if not (can_name_workspace(client) and is_unnamed(client)):
        return
    identity = identity_of(client)
    workspace = cache.CACHE.known_workspace(identity) if identity is not None else None
    if workspace is None or identity is None:
        return
    in_use = {"endpoint": endpoint_of(client), "api_key": None, "workspace_id": None}
    found = state.configuration(in_use, {})
    is_named = contradiction(found["workspace_id"].others, workspace, WorkspaceIndex((workspace,))) is not None
    if not is_named:
        state.before_send = arguments_of_requests
        _apply(client, workspace, identity)


def _apply(client: SupportsClient, workspace: Workspace, identity: int) -> bool:
    """Have a client name a workspace, unless the user has named one by now, and return whether it does."""
    state = client._state
    # The user may name a workspace at any moment, also while the second request is being sent.
    with state.naming():
        if not is_unnamed(client):
            return False
        state.auto_workspace, state.auto_identity, state.had_workspace = workspace.id, identity, True
        apply_workspace(client, workspace.id, keep_info=state.has_own_info)
        return True


def is_uncontradicted(facts: Facts, workspace: Workspace | None, listed: Sequence[Workspace]) -> bool:
    """Return whether nothing on this machine names another workspace, not even what the client does not read.

    Args:
        facts: What this machine says of the settings.
        workspace: The workspace that was chosen, if any.
        listed: The workspaces that the key reaches.
    """
    others = facts.configuration["workspace_id"].others
    if workspace is None:
        return True
    is_named = contradiction(others, workspace, WorkspaceIndex(tuple(listed))) is not None
    return not is_named and not facts.configuration.files_unread


def needs_user(client: SupportsClient, candidates: Sequence[Workspace]) -> bool:
    """Return whether choosing calls a callable of the user's, which may block."""
    return bool(candidates) and callable(client._state.resolve_workspace)


def choose(candidates: Sequence[Workspace], resolve: bool | Chooser, key_state: KeyState) -> Choice:
    """Choose the workspace to name: the only candidate, or the choice of the user's callable.

    Args:
        candidates: The live workspaces that the key reaches, if naming one would help; else none.
        resolve: The client's `resolve_workspace` option.
        key_state: The cached results for the endpoint and key; a callable is called once for it.
    """
    if not candidates or resolve is False:
        return Choice(None)
    if not callable(resolve):
        return Choice(candidates[0] if len(candidates) == 1 else None)
    chosen = key_state.choose_once(resolve, lambda: _call_chooser(candidates, resolve), driver.DEADLINE)
    if chosen is None:
        return Choice(None, "resolve_workspace is still running in another thread")
    id_, declined = chosen
    return Choice(next((workspace for workspace in candidates if workspace.id == id_), None), declined)


def _call_chooser(candidates: Sequence[Workspace], chooser: Chooser) -> tuple[str | None, str | None]:
    """Return the id of the chosen workspace, or `None` and why there is none."""
    try:
        choice = run_nested(lambda: chooser(tuple(candidates)))
        if inspect.iscoroutine(choice):
            # Nothing here can await it, and Python would warn about a coroutine that was never awaited.
            choice.close()
            return _declined("resolve_workspace returned a coroutine; it must be an ordinary function")
        if not isinstance(choice, (Workspace, str, type(None))):
            kind = type(choice).__name__
            return _declined(f"resolve_workspace returned {kind}, which is neither a workspace nor an id")
        id_ = canonical_workspace_id(choice.id if isinstance(choice, Workspace) else choice)
    except Exception as error:
        raise_hidden_interrupt(error)
        # Without the traceback: its frames are the user's, and may show secrets.
        return _declined(f"resolve_workspace raised {type(error).__name__}")
    if choice is None:
        return None, "resolve_workspace chose none"
    if not any(workspace.id == id_ for workspace in candidates):
        return _declined("resolve_workspace chose a workspace that this key does not reach")
    return id_, None


def _declined(reason: str) -> tuple[None, str]:
    logger.warning("%s; no workspace was chosen", reason)
    return None, reason


def own_identity(call: InterceptedCall, target: Target, forbidden: ForbiddenResponse) -> int | None:
    """Return the client's identity, without its cookies, if the call was made with it, or `None`.

    It is asked before a second send: the program may set another key or endpoint while that is in flight.

    Args:
        call: The refused call.
        target: The endpoint and key of the call.
        forbidden: The response to the first send.
    """
    with boundary():
        client = call.client
        is_own = target.primary and endpoint_of(client) == target.configured_endpoint
        return (
            identity_of(client, with_cookies=False)
            if is_own and is_own_identity(client, forbidden.headers, call.sender)
            else None
        )
    return None


def remember(
    call: InterceptedCall,
    workspace: Workspace,
    target: Target,
    forbidden: ForbiddenResponse,
    facts: Facts,
    identity: int | None,
    resent: bool,
    diagnosis: Diagnosis | None,
) -> bool:
    """Log the workspace, and use it for later requests with the same endpoint and identity.

    Args:
        call: The call that the workspace was found for.
        workspace: The workspace.
        target: The endpoint and key of the call.
        forbidden: The response to the first send.
        facts: What this machine says of the settings.
        identity: What `own_identity` returned before the second send.
        resent: Whether the call was sent again.
        diagnosis: The diagnosis of the refusal, or `None` if an earlier one had the same.

    Returns:
        Whether the client itself names the workspace from now on.
    """
    client, state = call.client, call.client._state
    # The second send has succeeded, or the call is about to be explained. A failure in here must change neither.
    with boundary():
        # A later success does not prolong the time for which it is used: the key may reach a second one by then.
        if state.resolve_workspace is True and target.key_state.known_workspace is None:
            target.key_state.known_workspace = workspace
        state.before_send = arguments_of_requests
        # Logged first: even if a later step fails, no request is sent again silently.
        with boundary():
            log_retry(
                target,
                _fingerprint_of_key(forbidden),
                workspace,
                unread_name_of(facts, workspace),
                resent,
                diagnosis,
            )
        now = identity_of(client)
        if now is not None and identity is not None and identity_of(client, with_cookies=False) == identity:
            if resent and state.resolve_workspace is True:
                target.key_state.remember_identity(now, workspace)
            if _apply(client, workspace, now):
                call.workspace_applied(workspace.id)
                return True
            return False
        elsewhere = state.auto_workspaces
        elsewhere[target.endpoint, target.fingerprint] = workspace.id
        # A program may send runs with an unlimited number of keys.
        while len(elsewhere) > MOST_KEYS:
            elsewhere.pop(next(iter(elsewhere)), None)
    return False


def _fingerprint_of_key(forbidden: ForbiddenResponse) -> str:
    """Return a salted hash of the credential alone: a gateway's cookies may be others with each response."""
    names = set(CREDENTIAL_HEADERS) - {"cookie"}
    return fingerprint({name: value for name, value in forbidden.headers.items() if name in names})


def retry_was_refused(target: Target, workspace_id: str | None) -> None:
    """Stop treating a workspace as known to work with this endpoint and key."""
    cache.CACHE.forget_workspace(workspace_id)
    known = target.key_state.known_workspace
    if known is not None and known.id == workspace_id:
        target.key_state.known_workspace = None


def invalidate(client: SupportsClient, target: Target, workspace_id: str | None) -> None:
    """Drop a workspace that this library chose and that the key no longer reaches, so that the next call finds another.

    Args:
        client: The client.
        target: The endpoint and key of the refused call.
        workspace_id: The workspace.
    """
    state = client._state
    if state.auto_workspaces.get((target.endpoint, target.fingerprint)) == workspace_id:
        state.auto_workspaces.pop((target.endpoint, target.fingerprint), None)
    retry_was_refused(target, workspace_id)
    if target.primary and workspace_id == state.auto_workspace:
        state.drop_auto_workspace(client)


def unread_name_of(facts: Facts, workspace: Workspace) -> str | None:
    """Return the variable that names a workspace although the client does not read it, or `None`."""
    others = facts.configuration["workspace_id"].others
    only = WorkspaceIndex((workspace,))
    named = [other.origin for other in others if only.meant_by(other.value)]
    return next((origin.name for origin in named if origin.kind == "unread-variable"), None)


def log_retry(
    target: Target, key: str, workspace: Workspace, unread_name: str | None, resent: bool, diagnosis: Diagnosis | None
) -> None:
    """Log, once for an endpoint and key, which workspace was chosen and how to name it permanently.

    The record's `diagnosis` is the result of `Diagnosis.to_dict`, which formatters for JSON can show and handlers can
    pickle.

    Args:
        target: The endpoint and key of the call.
        key: A salted hash of the credential alone.
        workspace: The workspace that was chosen.
        unread_name: A variable that names it, but that the client does not read.
        resent: Whether the refused request was sent again.
        diagnosis: The diagnosis of the refusal, or `None` if an earlier one had the same.
    """
    if not cache.CACHE.is_first_retry(target.endpoint, key, workspace.id):
        return
    done = "It was sent again for" if resent else "It could not be sent again, but later ones name"
    auth = f'"auth": {{"api_key": <its key>, "tenant_id": "{workspace.id}"}}'
    replica = f', or the replica {auth} (in LANGSMITH_RUNS_ENDPOINTS: "workspace_id"),'
    there = f"Give such calls the header {TENANT_HEADER}{replica if replicas_take_auth() else ''}"
    how = f"Set LANGSMITH_WORKSPACE_ID={workspace.id}" if target.primary else there
    unread = f" {unread_name} names it, but the client does not read that variable." if unread_name else ""
    message = (
        'LangSmith at %s refused a request that named no workspace. %s workspace "%s" (%s). %s to name it yourself.%s',
        *(bare_url(target.endpoint), done, workspace.name, workspace.id, how, unread),
    )
    try:
        logger.warning(*message, extra={"diagnosis": _for_log(diagnosis) if diagnosis else None})
    except KeyError as failure:
        # Records of this program may have a `diagnosis` of their own. Any other KeyError is a handler's.
        if "LogRecord" not in str(failure):
            raise
        logger.warning(*message)


def _for_log(diagnosis: Diagnosis) -> dict[str, Any]:
    """Return a diagnosis for a log: at most 20 workspaces, without permissions."""
    listed = diagnosis.workspaces
    shown = tuple([replace(each, permissions=None) for each in listed[:_MOST_LOGGED]]) if listed else listed
    return replace(diagnosis, workspaces=shown).to_dict()
