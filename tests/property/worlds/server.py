"""What a world answers: a pure function of the world, the configuration and the request."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import NamedTuple

from worlds.configuration import Configuration, Endpoint, Key
from worlds.world import ABROAD, ACME, FOREIGN, GLOBEX, GONE, RESEARCH, SUPPORT, Between, Host, Standing, Trouble, World

from safe_langsmith._core.endpoints import sends_runs
from safe_langsmith._core.permissions import ADMIN
from safe_langsmith.testing import RecordedRequest, Reply, Workspace, error_formats
from safe_langsmith.testing.accounts import Accounts, Kind
from safe_langsmith.testing.accounts import Key as KnownKey
from safe_langsmith.testing.authorization import Variations
from safe_langsmith.testing.recorded import Headers
from safe_langsmith.testing.service import Service

_PLANE = "https://plane.acme.example"
_NAMES = {RESEARCH: "Research", SUPPORT: "Support", ABROAD: "Abroad", GONE: "Gone", FOREIGN: "Foreign"}
_WORKSPACES = tuple(
    Workspace(
        id_,
        name,
        GLOBEX if id_ == FOREIGN else ACME,
        deleted=id_ == GONE,
        data_plane_url=_PLANE if id_ == ABROAD else None,
        created_at="2026-01-01T00:00:00Z",
    )
    for id_, name in _NAMES.items()
)
_LACKS = {
    "feature": {"detail": "LLM Gateway not enabled for this organization"},
    "plan": {"error": "Forbidden - no plan found"},
}
# What stands at a bare host; and nginx's own words, there as well as anywhere on the way.
_PAGE = b"<!doctype html><html><head><title>LangSmith</title></head><body><div id=root></div></body></html>"
_BLOCKED = b"<html><head><title>403 Forbidden</title></head><body><center>nginx</center></body></html>"
_STATUS = b'{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","code":403}'


class Request(NamedTuple):
    """A request: its method, the path below the endpoint, the query, and the workspace it names."""

    method: str
    path: str
    query: str = ""
    workspace: str | None = None


class Answered(NamedTuple):
    """An answer as a client gets it. No status: no answer came."""

    status: int | None
    body: bytes = b""
    content_type: str = "application/json"
    redirected_to: str | None = None


_POLICY = "Blocked by policy"
_WORDS_FOR_ALL = {
    Between.POLICY_FOR_ALL: _POLICY,
    Between.FORBIDDEN_FOR_ALL: error_formats.FORBIDDEN,
    Between.PLAN_FOR_ALL: "Requires a premium plan",
    Between.PERMISSION_FOR_ALL: "missing scope runs:create",
    Between.WORKSPACE_FOR_ALL: "This route requires a workspace id",
    Between.LEGACY_KEY_FOR_ALL: "legacy API key",
}

FOR_THE_REFUSED = {
    Between.PAGE_FOR_ONE: Answered(403, _BLOCKED, "text/html"),
    Between.GATEWAY_FOR_ONE: Answered(403, b'{"message":"Forbidden"}'),
    Between.REDIRECT_FOR_ONE: Answered(403, b'{"error":"access_denied"}', redirected_to="login.acme.example"),
    Between.REDIRECT_FOR_ALL: Answered(403, b'{"error":"access_denied"}', redirected_to="login.acme.example"),
}
_FOR_ALL = {
    Between.PAGE_FOR_ALL: Answered(403, _BLOCKED, "text/html"),
    Between.TEXT_FOR_ALL: Answered(403, b"RBAC: access denied", "text/plain"),
    Between.GATEWAY_FOR_ALL: Answered(403, b'{"message":"Forbidden"}'),
    Between.KUBERNETES_FOR_ALL: Answered(403, _STATUS),
    Between.REDIRECT_FOR_ALL: Answered(302),  # A client follows it, a question does not.
}
_REFUSALS_OF_AGENTS = {
    Host.AGENT_SERVER: Answered(403, b'{"detail":"Missing authentication headers"}'),
    Host.AGENT_SERVER_WITH_TOKENS: Answered(403, b'{"detail":"Invalid token"}'),
    Host.AGENT_SERVER_CLOSED: Answered(403, b'{"detail":"Missing authentication headers"}'),
}
_INFO_OF_AGENTS = Answered(200, b'{"version":"0.16.7","langgraph_py_version":"1.2.0","flags":{},"metadata":{}}')


def refused(world: World, configuration: Configuration) -> Answered:
    """Returns the answer to the request that the configuration is about, refused or not."""
    assert configuration.operation
    request = Request(*configuration.operation, workspace=configuration.named)
    if world.between in FOR_THE_REFUSED:
        return FOR_THE_REFUSED[world.between]
    if world.between is Between.POLICY_FOR_ONE:
        return _in_langsmiths_form(request.path, _POLICY)
    if world.between in _FOR_ALL:
        return _FOR_ALL[world.between]
    if world.between in _WORDS_FOR_ALL:
        return _in_langsmiths_form(request.path, _WORDS_FOR_ALL[world.between])
    host = configuration.endpoint.host(world.host)
    return _strangers(host, request) or _operation(
        _seen_by_langsmith(world, configuration), _key_arriving(world, configuration), _arriving(world, request)
    )


def answer(world: World, configuration: Configuration, request: Request) -> Answered:
    """Returns the answer to a question."""
    troubled = _in_trouble(world.trouble, request.path)
    if troubled:
        return troubled
    if world.between in _FOR_ALL:
        return _FOR_ALL[world.between]
    if world.between in _WORDS_FOR_ALL:
        return _in_langsmiths_form(request.path, _WORDS_FOR_ALL[world.between])
    host = configuration.endpoint.host(world.host)
    if host is not Host.LANGSMITH:
        below = request.path.removeprefix("/api/v1")
        if host in _REFUSALS_OF_AGENTS or below == request.path or configuration.endpoint is Endpoint.WEB_PAGE:
            return _strangers(host, request) or Answered(None)
        request = request._replace(path=below)
    seen, key = _seen_by_langsmith(world, configuration), _key_arriving(world, configuration)
    return _question(seen, key, _arriving(world, request))


def _in_trouble(trouble: Trouble, path: str) -> Answered | None:
    if trouble is Trouble.TIMEOUTS:
        return Answered(None)
    if trouble is Trouble.BAD_GATEWAY:
        return Answered(502, _BLOCKED, "text/html")
    if trouble is Trouble.LISTING_FAILS and path == "/workspaces":
        return Answered(500, b'{"detail":"Internal server error"}')
    if trouble is Trouble.SETTINGS_LIMITED and path == "/settings":
        return Answered(429, b'{"detail":"Rate limit exceeded"}')
    return None


def _strangers(host: Host, request: Request) -> Answered | None:
    """Returns what answers in place of LangSmith's API, or `None` where that itself answers."""
    if host is Host.PAGE_THAT_REFUSES:
        return Answered(403, _BLOCKED, "text/html")
    if host is Host.PAGE:
        return Answered(200 if request.method == "GET" else 405, _PAGE, "text/html")
    if host in _REFUSALS_OF_AGENTS:
        tells = request.path == "/info" and host is not Host.AGENT_SERVER_CLOSED
        return _INFO_OF_AGENTS if tells else _REFUSALS_OF_AGENTS[host]
    return None


def _in_langsmiths_form(path: str, words: str) -> Answered:
    return _written(error_formats.error(error_formats.canonical_path(path), 403, words))


def _key_arriving(world: World, configuration: Configuration) -> Key:
    return Key.MISSING if world.between is Between.KEY_LOST else configuration.key


def _arriving(world: World, request: Request) -> Request:
    return request._replace(workspace=None) if world.between is Between.HEADER_LOST else request


@cache
def _seen_by_langsmith(world: World, configuration: Configuration) -> World:
    """Returns the world without what is beyond LangSmith, so that its answers can be kept."""
    # Only a self-hosted instance can be set so.
    needs_key = world.info_needs_key and not configuration.endpoint.is_of_the_cloud
    return replace(world, between=Between.NOTHING, host=Host.LANGSMITH, trouble=Trouble.NONE, info_needs_key=needs_key)


@cache
def _operation(world: World, key: Key, request: Request) -> Answered:
    answered, path = _usual_operation(world, key, request), error_formats.canonical_path(request.path)
    is_bare = answered in (_written(error_formats.forbidden(path)), _written(error_formats.permission_missing(path)))
    return _in_langsmiths_form(request.path, _POLICY) if is_bare and world.names_policy else answered


@cache
def _usual_operation(world: World, key: Key, request: Request) -> Answered:
    if world.standing is Standing.WRITE_ONLY and sends_runs(request.path, request.method):
        return Answered(202, b"{}")
    as_admin = _reply(replace(world, role=ADMIN), key, request)
    if as_admin.status in (401, 403):
        return as_admin
    if world.switched_off:
        return _written(Reply(403, _LACKS[world.switched_off]))
    by_role = _reply(world, key, request)
    if by_role.status == 403 and world.access_policy != "allows":
        return by_role
    if world.access_policy == "denies" or world.incident:
        return _written(error_formats.forbidden(error_formats.canonical_path(request.path)))
    return Answered(200, b"{}")


@cache
def _question(world: World, key: Key, request: Request) -> Answered:
    path = error_formats.canonical_path(request.path)
    if world.info_needs_key and path == "/info" and not _knows(world, key):
        return _written(error_formats.forbidden(path))
    return _reply(world, key, request)


def _reply(world: World, key: Key, request: Request) -> Answered:
    """Returns LangSmith's answer by key, workspace and role."""
    path = error_formats.canonical_path(request.path)
    if world.standing is Standing.EXPIRED and path != "/info" and key in (Key.PERSONAL, Key.SERVICE):
        return _written(error_formats.unauthorized(path))
    runs_in = request.workspace or world.scope.default
    reaches = runs_in in world.scope.members_of and path not in ("/info", "/workspaces") and _knows(world, key)
    if reaches and (runs_in == ABROAD or world.incident == "all"):
        return _written(error_formats.forbidden(path))
    headers = [("x-api-key", key.value)] if key.value else []
    if request.workspace:
        headers.append(("x-tenant-id", request.workspace))
    return _written(
        _service(world).reply(RecordedRequest(request.method, request.path, request.query, Headers(headers)))
    )


def _knows(world: World, key: Key) -> bool:
    expected = Key.PERSONAL if world.scope.is_personal else Key.SERVICE
    return key is expected and world.standing is Standing.ACCEPTED


@cache
def _service(world: World) -> Service:
    accounts = Accounts()
    for workspace in _WORKSPACES:
        accounts.add_workspace(workspace)
    if world.standing is Standing.ACCEPTED:
        secret, kind = (Key.PERSONAL, Kind.PERSONAL) if world.scope.is_personal else (Key.SERVICE, Kind.SERVICE)
        accounts.add_key(
            KnownKey(
                secret.value,
                kind,
                ACME,
                roles=dict.fromkeys(world.scope.members_of, world.role),
                default=world.scope.default,
                may_list=world.lists,
                permissions_listed=world.tells_permissions,
            )
        )
    variations = Variations(
        says_workspace_required=world.says_workspace_required,
        names_permissions=world.names_permissions,
        malformed_workspace_status=world.malformed_status,
    )
    return Service(accounts, variations)


def _written(reply: Reply) -> Answered:
    return Answered(reply.status, reply.content(), reply.content_type)
