"""What an investigation knows: facts of this process and the refusal, and the answers to the questions it asked."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from safe_langsmith.diagnosis import Probe, Setting, Workspace

from .answers import NO_BODY, Answer, Body, canonical_workspace_id
from .bypasses import Bypass
from .keys import Credential
from .permissions import Requirement, requirement
from .settings import Drift, Variable

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


@dataclass(frozen=True)
class Facts:
    """What is known before anything is asked.

    Attributes:
        endpoint: The base URL of the API that refused.
        credential: What the refused request's credential looks like.
        settings: The contract's five settings, with their sources.
        workspace_id: The workspace that the user named, as it was sent; `None` where none was named.
        workspace_source: Where that came from.
        inherited_workspace: The client's own, where the SDK sent it along with another key and nobody named one.
        method: The refused request's method. This and the following are `None` where nothing was refused yet.
        path: Its path below the endpoint.
        url: Its URL, without user information and query.
        status_code: The status of the refusal.
        request_id: The id the server gave the request.
        body: What the refusal's body says.
        redirected_to: The host that answered in place of the endpoint's, if another did.
        variables: The environment variables that are set.
        drift: The settings that differ from what the environment or `.env` says now.
        notes: What was seen of the `.env` file, a sentence each.
        is_own: Whether endpoint and key are the client's own, and not a replica's.
        dotenv_path: The `.env` file that was compared with, or `None` where none could be.
        bypasses: The parts of the SDK in use whose requests do not go through the client.
    """

    endpoint: str
    credential: Credential
    settings: dict[str, Setting]
    workspace_id: str | None = None
    workspace_source: str = "default"
    inherited_workspace: str | None = None
    method: str | None = None
    path: str | None = None
    url: str | None = None
    status_code: int | None = None
    request_id: str | None = None
    body: Body = NO_BODY
    redirected_to: str | None = None
    variables: tuple[Variable, ...] = ()
    drift: tuple[Drift, ...] = ()
    notes: tuple[str, ...] = ()
    is_own: bool = True
    dotenv_path: str | None = None
    bypasses: tuple[Bypass, ...] = ()

    @property
    def workspace(self) -> str | None:
        """The named workspace's id as LangSmith writes it, or `None` where none was named or it is not a UUID."""
        return canonical_workspace_id(self.workspace_id)

    @property
    def newer_key(self) -> Drift | None:
        """The place that now holds another key than the one in use, if one does."""
        return next((drift for drift in self.drift if drift.setting == "api_key"), None)

    @property
    def requirement(self) -> Requirement | None:
        """What the refused operation needs: as the body says, else as documented, else `None`."""
        known = requirement(self.method, self.path) if self.method and self.path is not None else None
        if self.body.permission and (known is None or known.permission != self.body.permission):
            return Requirement(self.body.permission, ())
        return known


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
