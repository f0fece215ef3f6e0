"""What is told of a client with which nothing is wrong: what a `Diagnosis` tells, but for a cause."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from safe_langsmith.diagnosis import ApiKey, Cause, Check, Confidence, Fix, Probe, Setting, Workspace, _plain

from .checks import run_checks
from .evidence import Evidence
from .summary import named, principal
from .verdict import Verdict

# The checks look at a verdict for what is wrong, and this one names nothing that they look for.
_NONE = Verdict(Cause.UNDETERMINED, Confidence.POSSIBLE, "")


@dataclass(frozen=True, kw_only=True)
class Healthy:
    """What was seen of a client with which nothing is wrong. The fields are those of a `Diagnosis`, in its order.

    Attributes:
        cause: None.
        confidence: None.
        summary: Principal, endpoint and workspace, and what was not looked at.
        checks: All five documented checks, then this library's own.
        fixes: None.
        key: The credential in use.
        settings: The five settings with their sources.
        workspaces: The live workspaces, or `None` where nobody had to list them.
        method: None, like the next four, because nothing was refused.
        url: None.
        status_code: None.
        request_id: None.
        server_message: None.
        probes: What was asked and answered.
    """

    cause: None = None
    confidence: None = None
    summary: str
    checks: tuple[Check, ...]
    fixes: tuple[Fix, ...] = ()
    key: ApiKey
    settings: dict[str, Setting] = field(hash=False)
    workspaces: tuple[Workspace, ...] | None = None
    method: None = None
    url: None = None
    status_code: None = None
    request_id: None = None
    server_message: None = None
    probes: tuple[Probe, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Returns what `Diagnosis.to_dict` returns, with `None` for the cause."""
        plain: dict[str, Any] = _plain(self)
        return plain


def nothing_wrong(e: Evidence) -> Healthy:
    """Returns what was seen of a client with which nothing is wrong.

    Args:
        e: The evidence.
    """
    key, where = e.facts.credential, f" in {named(e.place)}" if e.place else ""
    return Healthy(
        summary=f"{principal(e)} works at {e.facts.endpoint}{where}. What it may do there was not checked.",
        checks=run_checks(e, _NONE),
        key=ApiKey(key.kind, key.masked, e.facts.settings["api_key"].source),
        settings=e.facts.settings,
        workspaces=e.workspaces,
        probes=e.probes,
    )
