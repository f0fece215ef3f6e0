"""From a refusal, and what this machine says, to the facts that an investigation starts with."""

from __future__ import annotations

import re
from dataclasses import replace

from safe_langsmith._core.model import Bypass, Facts
from safe_langsmith._core.redaction import bare_url
from safe_langsmith._core.settings import SET_LATER, Configuration, shown
from safe_langsmith._recovery.state import ClientState
from safe_langsmith._recovery.target import OF_THE_REQUEST, Target, WorkspaceOrigin
from safe_langsmith._sdk.compat import replicas_take_auth
from safe_langsmith._sdk.http import ForbiddenResponse

_REPLICA = "the replica's settings"
_CALL = "the call's own headers"
_RUNS = re.compile(r"^(?!.*/(?:annotation-queues|datasets)/).*/runs(?:/[^/]+)?$")


def facts_of(
    refusal: ForbiddenResponse,
    to: Target,
    naming: WorkspaceOrigin,
    safeguard: ClientState,
    bypasses: tuple[Bypass, ...] = (),
) -> Facts:
    """Returns the facts of a refusal.

    Args:
        refusal: The refusal.
        to: Whom the request was for.
        naming: Who named its workspace.
        safeguard: The client's safeguard.
        bypasses: The parts of the SDK in use whose requests do not go through the client.
    """
    in_use = {"endpoint": to.configured, "api_key": refusal.api_key, "workspace_id": naming.workspace_id}
    local = _configuration(refusal, in_use, to.is_own, naming, safeguard)
    url, base = bare_url(refusal.url), bare_url(to.base)
    return Facts(
        endpoint=shown("endpoint", to.endpoint) or "",
        credential=refusal.credential,
        settings=local.settings,
        workspace_id=naming.workspace_id,
        inherited_workspace=naming.inherited,
        workspace_source=local.settings["workspace_id"].source,
        method=refusal.method,
        path=url.removeprefix(base),
        url=url,
        status_code=403,
        request_id=refusal.request_id,
        body=refusal.body,
        redirected_to=refusal.redirected_to,
        variables=local.variables,
        drift=local.drift,
        is_own=to.is_own,
        replicas_take_auth=replicas_take_auth(),
        notes=local.notes,
        dotenv_path=local.dotenv_path,
        remarks=local.remarks,
        unread=local.unread,
        related_variables=local.related_variables,
        profile=local.profile,
        bypasses=bypasses,
    )


def _configuration(
    refusal: ForbiddenResponse,
    in_use: dict[str, str | None],
    is_own: bool,
    naming: WorkspaceOrigin,
    safeguard: ClientState,
) -> Configuration:
    elsewhere = _REPLICA if _RUNS.search(refusal.url) else _CALL
    sources = naming.sources if is_own else {**dict.fromkeys(in_use, elsewhere), **naming.sources}
    local = safeguard.configuration(in_use, sources)
    settings = local.settings
    source = settings["api_key"].source
    if source in ("default", SET_LATER) and safeguard.has_own_credential and refusal.credential.kind != "missing":
        settings["api_key"] = replace(settings["api_key"], source="the headers argument")
    if refusal.api_key is None and refusal.credential.kind != "missing":
        settings["api_key"] = replace(settings["api_key"], value=refusal.credential.masked)
    if is_own:
        return local
    if elsewhere == _REPLICA and settings["workspace_id"].source == OF_THE_REQUEST:
        settings["workspace_id"] = replace(settings["workspace_id"], source=_REPLICA)
    # What the environment says is about the client, not about its replicas.
    settings.update({name: replace(settings[name], others=()) for name in in_use})
    return local._replace(drift=(), remarks=(), unread=(), profile=None)
