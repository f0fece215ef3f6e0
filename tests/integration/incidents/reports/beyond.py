"""Reports of refusals that neither the key nor the workspace caused."""

from __future__ import annotations

from safe_langsmith import Cause
from safe_langsmith.testing import Reply

from .. import calls
from ..case import Cases, Helps
from ..machine import Machine

CASES = Cases()
PASSING = (
    "A temporary error of the service looks like a missing permission of a key that works otherwise. So the cause is "
    "never confirmed, and one fix is to call again."
)
INGEST = ("/runs", "/runs/batch", "/runs/multipart")


def refuse_runs(m: Machine, answer: Reply, times: int | None) -> None:
    for path in INGEST:
        m.refuse(path, answer, times, "POST")


@CASES.add(
    "LS-100",
    Cause.PERMISSION_DENIED,
    Cause.UNDETERMINED,
    helps=Helps.LATER,
    offers="Call again",
    untold=PASSING,
)
def incident(m: Machine) -> None:
    """The service refuses runs for a while, with a key that works."""
    m.set(LANGSMITH_API_KEY=m.sign_up().personal_key(), LANGSMITH_TRACING="true")
    m.refuse("/orgs/current", Reply(500, {"detail": "Internal Server Error"}))
    refuse_runs(m, Reply(403, {"error": "Forbidden"}), 1)


@CASES.add(
    "LS-102",
    Cause.PERMISSION_DENIED,
    Cause.UNDETERMINED,
    helps=Helps.LATER,
    offers="Call again",
    untold=PASSING,
)
def forty_seconds(m: Machine) -> None:
    """The service refuses runs for less than a minute, with a key that worked before."""
    m.set(LANGSMITH_API_KEY=m.sign_up("AWS").workspace_key(), LANGSMITH_TRACING="true")
    m.set(LANGSMITH_ENDPOINT="https://aws.api.smith.langchain.com")
    m.running = m.client()
    assert m.attempt().succeeded
    refuse_runs(m, Reply(403, {"error": "Forbidden"}), 1)


@CASES.add("LS-110", Cause.BLOCKED_UPSTREAM, helps=Helps.NONE, offers="Find what stands between")
def edge(m: Machine) -> None:
    """An HTML page answers 403 instead of LangSmith."""
    m.set(LANGCHAIN_API_KEY=m.sign_up().personal_key(), LANGCHAIN_TRACING_V2="true")
    page = "<!doctype html><html><head><title>403</title></head><body>403 Forbidden</body></html>"
    refuse_runs(m, Reply(403, page, "text/html"), None)


@CASES.add("LS-120", Cause.FEATURE_UNAVAILABLE, helps=Helps.NONE, offers="Ask an organization admin")
def no_plan(m: Machine) -> None:
    """The answer says that no plan was found."""
    m.set(LANGSMITH_API_KEY=m.sign_up().personal_key(), LANGSMITH_TRACING="true")
    refuse_runs(m, Reply(403, '{"error":"Forbidden - no plan found"}\n'), None)


@CASES.add(
    "LS-130",
    Cause.PERMISSION_DENIED,
    Cause.UNDETERMINED,
    helps=Helps.NONE,
    untold="The reporter only assumed a quota, and LangSmith answers an exceeded quota with 429. A bare 403 for runs "
    "alone looks the same for every reason.",
)
def quota_assumed(m: Machine) -> None:
    """The service refuses runs with a key that works otherwise."""
    m.set(LANGSMITH_API_KEY=m.sign_up().personal_key(), LANGSMITH_TRACING="true")
    refuse_runs(m, Reply(403, {"detail": "Forbidden"}), None)


@CASES.add("LS-140", Cause.WRONG_ENDPOINT)
def kubernetes(m: Machine) -> None:
    """`LANGSMITH_ENDPOINT` names a Kubernetes API server."""
    key = m.sign_up().personal_key()
    server = m.network.add("kubernetes.default.svc")
    reason = 'deployments.apps "agent" is forbidden: User "system:serviceaccount:langsmith:listener" cannot get it'
    status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": reason}
    server.fault(None, None, Reply(403, {**status, "reason": "Forbidden", "details": {}, "code": 403}), times=None)
    m.set(LANGSMITH_API_KEY=key, LANGSMITH_TRACING="true", LANGSMITH_ENDPOINT="https://kubernetes.default.svc")


@CASES.add(
    "LS-182",
    call=calls.pull_public_prompt,
    helps=Helps.NONE,
    untold="The EU does not have a public prompt of the US. That is not a question of authorization.",
)
def prompt_of_another_region(m: Machine) -> None:
    """A key of the EU; the program pulls a public prompt that exists only in the US, and the answer is a 404."""
    m.set(LANGCHAIN_API_KEY=m.sign_up("EU").personal_key(), LANGCHAIN_ENDPOINT="https://eu.api.smith.langchain.com")
