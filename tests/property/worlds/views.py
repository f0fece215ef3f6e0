"""What a client may see of a world, and which worlds look the same to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache, cached_property, lru_cache
from typing import NamedTuple

from worlds.configuration import Configuration, Key
from worlds.server import Answered, Request, answer, refused
from worlds.truths import happened, truths
from worlds.world import World, worlds

from safe_langsmith import Cause
from safe_langsmith._core.model import (
    GET_INFO,
    GET_INFO_BELOW,
    GET_SETTINGS,
    LIST_DELETED_WORKSPACES,
    LIST_WORKSPACES,
    ProbeRequest,
    settings_in,
)
from safe_langsmith._core.workspaces import canonical_workspace_id


class View(NamedTuple):
    """What can be seen: the answer to the refused request, if there was one, and the answer to every question."""

    refused: Answered | None
    answers: tuple[tuple[ProbeRequest, Answered], ...]


class Group:
    """Worlds that look the same, the simplest first."""

    def __init__(self, configuration: Configuration, members: tuple[World, ...]) -> None:
        self.members = members
        self._truths = [truths(world, configuration) for world in members]

    @cached_property
    def everywhere(self) -> frozenset[Cause]:
        """What is true in all of them."""
        return frozenset.intersection(*self._truths)

    @cached_property
    def somewhere(self) -> frozenset[Cause]:
        """What is true in at least one of them."""
        return frozenset.union(*self._truths)

    @property
    def all_may_be_well(self) -> bool:
        return frozenset() in self._truths


def ask(world: World, configuration: Configuration, question: ProbeRequest) -> Answered:
    return answer(world, configuration, Request("GET", question.path, question.query, question.workspace_id))


def view(world: World, configuration: Configuration) -> View:
    """Returns all that can be seen of a world."""
    questions = (GET_SETTINGS, LIST_WORKSPACES, LIST_DELETED_WORKSPACES, GET_INFO, GET_INFO_BELOW)
    answers = {question: ask(world, configuration, question) for question in questions}
    listed = [id_ for question in (LIST_WORKSPACES, LIST_DELETED_WORKSPACES) for id_ in _listed(answers[question])]
    for id_ in dict.fromkeys((canonical_workspace_id(configuration.named), *listed)):
        if id_:
            answers[settings_in(id_)] = ask(world, configuration, settings_in(id_))
    return View(refused(world, configuration) if configuration.operation else None, tuple(answers.items()))


@cache
def _listed(answered: Answered) -> tuple[str, ...]:
    document = json.loads(answered.body) if answered.status == 200 and "json" in answered.content_type else None
    return tuple(entry["id"] for entry in document) if isinstance(document, list) else ()


class Multiverse:
    """All that a configuration may be in: the views that it may have, simple ones first, and the worlds behind each."""

    def __init__(self, configuration: Configuration) -> None:
        self.configuration = configuration
        behind: dict[View, list[World]] = {}
        for world in (w for w in worlds(configuration.key is not Key.SERVICE) if happened(w, configuration)):
            behind.setdefault(view(world, configuration), []).append(world)
        self.groups = {seen: Group(configuration, tuple(members)) for seen, members in behind.items()}
        self._proven: dict[tuple[Answered | None, frozenset[tuple[ProbeRequest, Answered]]], frozenset[Cause]] = {}

    def group(self, world: World) -> Group:
        """Returns the worlds that look like this one, among them itself."""
        known = self.groups.get(view(world, self.configuration))
        return Group(self.configuration, (*(known.members if known else ()), world))

    def proven(self, seen: Answered | None, asked: Mapping[ProbeRequest, Answered]) -> frozenset[Cause]:
        """Returns what is true in every world in which a request and some questions are answered like this."""
        key = (seen, frozenset(asked.items()))
        if key not in self._proven:
            alike = (g.everywhere for v, g in self.groups.items() if v.refused == seen and key[1].issubset(v.answers))
            self._proven[key] = frozenset(Cause).intersection(*alike)
        return self._proven[key]


multiverse = lru_cache(maxsize=300)(Multiverse)
