"""What is known before anything is asked: of this process, of the client, and of the refusal."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from safe_langsmith._core.credentials import Credential
from safe_langsmith._core.endpoints import api_instead_of_ui, host_of, region_named, region_of, with_scheme
from safe_langsmith._core.permissions import Requirement, requirement
from safe_langsmith._core.responses import NO_BODY, Answer, Body, canonical_workspace_id
from safe_langsmith._core.settings import NOTHING_ELSE, UNKNOWN, Drift, RelatedVariables, Variable, shown, variable_in
from safe_langsmith.diagnosis import Cause, Confidence, Probe, Setting, Workspace


class Bypass(NamedTuple):
    """A part of the SDK that sends requests of its own.

    Attributes:
        name: What it is called.
        lacks: What its requests lack.
        way_round: What to do where its requests need a workspace.
        is_certain: Whether it is known to send requests without a workspace, and not merely there.
    """

    name: str
    lacks: str
    way_round: str
    is_certain: bool = True


OTLP = Bypass(
    "the OpenTelemetry exporter",
    "no workspace is sent, and a refusal is one line in OpenTelemetry's log",
    'OTEL_EXPORTER_OTLP_HEADERS="x-api-key=<key>,X-Tenant-Id=<workspace id>"',
)
SANDBOX = Bypass(
    "sandbox clients",
    "no workspace is sent",
    'SandboxClient(headers={"X-Tenant-Id": "<workspace id>"})',
)
PYO3 = Bypass(
    "the Rust tracing client",
    "no workspace is sent, and errors are not seen in Python",
    "unset LANGSMITH_USE_PYO3_CLIENT",
)

CREDENTIALS = {"api_key": "key", "endpoint": "endpoint", "workspace_id": "workspace"}
"""The settings that decide what a request may do, and what they are called."""


class Elsewhere(NamedTuple):
    """A region that the client does not use.

    Attributes:
        region: The region's name.
        endpoint: The URL of its API.
        source: What names it.
    """

    region: str
    endpoint: str
    source: str


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
        replicas_take_auth: Whether the installed SDK's replicas can name a workspace.
        dotenv_path: The `.env` file that was compared with, or `None` where none could be.
        remarks: What is wrong with that file.
        unread: Which `.env` could not be read, and why.
        related_variables: What else is set that bears on where requests go.
        profile: How the profile is named that some settings came from, or `None` where none did.
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
    replicas_take_auth: bool = True
    dotenv_path: str | None = None
    remarks: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    related_variables: RelatedVariables = NOTHING_ELSE
    profile: str | None = None
    bypasses: tuple[Bypass, ...] = ()

    @property
    def workspace(self) -> str | None:
        """The named workspace's id as LangSmith writes it, or `None` where none was named or it is not a UUID."""
        return canonical_workspace_id(self.workspace_id)

    @property
    def workspace_shown(self) -> str:
        """The named workspace's id as it may be shown, whatever stands in its place."""
        return self.workspace or f'"{shown("workspace_id", self.workspace_id) or ""}"'

    @property
    def newer_key(self) -> Drift | None:
        """The place that now holds another key than the one in use, if one does: not a placeholder for one."""
        return next((drift for drift in self.drift if drift.setting == "api_key" and drift.is_usable), None)

    @property
    def unintended_drift(self) -> tuple[Drift, ...]:
        """The differences in key, endpoint and workspace that nobody made on purpose, as far as that shows."""
        return tuple(
            drift
            for drift in self.drift
            if drift.setting in CREDENTIALS
            and drift.is_usable
            and not drift.on_purpose
            and self.settings[drift.setting].source != UNKNOWN
        )

    @property
    def disagreeing(self) -> tuple[Variable, ...]:
        """The variables for key, endpoint and workspace that are overruled by the variable in use, and differ."""
        return tuple(
            variable
            for variable in self.variables
            if variable.overruled and variable_in(self.settings[variable.setting].source)
        )

    @property
    def other_region(self) -> Elsewhere | None:
        """The LangSmith region that something here names and the client does not use, or `None`."""
        here = region_of(self.endpoint)
        for other in self.settings["endpoint"].others:
            named = region_named(other.value or "")
            if named and named[0] != here:
                return Elsewhere(named[0], named[1], variable_in(other.source) or other.source)
        return None

    @property
    def mixture(self) -> str | None:
        """Says that key, endpoint and workspace come from a profile and from elsewhere, or `None` where they do not.

        The SDK resolves each by itself: https://docs.langchain.com/langsmith/profile-configuration
        """
        sources = {
            f"the {name}": self.settings[setting].source
            for setting, name in CREDENTIALS.items()
            if self.settings[setting].value and self.settings[setting].source != "default"
        }
        theirs = [name for name, source in sources.items() if source == self.profile]
        others = [f"{name} from {source}" for name, source in sources.items() if source != self.profile]
        if self.profile is None or not theirs or not others:
            return None
        verb = "comes" if len(theirs) == 1 else "come"
        return f"{' and '.join(theirs)} {verb} from {self.profile}, but {' and '.join(others)}"

    @property
    def requirement(self) -> Requirement | None:
        """What the refused operation needs: as the body says, else as documented, else `None`."""
        known = requirement(self.method, self.path) if self.method and self.path is not None else None
        if self.body.permission and (known is None or known.permission != self.body.permission):
            return Requirement(self.body.permission, ())
        return known


MOST_PROBES = 3


class ProbeRequest(NamedTuple):
    """A read-only GET, below the endpoint that refused.

    Attributes:
        path: The path below the endpoint.
        workspace_id: The workspace to name in the request, or `None` to name none.
        query: The query string, without the question mark.
    """

    path: str
    workspace_id: str | None = None
    query: str = ""


LIST_WORKSPACES = ProbeRequest("/workspaces")
"""Which workspaces does the key reach?"""

LIST_DELETED_WORKSPACES = ProbeRequest("/workspaces", query="include_deleted=true")
"""And which were there once?"""

GET_SETTINGS = ProbeRequest("/settings")
"""Which workspace does the key resolve to where none is named?"""


GET_INFO = ProbeRequest("/info")
"""Is this LangSmith's API at all? It answers anybody, with a key or without."""

GET_INFO_BELOW = ProbeRequest("/api/v1/info")
"""And if not here, is it below, as it is at a self-hosted instance?"""


def inside(workspace_id: str) -> ProbeRequest:
    """Does the key work in this workspace?"""
    return ProbeRequest("/settings", workspace_id)


T = TypeVar("T")
Probing = Generator[ProbeRequest, Answer, T]
"""A computation that yields questions, receives their answers, and returns a `T`."""

NOT_ASKED = Answer(error="not asked: at most three questions are asked about one refusal", asked=False)


@dataclass
class Evidence:
    """The facts, and the answers collected so far."""

    facts: Facts
    answers: dict[ProbeRequest, Answer] = field(default_factory=dict)

    def ask(self, question: ProbeRequest) -> Probing[Answer]:
        """Asks, unless the answer is known or enough was asked."""
        if question not in self.answers:
            if len(self.answers) >= MOST_PROBES:
                return NOT_ASKED
            self.answers[question] = yield question
        return self.answers[question]

    @property
    def here(self) -> ProbeRequest:
        """Does the key work in the workspace that the refused request ran in?"""
        return inside(self.facts.workspace) if self.facts.workspace else GET_SETTINGS

    @property
    def workspaces(self) -> tuple[Workspace, ...] | None:
        """The live workspaces, or `None` where they were not listed."""
        return next((a.workspaces for a in self.answers.values() if a.workspaces is not None), None)

    @property
    def place(self) -> Workspace | None:
        """The workspace that the refused request ran in, as far as the answers tell."""
        id_ = self.facts.workspace
        if id_ is None and self.facts.workspace_id is None:
            home = self.answers.get(GET_SETTINGS)
            id_ = home.resolved.id if home and home.resolved else None
        resolved = [a.resolved for a in self.answers.values() if a.resolved]
        return next((w for w in (*(self.workspaces or ()), *resolved) if w.id == id_), None)

    @property
    def refused_without_workspace(self) -> bool:
        """Whether not even the list of workspaces is shown to this key, whatever workspace was named."""
        listing = self.answers.get(LIST_WORKSPACES)
        return listing is not None and listing.forbidden and not listing.knows_key

    @property
    def header_lost(self) -> bool:
        """Whether a question for one workspace was answered for another."""
        return any(q.workspace_id and a.resolved and a.resolved.id != q.workspace_id for q, a in self.answers.items())

    @property
    def api_elsewhere(self) -> str | None:
        """The API's URL where the endpoint is a web page of LangSmith's, as far as that shows."""
        below = self.answers.get(GET_INFO_BELOW)
        # An instance may refuse to tell about itself without a key; it does so in LangSmith's own form.
        if below and (below.service == "LangSmith" or below.forbidden):
            return f"{self.facts.endpoint.rstrip('/')}/api/v1"
        return api_instead_of_ui(self.facts.endpoint) or with_scheme(self.facts.endpoint)

    @property
    def api_is_proved(self) -> bool:
        """Whether it was seen that the API is there, or everybody knows."""
        below = self.answers.get(GET_INFO_BELOW)
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


class Verdict(NamedTuple):
    """A cause, how well it is supported, and what supports it.

    Attributes:
        cause: The cause.
        confidence: How well the evidence supports it.
        reason: What was seen, as the end of a sentence.
        curable: Whether naming a workspace may cure it, where nobody named one.
    """

    cause: Cause
    confidence: Confidence
    reason: str
    curable: bool = False
