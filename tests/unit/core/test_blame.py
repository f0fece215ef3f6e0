"""Kinds of refusals that were once blamed on the wrong thing: the cause, and what to do first."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest

from safe_langsmith import Cause, Confidence, Diagnosis, Workspace
from safe_langsmith._core.credentials import OAUTH
from safe_langsmith._core.engine import sentence_for_401
from safe_langsmith._core.model import (
    GET_INFO,
    GET_SETTINGS,
    LIST_DELETED_WORKSPACES,
    LIST_WORKSPACES,
    PROBING_OFF,
    RegionAnswer,
    Successes,
    settings_in,
)
from safe_langsmith._core.origins import Origin
from safe_langsmith._core.responses import Answer, read_answer
from safe_langsmith._core.settings import Dotenv, DotenvLine, Profile
from safe_langsmith._core.workspaces import contradiction

A, B, C = (f"{digit * 8}-aaaa-4aaa-8aaa-{digit * 12}" for digit in "123")
SECRET = "c0ffeec0ffee00000000000000000000"
SERVICE = f"lsv2_sk_{SECRET}_0000001234"
KEY, OTHER = f"lsv2_pt_{SECRET}_0000001234", f"lsv2_pt_{SECRET}_0000005678"
US, EU, SELF_HOSTED = (
    "https://api.smith.langchain.com",
    "https://eu.api.smith.langchain.com",
    "https://ls.acme.example/api",
)
NAMES = {A: "Research", B: "Support", C: "Sales"}
TRACES = {"method": "POST", "path": "/runs/multipart"}
LANGSMITH = read_answer(200, b'{"version":"0.16.20","batch_ingest_config":{},"instance_flags":{}}')
PAGE = b"<html><title>403 Forbidden</title></html>"


def said(body: Any, status: int = 403) -> Answer:
    return read_answer(status, body if isinstance(body, bytes) else json.dumps(body).encode(), "application/json")


def listed(*ids: str, **more: Any) -> Answer:
    return read_answer(200, json.dumps([{"id": id_, "display_name": NAMES[id_], **more} for id_ in ids]).encode())


def at(id_: str) -> Answer:
    return read_answer(200, json.dumps({"id": id_, "display_name": NAMES[id_]}).encode())


REFUSED = said({"detail": "Forbidden"})


def everything(answer: Answer = REFUSED, info: Answer = LANGSMITH, **named: Answer) -> dict[Any, Answer]:
    answers = dict.fromkeys((GET_SETTINGS, LIST_WORKSPACES, LIST_DELETED_WORKSPACES, *map(settings_in, NAMES)), answer)
    return {**answers, GET_INFO: info}


def titles(diagnosis: Diagnosis) -> list[str]:
    return [fix.title for fix in diagnosis.fixes]


def text(diagnosis: Diagnosis) -> str:
    return " ".join(f"{fix.title}. {fix.detail} {fix.code or ''}" for fix in diagnosis.fixes)


def check(diagnosis: Diagnosis, title: str) -> Any:
    return next(check for check in diagnosis.checks if check.title == title)


@pytest.fixture
def blame(refusal, drive):
    def blame(answers: Any = None, **refused: Any) -> Diagnosis:
        # Each answer is at hand, whether it is asked for or not.
        return drive(refusal(**refused), everything() | (answers or {})).diagnosis

    return blame


class TestSuccessesAreEvidence:
    @pytest.mark.parametrize("minutes", [0, 1, 40])
    @pytest.mark.parametrize("elsewhere", [{}, {"environ": {"LANGSMITH_REGION": "eu"}}], ids=str)
    def test_a_key_that_worked_here_is_of_no_other_region(self, minutes, elsewhere, blame):
        found = blame(successes=Successes(minutes, read=True), **elsewhere)
        assert (found.cause, found.confidence) == (Cause.KEY_REJECTED, Confidence.LIKELY)
        assert "worked here" in found.summary
        assert titles(found)[0] == "Create a new key, unless the error is temporary"
        assert titles(found)[1] == "Or call again in a minute"
        assert "region" not in f"{found.summary} {text(found)}"
        assert "organization" not in found.summary

    def test_the_time_is_told(self, blame):
        told = [blame(successes=Successes(minutes, read=True)).summary for minutes in (0, 1, 7)]
        for summary, when in zip(told, ("less than a minute ago", "1 minute ago", "7 minutes ago"), strict=True):
            assert f"it worked here {when}" in summary

    @pytest.mark.parametrize("path", ["/sessions", "/datasets", "/runs/query"])
    def test_a_key_that_writes_and_does_not_read_lacks_a_permission(self, path, blame):
        method = "POST" if path == "/runs/query" else "GET"
        found = blame(successes=Successes(2, wrote=True), method=method, path=path)
        assert found.cause is Cause.PERMISSION_DENIED
        assert titles(found)[0].startswith("Ask an admin")
        assert "region" not in text(found)

    def test_traces_that_are_refused_after_others_were_accepted_are_no_question_of_reading(self, blame):
        assert blame(successes=Successes(2, wrote=True), **TRACES).cause is Cause.KEY_REJECTED

    @pytest.mark.parametrize("key", [KEY, SERVICE])
    def test_a_key_that_worked_without_a_workspace_needs_none(self, key, refusal, drive):
        answers = everything() | {LIST_WORKSPACES: listed(A)}
        before = Successes(2, read=True, without_workspace=True)
        found = drive(refusal(key=key, successes=before), answers)
        assert found.diagnosis.cause is Cause.UNDETERMINED
        assert "it worked here 2 minutes ago without a workspace" in found.diagnosis.summary
        assert "Or name the workspace" in titles(found.diagnosis)
        assert found.candidates == ()
        with_one = drive(refusal(key=key, successes=before._replace(without_workspace=False)), answers)
        assert with_one.diagnosis.cause is Cause.WORKSPACE_REQUIRED

    def test_the_server_knows_better_whether_a_workspace_is_missing(self, blame):
        body = b'{"error":"org_scoped_key_requires_workspace"}'
        before = Successes(2, read=True, without_workspace=True)
        assert blame({LIST_WORKSPACES: listed(A)}, body=body, successes=before).cause is Cause.WORKSPACE_REQUIRED

    def test_a_newer_key_comes_first_all_the_same(self, blame):
        found = blame(successes=Successes(2, read=True), environ={"LANGSMITH_API_KEY": OTHER})
        assert found.cause is Cause.STALE_ENVIRONMENT

    def test_a_text_that_worked_is_a_key_whatever_its_form(self, blame):
        assert blame(key="dummy", successes=Successes(2, read=True)).cause is Cause.KEY_REJECTED


OTHERS_JSON: list[Any] = [
    {"detail": "Blocked by policy"},
    {"error": "Access to this API has been disallowed"},
    {"title": "Error 1020", "status": 403, "detail": "Access denied"},
    {"error": "rbac_access_denied_matched_policy[deny-all]"},
    {"detail": "Request blocked. Ray ID: 8f0a"},
    {"detail": "Forbidden"},
]


class TestJsonOfOthers:
    @pytest.mark.parametrize("words", OTHERS_JSON, ids=str)
    @pytest.mark.parametrize("operation", [{}, TRACES, {"workspace_id": A}], ids=str)
    def test_what_refuses_get_info_in_the_cloud_is_not_langsmith(self, words, operation, blame):
        found = blame(everything(said(words), said(words)), body=json.dumps(words).encode(), **operation)
        assert (found.cause, found.confidence) == (Cause.BLOCKED_UPSTREAM, Confidence.LIKELY)
        assert "GET /info" in found.summary
        assert check(found, "Who answered").result == "problem"
        assert "region" not in text(found)

    @pytest.mark.parametrize("words", OTHERS_JSON[:-1], ids=str)
    def test_a_self_hosted_instance_has_no_such_words(self, words, blame):
        body = json.dumps(words).encode()
        found = blame(everything(said(words), said(words)), body=body, endpoint=SELF_HOSTED)
        assert found.cause is Cause.BLOCKED_UPSTREAM

    def test_a_self_hosted_instance_may_keep_its_info_to_itself(self, blame):
        found = blame(everything(info=REFUSED), endpoint=SELF_HOSTED)
        assert found.cause is Cause.KEY_REJECTED

    @pytest.mark.parametrize("words", OTHERS_JSON, ids=str)
    def test_nobody_is_named_as_the_answerer_without_proof(self, words, blame):
        found = blame({GET_SETTINGS: Answer(error="ConnectTimeout")}, body=json.dumps(words).encode())
        answered = check(found, "Who answered")
        assert answered.result == "unknown"
        assert "or another service" in answered.detail

    @pytest.mark.parametrize("words", OTHERS_JSON[:-1], ids=str)
    def test_a_refusal_of_one_request_in_foreign_words_may_be_a_gateways(self, words, blame):
        answers = {GET_SETTINGS: at(A), LIST_WORKSPACES: listed(A)}
        found = blame(answers, body=json.dumps(words).encode(), **TRACES)
        assert (found.cause, found.confidence) == (Cause.PERMISSION_DENIED, Confidence.POSSIBLE)
        assert "a proxy may also have written" in found.summary
        assert any("proxy" in title for title in titles(found))

    @pytest.mark.parametrize("words", ["Forbidden", "forbidden (insufficient permission)"])
    def test_langsmiths_bare_words_are_not_foreign(self, words, blame):
        answers = {GET_SETTINGS: at(A), LIST_WORKSPACES: listed(A)}
        found = blame(answers, body=json.dumps({"detail": words}).encode(), **TRACES)
        assert found.confidence is Confidence.LIKELY
        assert check(found, "Who answered").result == "ok"


GATEWAYS_REASONS: list[Any] = [
    {"error": "Requires a premium plan"},
    {"detail": "This feature is not available"},
    {"detail": "missing scope runs:create"},
    {"error": "insufficient_scope", "message": "requires projects:read"},
    {"detail": "This route requires a workspace id"},
    {"detail": "legacy API key"},
    {"error": "usage_limit_exceeded"},
    {"error": "Forbidden - no plan found"},
    {"detail": "Only org admins can use this route"},
    {"error": "org_scoped_key_requires_workspace"},
    {"title": "Forbidden", "status": 403, "detail": "Sandboxes are not enabled"},
    {"detail": "The tenant is not a valid UUID"},
]


class TestReasonsOfGateways:
    """Gateways may give a reason in LangSmith's words, for every path."""

    @pytest.mark.parametrize("words", GATEWAYS_REASONS, ids=str)
    @pytest.mark.parametrize(
        "operation", [{}, TRACES, {"workspace_id": A}, {"method": None}, {"key": SERVICE}], ids=str
    )
    def test_what_refuses_get_info_too_is_a_gateway(self, words, operation, blame):
        found = blame(everything(said(words), said(words)), body=json.dumps(words).encode(), **operation)
        assert (found.cause, found.confidence) == (Cause.BLOCKED_UPSTREAM, Confidence.LIKELY)
        assert check(found, "Who answered").result == "problem"
        assert len(found.probes) <= 4

    @pytest.mark.parametrize("words", GATEWAYS_REASONS, ids=str)
    def test_so_it_is_in_front_of_a_self_hosted_instance(self, words, blame):
        body = json.dumps(words).encode()
        found = blame(everything(said(words), said(words)), body=body, endpoint=SELF_HOSTED)
        assert found.cause is Cause.BLOCKED_UPSTREAM

    @pytest.mark.parametrize("words", GATEWAYS_REASONS, ids=str)
    @pytest.mark.parametrize("answer", [PROBING_OFF, Answer(error="ConnectTimeout"), said({}, 502)], ids=str)
    @pytest.mark.parametrize("operation", [{}, {"method": None}], ids=str)
    def test_what_cannot_be_asked_is_no_proof(self, words, answer, operation, blame):
        found = blame(everything(answer, answer), body=json.dumps(words).encode(), **operation)
        is_langsmiths_text = words in ({"error": "Forbidden - no plan found"}, {"error": GATEWAYS_REASONS[9]["error"]})
        assert found.confidence is not Confidence.CONFIRMED or is_langsmiths_text
        assert (check(found, "Who answered").result == "ok") is (is_langsmiths_text and not operation)

    @pytest.mark.parametrize(
        "words", [{"detail": "legacy API key"}, {"detail": "Using legacy API key. Please generate"}]
    )
    @pytest.mark.parametrize("key", [KEY, KEY.replace("_pt_", "_sk_"), KEY[:-3]])
    @pytest.mark.parametrize("info", [LANGSMITH, PROBING_OFF, Answer(error="ConnectTimeout")], ids=str)
    def test_no_key_of_the_new_kind_is_a_legacy_key(self, words, key, info, blame):
        found = blame(everything(said(words), info), body=json.dumps(words).encode(), key=key)
        assert found.cause is not Cause.KEY_LEGACY

    @pytest.mark.parametrize("lists", [listed(A), listed(A, B)], ids=["one", "two"])
    def test_a_workspace_that_cures_the_refusal_costs_one_probe(self, lists, refusal, drive):
        found = drive(
            refusal(key=SERVICE, body=b'{"error":"org_scoped_key_requires_workspace"}'), {LIST_WORKSPACES: lists}
        )
        assert (found.diagnosis.cause, found.diagnosis.confidence) == (Cause.WORKSPACE_REQUIRED, Confidence.CONFIRMED)
        assert found.asked == [LIST_WORKSPACES]

    def test_a_legacy_key_that_worked_here_is_not_refused_for_its_kind(self, blame):
        found = blame(key="ls__0123456789abcdef", endpoint=SELF_HOSTED, successes=Successes(2, read=True))
        assert found.cause is Cause.KEY_REJECTED
        assert "worked here" in found.summary


class TestPagesOfTheCloud:
    @pytest.mark.parametrize("endpoint", [US, EU, "https://aws.api.smith.langchain.com/api/v1"])
    def test_a_page_may_be_of_langsmiths_own_edge(self, endpoint, blame):
        found = blame(body=PAGE, endpoint=endpoint, **TRACES)
        assert (found.cause, found.confidence) == (Cause.BLOCKED_UPSTREAM, Confidence.LIKELY)
        assert "LangSmith's edge" in check(found, "Who answered").detail

    def test_what_was_sent_comes_before_the_proxy_if_langsmith_answers(self, blame):
        found = blame(body=PAGE, **TRACES)
        assert titles(found)[0] == "Look at what was sent"
        assert found.fixes[0].code == "LANGSMITH_HIDE_INPUTS=true\nLANGSMITH_HIDE_OUTPUTS=true"

    @pytest.mark.parametrize("path", ["/repos/acme%2Fteam/prompt", "/commits/-/a%2fb/latest"])
    def test_an_escaped_slash_is_pointed_at(self, path, blame):
        found = blame(body=PAGE, path=path)
        assert titles(found)[0] == "Look at what was sent"
        assert '"%2F"' in found.fixes[0].detail

    @pytest.mark.parametrize(
        ("info", "first"),
        [
            (read_answer(403, PAGE, "text/html"), "Send this to whoever runs your proxy, firewall, VPN or gateway"),
            (Answer(error="ConnectTimeout"), "Try the endpoint from a terminal on the same machine"),
        ],
    )
    def test_the_proxy_comes_first_if_it_does_not(self, info, first, blame):
        found = blame({GET_INFO: info}, body=PAGE, **TRACES)
        assert titles(found)[:2] == [first, "Find what stands between this machine and LangSmith"]

    def test_a_page_elsewhere_proves_that_it_is_not_langsmith(self, blame):
        assert blame(body=PAGE, endpoint=SELF_HOSTED).confidence is Confidence.CONFIRMED


WORDS = {
    "Create a new key: the server says that this one has expired": [
        {"detail": "API key has expired"},
        {"error": "Token expired on 2026-01-01"},
        {"title": "Forbidden", "status": 403, "detail": "The personal access token is expired"},
        {"error": "expired_api_key", "message": "expired API key"},
    ],
    "Create a new key: the server says that this one is no longer active": [
        {"error": "API key has been deactivated"},
        {"detail": "This key was revoked by an administrator"},
        {"detail": {"error": "forbidden", "message": "API key is disabled"}},
        {"error": "Forbidden - inactive key"},
    ],
    "Ask an organization admin to allow the address of this machine": [
        {"detail": "IP address 203.0.113.9 is not allowed for this organization"},
        {"error": "Source IP not in allowlist"},
        {"detail": "Requests from this network are blocked by a network policy"},
        {"error": "Forbidden: client IP denied"},
        {"detail": "Not authorized from IP 203.0.113.9"},
    ],
    "Ask an organization admin why the organization is not active": [
        {"error": "Forbidden - organization is disabled"},
        {"detail": "This tenant has been suspended"},
        {"detail": "Your account is past due"},
        {"error": "disabled organization"},
        {"detail": "Your subscription was cancelled"},
    ],
    "Ask an organization admin to restore your membership": [
        {"detail": "User has been deactivated"},
        {"error": "You are no longer a member of this organization"},
    ],
}


class TestTheServersWords:
    @pytest.mark.parametrize(("title", "words"), [(t, w) for t, several in WORDS.items() for w in several], ids=str)
    @pytest.mark.parametrize("elsewhere", [{}, {"environ": {"LANGCHAIN_ENDPOINT": EU}}], ids=["", "another region"])
    def test_they_decide_the_first_fix(self, title, words, elsewhere, blame):
        found = blame(everything(said(words)), body=json.dumps(words).encode(), **elsewhere)
        assert (found.cause, found.confidence) == (Cause.KEY_REJECTED, Confidence.LIKELY)
        assert titles(found)[0] == title
        assert "the server says that" in found.summary
        assert not [title for title in titles(found) if "region" in title]

    @pytest.mark.parametrize("words", ["API key has expired", "IP 10.0.0.1 is blocked"])
    def test_they_count_if_only_a_probe_says_them(self, words, blame):
        found = blame({GET_SETTINGS: said({"detail": words})})
        assert "the server says that" in found.summary

    @pytest.mark.parametrize("words", ["API key has expired", "Forbidden - organization is disabled"])
    def test_they_count_if_nothing_may_be_asked(self, words, blame):
        found = blame({GET_SETTINGS: PROBING_OFF}, body=json.dumps({"error": words}).encode())
        assert (found.cause, found.confidence) == (Cause.KEY_REJECTED, Confidence.POSSIBLE)

    @pytest.mark.parametrize("words", ["The token has expired", "This key has been deleted", "Key is disabled"])
    @pytest.mark.parametrize("path", [f"/feedback/tokens/{B}", f"/public/{B}/run", "/feedback", "/feedback-configs"])
    @pytest.mark.parametrize("may_ask", [False, True])
    def test_the_key_of_a_link_or_of_feedback_is_not_the_api_key(self, words, path, may_ask, blame):
        answers = {GET_SETTINGS: at(A), LIST_WORKSPACES: listed(A)} if may_ask else {GET_SETTINGS: PROBING_OFF}
        found = blame(answers, body=json.dumps({"detail": words}).encode(), path=path, method="POST")
        assert found.cause is (Cause.PERMISSION_DENIED if may_ask else Cause.UNDETERMINED)

    @pytest.mark.parametrize(
        "words", ["Your key has not expired", "If your key has expired, create one", "The dataset has expired"]
    )
    @pytest.mark.parametrize("may_ask", [False, True])
    def test_what_is_not_said_of_the_key_is_not_told_of_it(self, words, may_ask, blame):
        answers = {} if may_ask else {GET_SETTINGS: PROBING_OFF}
        found = blame(answers, body=json.dumps({"detail": words}).encode())
        assert "the server says that" not in found.summary

    def test_no_key_of_the_same_organization_helps_against_an_address_rule(self, blame):
        body = b'{"detail":"IP address 203.0.113.9 is not allowed for this organization"}'
        found = blame(body=body, environ={"LANGSMITH_API_KEY": OTHER, "LANGCHAIN_API_KEY": OTHER})
        assert found.cause is Cause.KEY_REJECTED
        assert not [fix for fix in found.fixes if fix.step == 5]

    def test_an_expired_key_is_replaced_by_the_one_in_the_environment(self, blame):
        found = blame(body=b'{"detail":"API key has expired"}', environ={"LANGSMITH_API_KEY": OTHER})
        assert found.cause is Cause.STALE_ENVIRONMENT

    @pytest.mark.parametrize(
        "words",
        [
            "SSO is required for this organization",
            "MFA required",
            "Personal access tokens are disabled for this organization",
            "Service keys are not allowed",
            "This key is not enabled",
            "Please verify your e-mail address",
            "Workspace has been archived",
            "Country not allowed",
            "Rate limit exceeded",
            "API key is not valid before 2027-01-01",
            "Accept the terms of service first",
            "Ihr API-Schlüssel ist gesperrt",
        ],
    )
    def test_words_that_no_rule_knows_are_quoted_and_come_first(self, words, blame):
        found = blame(body=json.dumps({"detail": words}).encode())
        assert (found.cause, found.confidence) == (Cause.KEY_REJECTED, Confidence.LIKELY)
        assert f'the server says "{words}"' in found.summary
        assert "region" not in found.summary
        assert titles(found)[0] == "Act on what the server says, or ask an organization admin"
        assert words in found.fixes[0].detail
        assert titles(found)[1] == "Use the endpoint of the region where the key was created"

    def test_the_region_that_this_machine_names_comes_before_them(self, blame):
        found = blame(body=b'{"detail":"Organization mismatch"}', environ={"LANGSMITH_REGION": "eu"})
        assert found.cause is Cause.WRONG_REGION
        assert titles(found)[0].startswith("Use the endpoint of EU")
        assert titles(found)[1] == "Act on what the server says, or ask an organization admin"

    @pytest.mark.parametrize(
        "words",
        [
            "Invalid or expired key",
            "Forbidden",
            "Invalid API key",
            "API key not found",
            "You do not have permission to access this resource",
            "Error 403: access denied",
        ],
    )
    def test_words_that_do_not_say_which_name_no_reason(self, words, blame):
        found = blame(body=json.dumps({"detail": words}).encode())
        assert "another region" in found.summary


@pytest.mark.parametrize(("status", "cause"), [(401, Cause.BLOCKED_UPSTREAM), (403, Cause.UNDETERMINED)])
@pytest.mark.parametrize("method", ["GET", None])
def test_a_401_without_a_body_is_not_langsmiths(status, cause, method, blame):
    assert blame(everything(said(b"", status), said(b"", status)), body=b"", method=method).cause is cause


class TestTheSentenceFor401:
    @pytest.mark.parametrize(
        ("refused", "words"),
        [
            ({"key": KEY[:-3]}, "seems to be cut short"),
            ({"key": KEY[:-3], "endpoint": SELF_HOSTED}, "seems to be cut short"),
            ({"key": f"{KEY}ab"}, "characters too many"),
            ({"key": KEY, "endpoint": f"{US}/otel"}, "/otel is not the path of LangSmith's API"),
            ({"key": KEY, "endpoint": "https://smith.langchain.com"}, "web page"),
            ({"body": PAGE, "content_type": "text/html"}, "an HTML page, '403 Forbidden'"),
            ({"body": b""}, "without LangSmith's JSON"),
            ({}, "as LangSmith answers if no key arrives"),
        ],
    )
    def test_it_says_what_the_values_show(self, refused, words, refusal):
        sentence = sentence_for_401(refusal(**{"body": b'{"detail":"Invalid token"}', **refused}))
        assert words in sentence
        assert SECRET not in sentence

    def test_it_says_nothing_of_a_key_that_worked(self, refusal):
        assert sentence_for_401(refusal(key=KEY[:-3], successes=Successes(1, read=True))) is None


class TestAKeyThatDoesNotArrive:
    @pytest.mark.parametrize(
        "words", [{"detail": "Invalid token"}, {"error": "Unauthorized"}, {"detail": "Invalid auth"}]
    )
    @pytest.mark.parametrize("key", [KEY, KEY.replace("_pt_", "_sk_")])
    def test_an_answer_of_401_to_a_well_formed_key_means_that_it_was_lost(self, words, key, blame):
        found = blame(everything(said(words, 401)), key=key, method=None)
        assert (found.cause, found.confidence) == (Cause.BLOCKED_UPSTREAM, Confidence.LIKELY)
        assert "not to have arrived" in found.summary
        assert titles(found)[0] == "Find what removes or changes X-API-Key on the way"
        assert "region" not in text(found)

    @pytest.mark.parametrize(
        ("refused", "cause"),
        [
            ({"key": "token-of-a-gateway", "endpoint": SELF_HOSTED}, Cause.KEY_REJECTED),
            ({"successes": Successes(1, read=True)}, Cause.KEY_REJECTED),
            ({"environ": {"LANGSMITH_API_KEY": OTHER}}, Cause.STALE_ENVIRONMENT),
        ],
    )
    def test_what_speaks_for_another_cause_comes_first(self, refused, cause, blame):
        assert blame(everything(said({"detail": "Invalid token"}, 401)), method=None, **refused).cause is cause

    def test_the_servers_words_come_first(self, blame):
        found = blame(everything(said({"detail": "API key has expired"}, 401)), method=None)
        assert found.cause is Cause.KEY_REJECTED


REPAIRS = {
    "Give the value of the secret, not its name": [
        "op://Private/LangSmith/credential",
        "arn:aws:ssm:eu-west-1:1:parameter/x",
        "projects/1/secrets/x/versions/latest",
        "/run/secrets/langsmith",
        "secretref:langsmith-key",
        "LANGSMITH_PROD_API_KEY",
    ],
    "Give the key itself, not the code that returns it": ["%LANGSMITH_API_KEY%", "$LANGSMITH_API_KEY", f"KEY={KEY}"],
    "Decode the key, and use what comes out": [
        base64.b64encode(KEY.encode()).decode(),
        KEY.encode().hex(),
        json.dumps({"api_key": KEY}),
        f"%27{KEY}%27",
        base64.b64encode(f"Bearer {KEY}".encode()).decode(),
    ],
    "Keep one of the two": [f"{KEY},{OTHER}", f"{KEY}{KEY}", f"{KEY}\n{OTHER}", KEY.replace(SECRET, SECRET + SECRET)],
    "Remove what does not belong to the key": [
        *(f"{KEY},", f"{KEY}\\n", f"{KEY}.", f"{KEY}ab", f"Bearer {KEY}", f"bearer:{KEY}", f"'{KEY}"),
        *(f"<{KEY}>", f"x-api-key: {KEY}", f"id:{KEY}"),
    ],
    "Write the key as LangSmith showed it": [
        KEY.replace("_", "-"),
        KEY.title(),
        KEY.replace(SECRET, SECRET.upper()),
        KEY[1:],
        KEY[5:],
    ],
    "Copy the whole key": [KEY[:-4], KEY[:-10], KEY[:30], KEY[:20] + KEY[27:], "lsv2_pt_...1234"],
    "Create a key, and put it where this one comes from: LANGSMITH_API_KEY": [
        "dummy",
        "test-key",
        "REPLACE_ME",
        A,
        "eyJhbGciOiJIUzI1NiJ9.e30.c2ln",
        f"sk_{SECRET}",
        "sk-0123456789abcdef",
        "abcdef",
    ],
    "Give a key; an address belongs in LANGSMITH_ENDPOINT": [US, "https://smith.langchain.com"],
}
BY_REPAIR = [(title, key) for title, keys in REPAIRS.items() for key in keys]


class TestWhatIsNoKey:
    @pytest.mark.parametrize(("title", "key"), BY_REPAIR)
    def test_it_is_told_what_it_is_and_how_to_mend_it(self, title, key, blame):
        found = blame(key=key)
        assert (found.cause, found.confidence) == (Cause.KEY_MALFORMED, Confidence.LIKELY)
        assert titles(found)[0] == title
        assert found.key.masked in ("****", f"lsv2_pt_****{key[-4:]}")
        assert SECRET not in f"{found} {found.to_dict()}"
        assert check(found, "API key type").result == "problem"

    @pytest.mark.parametrize(
        "key",
        [
            *("dummy", A, "eyJhbGciOiJIUzI1NiJ9.e30.c2ln", KEY[:-4], "token", f"sk_{SECRET}", "sk-litellm-0123456789"),
            *("ghp_0123456789abcdef", "Pa$$w0rd-token", "Bearer abc", f"{KEY}ab", KEY.replace(SECRET, SECRET.upper())),
        ],
    )
    def test_a_gateway_of_ones_own_may_accept_any_form(self, key, blame):
        assert blame(key=key, endpoint=SELF_HOSTED).cause is Cause.KEY_REJECTED
        assert blame(
            {GET_SETTINGS: at(A), LIST_WORKSPACES: listed(A)}, key=key, endpoint=SELF_HOSTED, **TRACES
        ).cause is (Cause.PERMISSION_DENIED)

    @pytest.mark.parametrize("key", ["op://a/b/c", f"{KEY},{OTHER}", "<your-api-key>", KEY.replace("_", "-")])
    def test_what_is_surely_no_key_is_none_anywhere(self, key, blame):
        assert blame(key=key, endpoint=SELF_HOSTED).cause is Cause.KEY_MALFORMED

    @pytest.mark.parametrize("key", ["dummy", "eyJhbGciOiJIUzI1NiJ9.e30.c2ln"])
    def test_before_any_refusal_the_cloud_is_asked(self, key, refusal, drive):
        found = drive(refusal(key=key, method=None), everything())
        assert found.diagnosis.cause is Cause.KEY_MALFORMED
        assert found.asked[0] == GET_SETTINGS

    def test_a_key_that_only_seems_cut_is_none_of_it_if_it_works(self, blame):
        answers = {GET_SETTINGS: at(A), LIST_WORKSPACES: listed(A)}
        assert blame(answers, key=KEY[:-11], **TRACES).cause is Cause.PERMISSION_DENIED


class TestAGoodValueInAnotherPlace:
    @pytest.mark.parametrize("key", [KEY, "<your-api-key>", "dummy", "ls__0123456789abcdef", f"{KEY},"])
    def test_a_key_in_the_other_variable_comes_first(self, key, blame):
        found = blame(key=key, environ={"LANGCHAIN_API_KEY": OTHER})
        assert titles(found)[0] == "Use the key in LANGCHAIN_API_KEY"
        assert "lsv2_pt_****5678" in found.fixes[0].detail
        assert "LANGSMITH_API_KEY" in found.fixes[0].code

    @pytest.mark.parametrize(
        ("environ", "dotenv", "profile", "title"),
        [
            ({"LANGSMITH_KEY": OTHER}, None, None, "Set LANGSMITH_API_KEY as well"),
            ({"langsmith_api_key": OTHER}, None, None, "Set LANGSMITH_API_KEY as well"),
            ({}, Dotenv("/p/.env", (DotenvLine("LANGSMITH_API_KEY", OTHER, 3),)), None, "Clear cached variables"),
            ({}, None, Profile("work", "config.json", {"api_key": OTHER}), 'Use the key in profile "work" in config'),
        ],
    )
    def test_so_does_one_in_any_other_place(self, environ, dotenv, profile, title, blame):
        found = blame(key="<your-api-key>", environ=environ, dotenv=dotenv, profile=profile)
        assert titles(found)[0].startswith(title)

    @pytest.mark.parametrize("other", ["<your-api-key>", "dummy", "ls__0123456789abcdef", KEY])
    def test_a_value_that_is_no_other_good_key_is_not_offered(self, other, blame):
        found = blame(environ={"LANGCHAIN_API_KEY": other})
        assert not [title for title in titles(found) if "LANGCHAIN_API_KEY" in title]

    @pytest.mark.parametrize(
        ("workspace_from", "environ", "name"),
        [
            ("LANGSMITH_WORKSPACE_ID", {"LANGCHAIN_WORKSPACE_ID": B}, "LANGCHAIN_WORKSPACE_ID"),
            ("the workspace_id argument", {"LANGSMITH_WORKSPACE_ID": B}, "LANGSMITH_WORKSPACE_ID"),
            ("LANGSMITH_WORKSPACE_ID", {"LANGSMITH_TENANT_ID": B}, "LANGSMITH_TENANT_ID"),
            ("LANGSMITH_WORKSPACE_ID", {"LANGSMITH_WORKSPACE": "support"}, "LANGSMITH_WORKSPACE"),
            ("LANGSMITH_WORKSPACE_ID", {"LANGCHAIN_ORG_ID": B}, "LANGCHAIN_ORG_ID"),
        ],
    )
    def test_a_workspace_in_another_place_comes_before_the_first_listed(self, workspace_from, environ, name, blame):
        answers = {settings_in(C): REFUSED, LIST_WORKSPACES: listed(A, B), LIST_DELETED_WORKSPACES: listed(A, B)}
        found = blame(answers, workspace_id=C, workspace_from=workspace_from, environ=environ)
        assert found.cause is Cause.WORKSPACE_NOT_ACCESSIBLE
        assert name in titles(found)[0]
        assert B in found.fixes[0].code

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("LANGSMITH_TENANT", A),
            ("LANGSMITH_DEFAULT_WORKSPACE_ID", A),
            ("LANGCHAIN_WORKSPACE_UUID", A),
            ("LANGSMITH_WEB_URL", f"https://smith.langchain.com/o/{A}/projects"),
        ],
    )
    def test_no_retry_goes_against_a_variable_that_only_looks_like_the_right_one(self, name, value, refusal, drive):
        facts = refusal(key=SERVICE, environ={name: value})
        others = facts.configuration["workspace_id"].others
        assert [(other.origin.variable, A in (other.value or "")) for other in others] == [(name, True)]
        assert contradiction(others, Workspace(B, "Support"), [Workspace(B, "Support")]) == others[0]
        assert contradiction(others, Workspace(A, "Research"), [Workspace(A, "Research")]) is None

    @pytest.mark.parametrize("name", ["LANGSMITH_TENANT_ID", "LANGCHAIN_TENANT_ID", "langsmith_workspace_id"])
    def test_a_workspace_that_is_configured_already_stands_in_every_line(self, name, blame):
        answers = {GET_SETTINGS: REFUSED, LIST_WORKSPACES: listed(A, B)}
        found = blame(answers, key=KEY.replace("_pt_", "_sk_"), environ={name: B})
        assert found.cause is Cause.WORKSPACE_REQUIRED
        assert titles(found)[0] == "Set LANGSMITH_WORKSPACE_ID as well"
        assert name in found.fixes[0].detail
        lines = [fix.code for fix in found.fixes if fix.code and "<the key>" not in fix.code]
        assert lines
        assert all(B in line for line in lines)

    def test_one_that_the_key_does_not_reach_is_named(self, blame):
        answers = {GET_SETTINGS: REFUSED, LIST_WORKSPACES: listed(A)}
        found = blame(answers, environ={"LANGSMITH_TENANT_ID": B})
        assert f"LANGSMITH_TENANT_ID names {B}, which it does not reach" in found.summary
        assert "None was chosen for you." in text(found)
        assert "by itself" not in text(found)

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("LANGCHAIN_CUSTOM_HEADERS", "X-Team: a\nX-Tenant-Id: {}"),
            ("LANGSMITH_X_TENANT_ID", "{}"),
            ("LANGSMITH_TENANTID", "{}"),
            ("LANGCHAIN_DEFAULT_WORKSPACE_UUID", "{}"),
            ("LANGSMITH_WORKSPACE_SLUG", "support"),
            ("LANGSMITH_PROJECT_URL", "https://smith.langchain.com/o/{}/projects/p/1"),
            (
                "LANGSMITH_RUNS_ENDPOINTS",
                '[{{"api_url": "' + US + '", "api_key": "' + KEY + '", "workspace_id": "{}"}}]',
            ),
        ],
    )
    @pytest.mark.parametrize("place", ["environment", ".env"])
    def test_whatever_names_a_workspace_says_which_one_is_meant(self, name, value, place, blame):
        value = value.format(B)
        answers = {GET_SETTINGS: REFUSED, LIST_WORKSPACES: listed(A)}
        lines = (DotenvLine("LANGSMITH_API_KEY", KEY, 1), DotenvLine(name, value, 2))
        at = {"environ": {"LANGSMITH_API_KEY": KEY, name: value}}
        if place == ".env":
            at = {"dotenv": Dotenv("/app/.env", lines)}
        found = blame(answers, key=KEY, **at)
        assert found.cause is Cause.WORKSPACE_REQUIRED
        assert name in found.summary
        assert "which it does not reach" in found.summary

    def test_headers_of_opentelemetry_name_one_if_they_are_for_langsmith(self, blame):
        environ = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"{US}/otel",
            "OTEL_EXPORTER_OTLP_HEADERS": f"x-api-key=k,x-tenant-id={B}",
        }
        found = blame({GET_SETTINGS: REFUSED, LIST_WORKSPACES: listed(A)}, environ=environ)
        assert f"OTEL_EXPORTER_OTLP_HEADERS names {B}, which it does not reach" in found.summary

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("LANGSMITH_WORKSPACE_ENABLED", "true"),
            ("LANGSMITH_TENANT_ID", "<your workspace>"),
            (
                "LANGSMITH_RUNS_ENDPOINTS",
                '[{"api_url": "' + US + '", "api_key": "' + OTHER + '", "workspace_id": "' + B + '"}]',
            ),
            ("LANGSMITH_ORG_ID", B),
            ("MY_TENANT_ID", B),
            ("OTEL_EXPORTER_OTLP_HEADERS", "x-api-key=k"),
            ("OTEL_EXPORTER_OTLP_HEADERS", f"x-tenant-id={B}"),
            ("LANGSMITH_MULTI_TENANT", "true"),
            ("LANGSMITH_USE_WORKSPACE", "1"),
            ("LANGSMITH_DEFAULT_WORKSPACE_NAME", "default"),
            ("LANGSMITH_CUSTOM_HEADERS", '{"X-Tenant-Id": "${WS}"}'),
        ],
    )
    def test_what_names_none_says_nothing(self, name, value, blame):
        answers = {GET_SETTINGS: REFUSED, LIST_WORKSPACES: listed(A)}
        found = blame(answers, key=KEY, environ={"LANGSMITH_API_KEY": KEY, name: value})
        assert "does not reach" not in f"{found.summary} {text(found)}"

    @pytest.mark.parametrize("endpoint", [US, SELF_HOSTED])
    def test_a_key_and_a_workspace_id_that_are_swapped_are_swapped_back(self, endpoint, blame):
        found = blame(key=A, workspace_id=OTHER, endpoint=endpoint)
        assert found.cause is Cause.KEY_MALFORMED
        assert "swapped" in found.summary
        assert found.fixes[0].title == "Swap the API key and the workspace ID"
        assert found.fixes[0].code.splitlines() == [
            "LANGSMITH_API_KEY=<the value of LANGSMITH_WORKSPACE_ID>",
            "LANGSMITH_WORKSPACE_ID=<the value of LANGSMITH_API_KEY>",
        ]
        assert SECRET not in str(found)

    @pytest.mark.parametrize("name", ["LANGSMITH_TENANT_ID", "LANGSMITH_WORKSPACE", "LANGCHAIN_WORKSPACE_ID"])
    @pytest.mark.parametrize("endpoint", [US, SELF_HOSTED])
    def test_a_key_in_a_variable_for_workspaces_is_swapped_with_the_id(self, name, endpoint, blame):
        found = blame(key=A, environ={name: OTHER}, endpoint=endpoint)
        assert found.cause is Cause.KEY_MALFORMED
        assert f"{name} holds a key: the two are swapped" in found.summary
        assert titles(found)[0] == "Swap the API key and the workspace ID"
        is_read = name == "LANGCHAIN_WORKSPACE_ID"
        assert found.fixes[0].code.splitlines() == [
            f"LANGSMITH_API_KEY=<the value of {name}>",
            f"{name if is_read else 'LANGSMITH_WORKSPACE_ID'}=<the value of LANGSMITH_API_KEY>",
        ]
        assert SECRET not in f"{found} {found.to_dict()}"

    def test_a_key_in_the_variable_for_the_endpoint_is_swapped_with_the_address(self, blame):
        found = blame(key=EU, environ={"LANGSMITH_BASE_URL": OTHER})
        assert found.cause is Cause.KEY_MALFORMED
        assert found.fixes[0].code.splitlines()[0] == "LANGSMITH_API_KEY=<the value of LANGSMITH_BASE_URL>"

    @pytest.mark.parametrize("name", ["LANGSMITH_WORKSPACE_ID", "LANGSMITH_TENANT_ID"])
    def test_a_key_in_another_variable_is_moved_if_none_is_sent(self, name, blame):
        found = blame(key=None, key_from=None, environ={name: OTHER}, method=None)
        assert found.cause is Cause.KEY_MISSING
        assert f"{name} holds a key" in found.summary
        assert titles(found)[0] == f"Move the key from {name} to LANGSMITH_API_KEY"
        assert found.fixes[0].code == f"LANGSMITH_API_KEY=<the value of {name}>"

    def test_a_configured_region_stands_first_in_a_line_of_regions(self, blame):
        environ = {"LANGSMITH_REGION": "apac"}
        found = blame(endpoint="no address", environ=environ)
        assert found.cause is Cause.WRONG_ENDPOINT
        assert found.fixes[0].code.splitlines()[0] == "LANGSMITH_ENDPOINT=https://apac.api.smith.langchain.com"


class TestDriftOfTheWorkspace:
    FILE = Dotenv("/p/.env", (DotenvLine("LANGSMITH_WORKSPACE_ID", A, 2),))

    @pytest.mark.parametrize("name", ["LANGSMITH_WORKSPACE_ID", "LANGCHAIN_WORKSPACE_ID"])
    @pytest.mark.parametrize("lists", [True, False])
    def test_the_right_id_in_dotenv_is_loaded(self, name, lists, blame):
        file = Dotenv("/p/.env", (DotenvLine(name, A, 2),))
        answers = {settings_in(C): REFUSED, GET_SETTINGS: at(A), LIST_WORKSPACES: listed(A, B) if lists else REFUSED}
        found = blame(answers, workspace_id=C, workspace_from=name, environ={name: C}, dotenv=file)
        assert (found.cause, found.confidence) == (Cause.STALE_ENVIRONMENT, Confidence.LIKELY)
        assert found.fixes[0].code.splitlines()[0] == (
            "from safe_langsmith import reload_environment; reload_environment('/p/.env')"
        )
        assert "docker compose restart" in found.fixes[0].detail
        assert check(found, "Workspace ID").result == check(found, "Cached variables and .env").result == "problem"
        assert f"/p/.env:2 {name}" in found.summary

    def test_the_right_id_in_the_environment_needs_a_new_client(self, blame):
        answers = {settings_in(C): REFUSED, LIST_WORKSPACES: listed(A)}
        found = blame(answers, workspace_id=C, environ={"LANGSMITH_WORKSPACE_ID": A})
        assert found.cause is Cause.STALE_ENVIRONMENT
        assert found.fixes[0].title == "Create a new client"

    @pytest.mark.parametrize(
        "refused",
        [
            {"workspace_from": "the workspace_id argument"},
            {"dotenv": Dotenv("/p/.env", (DotenvLine("LANGSMITH_WORKSPACE_ID", B, 2),))},
        ],
    )
    def test_what_was_given_on_purpose_or_does_not_help_is_no_drift(self, refused, blame):
        answers = {settings_in(C): REFUSED, LIST_WORKSPACES: listed(A), LIST_DELETED_WORKSPACES: listed(A)}
        found = blame(answers, **{"workspace_id": C, "dotenv": self.FILE, **refused})
        assert found.cause is Cause.WORKSPACE_NOT_ACCESSIBLE

    def test_a_malformed_id_is_reloaded_too(self, blame):
        found = blame({LIST_WORKSPACES: listed(A)}, workspace_id="old", dotenv=self.FILE)
        assert found.cause is Cause.WORKSPACE_ID_MALFORMED
        assert "reload_environment" in found.fixes[0].code

    @pytest.mark.parametrize(
        ("value", "result"), [("Research", "ok"), (f"https://smith.langchain.com/o/{A}", "ok"), ("Support", "problem")]
    )
    def test_the_same_workspace_by_name_is_no_drift(self, value, result, blame):
        file = Dotenv("/p/.env", (DotenvLine("LANGSMITH_WORKSPACE_ID", value, 2),))
        found = blame({settings_in(A): at(A), LIST_WORKSPACES: listed(A, B)}, workspace_id=A, dotenv=file)
        assert check(found, "Cached variables and .env").result == result

    def test_a_name_in_dotenv_is_given_as_the_id_that_it_means(self, blame):
        file = Dotenv("/p/.env", (DotenvLine("LANGSMITH_WORKSPACE_ID", "Support", 2),))
        answers = {settings_in(C): REFUSED, LIST_WORKSPACES: listed(A, B), LIST_DELETED_WORKSPACES: listed(A, B)}
        found = blame(answers, workspace_id=C, dotenv=file)
        assert titles(found)[0] == "Use the workspace that /p/.env:2 LANGSMITH_WORKSPACE_ID names"
        assert found.fixes[0].code == f"LANGSMITH_WORKSPACE_ID={B}"

    def test_a_workspace_that_only_dotenv_names_is_loaded(self, blame):
        found = blame({GET_SETTINGS: REFUSED, LIST_WORKSPACES: listed(B, A)}, dotenv=self.FILE)
        assert found.cause is Cause.WORKSPACE_REQUIRED
        assert "reload_environment" in found.fixes[0].code


class TestAKnownHost:
    @pytest.mark.parametrize(
        ("endpoint", "api"),
        [
            (f"{US}/otel", US),
            (f"{US}/api/v1/traces", US),
            (f"{EU}/runs/multipart", EU),
            (f"{US}/otel/v1/traces/", US),
            (f"{US}/api/v2", US),
            (f"{EU}/o/{A}/projects", EU),
            ("https://api.host.langchain.com", US),
            ("https://eu.api.host.langchain.com/v2", EU),
            ("https://smith.langchain.com", US),
            ("https://eu.smith.langchain.com/o/x", EU),
            ("https://api.hub.langchain.com", US),
            ("https://docs.langchain.com/langsmith", US),
            ("https://api.eu.smith.langchain.com", EU),
            ("https://api-eu.smith.langchain.com", EU),
            ("https://us.api.smith.langchain.com", US),
            ("https://eu.hub.langchain.com", EU),
            ("https://gcp.api.host.langchain.com", US),
            ("https://https://api.smith.langchain.com", US),
            ("https://http://eu.api.smith.langchain.com/", EU),
            ("https://api.smith.langchain.com.", US),
            ("https://eu.smith.langchain.com.", EU),
            ("http://api.smith.langchain.com", US),
            ("http://eu.api.smith.langchain.com/api/v1", EU),
            ("https://api.smith.langchain.com:8443", US),
            ("https://agents-7.us.langgraph.app", US),
            ("https://agents-8.eu.langgraph.app/runs", EU),
            ("https://agents-9.langgraph.app", US),
            ("https://eu-agents.us.langgraph.app", US),
        ],
    )
    @pytest.mark.parametrize(
        "works", [said({"detail": "Not Found"}, 404), PROBING_OFF, Answer(error="ConnectTimeout"), REFUSED]
    )
    @pytest.mark.parametrize("method", ["GET", None])
    def test_the_host_shows_the_right_line(self, endpoint, api, works, method, refusal, drive):
        answers = everything(works, said({"detail": "Not Found"}, 404))
        found = drive(refusal(endpoint=endpoint, method=method), answers).diagnosis
        assert found.cause is Cause.WRONG_ENDPOINT
        assert found.fixes[0].code == f"LANGSMITH_ENDPOINT={api}"
        assert found.confidence is Confidence.LIKELY

    @pytest.mark.parametrize(
        "endpoint", [US, f"{US}/", f"{US}/api/v1", f"{EU}/api", "https://azure.api.smith.langchain.com"]
    )
    def test_the_api_itself_is_none_of_these(self, endpoint, blame):
        assert blame(endpoint=endpoint).cause is Cause.KEY_REJECTED

    def test_whatever_answers_as_langsmith_is_the_api(self, blame):
        found = blame({GET_SETTINGS: at(A), LIST_WORKSPACES: listed(A)}, endpoint=f"{US}/gateway", **TRACES)
        assert found.cause is Cause.PERMISSION_DENIED


class TestUntrueSentences:
    @pytest.mark.parametrize(("resolves", "promised"), [(True, True), (False, False)])
    def test_only_a_client_that_finds_its_workspace_is_said_to(self, resolves, promised, refusal, drive):
        facts = refusal(method=None)
        facts = replace(facts, target=replace(facts.target, resolves_workspace=resolves))
        found = drive(facts, everything() | {LIST_WORKSPACES: listed(A)}).diagnosis
        assert found.cause is Cause.WORKSPACE_REQUIRED
        assert ("finds it by itself" in text(found)) is promised

    @pytest.mark.parametrize("role", ["WORKSPACE_ADMIN", "Admin", "ORGANIZATION_ADMIN"])
    def test_nobody_who_is_admin_is_sent_for_the_role_of_admin(self, role, blame):
        answers = {GET_SETTINGS: at(A), LIST_WORKSPACES: listed(A, role_name=role)}
        found = blame(answers, method="POST", path="/sessions")
        assert (found.cause, found.confidence) == (Cause.PERMISSION_DENIED, Confidence.POSSIBLE)
        assert f"the role {role} includes projects:create" in found.summary
        assert not [title for title in titles(found) if title.startswith("Ask an admin")]
        assert check(found, "Permission").result == "ok"

    @pytest.mark.parametrize(("role", "path"), [("WORKSPACE_VIEWER", "/runs/multipart"), ("Editor", "/sessions")])
    def test_a_role_that_lacks_it_by_the_documentation_does(self, role, path, blame):
        answers = {GET_SETTINGS: at(A), LIST_WORKSPACES: listed(A, role_name=role)}
        found = blame(answers, method="POST", path=path)
        assert (found.cause, found.confidence) == (Cause.PERMISSION_DENIED, Confidence.LIKELY)
        assert f"the role {role} does not include" in found.summary

    @pytest.mark.parametrize("role", [None, "CUSTOM", "Trace readers"])
    def test_of_other_roles_nothing_is_known(self, role, blame):
        answers = {GET_SETTINGS: at(A), LIST_WORKSPACES: listed(A, role_name=role)}
        found = blame(answers, method="POST", path="/sessions")
        assert check(found, "Permission").result == "unknown"

    @pytest.mark.parametrize("path", ["/repos/acme/greeting", "/commits/acme/greeting/latest"])
    def test_a_prompt_of_another_owner_may_be_private(self, path, blame):
        answers = {GET_SETTINGS: at(A), LIST_WORKSPACES: listed(A, permissions=["prompts:read"])}
        found = blame(answers, path=path)
        assert "private to its owner" in found.summary
        assert any('"acme"' in fix.detail for fix in found.fixes)
        assert "private" not in blame(answers, path=path.replace("acme", "-")).summary


class TestAProxyThatRefusesToConnect:
    @pytest.mark.parametrize(
        "words", ["403 Forbidden", "407 Proxy Authentication Required", "403 blocked-by-allowlist"]
    )
    @pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
    def test_it_is_named_with_its_variable_and_its_own_answer(self, words, variable, blame):
        environ = {variable: "http://user:hunter22@proxy.acme.example:3128"}
        refused = Answer(error="ProxyError", proxy_refusal=words)
        found = blame(dict.fromkeys(everything(), refused), method=None, environ=environ)
        assert (found.cause, found.confidence) == (Cause.BLOCKED_UPSTREAM, Confidence.CONFIRMED)
        assert all(part in found.summary for part in (words, variable, "proxy.acme.example:3128"))
        assert "hunter22" not in f"{found} {found.to_dict()}"
        if words.startswith("407"):
            assert titles(found)[0] == "Give the proxy proxy.acme.example:3128 your user name and password"
            assert found.fixes[0].code == f"{variable}=http://<user>:<password>@proxy.acme.example:3128"
        else:
            assert "api.smith.langchain.com" in titles(found)[0]
        assert check(found, "Who answered").result == "problem"

    @pytest.mark.parametrize("endpoint", [f"{US}/otel", "https://smith.langchain.com", f"{EU}:8443"])
    def test_a_wrong_address_is_wrong_through_a_proxy_too(self, endpoint, blame):
        refused = Answer(error="ProxyError", proxy_refusal="403 Forbidden")
        found = blame(dict.fromkeys(everything(), refused), method=None, endpoint=endpoint)
        assert found.cause is Cause.WRONG_ENDPOINT
        assert found.fixes[0].code == f"LANGSMITH_ENDPOINT={EU if endpoint.startswith(EU) else US}"

    def test_a_proxy_that_no_variable_names_is_a_proxy(self, blame):
        found = blame({GET_SETTINGS: Answer(error="ProxyError", proxy_refusal="403 Forbidden")}, method=None)
        assert "a proxy refused to connect" in found.summary


class TestFixesThatFit:
    def test_variables_are_not_printed_where_none_is_set(self, blame):
        printing = "Print the LangSmith variables that this process sees (last 4 characters)"
        assert printing not in titles(blame(key_from=Origin("argument", "api_key")))
        assert printing in titles(blame())

    @pytest.mark.parametrize(
        ("operation", "offered"),
        [
            (TRACES, True),
            ({"method": "PATCH", "path": f"/runs/{A}"}, True),
            ({}, False),
            ({"path": f"/runs/{A}"}, False),
        ],
    )
    @pytest.mark.parametrize("key", [KEY, "<your-api-key>", None])
    def test_tracing_is_turned_off_only_for_traces(self, operation, offered, key, blame):
        found = blame(key=key, environ={"LANGSMITH_TRACING": "true"}, **operation)
        assert ("Or turn tracing off" in titles(found)) is offered

    def test_nobody_is_told_to_rename_what_other_programs_read(self, blame):
        found = blame({LIST_WORKSPACES: listed(A)}, environ={"LANGSMITH_TENANT_ID": A})
        assert "Rename" not in text(found)

    @pytest.mark.parametrize("name", ["LANGSMITH_API_KEY", "LANGCHAIN_API_KEY"])
    @pytest.mark.parametrize("value", ["", "  ", '""'])
    def test_a_variable_that_is_empty_is_said_to_be(self, name, value, blame):
        found = blame(key=None, key_from=None, environ={name: value}, method=None)
        assert found.cause is Cause.KEY_MISSING
        assert f"{name} is set, but empty" in found.summary
        assert titles(found)[0] == f"Give {name} a value"
        assert "fork" in found.fixes[0].detail
        assert f"{name} is set, but empty" in check(found, "Environment variables").detail
        assert f"not set: {name}" not in check(found, "Environment variables").detail

    def test_a_reload_is_one_line_of_this_library(self, blame):
        found = blame(dotenv=Dotenv("/p/.env", (DotenvLine("LANGSMITH_API_KEY", OTHER, 3),)))
        assert found.cause is Cause.STALE_ENVIRONMENT
        assert found.fixes[0].code == "from safe_langsmith import reload_environment; reload_environment('/p/.env')"
        assert "get_env_var" not in found.fixes[0].code


class TestAddressesWithATokenOfTheirOwn:
    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("POST", f"/feedback/tokens/{B}"),
            ("GET", f"/api/v1/feedback/tokens/{B}"),
            ("GET", f"/public/{B}/run"),
            ("POST", f"/v2/public/{B}/runs/query"),
        ],
    )
    def test_no_role_is_asked_there(self, method, path, blame):
        answers = {
            GET_SETTINGS: at(A),
            LIST_WORKSPACES: listed(A, role_name="WORKSPACE_VIEWER", permissions=["runs:read"]),
        }
        found = blame(answers, method=method, path=path)
        assert "does not include" not in found.summary
        assert titles(found)[0] == "Use a new token or link"
        assert check(found, "Permission").result == "not-applicable"

    @pytest.mark.parametrize("path", ["/feedback/tokens", "/feedback/tokens/"])
    def test_making_such_a_token_needs_a_role(self, path, blame):
        answers = {GET_SETTINGS: at(A), LIST_WORKSPACES: listed(A, permissions=["runs:read"])}
        assert "does not include feedback:create" in blame(answers, method="POST", path=path).summary


class TestALogin:
    @pytest.mark.parametrize("status", [401, 403])
    @pytest.mark.parametrize(
        "elsewhere", [{}, {"environ": {"LANGCHAIN_API_KEY": ""}}, {"environ": {"LANGSMITH_REGION": "eu"}}], ids=str
    )
    def test_it_is_renewed_first(self, status, elsewhere, refusal, drive):
        facts = refusal(
            key=None, key_from=None, profile=Profile("work", "config.json", oauth=True), method=None, **elsewhere
        )
        facts = replace(facts, target=replace(facts.target, credential=OAUTH))
        found = drive(facts, everything(said({"detail": "Invalid token"}, status))).diagnosis
        assert found.cause is Cause.KEY_REJECTED
        assert (titles(found)[0], found.fixes[0].code) == ("Log in again", "langsmith login")
        assert "login has expired" in found.summary


class TestARegionThatKnowsTheKey:
    @pytest.mark.parametrize(
        ("words", "then"),
        [
            ({"detail": "API key has expired"}, "And create a new key there"),
            ({"error": "Source IP not in allowlist"}, "And ask an admin of the organization there"),
            ({"error": "org_scoped_key_requires_workspace"}, "And name the workspace"),
        ],
        ids=str,
    )
    def test_its_own_reason_shows_that_it_knows_it(self, words, then, blame):
        regions = (RegionAnswer("EU", EU, said(words)), RegionAnswer("APAC", EU, REFUSED))
        found = blame(regions=regions)
        assert found.cause is Cause.WRONG_REGION
        assert "EU knows it" in found.summary
        assert found.fixes[0].code == f"LANGSMITH_ENDPOINT={EU}"
        assert titles(found)[1] == then

    def test_what_the_region_in_use_says_itself_counts_first(self, blame):
        words = {"detail": "API key has expired"}
        found = blame(
            everything(said(words)), body=json.dumps(words).encode(), regions=(RegionAnswer("EU", EU, said(words)),)
        )
        assert found.cause is Cause.KEY_REJECTED


MEANT = {
    "Research": ["research", "RESEARCH ", "Research # prod", "re-search"],
    A: [f"{A} # prod", f"https://smith.langchain.com/o/{A}/projects", f"{{{A}}}", f"urn:uuid:{A}", A.replace("-", "")],
}


class TestAMalformedWorkspaceId:
    @pytest.mark.parametrize("value", [value for values in MEANT.values() for value in values])
    def test_the_workspace_that_it_means_is_given(self, value, blame):
        found = blame({LIST_WORKSPACES: listed(B, A)}, workspace_id=value)
        assert found.cause is Cause.WORKSPACE_ID_MALFORMED
        assert titles(found)[0] == "Give the ID of Research"
        assert found.fixes[0].code == f"LANGSMITH_WORKSPACE_ID={A}"

    @pytest.mark.parametrize("value", [f"{A} # prod", f"https://smith.langchain.com/o/{A}"])
    def test_an_id_in_it_is_given_also_if_nothing_is_listed(self, value, blame):
        assert blame(workspace_id=value).fixes[0].code == f"LANGSMITH_WORKSPACE_ID={A}"

    @pytest.mark.parametrize("value", [KEY, SECRET, f"lsv2_pt_{SECRET}", f"key={SECRET}"])
    def test_no_secret_in_its_place_is_taken_for_an_id(self, value, blame):
        found = blame(workspace_id=value)
        assert found.cause is Cause.WORKSPACE_ID_MALFORMED
        assert "c0ffeec0-ffee" not in f"{found} {found.to_dict()}"

    @pytest.mark.parametrize("value", ["Unknown", "1", f"{A} or {B}"])
    def test_what_means_none_or_several_is_not_guessed(self, value, blame):
        found = blame({LIST_WORKSPACES: listed(B, A)}, workspace_id=value)
        assert titles(found)[0] == "Give the workspace's ID, a UUID"

    def test_a_key_in_its_place_is_said_to_be_one(self, blame):
        found = blame(workspace_id=OTHER)
        assert "not a UUID, but an API key" in found.summary
        assert SECRET not in str(found)


class TestAnUnreachableWorkspace:
    def test_a_personal_token_needs_none(self, blame):
        answers = {settings_in(C): REFUSED, LIST_WORKSPACES: listed(A), LIST_DELETED_WORKSPACES: listed(A)}
        removing = "Or name no workspace, to use the default of the key"
        assert removing in titles(blame(answers, workspace_id=C))
        assert removing not in titles(blame(answers, workspace_id=C, key=KEY.replace("_pt_", "_sk_")))

    def test_it_is_not_offered_if_the_default_is_refused_too(self, blame):
        denied = said({"detail": "Forbidden: missing permission organization:read"})
        answers = {settings_in(C): REFUSED, LIST_WORKSPACES: denied, GET_SETTINGS: REFUSED}
        found = blame(answers, workspace_id=C)
        assert found.cause is Cause.WORKSPACE_NOT_ACCESSIBLE
        assert "Or name no workspace, to use the default of the key" not in titles(found)


NAMED_REGIONS = [
    {"LANGSMITH_REGION": "eu"},
    {"LANGCHAIN_REGION": "EU"},
    {"LANGSMITH_WEB_URL": "https://eu.smith.langchain.com"},
    {"LANGSMITH_ENDPOINT_URL": EU},
    {"LANGCHAIN_HUB_API_URL": EU},
    {"LANGSMITH_BASE_URL": "eu.api.smith.langchain.com"},
    {"langsmith_endpoint": EU},
    {"LANGSMITH_HOST": "eu.smith.langchain.com"},
    {"LANGSMITH_API_URL": "https://eu.api.host.langchain.com"},
    {"LANGSMITH_REGION": "eu-west-1"},
    {"LANGSMITH_REGION": "europe-west4"},
    {"LANGSMITH_REGION": "gcp_eu"},
    {"LANGSMITH_API_HOST": "eu.api.smith.langchain.com"},
    {"LANGCHAIN_API_BASE_URL": "//eu.api.smith.langchain.com"},
    {"LANGSMITH_HOST": "https://api.eu.smith.langchain.com"},
    {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"{EU}/otel/v1/traces"},
]


class TestWhatPeopleMean:
    @pytest.mark.parametrize("environ", NAMED_REGIONS, ids=str)
    def test_a_region_is_recognized_in_each_of_its_names(self, environ, blame):
        found = blame(environ=environ)
        assert found.cause is Cause.WRONG_REGION
        assert next(iter(environ)) in found.summary
        assert found.fixes[0].code == f"LANGSMITH_ENDPOINT={EU}"

    @pytest.mark.parametrize(
        "environ",
        [{"LANGSMITH_REGION": "us"}, {"LANGSMITH_WEB_URL": "https://smith.langchain.com"}, {"LANGSMITH_REGION": "x"}],
    )
    def test_the_same_region_or_none_is_no_other(self, environ, blame):
        assert blame(environ=environ).cause is Cause.KEY_REJECTED

    @pytest.mark.parametrize("name", ["LANGSMITH_WEB_URL", "LANGCHAIN_ORG_ID", "LANGCHAIN_HUB_API_URL"])
    def test_what_other_programs_read_is_no_mistake(self, name, blame):
        assert check(blame(environ={name: "x"}), "Environment variables").result == "ok"


REASONS = {
    "API key has expired": "Create a new key",
    "IP address 203.0.113.9 is not allowed for this organization": "Ask an organization admin to allow",
    "Organization is disabled": "Ask an organization admin why",
    "SSO is required": "Act on what the server says",
}


class TestWordsAgainstEverythingElse:
    @pytest.mark.parametrize(("words", "first"), REASONS.items())
    @pytest.mark.parametrize("length", [44, 51, 59])
    def test_words_say_more_than_the_length_of_a_key(self, words, first, length, blame):
        body = {"detail": words}
        found = blame(everything(said(body)), key=f"lsv2_sk_{'Ab1' * 20}"[:length], body=json.dumps(body).encode())
        if first.startswith("Act"):
            # The library does not know these words, so it quotes them and names what it does know.
            assert found.cause is Cause.KEY_MALFORMED
            assert titles(found)[1].startswith(first)
        else:
            assert found.cause is Cause.KEY_REJECTED
            assert titles(found)[0].startswith(first)
            assert words in found.summary

    @pytest.mark.parametrize(("words", "first"), REASONS.items())
    def test_words_come_before_a_region_that_this_machine_names(self, words, first, blame):
        found = blame(body=json.dumps({"detail": words}).encode(), environ={"LANGSMITH_REGION": "eu"})
        is_known = not first.startswith("Act")
        assert found.cause is (Cause.KEY_REJECTED if is_known else Cause.WRONG_REGION)
        assert titles(found)[0 if is_known else 1].startswith(first)

    @pytest.mark.parametrize(("words", "first"), REASONS.items())
    @pytest.mark.parametrize("permissions", [None, ["datasets:read"], ["datasets:create"]], ids=str)
    def test_words_come_first_if_this_operation_alone_is_refused(self, words, first, permissions, blame):
        works = {GET_SETTINGS: at(A), LIST_WORKSPACES: listed(A, permissions=permissions)}
        found = blame(works, method="POST", path="/datasets", body=json.dumps({"detail": words}).encode())
        assert found.cause is Cause.PERMISSION_DENIED
        assert titles(found)[0].startswith(first)

    def test_words_of_a_401_are_no_lost_key(self, blame):
        body = {"detail": "SSO is required"}
        found = blame(everything(said(body, 401)), body=json.dumps(body).encode())
        assert found.cause is Cause.KEY_REJECTED


class TestWhoAnswersForTheCloud:
    @pytest.mark.parametrize(
        "about",
        [
            read_answer(200, b"<html><title>Login</title></html>"),
            read_answer(302, b""),
            read_answer(451, b"{}"),
            read_answer(404, b'{"detail":"Not Found"}'),
            read_answer(200, b'{"status":"ok"}'),
        ],
        ids=["a login page", "a redirect", "451", "404", "another API"],
    )
    def test_the_cloud_answers_about_itself_in_its_own_form(self, about, blame):
        found = blame({GET_INFO: about})
        assert (found.cause, found.confidence) == (Cause.BLOCKED_UPSTREAM, Confidence.LIKELY)
        assert "GET /info" in found.summary

    @pytest.mark.parametrize(
        "about", [read_answer(503, b""), read_answer(429, b"{}"), Answer(error="timed out")], ids=str
    )
    def test_an_error_that_passes_says_nothing(self, about, blame):
        assert blame({GET_INFO: about}).cause is Cause.KEY_REJECTED

    def test_a_self_hosted_instance_that_tells_nobody_about_itself_got_no_key_either(self, blame):
        lost = said({"detail": "Invalid token"}, 401)
        found = blame(everything(lost, info=lost), endpoint=SELF_HOSTED, method=None)
        assert found.cause is Cause.BLOCKED_UPSTREAM
        assert "not to have arrived" in found.summary


class TestWhatIsConfiguredComesFirst:
    def test_a_workspace_that_is_not_listed_is_asked_about(self, blame):
        answers = {settings_in(A): REFUSED, LIST_WORKSPACES: REFUSED, GET_SETTINGS: at(B), settings_in(C): at(C)}
        dotenv = Dotenv("/app/.env", (DotenvLine("LANGSMITH_WORKSPACE_ID", C, 1),))
        found = blame(answers, workspace_id=A, dotenv=dotenv)
        assert found.cause is Cause.STALE_ENVIRONMENT
        assert titles(found)[0].startswith("Reload the environment")

    def test_it_is_in_the_line_before_the_default_one(self, blame):
        answers = {settings_in(A): REFUSED, LIST_WORKSPACES: REFUSED, GET_SETTINGS: at(B)}
        found = blame(answers, workspace_id=A, environ={"LANGSMITH_WORKSPACE_ID": A, "LANGSMITH_TENANT_ID": C})
        assert found.cause is Cause.WORKSPACE_NOT_ACCESSIBLE
        assert C in (found.fixes[0].code or "")
        assert "only" not in titles(found)[0]

    @pytest.mark.parametrize("name", ["LANGSMITH_KEY", "LANGCHAIN_TOKEN", "LANGSMITH_API_TOKEN"])
    def test_a_key_under_another_name_in_dotenv_is_offered(self, name, blame):
        dotenv = Dotenv("/app/.env", (DotenvLine(name, OTHER, 3),))
        found = blame(dotenv=dotenv)
        assert titles(found)[0] == f"Use the key in /app/.env:3 {name}"
        assert found.fixes[0].code == f"LANGSMITH_API_KEY=<the value of {name}>"

    def test_a_key_in_the_place_of_the_project_is_offered(self, blame):
        swapped = blame(key="my-project", environ={"LANGSMITH_API_KEY": "my-project", "LANGSMITH_PROJECT": OTHER})
        assert swapped.cause is Cause.KEY_MALFORMED
        assert titles(swapped)[0] == "Swap the API key and the project"
        old = blame(environ={"LANGSMITH_API_KEY": KEY, "LANGSMITH_PROJECT": OTHER})
        assert titles(old)[0] == "Move the key from LANGSMITH_PROJECT to LANGSMITH_API_KEY"

    def test_a_service_key_that_no_region_lists_may_be_limited_to_a_workspace(self, blame):
        regions = tuple(RegionAnswer(name, EU, REFUSED) for name in ("EU", "APAC"))
        found = blame(key=SERVICE, regions=regions, method=None)
        assert "may not list its workspaces" in found.summary
        assert titles(found)[:2] == ["Check the key's workspace and the organization's IP rules", "Create a new key"]


WORDLESS = [
    "Invalid API key. Please try again.",
    "Access denied. Request ID: 3f9ab2c1",
    "Invalid token, please contact support",
    "Unable to authenticate",
    "API key not recognised",
    "The provided API key isn't correct",
    "You must be logged in",
]


@pytest.mark.parametrize("words", WORDLESS)
def test_words_of_any_refusal_come_before_nothing(words, blame):
    found = blame(body=json.dumps({"detail": words}).encode())
    assert titles(found)[0] == "Use the endpoint of the region where the key was created"
