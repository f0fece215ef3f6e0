"""Kinds of mistakes that were blamed on the wrong thing, with the real SDK and the real host names."""

from __future__ import annotations

import base64
import json
import uuid

import langsmith
import pytest

from safe_langsmith import Cause, Confidence, diagnose
from safe_langsmith.testing import Reply

from ...conftest import CANARY
from . import calls
from .machine import Attempt, Machine, new_machine

US = "https://api.smith.langchain.com"
NEVER = "lsv2_pt_c0ffeec0ffee0123456789abcdef0123_0123456789"


@pytest.fixture
def m():
    with new_machine(calls.list_projects, 2) as machine:
        yield machine


def refused(m: Machine) -> Attempt:
    attempt = m.attempt()
    assert not attempt.succeeded
    assert attempt.diagnosis is not None
    shown = f"{attempt.diagnosis} {attempt.diagnosis.to_dict()} {attempt.diagnosis._repr_html_()}"
    assert CANARY not in shown
    return attempt


def first(attempt: Attempt) -> str:
    return f"{attempt.diagnosis.fixes[0].title}. {attempt.diagnosis.fixes[0].detail} {attempt.diagnosis.fixes[0].code}"


@pytest.mark.parametrize(
    "words",
    [
        {"detail": "Blocked by policy"},
        {"error": "Access to this API has been disallowed"},
        {"title": "Error 1020", "status": 403, "detail": "Access denied"},
        {"detail": "Request blocked by ACME gateway"},
        {"error": "Forbidden"},
        {"error": "Requires a premium plan"},
        {"detail": "missing scope runs:create"},
        {"detail": "This route requires a workspace id"},
        {"detail": "Using legacy API key. Please generate a new API key."},
        {"error": "usage_limit_exceeded"},
        {"detail": "Only org admins can use this route"},
    ],
)
def test_a_gateway_that_speaks_json_is_found_by_get_info(m, words):
    m.set(LANGSMITH_API_KEY=m.sign_up().personal_key())
    m.refuse(None, Reply(403, words))
    found = refused(m).diagnosis
    assert (found.cause, found.confidence) == (Cause.BLOCKED_UPSTREAM, Confidence.LIKELY)
    assert "/info" in [probe.path for probe in found.probes]
    m.restart()
    assert diagnose(m.client()).cause is Cause.BLOCKED_UPSTREAM


@pytest.mark.parametrize(
    ("words", "title"),
    [
        ({"detail": "API key has expired"}, "Create a new key: the server says"),
        ({"error": "API key has been deactivated"}, "Create a new key: the server says"),
        (
            {"detail": "IP address 203.0.113.9 is not allowed for this organization"},
            "Ask an organization admin to allow",
        ),
        ({"error": "Forbidden - organization is disabled"}, "Ask an organization admin why"),
        ({"detail": "This token was revoked"}, "Create a new key: the server says"),
        ({"error": "Client IP not in the allowlist"}, "Ask an organization admin to allow"),
    ],
)
def test_the_servers_words_decide_the_first_fix(m, words, title):
    m.set(LANGSMITH_API_KEY=m.sign_up().personal_key(), LANGSMITH_REGION="eu")
    for path in ("/sessions", "/settings", "/workspaces"):
        m.refuse(path, Reply(403, words))
    found = refused(m).diagnosis
    assert found.cause is Cause.KEY_REJECTED
    assert found.fixes[0].title.startswith(title)


@pytest.mark.parametrize("words", [{"detail": "Invalid token"}, {"error": "Unauthorized"}])
def test_a_key_that_a_gateway_drops_did_not_arrive(m, words):
    m.set(LANGSMITH_API_KEY=m.sign_up().personal_key())
    for path in ("/sessions", "/settings", "/workspaces"):
        m.refuse(path, Reply(401, words))
    found = refused(m).diagnosis
    assert (found.cause, found.confidence) == (Cause.BLOCKED_UPSTREAM, Confidence.LIKELY)
    assert "X-API-Key" in found.fixes[0].title


def in_base64(key: str) -> str:
    return base64.b64encode(key.encode()).decode()


NO_KEYS = {
    "op": lambda key: "op://Private/LangSmith/credential",
    "arn": lambda key: "arn:aws:secretsmanager:us-east-1:123456789012:secret:langsmith",
    "percent": lambda key: "%LANGSMITH_API_KEY%",
    "base64": in_base64,
    "json": lambda key: json.dumps({"LANGSMITH_API_KEY": key}),
    "uuid": lambda key: str(uuid.uuid4()),
    "dummy": lambda key: "dummy",
    "jwt": lambda key: "eyJhbGciOiJIUzI1NiJ9.e30.c2ln",
    "hyphens": lambda key: key.replace("_", "-"),
    "capital": lambda key: key.capitalize(),
    "semicolon": lambda key: f"{key};",
    "newline": lambda key: f"{key}\\n",
    "cut": lambda key: key[:-5],
    "two": lambda key: f"{key};{NEVER}",
}


@pytest.mark.parametrize("form", NO_KEYS)
def test_what_is_no_key_is_called_so_and_replaced(m, form):
    m.set(LANGSMITH_API_KEY=NO_KEYS[form](m.sign_up().personal_key()))
    assert refused(m).diagnosis.cause is Cause.KEY_MALFORMED


@pytest.mark.parametrize("bad", ["<your-api-key>", NEVER, "dummy", "ls__0123456789abcdef0123456789abcdef"])
def test_a_good_key_in_the_other_variable_comes_first_and_helps(m, bad):
    m.set(LANGSMITH_API_KEY=bad, LANGCHAIN_API_KEY=m.sign_up().personal_key())
    attempt = refused(m)
    assert "LANGCHAIN_API_KEY" in attempt.diagnosis.fixes[0].title
    names = {"SafeClient": m.client}
    exec(attempt.diagnosis.fixes[0].code, names)
    assert m.attempt(names["client"]).succeeded


@pytest.mark.parametrize("name", ["LANGCHAIN_WORKSPACE_ID", "LANGSMITH_TENANT_ID", "LANGSMITH_WORKSPACE"])
def test_a_reachable_workspace_in_another_variable_comes_first(m, name):
    account = m.sign_up()
    second = account.workspaces[1]
    m.set(LANGSMITH_API_KEY=account.organization_key(), LANGSMITH_WORKSPACE_ID=str(uuid.uuid4()))
    m.set(**{name: second.name if name == "LANGSMITH_WORKSPACE" else second.id})
    attempt = refused(m)
    assert attempt.diagnosis.cause is Cause.WORKSPACE_NOT_ACCESSIBLE
    assert name in attempt.diagnosis.fixes[0].title
    assert second.id in attempt.diagnosis.fixes[0].code


@pytest.mark.parametrize("name", ["LANGSMITH_TENANT_ID", "LANGCHAIN_TENANT_ID", "langsmith_workspace_id"])
def test_a_workspace_that_is_configured_already_stands_in_every_line(m, name):
    account = m.sign_up()
    m.set(LANGSMITH_API_KEY=account.organization_key(), **{name: account.workspaces[1].id})
    attempt = refused(m)
    assert attempt.diagnosis.cause is Cause.WORKSPACE_REQUIRED
    assert account.workspaces[1].id in first(attempt)
    assert not [fix for fix in attempt.diagnosis.fixes if account.workspaces[0].id in (fix.code or "")]


def test_an_old_workspace_in_the_process_is_reloaded_from_dotenv(m):
    account = m.sign_up()
    m.set(LANGSMITH_API_KEY=account.organization_key(), LANGSMITH_WORKSPACE_ID=str(uuid.uuid4()))
    m.dotenv(LANGSMITH_WORKSPACE_ID=account.workspaces[1].id)
    attempt = refused(m)
    assert attempt.diagnosis.cause is Cause.STALE_ENVIRONMENT
    names = {"SafeClient": m.client}
    exec(attempt.diagnosis.fixes[0].code, names)
    assert m.attempt(names["client"]).succeeded


@pytest.mark.parametrize("path", ["/otel", "/api/v1/traces", "/runs/multipart", "/otel/v1/traces", "/api/v2"])
def test_a_path_behind_the_clouds_host_is_the_wrong_endpoint(m, path):
    m.set(LANGSMITH_API_KEY=m.sign_up().personal_key(), LANGSMITH_ENDPOINT=f"{US}{path}")
    attempt = refused(m)
    assert attempt.diagnosis.cause is Cause.WRONG_ENDPOINT
    assert attempt.diagnosis.fixes[0].code == f"LANGSMITH_ENDPOINT={US}"


@pytest.mark.parametrize("host", ["api.host.langchain.com", "smith.langchain.com", "api.hub.langchain.com"])
@pytest.mark.parametrize("probe", [True, False])
def test_another_host_of_langsmiths_is_known_without_a_network(m, host, probe):
    m.set(LANGSMITH_API_KEY=NEVER, LANGSMITH_ENDPOINT=f"https://{host}")
    m.network._servers[host] = m.network.add("nobody")
    m.network._servers.pop(host)
    found = diagnose(m.client(probe=probe))
    assert found.cause is Cause.WRONG_ENDPOINT
    assert found.fixes[0].code == f"LANGSMITH_ENDPOINT={US}"


@pytest.mark.skipif(not hasattr(langsmith.Client, "create_feedback_from_token"), reason="this SDK lacks it")
@pytest.mark.parametrize("answer", [Reply(403, {"detail": "Forbidden"}), Reply(403, {"detail": "Token has expired"})])
def test_a_token_in_the_path_is_hidden_and_no_role_is_asked(m, answer):
    token = uuid.uuid4()
    m.set(LANGSMITH_API_KEY=m.sign_up().personal_key())
    m.refuse(f"/feedback/tokens/{token}", answer)
    m.call = lambda client: client.create_feedback_from_token(token, score=1)
    client = m.client()
    with pytest.raises(langsmith.utils.LangSmithError) as caught:
        client.create_feedback_from_token(token, score=1)
    assert str(token) not in f"{caught.value} {caught.value!r} {caught.value.diagnosis.to_dict()}"
    assert "feedback:create" not in str(caught.value)


def test_a_malformed_workspace_id_is_the_name_of_one(m):
    account = m.sign_up(server=m.network.add("api.smith.langchain.com", malformed_workspace_status=403))
    m.set(LANGSMITH_API_KEY=account.organization_key(), LANGSMITH_WORKSPACE_ID="support")
    attempt = refused(m)
    assert attempt.diagnosis.cause is Cause.WORKSPACE_ID_MALFORMED
    assert attempt.diagnosis.fixes[0].code == f"LANGSMITH_WORKSPACE_ID={account.workspaces[1].id}"


def test_a_key_whose_traces_arrive_and_whose_reads_are_refused_lacks_a_permission():
    with new_machine(calls.trace, 1) as m:
        m.set(LANGSMITH_API_KEY=m.sign_up().personal_key(), LANGSMITH_TRACING="true")
        m.running = m.client()
        assert m.attempt().succeeded
        for path in ("/sessions", "/settings", "/workspaces"):
            m.refuse(path, Reply(403, {"detail": "Forbidden"}), method="GET")
        with pytest.raises(langsmith.utils.LangSmithError) as caught:
            list(m.running.list_projects())
        found = caught.value.diagnosis
        assert found.cause is Cause.PERMISSION_DENIED
        assert "LangSmith accepted what this key wrote" in found.summary


def test_a_key_that_is_revoked_while_the_program_runs_worked_before(m):
    m.set(LANGSMITH_API_KEY=m.sign_up().personal_key())
    m.running = m.client()
    assert m.attempt().succeeded
    for path in ("/sessions", "/settings", "/workspaces"):
        m.refuse(path, Reply(403, {"detail": "Forbidden"}))
    found = refused(m).diagnosis
    assert found.cause is Cause.KEY_REJECTED
    assert "it worked here" in found.summary
    assert "region" not in first(Attempt(False, found))
