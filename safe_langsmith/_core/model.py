"""The values that rules and fixes work with: the facts, the probes that can be sent, and the verdict."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from safe_langsmith._core.bypasses import Bypass
from safe_langsmith._core.credentials import Credential, inspect_key
from safe_langsmith._core.endpoints import region_named, region_of
from safe_langsmith._core.needs import Need
from safe_langsmith._core.origins import DEFAULT, Origin
from safe_langsmith._core.responses import NO_BODY, Answer, Body
from safe_langsmith._core.variables import NO_RELATED_VARIABLES, RelatedVariables, shown
from safe_langsmith._core.workspaces import canonical_workspace_id
from safe_langsmith.diagnosis import Cause, Confidence, Probe, Setting

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
        files_unread: Whether the files of this machine were not read in time, so that they may say anything.
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
    files_unread: bool = False

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


PROBING_OFF = Answer(error="probe=False, so no diagnostic request was sent", asked=False)


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
