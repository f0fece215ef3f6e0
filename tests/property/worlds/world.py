"""Worlds: what is true of a key, of LangSmith, and of what stands between. Plain values, and which of them there are.

Everybody lives in one organization, Acme, with the workspaces Research, Support, Abroad (whose data plane is elsewhere)
and Gone (deleted). Another organization, Globex, has one that no key here reaches.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum, auto
from functools import lru_cache
from itertools import product
from typing import Any, Literal

from safe_langsmith._core.permissions import ADMIN, EDITOR, VIEWER

ACME, GLOBEX = (f"{digit * 8}-aaaa-4aaa-8aaa-{digit * 12}" for digit in "90")
RESEARCH, SUPPORT, ABROAD, GONE, FOREIGN = (f"{digit * 8}-bbbb-4bbb-8bbb-{digit * 12}" for digit in "12345")


class _Kind(Enum):
    """An enum whose members are told apart quickly: they are hashed some million times."""

    __hash__ = object.__hash__


class Scope(_Kind):
    """Whose key it is."""

    PERSONAL = auto()
    PERSONAL_HOMELESS = auto()  # The workspace that it would use by default is deleted.
    PERSONAL_ABROAD = auto()  # The workspace that it uses by default has its own data plane.
    ONE = auto()
    ONE_ABROAD = auto()
    SEVERAL = auto()
    ORGANIZATION = auto()
    ORGANIZATION_OF_ONE = auto()  # The organization has no other workspace.
    ORGANIZATION_ABROAD = auto()  # The same, and that one has its own data plane.

    @property
    def is_personal(self) -> bool:
        return self.name.startswith("PERSONAL")

    @property
    def default(self) -> str | None:
        """Where requests run that name no workspace."""
        return _DEFAULTS.get(self)

    @property
    def members_of(self) -> tuple[str, ...]:
        """Where it has its role, deleted workspaces too."""
        return _MEMBERS_OF[self]


_DEFAULTS = {
    Scope.PERSONAL: RESEARCH,
    Scope.PERSONAL_HOMELESS: GONE,
    Scope.PERSONAL_ABROAD: ABROAD,
    Scope.ONE: RESEARCH,
    Scope.ONE_ABROAD: ABROAD,
}
_MEMBERS_OF = {
    Scope.PERSONAL: (RESEARCH, ABROAD, GONE),
    Scope.PERSONAL_HOMELESS: (RESEARCH, ABROAD, GONE),
    Scope.PERSONAL_ABROAD: (RESEARCH, ABROAD, GONE),
    Scope.ONE: (RESEARCH,),
    Scope.ONE_ABROAD: (ABROAD,),
    Scope.SEVERAL: (RESEARCH, SUPPORT),
    Scope.ORGANIZATION: (RESEARCH, SUPPORT, ABROAD, GONE),
    Scope.ORGANIZATION_OF_ONE: (RESEARCH,),
    Scope.ORGANIZATION_ABROAD: (ABROAD,),
}


class Standing(_Kind):
    """What LangSmith, at this endpoint, thinks of the key."""

    ACCEPTED = auto()
    REVOKED = auto()
    EXPIRED = auto()  # Answered with 401.
    OTHER_REGION = auto()
    IP_RULE = auto()  # Known, but not from this address.
    WRITE_ONLY = auto()  # It may send traces, and read nothing.


class Between(_Kind):
    """What stands between the client and LangSmith, for every request or for the refused one alone."""

    NOTHING = auto()
    PAGE_FOR_ONE = auto()  # A web application firewall that dislikes one request.
    GATEWAY_FOR_ONE = auto()  # A gateway in JSON that knows not all paths.
    POLICY_FOR_ONE = auto()  # A gateway that words its refusal in LangSmith's form.
    REDIRECT_FOR_ONE = auto()
    PAGE_FOR_ALL = auto()
    TEXT_FOR_ALL = auto()
    GATEWAY_FOR_ALL = auto()  # As AWS's.
    POLICY_FOR_ALL = auto()  # A gateway that words its refusals in LangSmith's form, with words of its own.
    FORBIDDEN_FOR_ALL = auto()  # A gateway that words them as LangSmith does.
    PLAN_FOR_ALL = auto()  # A gateway that gives a reason in words like LangSmith's, as the next three.
    PERMISSION_FOR_ALL = auto()
    WORKSPACE_FOR_ALL = auto()
    LEGACY_KEY_FOR_ALL = auto()
    KUBERNETES_FOR_ALL = auto()
    REDIRECT_FOR_ALL = auto()  # To a login on another host.
    HEADER_LOST = auto()  # A proxy that does not hand X-Tenant-Id on.
    KEY_LOST = auto()  # A proxy that does not hand X-API-Key on.

    @property
    def is_for_all(self) -> bool:
        return self.name.endswith("_FOR_ALL")

    @property
    def is_for_one(self) -> bool:
        return self.name.endswith("_FOR_ONE")


class Host(_Kind):
    """What answers at a host that need not be LangSmith's API, below whatever stands between."""

    LANGSMITH = auto()
    PAGE = auto()  # The web page, whose API is below it or elsewhere.
    PAGE_THAT_REFUSES = auto()
    AGENT_SERVER = auto()
    AGENT_SERVER_WITH_TOKENS = auto()  # Which words its refusal like LangSmith.
    AGENT_SERVER_CLOSED = auto()  # Which does not even say what it is without its own credential.


class Trouble(_Kind):
    """What happens to the questions, and not to the refused request."""

    NONE = auto()
    TIMEOUTS = auto()
    BAD_GATEWAY = auto()
    LISTING_FAILS = auto()
    SETTINGS_LIMITED = auto()  # 429


@dataclass(frozen=True)
class World:
    """The truth.

    Attributes:
        scope: Whose key it is.
        standing: What LangSmith, at this endpoint, thinks of it.
        role: Its role in its workspaces.
        lists: Whether it may list workspaces.
        tells_permissions: Whether the list tells its permissions.
        access_policy: What an access policy says of the operation, whatever the role says.
        names_policy: Whether LangSmith speaks of a policy where it usually says nothing but `Forbidden`.
        switched_off: What the organization lacks for the operation, which LangSmith then says.
        incident: Whether the one request is refused for no reason, or all in a workspace, as after a change of roles.
        says_workspace_required: Whether LangSmith says that a workspace is missing, or just `Forbidden`.
        names_permissions: Whether LangSmith names the permission that the role lacks.
        malformed_status: What LangSmith answers where the workspace's id is not a UUID.
        info_needs_key: Whether `GET /info` is for holders of a key, as a self-hosted instance may have it.
        between: What stands between.
        host: What answers at the host, where that may be another than LangSmith.
        trouble: What happens to the questions.
    """

    scope: Scope = Scope.PERSONAL
    standing: Standing = Standing.ACCEPTED
    role: str = ADMIN
    lists: bool = True
    tells_permissions: bool = True
    access_policy: Literal["denies", "allows"] | None = None
    names_policy: bool = False
    switched_off: Literal["feature", "plan"] | None = None
    incident: Literal["one", "all"] | None = None
    says_workspace_required: bool = True
    names_permissions: bool = False
    malformed_status: int = 401
    info_needs_key: bool = False
    between: Between = Between.NOTHING
    host: Host = Host.LANGSMITH
    trouble: Trouble = Trouble.NONE


_BOOLEANS = (True, False)
_HAPPENINGS: tuple[dict[str, Any], ...] = (
    {},
    {"access_policy": "denies"},
    {"names_policy": True},
    {"access_policy": "denies", "names_policy": True},
    {"access_policy": "allows"},
    {"access_policy": "allows", "incident": "one"},
    {"switched_off": "feature"},
    {"switched_off": "plan"},
    {"incident": "one"},
    {"incident": "all"},
    {"between": Between.PAGE_FOR_ONE},
    {"between": Between.GATEWAY_FOR_ONE},
    {"between": Between.POLICY_FOR_ONE},
    {"between": Between.REDIRECT_FOR_ONE},
    {"between": Between.HEADER_LOST},
)


@lru_cache
def worlds(personal: bool) -> tuple[World, ...]:
    """Returns the worlds that the owner of a key may live in, the simple ones first; such that differ in something.

    Args:
        personal: Whether it is a personal key, which its first letters say.
    """
    return tuple(dict.fromkeys(_worlds(personal)))


def _worlds(personal: bool) -> Iterator[World]:
    calm = list(_worlds_without_trouble(personal))
    yield from calm
    for trouble in (trouble for trouble in Trouble if trouble is not Trouble.NONE):
        yield from (replace(world, trouble=trouble) for world in calm)


def _worlds_without_trouble(personal: bool) -> Iterator[World]:
    scopes = [scope for scope in Scope if scope.is_personal is personal]
    listings = [(True, True), (True, False), (False, False)]
    for scope, (lists, tells), names, role in product(scopes, listings, _BOOLEANS, (ADMIN, EDITOR, VIEWER)):
        person = World(scope=scope, role=role, lists=lists, tells_permissions=tells, names_permissions=not names)
        for says in _BOOLEANS if scope.default is None else (True,):
            for happening in _HAPPENINGS:
                yield replace(person, says_workspace_required=says, **happening)
            yield replace(person, says_workspace_required=says, malformed_status=403)
    somebody = World(scope=Scope.PERSONAL if personal else Scope.ONE)
    for standing, between, info in product(Standing, Between, _BOOLEANS):
        if standing is not Standing.ACCEPTED and not between.is_for_all:
            yield replace(somebody, standing=standing, between=between, info_needs_key=info)
            yield replace(somebody, standing=standing, between=between, info_needs_key=info, names_policy=True)
    for between in Between:
        if between.is_for_all or between is Between.KEY_LOST:
            yield replace(somebody, between=between)
    yield replace(somebody, info_needs_key=True)
    yield from (replace(somebody, host=host) for host in Host)
