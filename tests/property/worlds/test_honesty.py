"""Whatever the world, no diagnosis says more than can be known of it.

A world is the truth about a key, LangSmith and all that stands between; a configuration is what the machine says and
what was asked. The library gets from a world what a client gets: a refusal, and answers to its questions. Then

* a `confirmed` cause is true in every world in which the same request and the same questions are answered the same;
* a `likely` one is true in this world or in one that looks the same, whatever is asked; or the refusal says so, in
  words that LangSmith may use in a world that is not modelled, and no question was answered;
* where nothing is found, all is well in this world or in one that looks the same;
* nothing is said of the key where a question was not answered;
* where all worlds that look the same have a cause in common, a cause that holds in one of them is named.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from worlds.configuration import SETTINGS, Configuration, Endpoint, Key, unusual, usual_configurations
from worlds.diagnosing import Examination
from worlds.server import refused
from worlds.truths import happened, truths
from worlds.views import Group, Multiverse, multiverse, view
from worlds.world import (
    ADMIN,
    EDITOR,
    RESEARCH,
    SUPPORT,
    VIEWER,
    Between,
    Host,
    Scope,
    Standing,
    Trouble,
    World,
    worlds,
)

from safe_langsmith import Cause, Confidence

from ...support.thinning import every

pytestmark = pytest.mark.slow

_configurations = st.builds(Configuration, **{name: st.sampled_from(values) for name, values in SETTINGS.items()})
_worlds = st.builds(
    World,
    scope=st.sampled_from(Scope),
    standing=st.sampled_from([Standing.ACCEPTED] * 3 + list(Standing)),
    role=st.sampled_from([ADMIN, EDITOR, VIEWER]),
    lists=st.sampled_from([True, True, False]),
    tells_permissions=st.booleans(),
    access_policy=st.sampled_from([None, None, "denies", "allows"]),
    names_policy=st.booleans(),
    switched_off=st.sampled_from([None, None, None, "feature", "plan"]),
    incident=st.sampled_from([None, "one", "all"]),
    says_workspace_required=st.booleans(),
    names_permissions=st.booleans(),
    malformed_status=st.sampled_from([401, 403]),
    info_needs_key=st.booleans(),
    between=st.sampled_from([Between.NOTHING] * 5 + list(Between)),
    host=st.sampled_from(Host),
    trouble=st.sampled_from([Trouble.NONE] * 4 + list(Trouble)),
)


@settings(max_examples=5 * settings().max_examples)
@example(
    world=World(host=Host.AGENT_SERVER, between=Between.GATEWAY_FOR_ONE),
    configuration=Configuration(endpoint=Endpoint.SELF_HOSTED_ROOT, named=RESEARCH),
)
@example(
    world=World(between=Between.HEADER_LOST, says_workspace_required=False, tells_permissions=False),
    configuration=Configuration(named=SUPPORT, operation=None),
)
@given(world=_worlds, configuration=_configurations)
def test_no_diagnosis_says_more_than_can_be_known(world: World, configuration: Configuration) -> None:
    if world.scope.is_personal is not (configuration.key is not Key.SERVICE):
        world = replace(world, scope=Scope.ONE if configuration.key is Key.SERVICE else Scope.PERSONAL)
    if not happened(world, configuration):
        configuration = replace(configuration, successes=None)
    if configuration.operation and refused(world, configuration).status != 403:
        configuration = replace(configuration, operation=None)
    examination = Examination(configuration, view(world, configuration))
    assert not examination.blames_the_key_unheard(), examination.told(world)
    if not examination.holds_in(world):
        universe = multiverse(configuration)
        group = universe.group(world)
        assert not list(examination.faults(group, universe)), examination.told(world)
        assert not examination.overlooks(group), examination.told(world)


def _examinations(universe: Multiverse) -> Iterator[tuple[Examination, Group]]:
    for seen, group in universe.groups.items():
        if seen.refused is None or seen.refused.status == 403:
            yield Examination(universe.configuration, seen), group


usual = pytest.mark.parametrize(
    "configuration", every(4, tuple(usual_configurations())), ids=lambda case: str(unusual(case))
)


@usual
def test_no_diagnosis_of_a_usual_configuration_says_more(configuration: Configuration) -> None:
    universe = multiverse(configuration)
    found: dict[tuple[str, str], str] = {}
    for examination, group in _examinations(universe):
        for fault in examination.faults(group, universe):
            found.setdefault((fault, examination.concluded), examination.told(group.members[0]))
    assert not found, "\n\n".join(f"{fault}\n{told}" for (fault, _), told in found.items())


@usual
def test_what_can_be_told_of_a_usual_configuration_is_told(configuration: Configuration) -> None:
    found: dict[str, str] = {}
    for examination, group in _examinations(multiverse(configuration)):
        if examination.overlooks(group):
            found.setdefault(examination.concluded, examination.told(group.members[0]))
    assert not found, "\n\n".join(found.values())


_UNCALLED_FOR = {
    "wrong-region is no fact": (
        World(standing=Standing.OTHER_REGION),
        Configuration(region_named="EU"),
        (Cause.WRONG_REGION, Confidence.CONFIRMED),
    ),
    "that the role lacks it is no proof, for an access policy may allow it": (
        World(role=VIEWER),
        Configuration(operation=("POST", "/sessions")),
        (Cause.PERMISSION_DENIED, Confidence.CONFIRMED),
    ),
    "a key that worked here is not of another region": (
        World(standing=Standing.REVOKED),
        Configuration(region_named="EU", successes="read"),
        (Cause.WRONG_REGION, Confidence.LIKELY),
    ),
    "LangSmith's form is no proof that LangSmith answered": (
        World(between=Between.FORBIDDEN_FOR_ALL),
        Configuration(),
        (Cause.KEY_REJECTED, Confidence.LIKELY),
    ),
    "a gateway may speak of permissions": (
        World(between=Between.PERMISSION_FOR_ALL),
        Configuration(),
        (Cause.PERMISSION_DENIED, Confidence.CONFIRMED),
    ),
    "a gateway may speak of permissions, also if nothing else answers": (
        World(between=Between.PERMISSION_FOR_ALL, trouble=Trouble.TIMEOUTS),
        Configuration(),
        (Cause.PERMISSION_DENIED, Confidence.CONFIRMED),
    ),
    "a key that did not arrive is not rejected for sure": (
        World(between=Between.KEY_LOST),
        Configuration(operation=None),
        (Cause.BLOCKED_UPSTREAM, Confidence.CONFIRMED),
    ),
    "JSON of LangSmith's is not of a proxy": (
        World(role=VIEWER),
        Configuration(operation=("POST", "/sessions")),
        (Cause.BLOCKED_UPSTREAM, Confidence.LIKELY),
    ),
    "a key that works is not rejected": (
        World(access_policy="denies"),
        Configuration(),
        (Cause.KEY_REJECTED, Confidence.LIKELY),
    ),
    "a page is a cause that can be told": (
        World(between=Between.PAGE_FOR_ALL),
        Configuration(),
        (Cause.UNDETERMINED, Confidence.POSSIBLE),
    ),
    "a question without an answer says nothing of the key": (
        World(trouble=Trouble.TIMEOUTS, standing=Standing.REVOKED),
        Configuration(),
        (Cause.KEY_REJECTED, Confidence.POSSIBLE),
    ),
    "a refused key is not well": (World(standing=Standing.REVOKED), Configuration(operation=None), None),
}


@pytest.mark.parametrize("case", _UNCALLED_FOR)
def test_what_is_uncalled_for_is_found(case: str) -> None:
    world, configuration, conclusion = _UNCALLED_FOR[case]
    universe = multiverse(configuration)
    group = universe.group(world)
    examination = Examination(configuration, view(world, configuration))
    assert not list(examination.faults(group, universe))
    assert not examination.overlooks(group)
    some = Examination(Configuration(), view(World(incident="one"), Configuration())).diagnosis
    examination.diagnosis = replace(some, cause=conclusion[0], confidence=conclusion[1]) if conclusion else None
    assert list(examination.faults(group, universe)) or examination.overlooks(group)


def test_every_cause_that_a_world_can_have_is_true_in_some() -> None:
    told = {Cause[name] for name in re.findall(r"Cause\.([A-Z_]+)", inspect.getsource(sys.modules[truths.__module__]))}
    found = {cause for c in usual_configurations() for w in worlds(c.key is not Key.SERVICE) for cause in truths(w, c)}
    assert found == told
