"""Rules of the third rank: causes that probes show."""

from __future__ import annotations

from safe_langsmith._core.endpoints import api_instead_of
from safe_langsmith._core.evidence import Evidence, Probing
from safe_langsmith._core.model import GET_SETTINGS, LIST_DELETED_WORKSPACES, LIST_WORKSPACES, Verdict, settings_in
from safe_langsmith._core.permissions import is_for_token_holders, owner_of_prompt
from safe_langsmith._core.summary import needs_workspace
from safe_langsmith.diagnosis import Cause, Confidence


def proxy_refused(e: Evidence) -> Probing[Verdict | None]:
    """A proxy refused to connect to the endpoint, so no probe reached LangSmith."""
    if api_instead_of(e.target.endpoint):
        # Through the proxy or not, it is the wrong address.
        return None
    works = yield from e.probe(e.settings_probe)
    if works.proxy_refusal is None:
        return None
    proxies = e.configuration.related_variables.proxies
    proxy = f"the proxy {proxies[0].address}, which {proxies[0].variable} names," if proxies else "a proxy"
    reason = f'{proxy} refused to connect to it: "{works.proxy_refusal}"'
    # A request that was refused has reached somebody.
    return Verdict(Cause.BLOCKED_UPSTREAM, Confidence.LIKELY if e.request else Confidence.CONFIRMED, reason)


def workspace_outdated(e: Evidence) -> Probing[Verdict | None]:
    """The key works, but not in the named workspace, and the environment or `.env` now names one in which it does."""
    named, newer = e.target.workspace, e.configuration.newer_workspace_id
    if named is None or newer is None:
        return None
    there = yield from e.probe(settings_in(named))
    if not there.forbidden:
        return None
    listing = yield from e.probe(LIST_WORKSPACES)
    if listing.workspaces is None:
        # A key for one workspace may not list it, but runs in it if none is named.
        home = yield from e.probe(GET_SETTINGS)
        if home.authorized and e.newer_workspace is None:
            yield from e.probe(settings_in(newer))
    if e.newer_workspace is None:
        return None
    now = e.newer_workspace.now
    reason = f"this key has no access to it, and {now.origin} now names {now.value}, which the key reaches"
    return Verdict(Cause.STALE_ENVIRONMENT, Confidence.LIKELY, reason)


def workspace_not_accessible(e: Evidence) -> Probing[Verdict | None]:
    """The key works, but not in the named workspace."""
    named = e.target.workspace
    if named is None:
        return None
    there = yield from e.probe(settings_in(named))
    if e.header_lost:
        return (yield from workspace_not_listed(e))
    if not there.forbidden:
        return None
    listing = yield from e.probe(LIST_WORKSPACES)
    if listing.workspaces is not None:
        if listing.index.get(named):
            return None
        if named in listing.organizations:
            return _not_accessible("it is the id of the organization, not of a workspace")
        everything = listing
        if named not in listing.deleted:
            everything = yield from e.probe(LIST_DELETED_WORKSPACES)
        if named in everything.deleted:
            return _not_accessible("it is deleted")
        # An entry that could not be read may be the named one.
        return _not_accessible("this key has no access to it", proved=listing.lists_all and not there.knows_key)
    home = yield from e.probe(GET_SETTINGS)
    if home.resolved is not None and home.resolved.id == named:
        return None
    works_elsewhere = home.resolved is not None or (home.forbidden and home.body.names_no_workspace)
    if works_elsewhere and not there.knows_key:
        proved = home.resolved is not None or e.sureness(home.body) is Confidence.CONFIRMED
        return _not_accessible("this key has no access to it", proved)
    if works_elsewhere or listing.knows_key or home.knows_key:
        reason = "LangSmith knows the key, and refuses it there"
        return Verdict(Cause.WORKSPACE_NOT_ACCESSIBLE, Confidence.LIKELY, reason)
    return None


def workspace_not_listed(e: Evidence) -> Probing[Verdict | None]:
    """The probe for the named workspace was answered for another one, and the key's list lacks the named one."""
    if not e.header_lost:
        return None
    listing = yield from e.probe(LIST_WORKSPACES)
    if not listing.workspaces or not listing.lists_all or listing.index.get(e.target.workspace):
        return None
    reason = "it is not among the workspaces of this key, and a proxy may be removing X-Tenant-Id"
    return Verdict(Cause.WORKSPACE_NOT_ACCESSIBLE, Confidence.LIKELY, reason)


def inherited_workspace_not_accessible(e: Evidence) -> Probing[Verdict | None]:
    """The SDK sent the client's workspace along with another key, which does not work there."""
    inherited = e.target.inherited_workspace
    if inherited is None:
        return None
    # If the key needs a workspace and has none of its own, the next rule decides.
    home = yield from e.probe(GET_SETTINGS)
    if home.resolved is None or home.resolved.id == inherited:
        return None
    there = yield from e.probe(settings_in(inherited))
    if not there.forbidden:
        return None
    return _not_accessible("it is the client's, and this key has no access to it", proved=not there.knows_key)


def workspace_required(e: Evidence) -> Probing[Verdict | None]:
    """Without a workspace the key is refused but reaches some, and never worked so; confirmed if the answer says so."""
    if e.target.workspace_id is not None:
        return None
    home = yield from e.probe(GET_SETTINGS)
    if not home.forbidden:
        return None
    listing = yield from e.probe(LIST_WORKSPACES)
    if home.body.names_no_workspace:
        return Verdict(Cause.WORKSPACE_REQUIRED, e.sureness(home.body), needs_workspace(e))
    # A key that needs a workspace gets a bare refusal without one, and a list of its workspaces. That is not a proof.
    # https://docs.langchain.com/langsmith/administration-overview
    if not listing.workspaces or home.status != 403 or e.worked_without_workspace:
        return None
    # A personal token has a default workspace. It may be refused because that one has its own data plane.
    if e.target.credential.kind == "personal" and e.data_plane:
        return None
    return Verdict(Cause.WORKSPACE_REQUIRED, Confidence.LIKELY, needs_workspace(e))


def refused_by_another(e: Evidence) -> Probing[Verdict | None]:
    """LangSmith knows the key, and the refusal does not have the form of LangSmith's errors."""
    if e.body.form != "other":
        return None
    works = yield from e.probe(e.settings_probe)
    if works.resolved is None and not (yield from e.probe(LIST_WORKSPACES)).knows_key:
        return None
    reason = f'it has not the form of LangSmith\'s errors: "{e.body.message}", and LangSmith knows the key'
    return Verdict(Cause.BLOCKED_UPSTREAM, Confidence.LIKELY, reason)


def permission_denied(e: Evidence) -> Probing[Verdict | None]:
    """Key and workspace work, so the operation itself is not allowed."""
    named = e.target.workspace
    works = yield from e.probe(e.settings_probe)
    if works.resolved is None or (named and works.resolved.id != named):
        return None
    yield from e.probe(LIST_WORKSPACES)
    needed, place, confidence = e.requirement, e.place, Confidence.LIKELY
    role = f"the role {place.role}" if place and place.role else "the caller's role"
    reason = "key and workspace are accepted, so it is this operation that is not allowed"
    if e.request and is_for_token_holders(e.request.path):
        reason = "the address holds a token that permits the operation by itself, so that token may have expired"
        confidence = Confidence.POSSIBLE
    elif e.lacks_permission:
        reason = f"{role} does not include {e.lacks_permission}"
    elif needed and e.is_permitted:
        # An access policy can deny what the role allows: https://docs.langchain.com/langsmith/abac
        others = " the prompt may be private to its owner," if e.request and owner_of_prompt(e.request.path) else ""
        reason = (
            f"{role} includes {needed.permission}, so an access policy may deny it,{others} or the error is temporary"
        )
        confidence = Confidence.POSSIBLE
    elif needed:
        reason += f"; it needs {needed.permission}"
    if e.body.form == "json" and not (e.body.is_bare or e.body.has_langsmiths_words or e.body.message is None):
        # Gateways write such JSON, too, and the probes may have passed one that refuses this request alone.
        reason += f'; a proxy may also have written "{e.body.message}"'
        confidence = Confidence.POSSIBLE
    return Verdict(Cause.PERMISSION_DENIED, confidence, reason)


def _not_accessible(reason: str, proved: bool = True) -> Verdict:
    """Return the verdict. If a refusal names a missing permission, the key may have access, so nothing is proved."""
    return Verdict(Cause.WORKSPACE_NOT_ACCESSIBLE, Confidence.CONFIRMED if proved else Confidence.LIKELY, reason)
