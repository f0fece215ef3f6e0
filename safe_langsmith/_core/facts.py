"""What is known before anything is asked: of this process, of the client, and of the refusal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from safe_langsmith.diagnosis import Setting

from .answers import canonical_workspace_id
from .body import NO_BODY, Body
from .bypasses import Bypass
from .hosts import region_named, region_of
from .keys import Credential
from .permissions import Requirement, requirement
from .settings import UNKNOWN, Drift, Variable
from .variables import NOTHING_ELSE, Surroundings, shown, variable_in

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
        surroundings: What else is set that bears on where requests go.
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
    surroundings: Surroundings = NOTHING_ELSE
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
    def meant_drift(self) -> tuple[Drift, ...]:
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
