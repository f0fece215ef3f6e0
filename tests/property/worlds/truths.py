"""Which causes hold in a world, by the definitions of the contract and by nothing that the rules do."""

from __future__ import annotations

from worlds.configuration import NOT_A_UUID, Configuration, Key
from worlds.world import ABROAD, GONE, Between, Host, Standing, World

from safe_langsmith import Cause
from safe_langsmith._core.permissions import requirement, roles_with


def truths(world: World, configuration: Configuration) -> frozenset[Cause]:
    """Returns every cause that holds. Where the request was refused for no reason, that is `undetermined`.

    Where nothing was asked yet, what holds is whatever would have all requests refused: then it may be nothing.
    """
    found = set(_of_the_values(configuration))
    reaches_langsmith = True
    if configuration.endpoint.host(world.host) is not Host.LANGSMITH:
        found.add(Cause.WRONG_ENDPOINT)
        reaches_langsmith = False
    if world.between is Between.KUBERNETES_FOR_ALL and not configuration.endpoint.is_of_the_cloud:
        # Nobody hides LangSmith behind one: it is the host that is another.
        found.add(Cause.WRONG_ENDPOINT)
    if world.between.is_for_all or (world.between.is_for_one and configuration.operation):
        found.add(Cause.BLOCKED_UPSTREAM)
        # What refuses one request alone leaves the key as it is, and the questions tell of that.
        reaches_langsmith = reaches_langsmith and world.between.is_for_one
        if world.between is Between.REDIRECT_FOR_ALL and not configuration.operation:
            # Redirected, and by nobody refused.
            found.add(Cause.UNDETERMINED)
    if world.between is Between.KEY_LOST and configuration.key is not Key.MISSING:
        found.add(Cause.BLOCKED_UPSTREAM)
        reaches_langsmith = False
    if reaches_langsmith:
        found |= _of_langsmith(world, configuration)
    if not found and configuration.operation:
        found.add(Cause.UNDETERMINED)
    return frozenset(found)


def happened(world: World, configuration: Configuration) -> bool:
    """Whether what the key did before can have happened in a world."""
    if configuration.successes is None:
        return True
    may_have = world.standing is not Standing.OTHER_REGION and configuration.is_well_formed
    reaches = configuration.endpoint.host(world.host) is Host.LANGSMITH
    return may_have and reaches and (configuration.successes == "wrote" or world.standing is not Standing.WRITE_ONLY)


def _of_the_values(configuration: Configuration) -> set[Cause]:
    found: set[Cause] = {
        Key.DUMMY: {Cause.KEY_MALFORMED},
        Key.SECRETS_NAME: {Cause.KEY_MALFORMED},
        Key.CUT_BY_A_FEW: {Cause.KEY_MALFORMED},
        Key.MISSING: {Cause.KEY_MISSING},
        Key.LEGACY: {Cause.KEY_LEGACY},
        Key.PLACEHOLDER: {Cause.KEY_MALFORMED},
        Key.CUT: {Cause.KEY_MALFORMED},
    }.get(configuration.key, set())
    if configuration.key in (Key.DUMMY, Key.CUT_BY_A_FEW) and not configuration.endpoint.is_of_the_cloud:
        # A gateway may accept such a text. Here it does not.
        found = found | {Cause.KEY_REJECTED}
    return found | ({Cause.WORKSPACE_ID_MALFORMED} if configuration.named == NOT_A_UUID else set())


def _of_langsmith(world: World, configuration: Configuration) -> set[Cause]:
    if not configuration.is_well_formed or world.standing is not Standing.ACCEPTED:
        return _of_a_refused_key(world, configuration)
    found = set()
    reach = set(world.scope.members_of) - {GONE}
    arriving = None if world.between is Between.HEADER_LOST else configuration.named
    place = arriving or world.scope.default
    if configuration.named not in (None, NOT_A_UUID, *reach):
        found.add(Cause.WORKSPACE_NOT_ACCESSIBLE)
        found |= {Cause.STALE_ENVIRONMENT} if configuration.newer_named in reach else set()
    if not arriving and place not in reach:
        found.add(Cause.WORKSPACE_REQUIRED)
    if ABROAD in (configuration.named, place) or reach == {ABROAD}:
        # Key and workspace are right. That workspace's API is elsewhere, and at this endpoint nobody can reach it.
        found |= {Cause.WRONG_ENDPOINT} if ABROAD in reach else set()
        found |= {Cause.WORKSPACE_NOT_ACCESSIBLE} if configuration.named == ABROAD else set()
    elif place in reach and world.incident == "all":
        # For now it cannot be reached, and who says so is right.
        found |= {Cause.UNDETERMINED, *({Cause.WORKSPACE_NOT_ACCESSIBLE} if arriving else ())}
    if place in reach - {ABROAD} and configuration.operation:
        found |= _of_the_operation(world, configuration)
    if place in reach - {ABROAD} and not configuration.operation:
        found |= _of_the_needs(world, configuration)
    return found


def _of_a_refused_key(world: World, configuration: Configuration) -> set[Cause]:
    found = {Cause.KEY_REJECTED} if configuration.is_well_formed else set()
    if configuration.is_well_formed and world.standing is Standing.WRITE_ONLY:
        # Whatever it is asked to read, it may not.
        found = {Cause.PERMISSION_DENIED}
    if configuration.newer_key:
        found.add(Cause.STALE_ENVIRONMENT)
    # A key of another region is of the one that the machine names, where it names one.
    names_another = configuration.region_named not in (None, configuration.endpoint.name)
    if configuration.is_well_formed and world.standing is Standing.OTHER_REGION and names_another:
        found.add(Cause.WRONG_REGION)
    return found


def _of_the_needs(world: World, configuration: Configuration) -> set[Cause]:
    lacking = [name for name in configuration.needs if world.role not in roles_with(name)]
    denied = world.access_policy == "denies" or (lacking and world.access_policy != "allows")
    return {Cause.PERMISSION_DENIED} if configuration.needs and denied else set()


def _of_the_operation(world: World, configuration: Configuration) -> set[Cause]:
    found = {Cause.FEATURE_UNAVAILABLE} if world.switched_off else set()
    needed = requirement(*configuration.operation) if configuration.operation else None
    by_role = needed is None or world.role in needed.roles
    if world.access_policy == "denies" or not (by_role or world.access_policy == "allows"):
        found.add(Cause.PERMISSION_DENIED)
    return found
