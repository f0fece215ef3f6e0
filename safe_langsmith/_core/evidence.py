"""The facts with the answers collected so far, and what rules and fixes read from them."""

from __future__ import annotations

import re
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import TypeVar

from safe_langsmith._core.endpoints import api_instead_of, host_of, is_ui, region_of, with_scheme
from safe_langsmith._core.model import (
    GET_INFO,
    GET_INFO_BELOW,
    GET_SETTINGS,
    LIST_WORKSPACES,
    Configuration,
    Drift,
    Facts,
    ForbiddenRequest,
    ProbeRequest,
    SettingInUse,
    TargetFacts,
    settings_in,
)
from safe_langsmith._core.needs import Need
from safe_langsmith._core.permissions import Requirement, built_in_role, has_key_of_its_own, requirement, roles_with
from safe_langsmith._core.reasons import NamedReason
from safe_langsmith._core.responses import NO_BODY, Answer, Body, are_alike
from safe_langsmith._core.variables import VARIABLES
from safe_langsmith._core.workspaces import WorkspaceIndex, means_none, speaks_of_workspaces
from safe_langsmith.diagnosis import Confidence, Probe, Workspace

MOST_PROBES = 4
"""How many distinct probes are sent for one refusal at most."""

T = TypeVar("T")
Probing = Generator[ProbeRequest, Answer, T]
"""A computation that yields probes, receives their answers, and returns a `T`."""

NOT_ASKED = Answer(error="not asked: at most four probes are sent for one refusal", asked=False)


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
    def _reached(self) -> WorkspaceIndex:
        """The workspaces that are listed, or else the key's default one."""
        if self.listing and self.listing.workspaces:
            return self.listing.index
        home = next((a.resolved for q, a in self.answers.items() if q.workspace_id is None and a.resolved), None)
        return WorkspaceIndex((home,) if home else ())

    @property
    def reachable(self) -> tuple[Workspace, ...]:
        """The workspaces that the key is known to reach, those first that something on this machine names."""
        named = {workspace.id: workspace for _, workspace in self.meanings}
        return tuple({**named, **self._reached.by_id}.values())

    @property
    def meanings(self) -> list[tuple[SettingInUse, Workspace]]:
        """The settings that are not in use and name a workspace that the key reaches, each with that workspace."""
        reached = self._reached
        meant = [(other, reached.meant_by(other.value)) for other in self.configuration["workspace_id"].others]
        return [(other, workspace) for other, workspace in meant if workspace is not None]

    def naming(self, workspace: Workspace) -> SettingInUse | None:
        """Return what on this machine names a workspace, by ID or by name, and is not in use; or `None`."""
        return next((other for other, named in self.meanings if named == workspace), None)

    def refuses(self, workspace_id: str) -> bool:
        """Return whether the key was refused in a workspace."""
        answer = self.answers.get(settings_in(workspace_id))
        return workspace_id == self.target.workspace or (answer is not None and not answer.authorized)

    @property
    def unreached(self) -> list[SettingInUse]:
        """The settings that are not in use and name a workspace that the list of workspaces does not contain."""
        others = [other for other in self.configuration["workspace_id"].others if speaks_of_workspaces(other.origin)]
        # A variable that was set after the client was made names one, too. An argument overrides it on purpose.
        drift = [drift for drift in self.configuration.drift if drift.setting == "workspace_id"]
        others += [each.now for each in drift if each.now.origin.kind == "variable" and not each.on_purpose]
        listed = self._reached
        return [other for other in others if means_none(other.value or "", listed)]

    @property
    def workspace_meant(self) -> Workspace | None:
        """The reachable workspace that the workspace ID means although it is not one, or `None`."""
        is_malformed = self.target.workspace is None
        return self.listing.index.meant_by(self.target.workspace_id) if self.listing and is_malformed else None

    @property
    def newer_workspace(self) -> Drift | None:
        """The place that now names a workspace that the key reaches, in place of one that it does not, or `None`."""
        reached = {answer.resolved.id for answer in self.answers.values() if answer.resolved}
        if self._reached.get(self.target.workspace) or self.target.workspace in reached:
            return None
        for drift in self.configuration.unintended_drift:
            now = drift.now.value
            if drift.setting == "workspace_id" and (self._reached.get(now) or now in reached):
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
    def words_unknown(self) -> str | None:
        """What the refusal, or the answer to a probe, gives as the reason in words that no rule knows; or `None`."""
        bodies = (self.body, *(answer.body for answer in self.answers.values() if answer.status in (401, 403)))
        return None if self.named_reason else next((body.message for body in bodies if body.says_why), None)

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
        holder = self.configuration.related_variables.misplaced_key
        # A project may have any name.
        its_own = ("uuid", "address") if holder not in VARIABLES["project"] else ("form", "placeholder")
        return holder if self.target.credential.problem_kind in its_own else None

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
        # A self-hosted instance may keep GET /info for holders of a key, and answers 401, too, if none arrives.
        is_info_refused = about is not None and about.status in ((401, 403) if self.is_at_cloud else (403,))
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
