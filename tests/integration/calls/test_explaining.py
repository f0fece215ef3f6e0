"""What a retry does not help is explained, and on every call path in the same words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from safe_langsmith import Cause, Confidence
from safe_langsmith.testing import Drop, Redirect, Reply

from .conftest import alike

NOWHERE = "11111111-1111-4111-8111-111111111111"
BARE = Reply(403, {"detail": "Forbidden"})
PAGE = Reply(
    403, "<!doctype html><html><head><title>403 Forbidden</title></head><body>squid</body></html>", "text/html"
)


@dataclass
class Case:
    """A refusal: who asks for what, in which circumstances, and what must be said of it.

    The key is an organization's service key, unless there is a `role`: then it is a user's.
    """

    cause: Cause
    confidence: Confidence
    role: str | None = None
    key: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    server: dict[str, Any] = field(default_factory=dict)
    faults: dict[str | None, Any] = field(default_factory=dict)
    asks: tuple[Any, ...] = ("GET", "/sessions")
    workspaces: int | None = None
    probes: int = 0


CREATES = ("POST", "/sessions", {"name": "p"})
LIKELY, CONFIRMED, POSSIBLE = Confidence.LIKELY, Confidence.CONFIRMED, Confidence.POSSIBLE
ADMIN = {"role": "Admin"}
BAD_GATEWAY = Reply(502, "<html>bad gateway</html>", "text/html")


CASES = {
    "two workspaces": Case(Cause.WORKSPACE_REQUIRED, CONFIRMED, workspaces=2, probes=1),
    "two workspaces, a bare refusal": Case(
        Cause.WORKSPACE_REQUIRED, LIKELY, server={"says_workspace_required": False}, workspaces=2, probes=2
    ),
    "no retry wanted": Case(
        Cause.WORKSPACE_REQUIRED, CONFIRMED, options={"resolve_workspace": False}, workspaces=2, probes=1
    ),
    "no probe wanted": Case(Cause.UNDETERMINED, POSSIBLE, role="Viewer", options={"probe": False}, asks=CREATES),
    "another's workspace": Case(
        Cause.WORKSPACE_NOT_ACCESSIBLE, CONFIRMED, options={"workspace_id": NOWHERE}, workspaces=2, probes=3
    ),
    "no uuid": Case(
        Cause.WORKSPACE_ID_MALFORMED,
        LIKELY,
        options={"workspace_id": "research"},
        server={"malformed_workspace_status": 403},
        workspaces=2,
        probes=1,
    ),
    "unknown key": Case(
        Cause.KEY_REJECTED, LIKELY, key="lsv2_pt_c0ffeec0ffee0123456789abcdef0123_0123456789", probes=3
    ),
    "unknown key for a named workspace": Case(
        Cause.KEY_REJECTED,
        LIKELY,
        key="lsv2_sk_c0ffeec0ffee0123456789abcdef0123_0123456789",
        options={"workspace_id": NOWHERE},
        probes=4,
    ),
    "placeholder": Case(Cause.KEY_MALFORMED, LIKELY, key="<your-api-key>"),
    "viewer creates": Case(Cause.PERMISSION_DENIED, LIKELY, role="Viewer", asks=CREATES, workspaces=1, probes=2),
    "viewer creates and is told": Case(
        Cause.PERMISSION_DENIED,
        CONFIRMED,
        role="Viewer",
        server={"names_permissions": True},
        asks=CREATES,
        workspaces=1,
        probes=2,
    ),
    "admin is refused": Case(
        Cause.PERMISSION_DENIED, POSSIBLE, **ADMIN, faults={"/sessions": BARE}, workspaces=1, probes=2
    ),
    "feature": Case(
        Cause.FEATURE_UNAVAILABLE,
        CONFIRMED,
        **ADMIN,
        faults={"/sessions": Reply(403, {"error": "Forbidden - no plan found"})},
        probes=1,
    ),
    "html": Case(Cause.BLOCKED_UPSTREAM, CONFIRMED, **ADMIN, faults={"/sessions": PAGE}, probes=1),
    "probes fail": Case(
        Cause.UNDETERMINED,
        POSSIBLE,
        **ADMIN,
        faults={"/sessions": BARE, "/settings": Reply(500, {"detail": "oops"}), "/workspaces": BAD_GATEWAY},
        probes=1,
    ),
    "probes get no answer": Case(
        Cause.UNDETERMINED, POSSIBLE, **ADMIN, faults={"/sessions": BARE, "/settings": Drop()}, probes=1
    ),
    "probes are led away": Case(
        Cause.UNDETERMINED,
        POSSIBLE,
        **ADMIN,
        faults={"/sessions": BARE, "/settings": Redirect("/login", 302)},
        probes=1,
    ),
    "every answer is a list": Case(Cause.BLOCKED_UPSTREAM, LIKELY, faults={None: Reply(403, '["no"]')}, probes=2),
}


@pytest.fixture(params=CASES)
def case(request):
    return CASES[request.param]


@pytest.fixture
def prepared(case, make_server):
    """The server of a case, and the key to ask it with."""
    server = make_server(**case.server)
    acme = server.add_organization("Acme")
    research = acme.add_workspace("Research")
    if case.role:
        key = acme.add_personal_key(default=research, role=case.role)
    else:
        acme.add_workspace("Production")
        key = acme.add_service_key(workspaces=None)
    for path, fault in case.faults.items():
        server.fault(None, path, fault, times=None)
    return server, case.key or key


def test_the_cause_and_all_that_is_said_of_it(case, prepared, kind, v1, make_call_path, forget, refused):
    if "workspace_id" in case.options and not kind.retries:
        pytest.skip("before langsmith 0.9.8 this client names no workspace")
    server, key = prepared
    call_path = make_call_path(kind, server, key, **case.options)
    error = refused(call_path.call, *case.asks)
    cost = len(server.requests)
    again = refused(call_path.call, *case.asks)

    assert (error.cause, error.confidence) == (case.cause, case.confidence)
    assert (None if error.workspaces is None else len(error.workspaces)) == case.workspaces
    assert len(error.probes) == case.probes
    # What got no usable answer is asked twice.
    assert cost <= 1 + 2 * case.probes
    assert len(server.requests) == cost + 1
    assert again.diagnosis == error.diagnosis

    if kind is v1:
        return
    forget()
    same = refused(make_call_path(v1, server, key, **case.options).call, *case.asks)
    assert alike(error.diagnosis) == alike(same.diagnosis)
