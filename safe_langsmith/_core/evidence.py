"""What an investigation knows: the facts it starts with, and the answers to the questions it asked."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from safe_langsmith.diagnosis import Probe, Workspace

from .answers import Answer
from .facts import Facts
from .hosts import api_instead_of_ui, host_of, with_scheme

MOST_QUESTIONS = 3


class Question(NamedTuple):
    """A read-only GET, below the endpoint that refused.

    Attributes:
        path: The path below the endpoint.
        workspace_id: The workspace to name in the request, or `None` to name none.
        query: The query string, without the question mark.
    """

    path: str
    workspace_id: str | None = None
    query: str = ""


LISTING = Question("/workspaces")
"""Which workspaces does the key reach?"""

LISTING_WITH_DELETED = Question("/workspaces", query="include_deleted=true")
"""And which were there once?"""

HOME = Question("/settings")
"""Which workspace does the key resolve to where none is named?"""


ABOUT = Question("/info")
"""Is this LangSmith's API at all? It answers anybody, with a key or without."""

ABOUT_BELOW = Question("/api/v1/info")
"""And if not here, is it below, as it is at a self-hosted instance?"""


def inside(workspace_id: str) -> Question:
    """Does the key work in this workspace?"""
    return Question("/settings", workspace_id)


T = TypeVar("T")
Asking = Generator[Question, Answer, T]
"""A computation that yields questions, receives their answers, and returns a `T`."""

NOT_ASKED = Answer(error="not asked: at most three questions are asked about one refusal", asked=False)


@dataclass
class Evidence:
    """The facts, and the answers collected so far."""

    facts: Facts
    answers: dict[Question, Answer] = field(default_factory=dict)

    def ask(self, question: Question) -> Asking[Answer]:
        """Asks, unless the answer is known or enough was asked."""
        if question not in self.answers:
            if len(self.answers) >= MOST_QUESTIONS:
                return NOT_ASKED
            self.answers[question] = yield question
        return self.answers[question]

    @property
    def here(self) -> Question:
        """Does the key work in the workspace that the refused request ran in?"""
        return inside(self.facts.workspace) if self.facts.workspace else HOME

    @property
    def workspaces(self) -> tuple[Workspace, ...] | None:
        """The live workspaces, or `None` where they were not listed."""
        return next((a.workspaces for a in self.answers.values() if a.workspaces is not None), None)

    @property
    def place(self) -> Workspace | None:
        """The workspace that the refused request ran in, as far as the answers tell."""
        id_ = self.facts.workspace
        if id_ is None and self.facts.workspace_id is None:
            home = self.answers.get(HOME)
            id_ = home.resolved.id if home and home.resolved else None
        resolved = [a.resolved for a in self.answers.values() if a.resolved]
        return next((w for w in (*(self.workspaces or ()), *resolved) if w.id == id_), None)

    @property
    def refused_without_workspace(self) -> bool:
        """Whether not even the list of workspaces is shown to this key, whatever workspace was named."""
        listing = self.answers.get(LISTING)
        return listing is not None and listing.refused and not listing.knows_key

    @property
    def header_lost(self) -> bool:
        """Whether a question for one workspace was answered for another."""
        return any(q.workspace_id and a.resolved and a.resolved.id != q.workspace_id for q, a in self.answers.items())

    @property
    def api_elsewhere(self) -> str | None:
        """The API's URL where the endpoint is a web page of LangSmith's, as far as that shows."""
        below = self.answers.get(ABOUT_BELOW)
        # An instance may refuse to tell about itself without a key; it does so in LangSmith's own form.
        if below and (below.service == "LangSmith" or below.refused):
            return f"{self.facts.endpoint.rstrip('/')}/api/v1"
        return api_instead_of_ui(self.facts.endpoint) or with_scheme(self.facts.endpoint)

    @property
    def api_is_proved(self) -> bool:
        """Whether it was seen that the API is there, or everybody knows."""
        below = self.answers.get(ABOUT_BELOW)
        return below is None or below.service == "LangSmith"

    @property
    def data_plane(self) -> str | None:
        """Where the data plane of the workspace that was meant answers, if that is another host than the endpoint's."""
        listed = {id_: url for answer in self.answers.values() for id_, url in answer.data_planes.items()}
        meant = [self.place] if self.place else self.workspaces or ()
        planes = {listed.get(workspace.id) for workspace in meant}
        plane = planes.pop() if len(planes) == 1 else None
        return plane if plane and host_of(plane) != host_of(self.facts.endpoint) else None

    @property
    def lacks_permission(self) -> str | None:
        """The permission that the operation needs and the caller's role lacks, or `None` if that is not known."""
        needed, place = self.facts.requirement, self.place
        if needed is None or place is None or place.permissions is None:
            return None
        return next((name for name in (needed.permission, *needed.also) if name not in place.permissions), None)

    @property
    def probes(self) -> tuple[Probe, ...]:
        """The questions that were sent, with what came back."""
        return tuple(
            Probe(
                "GET",
                f"{question.path}{'?' + question.query if question.query else ''}"
                + (f" [workspace {question.workspace_id}]" if question.workspace_id else ""),
                answer.status if answer.status is not None else answer.error or "no answer",
            )
            for question, answer in self.answers.items()
            if answer.asked
        )
