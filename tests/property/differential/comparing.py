"""Compare a program's run with our client and its run with the SDK's, and say what differs that may not."""

from __future__ import annotations

import datetime
import re
import traceback
import types
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from langsmith.utils import LangSmithError

from safe_langsmith import ForbiddenDiagnosis

from .arguments import SECRETS
from .server import MOVED, PREFIX, RETRY_COUNT, Request, Service

if TYPE_CHECKING:
    from .playing import Outcome, Player

MOST_PROBES = 4
_PROBES = re.compile(r"/(settings|workspaces(\?include_deleted=true)?|info|api/v1/info)$")
_DRAWN = (
    (re.compile(rf"(?!{PREFIX})[0-9a-f]{{8}}-[0-9a-f]{{4}}-[0-9a-f]{{4}}-[0-9a-f]{{4}}-[0-9a-f]{{12}}"), "<id>"),
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(\+00:00|Z)?|\d{8}T\d{12}Z"), "<time>"),
    (re.compile(r"0x[0-9a-f]{6,}"), "<address>"),
)


@dataclass
class Group:
    """One request as the SDK would send it: the request that counts, with what our client sent on account of it.

    Attributes:
        request: The request; after a retry, the second send.
        first: The refused first send, if there was a second.
        probes: The probes that followed.
        fired: The positions of the changes that were made while any of these was in flight.
    """

    request: Request
    first: Request | None = None
    probes: list[Request] = field(default_factory=list)
    fired: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.fired += self.request.fired


def groups_of(requests: list[Request]) -> list[Group]:
    """Sort the requests that a call of our client sent: into those that the SDK would send, second sends and probes."""
    groups: list[Group] = []
    refusals: list[Request] = []
    # Where the chain of redirects began that ended in the latest refusal.
    refused: int | None = None
    for request in requests:
        # A callback can have had the SDK repeat a refused request, whose stream was then at its end. The first counts.
        if refused is not None and any(_is_second(request, first) for first in (groups[refused].request, *refusals)):
            replaced = groups[refused:]
            group = Group(request, replaced[0].request, [probe for each in replaced for probe in each.probes])
            group.fired[:0] = [at for each in replaced for at in each.fired]
            groups[refused:], refusals = [group], []
        elif refused is not None and request.method == "GET" and not request.body and _PROBES.search(request.target):
            groups[-1].probes.append(request)
            groups[-1].fired += request.fired
            continue
        else:
            groups.append(Group(request))
        if request.answer.status == 403:
            same = (request.method, request.target)
            refusals = [*(each for each in refusals if (each.method, each.target) == same), request]
            refused = len(groups) - 1
            while refused and _leads_to(groups[refused - 1].request, groups[refused].request):
                refused -= 1
        else:
            refused = None
    return groups


def _leads_to(before: Request, request: Request) -> bool:
    """Return whether a request was redirected to the next one, or repeated by it."""
    is_same = (before.method, before.target) == (request.method, request.target)
    return before.answer.status in (301, 302, 307, 308) or (
        is_same and before.answer.status in (429, 500, 502, 503, 504)
    )


def _is_second(request: Request, first: Request) -> bool:
    # A workspace that the SDK put on a request for another key is not the user's.
    named_before = first.workspace if not first.named.inherits else None
    names_now = request.workspace not in (None, first.workspace) and named_before is None
    return names_now and request.without_workspace() == first.without_workspace()


# The token of something shared permits reading it, so no text shows it.
_TOKEN = re.compile(r"(/public/)[^/]+")


def faults_of(ours: Player, sdk: Player, counted: Counter[str]) -> Iterator[str]:
    """Yield what differs in two runs of a program and is not among the allowed differences.

    Args:
        ours: The run with our client.
        sdk: The run with the SDK's.
        counted: Counts what happened, to show that enough happens.
    """
    kept: dict[Any, str] = {}
    for number, outcome in ours.outcomes.items():
        theirs = sdk.outcomes[number]
        label = f"step {number}, {next(step.name for step in ours.program.steps if step.number == number)}: "
        for fault in (*_requests(outcome, theirs, ours, kept, counted), *_outcomes(outcome, theirs, counted)):
            yield label + fault
    yield from _whole_runs(ours, sdk)


def _requests(
    ours: Outcome, sdk: Outcome, player: Player, kept: dict[Any, str], counted: Counter[str]
) -> Iterator[str]:
    service: Service = player.script.service
    counted["calls"] += 1
    counted["requests"] += len(sdk.groups)
    # A second send is a single one, and where it is redirected, the last request is not it.
    if len(sdk.groups) > len(ours.groups) and not any(group.first for group in ours.groups):
        yield f"the SDK sends {sdk.groups[len(ours.groups)].request}, ours does not"
    before: Group | None = None
    for position, group in enumerate(ours.groups):
        request = group.request
        identity = request.identity
        yield from _probes(group)
        if group.first is not None:
            counted["retries"] += 1
            yield from (f"second send {request}: {fault}" for fault in _second(group, service, player))
        if kept and (request.method, request.path) == ("GET", "/settings") and not _asks(sdk, position, request):
            # After a retry, the SDK asks for the settings again: it has cached those of another workspace, or none.
            ours.asked_again = True
            return
        if position >= len(sdk.groups):
            yield f"ours sends {request}, the SDK does not"
            return
        expected = sdk.groups[position].request
        if (differs := _difference(group.first or request, expected)) is not None:
            yield f"ours sends {request}, the SDK {expected}: {differs}"
        # The workspace that a retry was accepted with stays with its sender, and HTTP libraries keep it on a redirect.
        chosen = kept.get(identity) if expected.workspace is None or request.named.inherits else None
        redirected = before.request.workspace if before is not None and request.path.startswith(MOVED) else None
        allowed = {expected.workspace, chosen, redirected}
        if group.first is None and request.workspace not in allowed:
            yield f"ours names {request.workspace}, the SDK {expected.workspace}: {request}"
        if group.first is not None and request.answer.status not in (401, 403) and request.workspace:
            kept[identity] = request.workspace
        repeats = before is not None and before.request.without_workspace() == request.without_workspace()
        if before is not None and before.first is not None and repeats and not _transport_repeats(before, player):
            yield f"a second send is repeated: {request}"
        before = group
    if before is not None and isinstance(ours.error, ForbiddenDiagnosis):
        for id_ in _set_without_sending(ours.error):
            kept[before.request.identity] = id_


def _asks(outcome: Outcome, position: int, request: Request) -> bool:
    return position < len(outcome.groups) and outcome.groups[position].request.path == request.path


def _set_without_sending(error: ForbiddenDiagnosis) -> list[str]:
    """Return the workspace that the client names from now on, although the request could not be sent again."""
    first = error.fixes[0]
    # For another key than the client's own, the title goes on.
    if not first.title.startswith("Call again"):
        return []
    return [workspace.id for workspace in error.workspaces or () if f'"{workspace.name}"' in first.detail]


def _second(group: Group, service: Service, player: Player) -> Iterator[str]:
    request, first = group.request, group.first
    assert first is not None
    account, chosen = service.account_of(request), request.workspace
    if chosen not in account.workspaces:
        yield f"its key reaches {account.workspaces}"
    for named in (first.named.workspace, request.named.workspace):
        if named not in (None, chosen):
            yield f"the program had named {named}"
    choice = player.program.choice
    if choice == "always" and len(account.workspaces) != 1:
        yield f"it could mean {account.workspaces}"
    if choice != "always" and chosen not in player.offered:
        yield f"nobody chose it: {choice}"


def _probes(group: Group) -> Iterator[str]:
    asked = {(probe.target, probe.workspace) for probe in group.probes}
    limit = MOST_PROBES * (2 if group.first is not None and group.request.answer.status == 403 else 1)
    if len(asked) > limit or len(group.probes) > 2 * limit:
        yield f"{len(group.probes)} probes: {[probe.target for probe in group.probes]}"
    refused = group.first or group.request
    for probe in group.probes:
        if (probe.host, probe.by_name.get("x-api-key")) != (refused.host, refused.by_name.get("x-api-key")):
            yield f"a probe has another key or host: {probe} {probe.identity}"


def _transport_repeats(group: Group, player: Player) -> bool:
    """Return whether urllib3, or a generated client, repeats a request after this answer on its own account."""
    answer = group.request.answer
    generated = "x-stainless-lang" in group.request.by_name
    return (player.program.retries or generated) and (answer.framing == "drop" or answer.status in (429, 500, 503))


def _difference(ours: Request, sdk: Request) -> str | None:
    """Return how two requests differ, apart from the workspace and from what the SDK draws anew for each."""
    if ours.method != sdk.method:
        return "method"
    for name, of in (("target", lambda r: plain(r.target)), ("headers", _headers), ("body", _body)):
        if of(ours) != of(sdk):
            return f"{name}: {_changed(of(ours), of(sdk))}"
    return None


def _headers(request: Request) -> list[tuple[str, str]]:
    # The length of a body changes with the times in it, and the body is compared.
    left_out = ("content-length", RETRY_COUNT, "x-tenant-id")
    pairs = [(name.lower(), plain(value)) for name, value in request.headers if name.lower() not in left_out]
    return sorted((name, value.replace(request.boundary, "<boundary>")) for name, value in pairs)


def _body(request: Request) -> str:
    return str(plain(request.body.decode("latin-1").replace(request.boundary, "<boundary>")))


def _outcomes(ours: Outcome, sdk: Outcome, counted: Counter[str]) -> Iterator[str]:
    if ours.kept != sdk.kept:
        yield f"arguments afterwards: {_changed(ours.kept, sdk.kept)}"
    if ours.heard != sdk.heard and not any(group.first for group in ours.groups):
        yield f"callbacks: {_changed(ours.heard, sdk.heard)}"
    if (ours.error is None) != (sdk.error is None):
        yield f"ours raises {_told(ours.error)}, the SDK {_told(sdk.error)}"
    elif ours.error is None:
        if ours.value != sdk.value and not ours.asked_again:
            yield f"value: {_changed(ours.value, sdk.value)}"
    elif sdk.error is not None:
        counted[type(sdk.error).__name__] += 1
        counted["diagnoses"] += isinstance(ours.error, ForbiddenDiagnosis)
        yield from _errors(ours.error, sdk.error, ours)


def _errors(ours: Exception, sdk: Exception, outcome: Outcome) -> Iterator[str]:
    told = str(sdk)
    if not isinstance(ours, ForbiddenDiagnosis):
        # urllib3 does not repeat a second send, so it does not say that its attempts are used up.
        ends_unlike = "ConnectionError" in told and any(group.first for group in outcome.groups)
        if type(ours) is not type(sdk) or (plain(str(ours)) != plain(told) and not ends_unlike):
            yield f"ours raises {_told(ours)}, the SDK {_told(sdk)}"
        # Not the digits of a port.
        elif (re.search(r"\b403\b", told) or "org-scoped" in told) and _is_for_own_host(outcome):
            yield f"a 403 is not explained: {_told(ours)}"
        return
    if "of the program" in told or not outcome.groups or outcome.groups[-1].request.answer.status != 403:
        yield f"ours explains what was no 403: {_told(ours)}, the SDK {_told(sdk)}"
    # The SDK trips over a body that is not an object.
    caught = LangSmithError if isinstance(sdk, (AttributeError, RecursionError)) else type(sdk)
    if not isinstance(ours, caught):
        yield f"{_told(ours)} is no {caught}"
    message = " ".join(str(ours).split())
    if caught is type(sdk) and _TOKEN.sub(r"\1****", told)[:30] not in message:
        yield f"the SDK's message is missing: {told[:100]!r} in {message!r}"
    if caught is type(sdk) and plain(str(ours.sdk_error)) != plain(told):
        yield f"sdk_error: {_changed(plain(str(ours.sdk_error)), plain(told))}"
    shown = [str(ours), repr(ours), str(ours.diagnosis), str(ours.diagnosis.to_dict()), ours.diagnosis._repr_html_()]
    shown += traceback.format_exception(type(ours), ours, ours.__traceback__)
    if leaked := [secret for secret in SECRETS if any(secret in text for text in shown)]:
        yield f"a key in a text: {leaked}"


def _is_for_own_host(outcome: Outcome) -> bool:
    """Return whether the last request, or the one that was redirected to it, is for the client's endpoint."""
    requests = [group.request for group in outcome.groups]
    while len(requests) > 1 and requests[-1].path.startswith(MOVED):
        requests.pop()
    return bool(requests) and requests[-1].named.is_own_host


def _whole_runs(ours: Player, sdk: Player) -> Iterator[str]:
    if ours.troubles or sdk.troubles:
        yield f"the program itself fails: {ours.troubles or sdk.troubles}"
    if ours.left != sdk.left:
        yield f"session, headers or environment: {_changed(ours.left, sdk.left)}"
    if more := ours.warned - sdk.warned:
        yield f"warnings: {more}"
    if leaked := [secret for secret in SECRETS if any(secret in text for text in ours.logged)]:
        yield f"a key in a log: {leaked}"
    if more_threads := [name for name in ours.threads if name not in sdk.threads]:
        yield f"threads: {more_threads}"
    if ours.sockets > max(sdk.sockets, 0):
        yield f"{ours.sockets} files or sockets are left open, {sdk.sockets} by the SDK"
    told = [
        [plain(str(getattr(each, "sdk_error", None) or each)) for each in run.callback_heard] for run in (ours, sdk)
    ]
    if told[0] != told[1]:
        yield f"tracing_error_callback: {_changed(*told)}"


def _told(error: Exception | None) -> str:
    return "nothing" if error is None else f"{type(error).__name__}({plain(str(error))[:300]!r})"


def _changed(ours: Any, sdk: Any) -> str:
    """Return where two values differ: the members that only one of them has, or the first place."""
    if isinstance(ours, (list, tuple)) and isinstance(sdk, (list, tuple)):
        only = [each for each in ours if each not in sdk], [each for each in sdk if each not in ours]
        if any(only):
            return f"ours {only[0]!s:.300}, SDK {only[1]!s:.300}"
    one, other = str(ours), str(sdk)
    at = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return f"ours ...{one[max(0, at - 20) : at + 150]!r}, SDK ...{other[max(0, at - 20) : at + 150]!r}"


def plain(value: Any) -> Any:
    """Return a value in a form to compare: without ids, times and addresses that are drawn anew for each run."""
    if isinstance(value, str):
        for pattern, name in _DRAWN:
            value = pattern.sub(name, value)
        return value
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [plain(each) for each in value]
    if isinstance(value, (datetime.datetime, datetime.date)):
        return "<time>"
    if hasattr(value, "status_code") and hasattr(value, "headers"):
        return [value.status_code, plain(value.text)]
    if hasattr(value, "model_dump"):
        return [type(value).__name__, plain(value.model_dump())]
    if hasattr(value, "dict") and callable(value.dict):
        return [type(value).__name__, plain(value.dict())]
    if hasattr(value, "http_response"):
        return plain(value.http_response)
    return plain(repr(value))


def state_of(value: Any) -> Any:
    """Return what a call may have changed of an argument."""
    if hasattr(value, "tell"):
        return "closed" if value.closed else value.tell()
    if isinstance(value, types.GeneratorType):
        return ["generator", value.gi_frame is None]
    if isinstance(value, types.AsyncGeneratorType):
        return ["generator", value.ag_frame is None]
    if isinstance(value, Iterator):
        return [type(value).__name__, plain(list(value))]
    return plain(value)
