"""The values that rules and fixes work with: the facts, the evidence, and the verdict."""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple, TypeVar

from safe_langsmith._core.credentials import Credential, inspect_key
from safe_langsmith._core.endpoints import api_instead_of, host_of, is_ui, region_named, region_of, with_scheme
from safe_langsmith._core.needs import Need
from safe_langsmith._core.origins import DEFAULT, Origin
from safe_langsmith._core.permissions import Requirement, built_in_role, has_key_of_its_own, requirement, roles_with
from safe_langsmith._core.reasons import NamedReason
from safe_langsmith._core.responses import NO_BODY, Answer, Body, are_alike, canonical_workspace_id
from safe_langsmith._core.variables import NO_RELATED_VARIABLES, RelatedVariables, shown
from safe_langsmith._core.workspaces import meant_by
from safe_langsmith.diagnosis import Cause, Confidence, Probe, Setting, Workspace

CREDENTIALS = {"api_key": "key", "endpoint": "endpoint", "workspace_id": "workspace"}
"""The settings that decide what a request may do, and their names in sentences."""


class SettingInUse(NamedTuple):
    """The value of a setting, as it may be shown, with its origin.

    Attributes:
        value: The value; an API key is masked. `None` if nothing is set.
        origin: Its origin.
        others: The values that it overrides or now differs from.
        is_usable: Whether the value could be used at all. A placeholder could not.
    """

    value: str | None
    origin: Origin
    others: tuple[SettingInUse, ...] = ()
    is_usable: bool = True

    def public(self) -> Setting:
        """Return the `Setting` that a diagnosis shows."""
        return Setting(self.value, str(self.origin), tuple(other.public() for other in self.others))


class Variable(NamedTuple):
    """An environment variable that is set.

    Attributes:
        name: Its name.
        shown: Its value as it may be shown.
        overridden: Whether a variable that wins over it holds another value.
        setting: The setting it is for.
    """

    name: str
    shown: str
    overridden: bool
    setting: str


class Drift(NamedTuple):
    """A setting that would get another value if the client were made now without arguments.

    Attributes:
        setting: The setting's name.
        now: The value that the environment or `.env` has now, and where.
        on_purpose: Whether the value in use was given explicitly, so that the difference may be intended.
        dotenv_path: The path of the `.env` file that holds the other value, or `None` if the environment does.
    """

    setting: str
    now: SettingInUse
    on_purpose: bool
    dotenv_path: str | None = None


@dataclass(frozen=True)
class Configuration:
    """The five settings, and other facts of this machine that affect them. `configuration["api_key"]` is a setting.

    Attributes:
        settings: The settings by name.
        variables: The environment variables that are set.
        drift: The settings that differ from what the environment or `.env` says now.
        notes: Observations about the `.env` file, a sentence each.
        dotenv_path: The path of the `.env` file that was compared, or `None` if none could be.
        warnings: Mistakes in that file, the beginning of a sentence each.
        misread: The variables that the mistakes are about.
        read_errors: Which `.env` could not be read, and why, a sentence each.
        related_variables: Other variables that affect the destination of requests.
        profile: The origin of the settings that a login profile gave, or `None` if none did.
    """

    settings: Mapping[str, SettingInUse]
    variables: tuple[Variable, ...] = ()
    drift: tuple[Drift, ...] = ()
    notes: tuple[str, ...] = ()
    dotenv_path: str | None = None
    warnings: tuple[str, ...] = ()
    misread: tuple[str, ...] = ()
    read_errors: tuple[str, ...] = ()
    related_variables: RelatedVariables = NO_RELATED_VARIABLES
    profile: Origin | None = None

    def __getitem__(self, name: str) -> SettingInUse:
        """Return the setting with this name."""
        return self.settings[name]

    def with_settings(self, changed: Mapping[str, SettingInUse]) -> Configuration:
        """Return a copy with some settings replaced."""
        return replace(self, settings={**self.settings, **changed})

    def public(self) -> dict[str, Setting]:
        """Return the settings as a diagnosis shows them."""
        return {name: setting.public() for name, setting in self.settings.items()}

    @property
    def newer_key(self) -> Drift | None:
        """The place that now holds another usable key than the one in use, or `None`."""
        return next((drift for drift in self.drift if drift.setting == "api_key" and drift.now.is_usable), None)

    @property
    def other_key(self) -> SettingInUse | None:
        """The first place on this machine that holds another usable key than the one in use, or `None`."""
        newer = self.newer_key
        return newer.now if newer else next((other for other in self["api_key"].others if other.is_usable), None)

    @property
    def newer_workspace_id(self) -> str | None:
        """The workspace ID that a client made now would have, if the difference seems unintended; else `None`."""
        newer = (drift.now.value for drift in self.unintended_drift if drift.setting == "workspace_id")
        return canonical_workspace_id(next(newer, None))

    @property
    def unintended_drift(self) -> tuple[Drift, ...]:
        """The differences in key, endpoint and workspace that seem unintended."""
        return tuple(
            drift
            for drift in self.drift
            if drift.setting in CREDENTIALS
            and drift.now.is_usable
            and not drift.on_purpose
            and self[drift.setting].origin.kind != "unknown"
        )

    @property
    def disagreeing(self) -> tuple[Variable, ...]:
        """The variables for key, endpoint and workspace that the variable in use overrides, and that differ from it."""
        return tuple(
            variable
            for variable in self.variables
            if variable.overridden and self[variable.setting].origin.kind == "variable"
        )

    @property
    def mixture(self) -> str | None:
        """A sentence part that says that a profile gives only some of key, endpoint and workspace, or `None`.

        The SDK resolves each by itself: https://docs.langchain.com/langsmith/profile-configuration
        """
        origins = {
            f"the {name}": self[setting].origin
            for setting, name in CREDENTIALS.items()
            if self[setting].value and self[setting].origin != DEFAULT
        }
        theirs = [name for name, origin in origins.items() if origin == self.profile]
        others = [f"{name} from {origin}" for name, origin in origins.items() if origin != self.profile]
        if self.profile is None or not theirs or not others:
            return None
        verb = "comes" if len(theirs) == 1 else "come"
        return f"{' and '.join(theirs)} {verb} from {self.profile}, but {' and '.join(others)}"


@dataclass(frozen=True)
class ForbiddenRequest:
    """The request that was refused.

    Attributes:
        method: Its method.
        path: Its path below the endpoint.
        url: Its URL, without user information and query.
        status_code: The status of the refusal.
        request_id: The id that the server gave the request, or `None`.
        body: The parsed body of the refusal.
        redirected_to: The host that answered in place of the endpoint's, or `None`.
    """

    method: str
    path: str
    url: str
    status_code: int = 403
    request_id: str | None = None
    body: Body = NO_BODY
    redirected_to: str | None = None

    @property
    def writes(self) -> bool:
        """Whether the request changes something, as far as its method and path show. Some queries are POSTs."""
        is_query = re.search(r"/(?:query|search|stats|group|parse)/?$", self.path.partition("?")[0]) is not None
        return self.method.upper() not in ("GET", "HEAD", "OPTIONS") and not is_query


class Bypass(NamedTuple):
    """A part of the SDK, or another library, that sends its own requests without the client.

    Attributes:
        name: Its name in sentences.
        lacks: The disadvantages of its requests, as a clause.
        is_certain: Whether it is known to send requests without a workspace, and not merely loaded.
    """

    name: str
    lacks: str
    is_certain: bool = True


OTLP = Bypass(
    "the OpenTelemetry exporter",
    "no workspace is sent, and a refusal is one line in OpenTelemetry's log",
)
SANDBOX = Bypass(
    "sandbox clients",
    "no workspace is sent",
)
PYO3 = Bypass(
    "the Rust tracing client",
    "no workspace is sent, and errors are not seen in Python",
)
INTEGRATION = Bypass(
    "exporters of langsmith.integrations.otel",
    "no workspace is sent, and a refusal is one line in OpenTelemetry's log",
)
EXPORTER = Bypass(
    "OpenTelemetry exporters of the program",
    "no workspace is sent, and a refusal is one line in OpenTelemetry's log",
)
GENERATED = Bypass(
    "langsmith.Langsmith clients",
    "they do not read LANGSMITH_WORKSPACE_ID, and a refusal is not explained",
)
LITELLM = Bypass(
    "LiteLLM's callback",
    "it reads LANGSMITH_TENANT_ID, not LANGSMITH_WORKSPACE_ID",
)
LANGGRAPH = Bypass(
    "the LangGraph server's own requests",
    "it checks access and reports metadata with requests of its own",
    is_certain=False,
)

Interface = Literal["python", "async", "shell"]
"""The form of lines to copy: for the synchronous client, for the asynchronous one, or for a shell."""


@dataclass(frozen=True)
class TargetFacts:
    """The endpoint, the credential and the workspace of the requests in question.

    Attributes:
        endpoint: The base URL of the API.
        credential: The inspected credential.
        workspace_id: The workspace that the user named, as it was sent, or `None` if none was named.
        workspace_origin: The origin of that workspace, or of the inherited one if none was named.
        inherited_workspace: The client's workspace, if the SDK sent it along with another key and none was named.
        primary: Whether endpoint and key are the client's own, and not those of a replica or a call.
        replicas_take_auth: Whether the installed SDK's replicas can name a workspace.
        bypasses: The parts of the SDK in use whose requests do not go through the client.
        interface: The form of lines to copy.
        names_workspaces: Whether the installed SDK's client can name a workspace.
        resolves_workspace: Whether the client itself finds the only workspace when a request is refused.
        is_installed: Whether `install` made the client a safe one, so that the program has no line with `SafeClient`.
    """

    endpoint: str
    credential: Credential
    workspace_id: str | None = None
    workspace_origin: Origin = DEFAULT
    inherited_workspace: str | None = None
    primary: bool = True
    replicas_take_auth: bool = True
    bypasses: tuple[Bypass, ...] = ()
    interface: Interface = "python"
    names_workspaces: bool = True
    resolves_workspace: bool = True
    is_installed: bool = False

    @property
    def key_problem(self) -> str | None:
        """Why the key cannot be one here, or `None`. A gateway may accept what LangSmith's cloud does not."""
        key = self.credential
        return key.problem if not key.may_be_valid_elsewhere or self.is_swapped or region_of(self.endpoint) else None

    @property
    def is_swapped(self) -> bool:
        """Whether the key holds the ID of a workspace, and the workspace ID holds a key."""
        return self.credential.problem_kind == "uuid" and inspect_key(self.workspace_id).kind in ("personal", "service")

    @property
    def workspace(self) -> str | None:
        """The named workspace's id as LangSmith writes it, or `None` if none was named or it is not a UUID."""
        return canonical_workspace_id(self.workspace_id)

    @property
    def workspace_shown(self) -> str:
        """The named workspace's id as it may be shown, also if it is not one."""
        return self.workspace or f'"{shown("workspace_id", self.workspace_id) or ""}"'


class Successes(NamedTuple):
    """What LangSmith has accepted before in this process, from the same endpoint and key.

    Attributes:
        minutes: How long ago the last time was. Whole minutes, so that facts of one minute are equal.
        read: Whether it accepted a request that reads.
        wrote: Whether it accepted a request that writes, such as traces.
        traced_here: Whether it accepted traces, and the client still names the same workspace.
        without_workspace: Whether the client has never named a workspace.
    """

    minutes: int
    read: bool = False
    wrote: bool = False
    traced_here: bool = False
    without_workspace: bool = False

    @property
    def when(self) -> str:
        """The time in words."""
        return ago(self.minutes)


def ago(minutes: int) -> str:
    """Return how long ago something was, in words."""
    if minutes < 1:
        return "less than a minute ago"
    number, unit = (minutes, "minute") if minutes < 120 else (minutes // 60, "hour")
    return f"{number} {unit}{'s' if number > 1 else ''} ago"


class EarlierRefusal(NamedTuple):
    """A request that was refused in this process before, with the same endpoint, key and workspace.

    Attributes:
        request: The request.
        minutes: How long ago that was, in whole minutes.
    """

    request: ForbiddenRequest
    minutes: int


class RegionAnswer(NamedTuple):
    """The answer of another of LangSmith's cloud hosts to a key, which the user had asked.

    Attributes:
        region: The region's name.
        endpoint: The URL of its API.
        answer: The answer to `GET /workspaces`.
    """

    region: str
    endpoint: str
    answer: Answer

    @property
    def knows_key(self) -> bool:
        """Whether the region knows the key: it accepts it, or gives a reason that only its own keys are refused for."""
        body = self.answer.body
        return self.answer.knows_key or (
            self.answer.forbidden and (body.names_no_workspace or body.named_reason is not None)
        )

    @property
    def probe(self) -> Probe:
        """What a diagnosis shows of it."""
        return Probe("GET", f"{self.endpoint}/workspaces", self.answer.status or self.answer.error or "no answer")


class OtherRegion(NamedTuple):
    """A LangSmith region that something on this machine names and the client does not use.

    Attributes:
        region: The region's name.
        endpoint: The URL of its API.
        source: The setting or variable that names it, in words.
    """

    region: str
    endpoint: str
    source: str


@dataclass(frozen=True)
class Facts:
    """The facts known before any probe is sent.

    Attributes:
        target: The endpoint, credential and workspace in question.
        configuration: The settings of the client, and the related facts of this machine.
        request: The refused request, or `None` if nothing was refused yet.
        successes: What was accepted before with the same key, or `None` if nothing was, or if that is not known.
        regions: What the other regions answered, if the user had them asked.
        needs: The permissions that the program needs, if the client is checked before any request is refused.
        earlier: The requests that were refused before and that count for such a check, the latest first.
    """

    target: TargetFacts
    configuration: Configuration
    request: ForbiddenRequest | None = None
    successes: Successes | None = None
    regions: tuple[RegionAnswer, ...] = ()
    needs: tuple[Need, ...] = ()
    earlier: tuple[EarlierRefusal, ...] = ()

    @property
    def knowing_region(self) -> RegionAnswer | None:
        """The other region that knows the key, if the user had the others asked and just one does; else `None`."""
        knowing = [each for each in self.regions if each.knows_key]
        return knowing[0] if len(knowing) == 1 else None

    @property
    def is_known_nowhere(self) -> bool:
        """Whether all other regions were asked, and refused the key in the words that LangSmith has for any key."""
        return bool(self.regions) and all(each.answer.forbidden and each.answer.body.is_bare for each in self.regions)

    @property
    def other_region(self) -> OtherRegion | None:
        """The LangSmith region that something here names and the client does not use, or `None`."""
        here = region_of(self.target.endpoint)
        for other in self.configuration["endpoint"].others:
            named = region_named(other.value or "")
            if named and named[0] != here:
                return OtherRegion(named[0], named[1], other.origin.variable or str(other.origin))
        return None


MOST_PROBES = 4
"""How many distinct probes are sent for one refusal at most."""


class ProbeRequest(NamedTuple):
    """A read-only GET below the endpoint that refused.

    Attributes:
        path: The path below the endpoint.
        workspace_id: The workspace to name in the request, or `None` to name none.
        query: The query string, without the question mark.
    """

    path: str
    workspace_id: str | None = None
    query: str = ""

    @property
    def path_and_query(self) -> str:
        """What follows the endpoint in the URL."""
        return f"{self.path}?{self.query}" if self.query else self.path


# These are operations of https://api.smith.langchain.com/openapi.json. Permissions and defaults:
# https://docs.langchain.com/langsmith/organization-workspace-operations
LIST_WORKSPACES = ProbeRequest("/workspaces")
"""Which workspaces does the key reach?"""

LIST_DELETED_WORKSPACES = ProbeRequest("/workspaces", query="include_deleted=true")
"""Which workspaces are deleted?"""

GET_SETTINGS = ProbeRequest("/settings")
"""Which workspace does the key resolve to if none is named?"""

GET_INFO = ProbeRequest("/info")
"""Is this LangSmith's API at all? It answers with a key or without.

Only a self-hosted instance may be set to require one (`infoEndpointAuthRequired`): https://github.com/langchain-ai/helm
"""

GET_INFO_BELOW = ProbeRequest("/api/v1/info")
"""If the API is not here, is it below, as it is at a self-hosted instance?"""


def settings_in(workspace_id: str) -> ProbeRequest:
    """Return the probe that shows whether the key works in a workspace."""
    return ProbeRequest("/settings", workspace_id)


T = TypeVar("T")
Probing = Generator[ProbeRequest, Answer, T]
"""A computation that yields probes, receives their answers, and returns a `T`."""

NOT_ASKED = Answer(error="not asked: at most four probes are sent for one refusal", asked=False)
PROBING_OFF = Answer(error="probe=False, so no diagnostic request was sent", asked=False)


@dataclass
class Evidence:
    """The facts, and the answers collected so far.

    Attributes:
        facts: The facts.
        answers: The answers by probe.
        body: The parsed body of the refusal; if nothing was refused yet, that of the first refused probe.
    """

    facts: Facts
    answers: dict[ProbeRequest, Answer] = field(default_factory=dict)
    body: Body = field(init=False)

    def __post_init__(self) -> None:
        """Take the body from the refused request."""
        self.body = self.request.body if self.request else NO_BODY

    @property
    def target(self) -> TargetFacts:
        """The target, as in the facts."""
        return self.facts.target

    @property
    def configuration(self) -> Configuration:
        """The configuration, as in the facts."""
        return self.facts.configuration

    @property
    def request(self) -> ForbiddenRequest | None:
        """The refused request, as in the facts, or `None` if nothing was refused yet."""
        return self.facts.request

    def probe(self, request: ProbeRequest) -> Probing[Answer]:
        """Return the answer to a probe, which is sent unless its answer is known or enough probes were sent."""
        if request not in self.answers:
            if len(self.answers) >= MOST_PROBES:
                return NOT_ASKED
            self.answers[request] = yield request
        return self.answers[request]

    def everything_refused(self) -> Probing[bool]:
        """Return whether LangSmith refused every request made with the key."""
        named = [settings_in(self.target.workspace)] if self.target.workspace else []
        requests = (*named, GET_SETTINGS, LIST_WORKSPACES)
        # Known answers come first: if one of them decides, no further probe is sent.
        for request in sorted(requests, key=lambda request: request not in self.answers):
            answer = yield from self.probe(request)
            if not answer.forbidden or answer.knows_key:
                return False
        return True

    @property
    def settings_probe(self) -> ProbeRequest:
        """The probe that shows whether the key works in the workspace that the refused request ran in."""
        return settings_in(self.target.workspace) if self.target.workspace else GET_SETTINGS

    @property
    def requirement(self) -> Requirement | None:
        """The permission that the refused operation needs: from the body, else from the documentation, else `None`.

        If nothing was refused, the permissions that the program needs and the caller's role lacks.
        """
        request, permission = self.request, self.body.permission
        if request is None and self.lacking:
            first, *also = [need.permission for need in self.lacking]
            roles = [role for role in roles_with(first) if all(role in roles_with(name) for name in also)]
            return Requirement(first, tuple(roles), tuple(also))
        known = requirement(request.method, request.path) if request else None
        if permission and (known is None or known.permission != permission):
            return Requirement(permission, ())
        return known

    @property
    def listing(self) -> Answer | None:
        """The answer that lists the workspaces, or `None` if they were not listed."""
        return next((answer for answer in self.answers.values() if answer.workspaces is not None), None)

    @property
    def workspaces(self) -> tuple[Workspace, ...] | None:
        """The live workspaces, or `None` if they were not listed."""
        return self.listing.workspaces if self.listing else None

    def listed(self, workspace_id: str | None) -> Workspace | None:
        """Return the live workspace with this id, or `None` if it was not listed."""
        return self.listing.index.get(workspace_id) if self.listing else None

    def another_workspace(self, permission: str | None) -> Workspace | None:
        """Return a listed workspace that may have a permission and is not the one of the request, or `None`."""
        return self.listing.index.other_than(self.place, permission) if self.listing else None

    @property
    def place(self) -> Workspace | None:
        """The workspace that the refused request ran in, or `None` if the answers do not show it."""
        id_ = self.target.workspace
        if id_ is None and self.target.workspace_id is None:
            home = self.answers.get(GET_SETTINGS)
            id_ = home.resolved.id if home and home.resolved else None
        resolved = [a.resolved for a in self.answers.values() if a.resolved]
        return self.listed(id_) or next((workspace for workspace in resolved if workspace.id == id_), None)

    @property
    def reachable(self) -> tuple[Workspace, ...]:
        """The workspaces that the key is known to reach, those first that something on this machine names."""
        home = next((a.resolved for q, a in self.answers.items() if q.workspace_id is None and a.resolved), None)
        found = self.workspaces or ((home,) if home else ())
        named = {workspace.id: workspace for _, workspace in self.meanings if workspace in found}
        return (*named.values(), *(w for w in found if w.id not in named)) if named else found

    @property
    def meanings(self) -> list[tuple[SettingInUse, Workspace]]:
        """What on this machine names a workspace, by ID or by name, and is not in use; with the workspace."""
        home = next((a.resolved for q, a in self.answers.items() if q.workspace_id is None and a.resolved), None)
        found = self.workspaces or ((home,) if home else ())
        meant = [(other, meant_by(other.value, found)) for other in self.configuration["workspace_id"].others]
        return [(other, workspace) for other, workspace in meant if workspace is not None]

    def naming(self, workspace: Workspace) -> SettingInUse | None:
        """Return what on this machine names a workspace, by ID or by name, and is not in use; or `None`."""
        return next((other for other, named in self.meanings if named == workspace), None)

    @property
    def workspace_meant(self) -> Workspace | None:
        """The reachable workspace that the workspace ID means although it is not one, or `None`."""
        return meant_by(self.target.workspace_id, self.workspaces or ()) if self.target.workspace is None else None

    @property
    def newer_workspace(self) -> Drift | None:
        """The place that now names a workspace that the key reaches, in place of one that it does not, or `None`."""
        reached = {workspace.id for workspace in self.reachable}
        reached |= {answer.resolved.id for answer in self.answers.values() if answer.resolved}
        for drift in self.configuration.unintended_drift:
            if drift.setting == "workspace_id" and drift.now.value in reached and self.target.workspace not in reached:
                return drift
        return None

    @property
    def is_outdated(self) -> bool:
        """Whether the named workspace is refused, and the environment or `.env` now names one that is not."""
        return self.target.workspace is not None and self.newer_workspace is not None

    @property
    def refused_without_workspace(self) -> bool:
        """Whether the endpoint refused even to list the key's workspaces."""
        listing = self.answers.get(LIST_WORKSPACES)
        return listing is not None and listing.forbidden and not listing.knows_key

    @property
    def is_at_cloud(self) -> bool:
        """Whether the endpoint is the API of LangSmith's cloud, as its host shows."""
        return region_of(self.target.endpoint) is not None

    @property
    def is_langsmith_there(self) -> bool:
        """Whether an answer shows that LangSmith is behind the endpoint, whoever refused the request."""
        return any(answer.authorized or answer.service == "LangSmith" for answer in self.answers.values())

    @property
    def is_info_refused(self) -> bool:
        """Whether `GET /info`, which LangSmith answers to anybody, was refused as the request was: not by LangSmith."""
        about = self.answers.get(GET_INFO)
        if about is None or about.status not in (401, 403) or about.body.agent_server:
            return False
        # A self-hosted instance may keep GET /info for holders of a key. It then refuses in LangSmith's bare words.
        return self.is_at_cloud or (not about.body.is_bare and are_alike(about.body, self.body))

    def sureness(self, body: Body) -> Confidence:
        """Return how sure a cause is that only the words of a body show: gateways may speak like LangSmith."""
        about = self.answers.get(GET_INFO)
        is_own_text = body.is_langsmiths_text and (about is None or about.no_response)
        return Confidence.CONFIRMED if self.is_langsmith_there or is_own_text else Confidence.LIKELY

    @property
    def _giving_a_reason(self) -> Body | None:
        """The first body, of the refusal or of the answer to a probe, whose words name a reason; or `None`."""
        bodies = (self.body, *(answer.body for answer in self.answers.values()))
        return next((body for body in bodies if body.named_reason and not self._speaks_of_another_key(body)), None)

    def _speaks_of_another_key(self, body: Body) -> bool:
        """Return whether a body speaks of a key or token in the refused request, which is not the API key."""
        is_of_key = body is self.body and body.named_reason in ("expired", "revoked")
        may_be_another = self.request is not None and has_key_of_its_own(self.request.path)
        return is_of_key and may_be_another and not re.search(r"\bapi[ _-]?key", body.message or "", re.IGNORECASE)

    @property
    def named_reason(self) -> NamedReason | None:
        """What the words of the refusal, or of the answer to a probe, name as the reason; or `None`."""
        return self._giving_a_reason.named_reason if self._giving_a_reason else None

    @property
    def reason_message(self) -> str:
        """The words that name the reason."""
        return (self._giving_a_reason.message or "") if self._giving_a_reason else ""

    @property
    def worked_without_workspace(self) -> bool:
        """Whether the same key worked here before without a workspace, so that it had one of its own."""
        before = self.facts.successes
        return before is not None and before.without_workspace and self.target.workspace_id is None

    @property
    def swapped_with(self) -> str | None:
        """What holds a key in place of the API key, which holds an ID or an address instead; or `None`."""
        if self.target.is_swapped:
            return "the workspace ID"
        is_another_value = self.target.credential.problem_kind in ("uuid", "address")
        return self.configuration.related_variables.misplaced_key if is_another_value else None

    @property
    def proxy_refusal(self) -> str | None:
        """The words in which a proxy refused to connect to the endpoint, or `None`."""
        return next((answer.proxy_refusal for answer in self.answers.values() if answer.proxy_refusal), None)

    @property
    def key_was_lost(self) -> bool:
        """Whether a well-formed key seems not to have arrived: every answer is 401, or speaks of a legacy key."""
        answers = [self.answers.get(probe) for probe in (GET_SETTINGS, LIST_WORKSPACES)]
        about = self.answers.get(GET_INFO)
        is_well_formed = self.target.credential.kind in ("personal", "service") and not self.target.key_problem
        is_info_refused = about is not None and about.status in (401, 403)
        is_unauthorized = all(answer is not None and answer.status == 401 for answer in answers)
        return is_well_formed and not is_info_refused and (is_unauthorized or self.body.legacy_key)

    @property
    def header_lost(self) -> bool:
        """Whether a probe for one workspace was answered for another."""
        return any(q.workspace_id and a.resolved and a.resolved.id != q.workspace_id for q, a in self.answers.items())

    @property
    def api_elsewhere(self) -> str | None:
        """The API's URL if the endpoint is another address of LangSmith's or has a wrong scheme, else `None`."""
        endpoint, below = self.target.endpoint, self.answers.get(GET_INFO_BELOW)
        # An instance may refuse to tell about itself without a key; it does so in LangSmith's own form.
        if below and (below.service == "LangSmith" or below.forbidden):
            return f"{endpoint.rstrip('/')}/api/v1"
        known = api_instead_of(endpoint)
        return known[0] if known else with_scheme(endpoint)

    @property
    def api_is_proved(self) -> bool:
        """Whether a probe showed that the API is there, or the endpoint is the web UI, whose API is known."""
        below = self.answers.get(GET_INFO_BELOW)
        return is_ui(self.target.endpoint) if below is None else below.service == "LangSmith"

    @property
    def data_plane(self) -> str | None:
        """The URL of the data plane of the workspace in question, if that is another host than the endpoint's."""
        place = self.place
        if place:
            planes = [answer.data_planes.get(place.id) for answer in self.answers.values()]
            plane = next((url for url in planes if url), None)
        else:
            plane = self.listing.index.data_plane if self.listing else None
        return plane if plane and host_of(plane) != host_of(self.target.endpoint) else None

    @property
    def lacks_permission(self) -> str | None:
        """The permission that the operation needs and the caller's role lacks, or `None` if that is not known."""
        needed, place = self.requirement, self.place
        if self.request is None and self.lacking:
            return self.lacking[0].permission
        if needed is None or place is None:
            return None
        if place.permissions is not None:
            return next((name for name in (needed.permission, *needed.also) if name not in place.permissions), None)
        role = built_in_role(place.role)
        return needed.permission if role and needed.roles and role not in needed.roles else None

    @property
    def lacking(self) -> tuple[Need, ...]:
        """The permissions that the program needs and the caller's role lacks."""
        return tuple(need for need in self.facts.needs if self._has(need) is False)

    @property
    def unlisted(self) -> tuple[Need, ...]:
        """The permissions that the program needs, and of which no answer shows whether the caller has them."""
        return tuple(need for need in self.facts.needs if self._has(need) is None)

    def _has(self, need: Need) -> bool | None:
        """Return whether the caller has a permission, or `None` if that is not known."""
        name, place, before = need.permission, self.place, self.facts.successes
        if place is not None and name in (place.permissions or ()):
            return True
        # Traces that arrive prove more than a list: a policy may allow what the role does not.
        if name == "runs:create" and before is not None and before.traced_here:
            return True
        # The list of a workspace has nothing of the organization.
        if place is None or name.startswith("organization:"):
            return None
        if place.permissions is not None:
            return False
        # That a role should have a permission is no list of the caller's.
        role, roles = built_in_role(place.role), roles_with(name)
        return False if role and roles and role not in roles else None

    @property
    def is_permitted(self) -> bool:
        """Whether the caller's role is known to include what the operation needs."""
        needed, place = self.requirement, self.place
        if needed is None or place is None or self.lacks_permission:
            return False
        return place.permissions is not None or built_in_role(place.role) in needed.roles

    @property
    def probes(self) -> tuple[Probe, ...]:
        """The probes that were sent, with their results."""
        return tuple(
            Probe(
                "GET",
                request.path_and_query + (f" [workspace {request.workspace_id}]" if request.workspace_id else ""),
                answer.status if answer.status is not None else answer.error or "no answer",
            )
            for request, answer in self.answers.items()
            if answer.asked
        )


class Verdict(NamedTuple):
    """A cause, how well it is supported, and the reason.

    Attributes:
        cause: The cause.
        confidence: How well the evidence supports it.
        reason: The observation that supports it, as the end of a sentence.
        curable: Whether naming a workspace may help, if none was named.
    """

    cause: Cause
    confidence: Confidence
    reason: str
    curable: bool = False
