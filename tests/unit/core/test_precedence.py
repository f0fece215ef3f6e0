"""From a refusal and the answers to a few questions to one cause, in the documented order."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safe_langsmith import Cause, Confidence
from safe_langsmith._core.evidence import MOST_PROBES
from safe_langsmith._core.model import (
    GET_INFO,
    GET_INFO_BELOW,
    GET_SETTINGS,
    LIST_DELETED_WORKSPACES,
    LIST_WORKSPACES,
    PROBING_OFF,
    ProbeRequest,
    RegionAnswer,
    Successes,
    settings_in,
)
from safe_langsmith._core.needs import Need
from safe_langsmith._core.origins import Origin
from safe_langsmith._core.responses import Answer, read_answer
from safe_langsmith._core.settings import Dotenv, DotenvLine

A, B, C = (f"{digit * 8}-aaaa-4aaa-8aaa-{digit * 12}" for digit in "123")
ACME = "99999999-aaaa-4aaa-8aaa-999999999999"
CANARY = "c0ffeec0ffee"
NEWER = f"lsv2_pt_{CANARY}00000000000000000000_0000005678"
SERVICE = f"lsv2_sk_{CANARY}00000000000000000000_0000004321"
EU = "https://eu.api.smith.langchain.com"
ROOT = "https://langsmith.acme.example"
SELF_HOSTED = f"{ROOT}/api/v1"
AGENT_SERVER = "https://agents-7.us.langgraph.app"
PLANE = "https://langsmith.plane.example"

PAGE = b"<html><title>Blocked by Acme</title></html>"
BARE = b'{"error":"Forbidden"}\n'
NO_WORKSPACE = (
    b'{"detail":"This API key is org-scoped and requires workspace specification. '
    b"Please provide 'X-Tenant-ID' header.\"}"
)
NO_FEATURE = b'{"detail":"LLM Gateway not enabled for this organization"}'
NO_PERMISSION = b'{"detail":"Forbidden: needs projects:create"}'
NO_HEADERS = b'{"detail":"Missing authentication headers"}'
NO_READING = b'{"detail":"Forbidden: missing permission organization:read"}'
GATEWAY = b'{"message":"Forbidden"}'
KUBERNETES = b'{"kind":"Status","apiVersion":"v1","status":"Failure","message":"forbidden","reason":"Forbidden"}'
LEGACY = b'{"detail":"Using legacy API key. Please generate a new API key."}'
PREMIUM = b'{"detail":"Requires a premium plan"}'
POLICY = b'{"detail":"Blocked by policy"}'
EXPIRED = b'{"detail":"API key has expired"}'
NO_UUID = b'{"detail":"X-Tenant-Id: not a valid UUID"}'


def entry(id_: str, role: str | None = None, permissions: list[str] | None = None, **more: Any) -> dict[str, Any]:
    name = {A: "Research", B: "Support", C: "Sales"}[id_]
    return {
        "id": id_,
        "display_name": name,
        "role_name": role,
        "permissions": permissions,
        "organization_id": ACME,
        **more,
    }


def listed(*entries: str | dict[str, Any]) -> Answer:
    return read_answer(200, json.dumps([entry(e) if isinstance(e, str) else e for e in entries]).encode())


def at(id_: str) -> Answer:
    return read_answer(200, json.dumps({"id": id_, "display_name": entry(id_)["display_name"]}).encode())


def refusing(body: bytes = BARE, status: int = 403) -> Answer:
    return read_answer(status, body, "application/json")


REFUSED = refusing()
LANGSMITH = read_answer(200, b'{"version":"0.16.20","batch_ingest_config":{},"instance_flags":{}}')
EVERYTHING_REFUSED = {GET_SETTINGS: REFUSED, LIST_WORKSPACES: REFUSED, GET_INFO: LANGSMITH}
NOT_ARRIVED = refusing(b'{"detail":"Invalid token"}', 401)
AN_AGENT_SERVER = read_answer(200, b'{"version":"0.16.7","langgraph_py_version":"1.2.0","flags":{}}')
NOT_FOUND = read_answer(404, b'{"detail":"Not Found"}')
NO_ANSWER = {
    "timeout": Answer(error="ConnectTimeout"),
    "refused connection": Answer(error="ConnectionError"),
    "out of time": Answer(error="no time was left", asked=False),
    "server error": read_answer(500, b'{"detail":"Internal server error"}'),
    "bad gateway": read_answer(502, PAGE, "text/html"),
    "rate limit": read_answer(429, b"{}"),
    "redirect": read_answer(302, b""),
    "a proxy's page": read_answer(403, PAGE, "text/html"),
    "a login page": read_answer(200, PAGE, "text/html"),
}

STALE = {"environ": {"LANGSMITH_API_KEY": NEWER}}
STALE_FILE = {"dotenv": Dotenv("/p/.env", (DotenvLine("LANGSMITH_API_KEY", NEWER, 3),))}
ON_PURPOSE = {"key_from": "the api_key argument", **STALE}
OTHER_REGION = {"environ": {"LANGCHAIN_ENDPOINT": EU}}
VIEWER = entry(A, "WORKSPACE_VIEWER", ["projects:read", "runs:read"])
ADMIN_OF_B = entry(B, "WORKSPACE_ADMIN")
CREATE = {"method": "POST", "path": "/sessions"}

CONFIRMED, LIKELY, POSSIBLE = Confidence.CONFIRMED, Confidence.LIKELY, Confidence.POSSIBLE

# What was refused, the probes and their answers in order, and what follows.
ROWS: dict[str, tuple[dict[str, Any], dict[ProbeRequest, Answer], Cause, Confidence]] = {
    # The examples on the pages of docs/causes/, each under the name of its cause.
    "blocked-upstream": (
        {"body": b"<html><title>403 Forbidden by policy 17</title></html>", "content_type": "text/html"},
        {GET_INFO: NO_ANSWER["a proxy's page"]},
        Cause.BLOCKED_UPSTREAM,
        LIKELY,
    ),
    "wrong-endpoint": (
        {
            "endpoint": ROOT,
            "body": b"<html><title>LangSmith</title></html>",
            "environ": {"LANGSMITH_ENDPOINT": ROOT},
        },
        {GET_INFO: read_answer(405, b'"page"'), GET_INFO_BELOW: LANGSMITH},
        Cause.WRONG_ENDPOINT,
        CONFIRMED,
    ),
    "feature-unavailable": (
        {"method": "POST", "path": "/runs/multipart", "body": b'{"error":"Forbidden - no plan found"}'},
        {GET_INFO: LANGSMITH},
        Cause.FEATURE_UNAVAILABLE,
        CONFIRMED,
    ),
    "permission-denied": (
        CREATE,
        {GET_SETTINGS: at(A), LIST_WORKSPACES: listed(VIEWER, ADMIN_OF_B)},
        Cause.PERMISSION_DENIED,
        LIKELY,
    ),
    "workspace-required": (
        {"key": SERVICE, "body": NO_WORKSPACE, "request_id": "5f1c2a9e"},
        {LIST_WORKSPACES: listed(VIEWER, ADMIN_OF_B)},
        Cause.WORKSPACE_REQUIRED,
        CONFIRMED,
    ),
    "key-missing": (
        {"key": None, "body": b'{"detail":"Invalid token"}', "method": None},
        {},
        Cause.KEY_MISSING,
        LIKELY,
    ),
    "key-legacy": (
        {"key": f"ls__{CANARY}0000000000001234", "key_from": "LANGCHAIN_API_KEY"},
        {},
        Cause.KEY_LEGACY,
        LIKELY,
    ),
    "key-malformed": ({"key": 'os.environ["LANGSMITH_KEY"]'}, {}, Cause.KEY_MALFORMED, LIKELY),
    "workspace-id-malformed": (
        {"workspace_id": "research"},
        {LIST_WORKSPACES: listed(VIEWER, ADMIN_OF_B)},
        Cause.WORKSPACE_ID_MALFORMED,
        LIKELY,
    ),
    "workspace-not-accessible": (
        {"workspace_id": C},
        {settings_in(C): REFUSED, LIST_WORKSPACES: listed(VIEWER), LIST_DELETED_WORKSPACES: listed(VIEWER)},
        Cause.WORKSPACE_NOT_ACCESSIBLE,
        CONFIRMED,
    ),
    "stale-environment": (
        {"dotenv": Dotenv("/home/me/.env", (DotenvLine("LANGSMITH_API_KEY", NEWER, 3),))},
        EVERYTHING_REFUSED,
        Cause.STALE_ENVIRONMENT,
        LIKELY,
    ),
    "wrong-region": ({"environ": {"LANGSMITH_BASE_URL": EU}}, EVERYTHING_REFUSED, Cause.WRONG_REGION, LIKELY),
    "key-rejected": ({}, EVERYTHING_REFUSED, Cause.KEY_REJECTED, LIKELY),
    "undetermined": ({}, {GET_SETTINGS: NO_ANSWER["timeout"]}, Cause.UNDETERMINED, POSSIBLE),
    # 1. What the answer itself proves.
    "a page": ({"body": PAGE}, {GET_INFO: LANGSMITH}, Cause.BLOCKED_UPSTREAM, LIKELY),
    "another host after a redirect": ({"redirected_to": "x.example"}, {}, Cause.BLOCKED_UPSTREAM, CONFIRMED),
    "a page of a self-hosted host": ({"body": PAGE, "endpoint": SELF_HOSTED}, {}, Cause.BLOCKED_UPSTREAM, CONFIRMED),
    "a Kubernetes API server's answer": (
        {"body": KUBERNETES, "endpoint": ROOT},
        {GET_INFO: refusing(KUBERNETES)},
        Cause.WRONG_ENDPOINT,
        CONFIRMED,
    ),
    "its answer, and LangSmith's own refusal of GET /info": (
        {"body": KUBERNETES, "endpoint": ROOT},
        {GET_INFO: REFUSED},
        Cause.BLOCKED_UPSTREAM,
        CONFIRMED,
    ),
    "its answer, and a page for GET /info": (
        {"body": KUBERNETES, "endpoint": ROOT},
        {GET_INFO: NO_ANSWER["a proxy's page"]},
        Cause.WRONG_ENDPOINT,
        LIKELY,
    ),
    "its answer, before LangSmith": (
        {"body": KUBERNETES, "endpoint": ROOT},
        {GET_INFO: LANGSMITH},
        Cause.BLOCKED_UPSTREAM,
        CONFIRMED,
    ),
    "its answer at LangSmith's own host": ({"body": KUBERNETES}, {}, Cause.BLOCKED_UPSTREAM, CONFIRMED),
    "a page, and nobody tells of an API": (
        {"body": PAGE, "endpoint": ROOT},
        dict.fromkeys((GET_INFO, GET_INFO_BELOW), NO_ANSWER["timeout"]),
        Cause.BLOCKED_UPSTREAM,
        LIKELY,
    ),
    "an invalid token, with 403": (
        {"body": b'{"detail":"Invalid token"}', "endpoint": SELF_HOSTED, "workspace_id": A},
        {GET_INFO: AN_AGENT_SERVER},
        Cause.WRONG_ENDPOINT,
        CONFIRMED,
    ),
    "a page of a host that has an API below": (
        {"body": PAGE, "endpoint": ROOT},
        {GET_INFO: read_answer(200, PAGE), GET_INFO_BELOW: LANGSMITH},
        Cause.WRONG_ENDPOINT,
        CONFIRMED,
    ),
    "a page of a host that has none": (
        {"body": PAGE, "endpoint": ROOT},
        {GET_INFO: NOT_FOUND, GET_INFO_BELOW: NOT_FOUND},
        Cause.BLOCKED_UPSTREAM,
        CONFIRMED,
    ),
    "a page of a host that is an API": (
        {"body": PAGE, "endpoint": ROOT},
        {GET_INFO: LANGSMITH},
        Cause.BLOCKED_UPSTREAM,
        CONFIRMED,
    ),
    "an Agent Server's words": (
        {"body": NO_HEADERS, "endpoint": SELF_HOSTED},
        {GET_INFO: AN_AGENT_SERVER},
        Cause.WRONG_ENDPOINT,
        CONFIRMED,
    ),
    "an Agent Server's host": (
        {"endpoint": AGENT_SERVER},
        {GET_INFO: AN_AGENT_SERVER},
        Cause.WRONG_ENDPOINT,
        CONFIRMED,
    ),
    "its words, from LangSmith": (
        {"body": NO_HEADERS, "endpoint": SELF_HOSTED},
        {GET_INFO: LANGSMITH, **EVERYTHING_REFUSED},
        Cause.KEY_REJECTED,
        LIKELY,
    ),
    "a gateway's refusal, and an Agent Server behind it": (
        {"body": GATEWAY, "endpoint": ROOT, "workspace_id": A},
        {settings_in(A): refusing(NO_HEADERS), LIST_WORKSPACES: refusing(NO_HEADERS), GET_INFO: AN_AGENT_SERVER},
        Cause.WRONG_ENDPOINT,
        CONFIRMED,
    ),
    "the same, and it does not say what it is": (
        {"body": GATEWAY, "endpoint": ROOT, "workspace_id": A},
        dict.fromkeys((settings_in(A), LIST_WORKSPACES, GET_INFO), refusing(NO_HEADERS)),
        Cause.WRONG_ENDPOINT,
        LIKELY,
    ),
    "an Agent Server's words, on every path": (
        {"body": NO_HEADERS, "endpoint": SELF_HOSTED, "workspace_id": A},
        {GET_INFO: refusing(NO_HEADERS)},
        Cause.WRONG_ENDPOINT,
        LIKELY,
    ),
    "a gateway's refusal, and invalid tokens behind it": (
        {"body": GATEWAY, "endpoint": ROOT, "workspace_id": A},
        {
            **dict.fromkeys((settings_in(A), LIST_WORKSPACES, GET_SETTINGS), refusing(b'{"detail":"Invalid token"}')),
            GET_INFO: AN_AGENT_SERVER,
        },
        Cause.WRONG_ENDPOINT,
        CONFIRMED,
    ),
    "the web UI's page": (
        {"body": PAGE, "endpoint": "https://smith.langchain.com"},
        {},
        Cause.WRONG_ENDPOINT,
        CONFIRMED,
    ),
    "the web UI's host, which redirects": (
        {"endpoint": "https://smith.langchain.com"},
        {GET_SETTINGS: NO_ANSWER["redirect"]},
        Cause.WRONG_ENDPOINT,
        LIKELY,
    ),
    "the body names a feature": ({"body": NO_FEATURE}, {GET_INFO: LANGSMITH}, Cause.FEATURE_UNAVAILABLE, CONFIRMED),
    "the body names one in LangSmith's own text, and nothing may be asked": (
        {"body": NO_FEATURE},
        {GET_INFO: PROBING_OFF},
        Cause.FEATURE_UNAVAILABLE,
        CONFIRMED,
    ),
    "the body names one in other words, and nothing may be asked": (
        {"body": PREMIUM},
        {GET_INFO: PROBING_OFF},
        Cause.FEATURE_UNAVAILABLE,
        LIKELY,
    ),
    "a gateway names a plan for every path": (
        {"body": PREMIUM},
        {GET_INFO: refusing(PREMIUM)},
        Cause.BLOCKED_UPSTREAM,
        LIKELY,
    ),
    "the same, in front of a self-hosted instance": (
        {"body": PREMIUM, "endpoint": SELF_HOSTED},
        {GET_INFO: refusing(b'{"error":"Requires a premium plan"}')},
        Cause.BLOCKED_UPSTREAM,
        LIKELY,
    ),
    "a self-hosted instance names a plan, and keeps GET /info to itself": (
        {"body": PREMIUM, "endpoint": SELF_HOSTED},
        {GET_INFO: REFUSED},
        Cause.FEATURE_UNAVAILABLE,
        LIKELY,
    ),
    "an Agent Server names a permission": (
        {"body": NO_PERMISSION, "endpoint": SELF_HOSTED},
        {GET_SETTINGS: REFUSED, LIST_WORKSPACES: REFUSED, GET_INFO: AN_AGENT_SERVER},
        Cause.WRONG_ENDPOINT,
        CONFIRMED,
    ),
    "a gateway says for every path that a workspace is missing": (
        {"body": NO_WORKSPACE},
        dict.fromkeys((LIST_WORKSPACES, GET_INFO), refusing(NO_WORKSPACE)),
        Cause.BLOCKED_UPSTREAM,
        LIKELY,
    ),
    "the body names a permission": (
        {"body": NO_PERMISSION, **CREATE},
        {GET_SETTINGS: at(A), LIST_WORKSPACES: listed(VIEWER)},
        Cause.PERMISSION_DENIED,
        CONFIRMED,
    ),
    "the body names a permission, the user a workspace": (
        {"body": NO_PERMISSION, "workspace_id": A, **CREATE},
        {LIST_WORKSPACES: listed(VIEWER)},
        Cause.PERMISSION_DENIED,
        CONFIRMED,
    ),
    "the body names a permission, and nobody else answers": (
        {"body": NO_PERMISSION, **CREATE},
        dict.fromkeys((GET_SETTINGS, LIST_WORKSPACES, GET_INFO), NO_ANSWER["timeout"]),
        Cause.PERMISSION_DENIED,
        LIKELY,
    ),
    "the body says that a workspace is missing": (
        {"body": NO_WORKSPACE},
        {LIST_WORKSPACES: listed(A, B)},
        Cause.WORKSPACE_REQUIRED,
        CONFIRMED,
    ),
    "the body says so, and nothing is listed": (
        {"body": NO_WORKSPACE},
        {LIST_WORKSPACES: REFUSED, GET_INFO: LANGSMITH},
        Cause.WORKSPACE_REQUIRED,
        CONFIRMED,
    ),
    "the body says so, though one was named": (
        {"body": NO_WORKSPACE, "workspace_id": A},
        {LIST_WORKSPACES: listed(A)},
        Cause.WORKSPACE_REQUIRED,
        CONFIRMED,
    ),
    # 2. What the values themselves show.
    "an address without https://": ({"endpoint": "eu.api.smith.langchain.com"}, {}, Cause.WRONG_ENDPOINT, LIKELY),
    "no key": ({"key": None}, {}, Cause.KEY_MISSING, LIKELY),
    "a legacy key": ({"key": "ls__0123456789abcdef"}, {}, Cause.KEY_LEGACY, LIKELY),
    "the body speaks of a legacy key": (
        {"key": "ls__0123456789abcdef", "body": LEGACY},
        {GET_INFO: LANGSMITH},
        Cause.KEY_LEGACY,
        CONFIRMED,
    ),
    "the body calls a key legacy that is none": (
        {"body": LEGACY},
        {GET_INFO: LANGSMITH, **EVERYTHING_REFUSED},
        Cause.BLOCKED_UPSTREAM,
        LIKELY,
    ),
    "a legacy key that worked before": (
        {"key": "ls__0123456789abcdef", "endpoint": SELF_HOSTED, "successes": Successes(3, read=True)},
        EVERYTHING_REFUSED,
        Cause.KEY_REJECTED,
        LIKELY,
    ),
    "a placeholder": ({"key": "<your-api-key>"}, {}, Cause.KEY_MALFORMED, LIKELY),
    "a key cut short": ({"key": "lsv2_pt_c0ffee"}, {}, Cause.KEY_MALFORMED, LIKELY),
    "a workspace's name for its id": (
        {"workspace_id": "Research"},
        {LIST_WORKSPACES: listed(A, B)},
        Cause.WORKSPACE_ID_MALFORMED,
        LIKELY,
    ),
    "the body says that the id is no UUID": (
        {"workspace_id": "Research", "body": NO_UUID},
        {GET_INFO: LANGSMITH, LIST_WORKSPACES: REFUSED},
        Cause.WORKSPACE_ID_MALFORMED,
        CONFIRMED,
    ),
    "a text that begins like no key": ({"key": "dummy"}, {}, Cause.KEY_MALFORMED, LIKELY),
    # 3. What probes show.
    "a proxy refuses to connect": (
        {},
        {GET_SETTINGS: Answer(error="ProxyError", proxy_refusal="403 Forbidden")},
        Cause.BLOCKED_UPSTREAM,
        LIKELY,
    ),
    "a path for OpenTelemetry": (
        {"endpoint": "https://api.smith.langchain.com/otel"},
        {GET_SETTINGS: NOT_FOUND},
        Cause.WRONG_ENDPOINT,
        LIKELY,
    ),
    "the workspace in .env is reachable": (
        {"workspace_id": B, "dotenv": Dotenv("/p/.env", (DotenvLine("LANGSMITH_WORKSPACE_ID", A, 2),))},
        {settings_in(B): REFUSED, LIST_WORKSPACES: listed(A)},
        Cause.STALE_ENVIRONMENT,
        LIKELY,
    ),
    "another workspace is reachable": (
        {"workspace_id": B},
        {settings_in(B): REFUSED, LIST_WORKSPACES: listed(A), LIST_DELETED_WORKSPACES: listed(A)},
        Cause.WORKSPACE_NOT_ACCESSIBLE,
        CONFIRMED,
    ),
    "the SDK sent the client's workspace along with another key": (
        {"inherited": B},
        {GET_SETTINGS: at(A), settings_in(B): REFUSED},
        Cause.WORKSPACE_NOT_ACCESSIBLE,
        CONFIRMED,
    ),
    "the same, and the key is at home there": (
        {"inherited": A, **CREATE},
        {GET_SETTINGS: at(A), LIST_WORKSPACES: listed(VIEWER)},
        Cause.PERMISSION_DENIED,
        LIKELY,
    ),
    "the same, and the key needs one": (
        {"inherited": B},
        {GET_SETTINGS: refusing(NO_WORKSPACE), LIST_WORKSPACES: listed(A)},
        Cause.WORKSPACE_REQUIRED,
        CONFIRMED,
    ),
    "a probe there names a missing permission": (
        {"workspace_id": B},
        {settings_in(B): refusing(NO_READING), LIST_WORKSPACES: listed(A), LIST_DELETED_WORKSPACES: listed(A)},
        Cause.WORKSPACE_NOT_ACCESSIBLE,
        LIKELY,
    ),
    "a probe there names one, and nothing is listed": (
        {"workspace_id": B},
        {settings_in(B): refusing(NO_READING), LIST_WORKSPACES: REFUSED, GET_SETTINGS: at(A)},
        Cause.WORKSPACE_NOT_ACCESSIBLE,
        LIKELY,
    ),
    "a list with an entry that cannot be read": (
        {"workspace_id": B},
        {
            settings_in(B): REFUSED,
            LIST_WORKSPACES: listed(A, {"tenant": B}),
            LIST_DELETED_WORKSPACES: listed(A, {"tenant": B}),
        },
        Cause.WORKSPACE_NOT_ACCESSIBLE,
        LIKELY,
    ),
    "no list, and the key is at home in the named workspace": (
        {"workspace_id": B},
        {settings_in(B): REFUSED, LIST_WORKSPACES: REFUSED, GET_SETTINGS: at(B)},
        Cause.UNDETERMINED,
        POSSIBLE,
    ),
    "another key's probe there names a missing permission": (
        {"inherited": B},
        {GET_SETTINGS: at(A), settings_in(B): refusing(NO_READING)},
        Cause.WORKSPACE_NOT_ACCESSIBLE,
        LIKELY,
    ),
    "the organization's id": (
        {"workspace_id": ACME},
        {settings_in(ACME): REFUSED, LIST_WORKSPACES: listed(A)},
        Cause.WORKSPACE_NOT_ACCESSIBLE,
        CONFIRMED,
    ),
    "a deleted workspace": (
        {"workspace_id": B},
        {
            settings_in(B): REFUSED,
            LIST_WORKSPACES: listed(A),
            LIST_DELETED_WORKSPACES: listed(A, entry(B, is_deleted=True)),
        },
        Cause.WORKSPACE_NOT_ACCESSIBLE,
        CONFIRMED,
    ),
    "the key has another home": (
        {"workspace_id": B},
        {settings_in(B): REFUSED, LIST_WORKSPACES: REFUSED, GET_SETTINGS: at(A)},
        Cause.WORKSPACE_NOT_ACCESSIBLE,
        CONFIRMED,
    ),
    "the key serves others, as the probe's body says": (
        {"workspace_id": B},
        {settings_in(B): REFUSED, LIST_WORKSPACES: REFUSED, GET_SETTINGS: refusing(NO_WORKSPACE)},
        Cause.WORKSPACE_NOT_ACCESSIBLE,
        CONFIRMED,
    ),
    "a probe's body says that a workspace is missing": (
        {},
        {GET_SETTINGS: refusing(NO_WORKSPACE), LIST_WORKSPACES: listed(A, B)},
        Cause.WORKSPACE_REQUIRED,
        CONFIRMED,
    ),
    "a probe's body says so, and nothing is listed": (
        {},
        {GET_SETTINGS: refusing(NO_WORKSPACE), LIST_WORKSPACES: REFUSED},
        Cause.WORKSPACE_REQUIRED,
        CONFIRMED,
    ),
    "workspaces, but no home": (
        {},
        {GET_SETTINGS: REFUSED, LIST_WORKSPACES: listed(A, B)},
        Cause.WORKSPACE_REQUIRED,
        LIKELY,
    ),
    "the web UI's host, behind another's JSON": (
        {"body": GATEWAY, "endpoint": "https://smith.langchain.com"},
        {GET_SETTINGS: NO_ANSWER["a login page"]},
        Cause.WRONG_ENDPOINT,
        CONFIRMED,
    ),
    "LangSmith knows the key, and refuses it there": (
        {"workspace_id": B},
        {settings_in(B): REFUSED, LIST_WORKSPACES: refusing(NO_READING), GET_SETTINGS: REFUSED},
        Cause.WORKSPACE_NOT_ACCESSIBLE,
        LIKELY,
    ),
    "no JSON object, though the key is known": (
        {"body": GATEWAY},
        {GET_SETTINGS: REFUSED, LIST_WORKSPACES: refusing(NO_READING)},
        Cause.BLOCKED_UPSTREAM,
        LIKELY,
    ),
    "another data plane": (
        {"workspace_id": A},
        {settings_in(A): REFUSED, LIST_WORKSPACES: listed(entry(A, data_plane_url=PLANE))},
        Cause.WRONG_ENDPOINT,
        LIKELY,
    ),
    "another data plane, by default": (
        {},
        {GET_SETTINGS: REFUSED, LIST_WORKSPACES: listed(entry(A, data_plane_url=PLANE))},
        Cause.WRONG_ENDPOINT,
        LIKELY,
    ),
    "another data plane, and yet the key is at home here": (
        {},
        {GET_SETTINGS: at(A), LIST_WORKSPACES: listed(entry(A, data_plane_url=PLANE))},
        Cause.PERMISSION_DENIED,
        LIKELY,
    ),
    "a newer key, and a host that tells nobody what it is": (
        {"endpoint": SELF_HOSTED, **STALE},
        {**EVERYTHING_REFUSED, GET_INFO: NOT_FOUND},
        Cause.STALE_ENVIRONMENT,
        LIKELY,
    ),
    "the web UI's host, and LangSmith's own form": (
        {"endpoint": "https://smith.langchain.com"},
        {GET_SETTINGS: REFUSED},
        Cause.WRONG_ENDPOINT,
        LIKELY,
    ),
    "this data plane": (
        {"workspace_id": A, "endpoint": f"{PLANE}/api", **CREATE},
        {settings_in(A): at(A), LIST_WORKSPACES: listed({**VIEWER, "data_plane_url": PLANE})},
        Cause.PERMISSION_DENIED,
        LIKELY,
    ),
    "no JSON object, though the key is accepted": (
        {"body": GATEWAY},
        {GET_SETTINGS: at(A)},
        Cause.BLOCKED_UPSTREAM,
        LIKELY,
    ),
    "one permission of several is lacking": (
        {"method": "POST", "path": "/datasets/upload-experiment"},
        {GET_SETTINGS: at(A), LIST_WORKSPACES: listed(entry(A, "CUSTOM", ["projects:create", "datasets:create"]))},
        Cause.PERMISSION_DENIED,
        LIKELY,
    ),
    "the role lacks the permission": (
        CREATE,
        {GET_SETTINGS: at(A), LIST_WORKSPACES: listed(VIEWER)},
        Cause.PERMISSION_DENIED,
        LIKELY,
    ),
    "the role there lacks it": (
        {"workspace_id": A, **CREATE},
        {settings_in(A): at(A), LIST_WORKSPACES: listed(VIEWER)},
        Cause.PERMISSION_DENIED,
        LIKELY,
    ),
    "the role's permissions are not told": (
        CREATE,
        {GET_SETTINGS: at(A), LIST_WORKSPACES: listed(A)},
        Cause.PERMISSION_DENIED,
        LIKELY,
    ),
    "the operation is not documented": (
        {"path": "/new-thing"},
        {GET_SETTINGS: at(A), LIST_WORKSPACES: listed(VIEWER)},
        Cause.PERMISSION_DENIED,
        LIKELY,
    ),
    "the role has the permission": (
        {},
        {GET_SETTINGS: at(A), LIST_WORKSPACES: listed(VIEWER)},
        Cause.PERMISSION_DENIED,
        POSSIBLE,
    ),
    # 4. Everything is refused.
    "an Agent Server's refusals": (
        {"endpoint": "https://agents.acme.example"},
        {**EVERYTHING_REFUSED, GET_INFO: AN_AGENT_SERVER},
        Cause.WRONG_ENDPOINT,
        CONFIRMED,
    ),
    "some other service's refusals": (
        {"endpoint": SELF_HOSTED},
        {**EVERYTHING_REFUSED, GET_INFO: NOT_FOUND},
        Cause.WRONG_ENDPOINT,
        LIKELY,
    ),
    "a self-hosted instance's refusals": (
        {"endpoint": SELF_HOSTED},
        {**EVERYTHING_REFUSED, GET_INFO: LANGSMITH},
        Cause.KEY_REJECTED,
        LIKELY,
    ),
    "one that tells nobody about itself": (
        {"endpoint": SELF_HOSTED},
        {**EVERYTHING_REFUSED, GET_INFO: REFUSED},
        Cause.KEY_REJECTED,
        LIKELY,
    ),
    "another region's web page is named": (
        {"environ": {"LANGSMITH_BASE_URL": "https://eu.smith.langchain.com/o/x"}},
        EVERYTHING_REFUSED,
        Cause.WRONG_REGION,
        LIKELY,
    ),
    "another key in the environment": (STALE, EVERYTHING_REFUSED, Cause.STALE_ENVIRONMENT, LIKELY),
    "another key in .env": (STALE_FILE, EVERYTHING_REFUSED, Cause.STALE_ENVIRONMENT, LIKELY),
    "another key, but this one was given": (ON_PURPOSE, EVERYTHING_REFUSED, Cause.STALE_ENVIRONMENT, POSSIBLE),
    "another region accepts the key": (
        {"regions": (RegionAnswer("EU", EU, listed(A)), RegionAnswer("APAC", EU, REFUSED))},
        EVERYTHING_REFUSED,
        Cause.WRONG_REGION,
        CONFIRMED,
    ),
    "another region says that the key has expired": (
        {"regions": (RegionAnswer("EU", EU, refusing(EXPIRED)), RegionAnswer("APAC", EU, REFUSED))},
        EVERYTHING_REFUSED,
        Cause.WRONG_REGION,
        LIKELY,
    ),
    "another region says that a workspace is missing": (
        {"regions": (RegionAnswer("EU", EU, refusing(NO_WORKSPACE)), RegionAnswer("APAC", EU, REFUSED))},
        EVERYTHING_REFUSED,
        Cause.WRONG_REGION,
        CONFIRMED,
    ),
    "all regions say that the key has expired": (
        {"regions": (RegionAnswer("EU", EU, refusing(EXPIRED)), RegionAnswer("APAC", EU, refusing(EXPIRED)))},
        EVERYTHING_REFUSED,
        Cause.KEY_REJECTED,
        LIKELY,
    ),
    "no region accepts the key": (
        {"regions": (RegionAnswer("EU", EU, REFUSED), RegionAnswer("APAC", EU, REFUSED))},
        EVERYTHING_REFUSED,
        Cause.KEY_REJECTED,
        LIKELY,
    ),
    "another region is named": (OTHER_REGION, EVERYTHING_REFUSED, Cause.WRONG_REGION, LIKELY),
    "all is refused": ({}, EVERYTHING_REFUSED, Cause.KEY_REJECTED, LIKELY),
    "another way to write the same region": (
        {"environ": {"LANGCHAIN_ENDPOINT": "https://api.smith.langchain.com/api/v1"}},
        EVERYTHING_REFUSED,
        Cause.KEY_REJECTED,
        LIKELY,
    ),
    "all is refused with 401": (
        {},
        {**EVERYTHING_REFUSED, **dict.fromkeys((GET_SETTINGS, LIST_WORKSPACES), NOT_ARRIVED)},
        Cause.BLOCKED_UPSTREAM,
        LIKELY,
    ),
    "all is refused, with a workspace, too": (
        {"workspace_id": A},
        {settings_in(A): REFUSED, LIST_WORKSPACES: REFUSED, GET_SETTINGS: REFUSED, GET_INFO: LANGSMITH},
        Cause.KEY_REJECTED,
        LIKELY,
    ),
    "a key of an unknown kind": ({"key": f"lsv3_pt_{CANARY}"}, EVERYTHING_REFUSED, Cause.KEY_REJECTED, LIKELY),
    "another region is named, and all is refused with 401": (
        OTHER_REGION,
        {**EVERYTHING_REFUSED, **dict.fromkeys((GET_SETTINGS, LIST_WORKSPACES), NOT_ARRIVED)},
        Cause.BLOCKED_UPSTREAM,
        LIKELY,
    ),
    "all is refused, GET /info too": (
        {"body": POLICY},
        dict.fromkeys((GET_SETTINGS, LIST_WORKSPACES, GET_INFO), refusing(POLICY)),
        Cause.BLOCKED_UPSTREAM,
        LIKELY,
    ),
    "the same, at a self-hosted instance": (
        {"body": POLICY, "endpoint": SELF_HOSTED},
        dict.fromkeys((GET_SETTINGS, LIST_WORKSPACES, GET_INFO), refusing(POLICY)),
        Cause.BLOCKED_UPSTREAM,
        LIKELY,
    ),
    "a key cut by a few letters": ({"key": NEWER[:-3]}, EVERYTHING_REFUSED, Cause.KEY_MALFORMED, LIKELY),
    "a key that worked before": (
        {"successes": Successes(3, read=True)},
        EVERYTHING_REFUSED,
        Cause.KEY_REJECTED,
        LIKELY,
    ),
    "a key that worked before, and another region is named": (
        {"successes": Successes(3, read=True), **OTHER_REGION},
        EVERYTHING_REFUSED,
        Cause.KEY_REJECTED,
        LIKELY,
    ),
    "a key that could write before": (
        {"successes": Successes(0, wrote=True)},
        EVERYTHING_REFUSED,
        Cause.PERMISSION_DENIED,
        LIKELY,
    ),
    "the server names a reason, and another region is named": (
        {"body": EXPIRED, **OTHER_REGION},
        EVERYTHING_REFUSED,
        Cause.KEY_REJECTED,
        LIKELY,
    ),
    # 5. Nothing settles it.
    "the server names a reason, and nothing may be asked": (
        {"body": EXPIRED},
        {GET_SETTINGS: PROBING_OFF},
        Cause.KEY_REJECTED,
        POSSIBLE,
    ),
    "LangSmith knows the key, and refuses it at home": (
        {},
        {GET_SETTINGS: REFUSED, LIST_WORKSPACES: refusing(NO_READING)},
        Cause.UNDETERMINED,
        POSSIBLE,
    ),
    "another workspace answers": (
        {"workspace_id": B},
        {settings_in(B): at(A), LIST_WORKSPACES: listed(A, B)},
        Cause.UNDETERMINED,
        POSSIBLE,
    ),
    "another workspace answers, and the key's list lacks the named one": (
        {"workspace_id": B},
        {settings_in(B): at(A), LIST_WORKSPACES: listed(A)},
        Cause.WORKSPACE_NOT_ACCESSIBLE,
        LIKELY,
    ),
    "no answer in LangSmith's form": (
        {"body": GATEWAY},
        dict.fromkeys((GET_SETTINGS, LIST_WORKSPACES), read_answer(403, GATEWAY)),
        Cause.BLOCKED_UPSTREAM,
        LIKELY,
    ),
    "no workspace is listed": ({}, {GET_SETTINGS: REFUSED, LIST_WORKSPACES: listed()}, Cause.UNDETERMINED, POSSIBLE),
    "listed, and yet refused": (
        {"workspace_id": A},
        {settings_in(A): REFUSED, LIST_WORKSPACES: listed(A)},
        Cause.UNDETERMINED,
        POSSIBLE,
    ),
    # Several at once: the earlier wins.
    "a page, and a placeholder": (
        {"body": PAGE, "key": "<your-api-key>"},
        {GET_INFO: LANGSMITH},
        Cause.BLOCKED_UPSTREAM,
        LIKELY,
    ),
    "a page, and no key": ({"body": PAGE, "key": None}, {GET_INFO: LANGSMITH}, Cause.BLOCKED_UPSTREAM, LIKELY),
    "a redirect, and a named permission": (
        {"body": NO_PERMISSION, "redirected_to": "x.example"},
        {},
        Cause.BLOCKED_UPSTREAM,
        CONFIRMED,
    ),
    "a feature and a permission": (
        {"body": b'{"error":"not enabled for this tenant","detail":"needs runs:read"}'},
        {GET_SETTINGS: at(A), LIST_WORKSPACES: listed(A)},
        Cause.FEATURE_UNAVAILABLE,
        CONFIRMED,
    ),
    "a feature and a missing workspace": (
        {"body": b'{"error":"no plan found","detail":"requires a workspace id"}'},
        {LIST_WORKSPACES: listed(A, B)},
        Cause.FEATURE_UNAVAILABLE,
        CONFIRMED,
    ),
    "a permission and a missing workspace": (
        {"body": b'{"error":"org_scoped_key_requires_workspace","detail":"needs projects:create"}'},
        {GET_SETTINGS: at(A), LIST_WORKSPACES: listed(VIEWER)},
        Cause.PERMISSION_DENIED,
        CONFIRMED,
    ),
    "a missing workspace, and a key cut short": (
        {"body": NO_WORKSPACE, "key": "lsv2_sk_c0ffee"},
        {LIST_WORKSPACES: listed(A)},
        Cause.WORKSPACE_REQUIRED,
        CONFIRMED,
    ),
    "a missing workspace, and an id that is none": (
        {"body": NO_WORKSPACE, "workspace_id": "Research"},
        {LIST_WORKSPACES: listed(A)},
        Cause.WORKSPACE_REQUIRED,
        CONFIRMED,
    ),
    "no key, and an id that is none": ({"key": None, "workspace_id": "x"}, {}, Cause.KEY_MISSING, LIKELY),
    "a placeholder, and an id that is none": (
        {"key": "<your-api-key>", "workspace_id": "x"},
        {},
        Cause.KEY_MALFORMED,
        LIKELY,
    ),
    "a legacy placeholder": ({"key": "ls__..."}, {}, Cause.KEY_LEGACY, LIKELY),
    "an id that is none, and a newer key": (
        {"workspace_id": "x", **STALE},
        {LIST_WORKSPACES: REFUSED},
        Cause.WORKSPACE_ID_MALFORMED,
        LIKELY,
    ),
    "an unreachable workspace, and a newer key": (
        {"workspace_id": B, **STALE},
        {settings_in(B): REFUSED, LIST_WORKSPACES: listed(A), LIST_DELETED_WORKSPACES: listed(A)},
        Cause.WORKSPACE_NOT_ACCESSIBLE,
        CONFIRMED,
    ),
    "a missing permission, and another region": (
        {**CREATE, **OTHER_REGION},
        {GET_SETTINGS: at(A), LIST_WORKSPACES: listed(VIEWER)},
        Cause.PERMISSION_DENIED,
        LIKELY,
    ),
    "a newer key, and another region": (
        {"environ": STALE["environ"] | OTHER_REGION["environ"]},
        EVERYTHING_REFUSED,
        Cause.STALE_ENVIRONMENT,
        LIKELY,
    ),
    "a newer key than the given, and another region": (
        {"key_from": "the api_key argument", "environ": STALE["environ"] | OTHER_REGION["environ"]},
        EVERYTHING_REFUSED,
        Cause.STALE_ENVIRONMENT,
        POSSIBLE,
    ),
}


@pytest.mark.parametrize("row", ROWS)
def test_the_first_cause_that_holds_is_named(row, refusal, drive):
    refused, answers, cause, confidence = ROWS[row]
    diagnosis, _, asked = drive(refusal(**refused), answers)
    assert (diagnosis.cause, diagnosis.confidence) == (cause, confidence)
    assert asked == list(answers)


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_has_the_example_of_its_page(cause):
    assert ROWS[cause][2] is cause


def only(refusal: Any, drive: Any, row: str) -> Any:
    return drive(refusal(**ROWS[row][0]), ROWS[row][1])


class TestWhatIsSaid:
    @pytest.mark.parametrize(
        ("row", "said"),
        [
            ("the organization's id", "the id of the organization, not of a workspace"),
            ("a deleted workspace", "it is deleted"),
            ("another workspace is reachable", "this key has no access to it"),
            ("a page", "Blocked by Acme"),
            ("another host after a redirect", "x.example"),
            ("the body names a feature", "LLM Gateway not enabled"),
            ("the role lacks the permission", 'workspace "Research"'),
            ("the role lacks the permission", "WORKSPACE_VIEWER"),
            ("the role lacks the permission", "projects:create"),
            ("the body says that a workspace is missing", "2 workspaces"),
            ("another key in .env", "/p/.env:3"),
            ("another region is named", "LANGCHAIN_ENDPOINT names EU"),
            ("all is refused", "another region or another organization"),
            ("a workspace's name for its id", '"Research"'),
            ("no workspace is listed", "no workspace is listed"),
            ("no key", "A request without a credential"),
            ("a key cut short", "LANGSMITH_API_KEY"),
        ],
    )
    def test_the_summary_names_what_was_seen(self, row, said, refusal, drive):
        assert said in only(refusal, drive, row).diagnosis.summary

    @pytest.mark.parametrize(
        ("row", "result"),
        [
            ("all is refused", ["ok", "ok", "ok", "ok", "problem"]),
            ("another key in the environment", ["ok", "ok", "ok", "problem", "problem"]),
            ("another key, but this one was given", ["ok", "ok", "ok", "problem", "problem"]),
            ("another workspace is reachable", ["ok", "problem", "ok", "ok", "not-applicable"]),
            ("the role there lacks it", ["ok", "ok", "ok", "ok", "not-applicable"]),
            ("the role lacks the permission", ["ok", "ok", "ok", "ok", "not-applicable"]),
            ("the body says that a workspace is missing", ["ok", "problem", "ok", "ok", "not-applicable"]),
            ("the body says so, and nothing is listed", ["ok", "problem", "ok", "ok", "not-applicable"]),
            ("a placeholder", ["problem", "not-applicable", "ok", "ok", "problem"]),
            ("a legacy key", ["problem", "not-applicable", "ok", "ok", "problem"]),
            ("no key", ["problem", "not-applicable", "problem", "ok", "problem"]),
            ("a key of an unknown kind", ["unknown", "unknown", "ok", "ok", "problem"]),
            ("a page", ["ok", "ok", "ok", "ok", "unknown"]),
        ],
    )
    def test_the_five_documented_checks_have_results(self, row, result, refusal, drive):
        checks = only(refusal, drive, row).diagnosis.checks[:5]
        assert [(check.step, check.result) for check in checks] == [*enumerate(result, 1)]

    def test_an_overruled_variable_is_a_problem_of_step_3(self, refusal, drive):
        environ = {"LANGSMITH_PROJECT": "a", "LANGCHAIN_PROJECT": "b"}
        check = drive(refusal(environ=environ), EVERYTHING_REFUSED).diagnosis.checks[2]
        assert check.result == "problem"
        assert "LANGCHAIN_PROJECT=b (overridden)" in check.detail
        assert "not set: LANGSMITH_TRACING" in check.detail

    def test_the_probes_are_listed_with_their_answers(self, refusal, drive):
        answers = {settings_in(B): REFUSED, LIST_WORKSPACES: listed(A), LIST_DELETED_WORKSPACES: NO_ANSWER["timeout"]}
        probes = drive(refusal(workspace_id=B), answers).diagnosis.probes
        assert [(p.method, p.path, p.status) for p in probes] == [
            ("GET", f"/settings [workspace {B}]", 403),
            ("GET", "/workspaces", 200),
            ("GET", "/workspaces?include_deleted=true", "ConnectTimeout"),
        ]

    def test_what_was_not_sent_is_no_probe(self, refusal, drive):
        assert drive(refusal(), {GET_SETTINGS: NO_ANSWER["out of time"]}).diagnosis.probes == ()

    def test_before_any_refusal_there_is_no_request(self, refusal, drive):
        diagnosis = drive(refusal(method=None), EVERYTHING_REFUSED).diagnosis
        assert diagnosis.cause is Cause.KEY_REJECTED
        request = (diagnosis.method, diagnosis.url, diagnosis.status_code, diagnosis.request_id)
        assert (*request, diagnosis.server_message) == (None,) * 5
        assert "None" not in str(diagnosis)

    def test_the_request_is_told_as_it_was(self, refusal, drive):
        diagnosis = drive(refusal(body=PAGE, request_id="r-1"), {GET_INFO: LANGSMITH}).diagnosis
        assert (diagnosis.method, diagnosis.url, diagnosis.status_code, diagnosis.request_id) == (
            "GET",
            "https://api.smith.langchain.com/sessions",
            403,
            "r-1",
        )
        assert diagnosis.server_message == "an HTML page, 'Blocked by Acme'"


class TestScreen:
    @pytest.mark.parametrize("row", ROWS)
    def test_every_text_fits_a_screen(self, row, refusal, drive):
        diagnosis = only(refusal, drive, row).diagnosis
        code = {line for fix in diagnosis.fixes for line in (fix.code or "").splitlines()}
        lines = str(diagnosis).splitlines()
        assert len(lines) <= 40
        assert not [line for line in lines if len(line) > 100 and line.strip() not in code]


class TestCandidates:
    @pytest.mark.parametrize(
        ("refused", "answers", "ids"),
        [
            ({"body": NO_WORKSPACE}, {LIST_WORKSPACES: listed(A, B)}, [A, B]),
            ({"body": NO_WORKSPACE}, {LIST_WORKSPACES: listed(A, entry(B, is_deleted=True))}, [A]),
            ({"body": NO_WORKSPACE}, {LIST_WORKSPACES: listed()}, []),
            (
                {"body": NO_WORKSPACE},
                {LIST_WORKSPACES: NO_ANSWER["timeout"], GET_INFO: LANGSMITH},
                [],
            ),
            ({}, {GET_SETTINGS: REFUSED, LIST_WORKSPACES: listed(A)}, [A]),
            ({}, {GET_SETTINGS: at(A), LIST_WORKSPACES: listed(A, B)}, []),
            ({"body": NO_WORKSPACE, "workspace_id": B}, {LIST_WORKSPACES: listed(A)}, []),
            ({"body": NO_WORKSPACE, "workspace_id": "Research"}, {LIST_WORKSPACES: listed(A)}, []),
            (
                {"workspace_id": B},
                {settings_in(B): REFUSED, LIST_WORKSPACES: listed(A), LIST_DELETED_WORKSPACES: listed(A)},
                [],
            ),
            ({"body": NO_PERMISSION}, {GET_INFO: LANGSMITH, GET_SETTINGS: REFUSED, LIST_WORKSPACES: listed(A)}, []),
        ],
    )
    def test_one_may_be_chosen_only_where_none_was_named_and_one_is_needed(self, refused, answers, ids, refusal, drive):
        assert [workspace.id for workspace in drive(refusal(**refused), answers).candidates] == ids


class TestFailures:
    @pytest.mark.parametrize("failure", NO_ANSWER)
    @pytest.mark.parametrize("refused", [{}, {"workspace_id": A}, STALE, OTHER_REGION], ids=str)
    def test_where_nobody_answers_nothing_is_concluded(self, refused, failure, refusal, drive):
        answers = dict.fromkeys((GET_SETTINGS, LIST_WORKSPACES, settings_in(A)), NO_ANSWER[failure])
        diagnosis = drive(refusal(**refused), answers).diagnosis
        assert (diagnosis.cause, diagnosis.confidence) == (Cause.UNDETERMINED, POSSIBLE)

    @pytest.mark.parametrize("failure", NO_ANSWER)
    @pytest.mark.parametrize("refused", [{}, {"workspace_id": A}, STALE, OTHER_REGION], ids=str)
    @pytest.mark.parametrize("failed", [GET_SETTINGS, LIST_WORKSPACES, settings_in(A)], ids=str)
    def test_one_missing_answer_leaves_a_refused_key_undetermined(self, failed, refused, failure, refusal, drive):
        answers = {**EVERYTHING_REFUSED, settings_in(A): REFUSED, failed: NO_ANSWER[failure]}
        outcome = drive(refusal(**refused), answers)
        if failed in outcome.asked:
            assert (outcome.diagnosis.cause, outcome.diagnosis.confidence) == (Cause.UNDETERMINED, POSSIBLE)
        else:
            assert failed == settings_in(A)

    @pytest.mark.parametrize("failure", NO_ANSWER)
    def test_an_unanswered_question_about_the_workspace_says_nothing_of_it(self, failure, refusal, drive):
        outcome = drive(refusal(workspace_id=B), {settings_in(B): NO_ANSWER[failure]})
        assert (outcome.diagnosis.cause, outcome.asked) == (Cause.UNDETERMINED, [settings_in(B)])

    @pytest.mark.parametrize(
        ("failure", "said"),
        [
            ("timeout", "ConnectTimeout"),
            ("server error", "500"),
            ("redirect", "a redirect"),
            ("out of time", "no time was left"),
            ("a login page", "an answer that LangSmith does not give"),
        ],
    )
    def test_what_failed_is_said(self, failure, said, refusal, drive):
        assert said in drive(refusal(), {GET_SETTINGS: NO_ANSWER[failure]}).diagnosis.summary


class TestFixes:
    @pytest.mark.parametrize("row", ROWS)
    def test_no_new_key_where_the_endpoint_accepts_this_one(self, row, refusal, drive):
        diagnosis = only(refusal, drive, row).diagnosis
        assert diagnosis.fixes
        if any(answer.authorized for answer in ROWS[row][1].values()):
            assert 5 not in [fix.step for fix in diagnosis.fixes]

    @pytest.mark.parametrize(
        ("row", "code"),
        [
            (
                "the body says that a workspace is missing",
                f'client = SafeClient(workspace_id="{A}")  # Research\n'
                f'client = SafeClient(workspace_id="{B}")  # Support',
            ),
            ("another workspace is reachable", f"LANGSMITH_WORKSPACE_ID={A}"),
            (
                "another region is named",
                "from langsmith import utils; utils.get_env_var.cache_clear()\nclient = SafeClient()",
            ),
            ("another region's web page is named", f"LANGSMITH_ENDPOINT={EU}"),
            ("the web UI's page", "LANGSMITH_ENDPOINT=https://api.smith.langchain.com"),
            ("a page of a host that has an API below", f"LANGSMITH_ENDPOINT={ROOT}/api/v1"),
            ("an address without https://", "LANGSMITH_ENDPOINT=https://eu.api.smith.langchain.com"),
            ("another data plane", f"LANGSMITH_ENDPOINT={PLANE}/api"),
        ],
    )
    def test_the_first_fix_can_be_copied(self, row, code, refusal, drive):
        assert only(refusal, drive, row).diagnosis.fixes[0].code == code

    @pytest.mark.parametrize(
        ("source", "code"),
        [
            ("the workspace_id argument", f'client = SafeClient(workspace_id="{A}")'),
            ("LANGCHAIN_WORKSPACE_ID", f"LANGCHAIN_WORKSPACE_ID={A}"),
            (Origin("header", "X-Tenant-Id"), f'headers={{"X-Tenant-Id": "{A}"}}  # in the call'),
        ],
    )
    def test_a_wrong_workspace_is_replaced_where_it_came_from(self, source, code, refusal, drive):
        answers = {settings_in(B): REFUSED, LIST_WORKSPACES: listed(A), LIST_DELETED_WORKSPACES: listed(A)}
        diagnosis = drive(refusal(workspace_id=B, workspace_from=source), answers).diagnosis
        assert diagnosis.fixes[0].code == code
        assert str(source) in diagnosis.summary

    @pytest.mark.parametrize(("value", "offered"), [("true", True), ("True", False), ("1", False)])
    def test_tracing_can_be_turned_off_only_where_the_sdk_takes_it_for_on(self, value, offered, refusal, drive):
        diagnosis = drive(
            refusal(key=None, method="POST", path="/runs/multipart", environ={"LANGSMITH_TRACING": value}), {}
        ).diagnosis
        assert diagnosis.cause is Cause.KEY_MISSING
        assert any(fix.title == "Or turn tracing off" for fix in diagnosis.fixes) is offered

    def test_no_proxy_is_looked_for_in_front_of_an_agent_server(self, refusal, drive):
        facts = refusal(endpoint=AGENT_SERVER, body=NO_HEADERS)
        diagnosis = drive(facts, {GET_INFO: AN_AGENT_SERVER}).diagnosis
        assert (diagnosis.cause, diagnosis.confidence) == (Cause.WRONG_ENDPOINT, CONFIRMED)
        assert not [fix for fix in diagnosis.fixes if "stands in front" in fix.title]
        assert "Agent Server" in next(check.detail for check in diagnosis.checks if check.title == "Who answered")

    def test_a_variable_that_the_sdk_does_not_read_may_name_the_workspace(self, refusal, drive):
        facts = refusal(key=SERVICE, body=NO_WORKSPACE, environ={"LANGSMITH_TENANT_ID": B})
        diagnosis = drive(facts, {LIST_WORKSPACES: listed(A, B)}).diagnosis
        assert diagnosis.fixes[0].title == "Set LANGSMITH_WORKSPACE_ID as well"
        assert diagnosis.fixes[0].code == f"LANGSMITH_WORKSPACE_ID={B}"
        assert "LANGSMITH_TENANT_ID is set, which the client does not read" in " ".join(diagnosis.report().split())

    def test_a_line_that_holds_a_key_and_is_left_out_goes_first(self, refusal, drive):
        dotenv = Dotenv(
            "/p/.env",
            warnings=("line 1: the quote closes only on line 3, and LANGSMITH_API_KEY with them",),
            misread=("LANGSMITH_API_KEY",),
        )
        fixes = drive(refusal(dotenv=dotenv), EVERYTHING_REFUSED).diagnosis.fixes
        assert fixes[0].title == "Correct the .env file"
        assert "Then load it again and create a new client" in fixes[0].detail

    def test_a_refused_service_key_may_be_limited_in_other_ways(self, refusal, drive):
        fixes = drive(refusal(key=SERVICE), EVERYTHING_REFUSED).diagnosis.fixes
        assert any("a workspace it cannot list" in fix.detail and "IP rules" in fix.title for fix in fixes)

    def test_a_self_hosted_key_is_not_sent_to_a_cloud_region(self, refusal, drive):
        diagnosis = drive(refusal(endpoint=SELF_HOSTED), EVERYTHING_REFUSED | {GET_INFO: LANGSMITH}).diagnosis
        assert "smith.langchain.com" not in " ".join(f"{fix.detail} {fix.code} {fix.url}" for fix in diagnosis.fixes)


keys = st.sampled_from(
    [
        f"lsv2_pt_{CANARY}00000000000000000000_0000001234",
        SERVICE,
        f"ls__{CANARY}0000",
        f"sv2_pt_{CANARY}",
        f"unknown-{CANARY}",
        "<your-api-key>",
        None,
    ]
)
answers_of_all_kinds = st.sampled_from(
    [
        *NO_ANSWER.values(),
        REFUSED,
        REFUSED,
        refusing(NO_WORKSPACE),
        refusing(b'{"detail":"Invalid token"}', 401),
        at(A),
        at(B),
        listed(),
        listed(A),
        listed(VIEWER, B, entry(C, is_deleted=True)),
    ]
)
refusals = st.fixed_dictionaries(
    {
        "key": keys,
        "key_from": st.sampled_from(["LANGSMITH_API_KEY", "the api_key argument", None]),
        "endpoint": st.sampled_from(
            ["https://api.smith.langchain.com", EU, "https://eu.smith.langchain.com", SELF_HOSTED, ROOT, AGENT_SERVER]
        ),
        "workspace_id": st.sampled_from(
            [None, None, A, B.upper(), ACME, "Research", f"lsv2_pt_{CANARY}", "\x1b[31m\n"]
        ),
        "workspace_from": st.sampled_from(["LANGSMITH_WORKSPACE_ID", "the workspace_id argument"]),
        "environ": st.dictionaries(
            st.sampled_from(
                [
                    "LANGSMITH_API_KEY",
                    "LANGCHAIN_API_KEY",
                    "LANGSMITH_ENDPOINT",
                    "LANGCHAIN_ENDPOINT",
                    "LANGSMITH_WORKSPACE_ID",
                    "LANGSMITH_PROJECT",
                ]
            ),
            st.sampled_from([NEWER, EU, f"https://user:{CANARY}@api.smith.langchain.com", A, "x\ny"]),
        ),
        "dotenv": st.sampled_from([None, STALE_FILE["dotenv"], Dotenv("/p/.env", error="Permission denied")]),
        "method": st.sampled_from(["GET", "POST", "DELETE", None]),
        "path": st.sampled_from(["/sessions", "/runs/multipart", "/new-thing", "/api-key", ""]),
        "body": st.sampled_from(
            [
                BARE,
                BARE,
                BARE,
                NO_WORKSPACE,
                NO_FEATURE,
                NO_PERMISSION,
                LEGACY,
                NO_UUID,
                PAGE,
                b"",
                b"[]",
                KUBERNETES,
                NO_HEADERS,
            ]
        ),
        "redirected_to": st.sampled_from([None, None, None, "x.example"]),
        "needs": st.sampled_from([(), (Need("runs:create", "tracing"),), (Need("organization:manage"),)]),
    }
)
questions = st.fixed_dictionaries(
    dict.fromkeys(
        (GET_SETTINGS, LIST_WORKSPACES, LIST_DELETED_WORKSPACES, settings_in(A), settings_in(B), settings_in(ACME)),
        answers_of_all_kinds,
    )
    | dict.fromkeys(
        (GET_INFO, GET_INFO_BELOW), st.sampled_from([LANGSMITH, AN_AGENT_SERVER, NOT_FOUND, *NO_ANSWER.values()])
    )
)


def proof_of(cause: Cause, facts: Any, given: dict[ProbeRequest, Answer]) -> bool:
    """Whether a body or an answer there proves the cause."""
    body = facts.request.body
    said = [body, *(answer.body for answer in given.values())]
    return {
        Cause.BLOCKED_UPSTREAM: body.form == "html" or body.speaker or facts.request.redirected_to is not None,
        Cause.WRONG_ENDPOINT: body.form == "html"
        or body.speaker
        or (
            facts.target.endpoint == "https://eu.smith.langchain.com"
            and GET_INFO in given
            and given[GET_INFO].service is None
        )
        or AN_AGENT_SERVER in given.values()
        or given.get(GET_INFO_BELOW) == LANGSMITH,
        Cause.FEATURE_UNAVAILABLE: body.unavailable is not None,
        Cause.PERMISSION_DENIED: body.permission is not None,
        Cause.WORKSPACE_REQUIRED: any(body.names_no_workspace for body in said),
        Cause.KEY_LEGACY: body.legacy_key and facts.target.credential.kind == "legacy",
        Cause.WRONG_REGION: facts.knowing_region is not None,
        Cause.WORKSPACE_ID_MALFORMED: body.malformed_workspace_id,
        Cause.WORKSPACE_NOT_ACCESSIBLE: any(
            question.workspace_id and answer.forbidden for question, answer in given.items()
        )
        and any(
            answer.authorized or answer.body.names_no_workspace
            for question, answer in given.items()
            if not question.workspace_id
        ),
    }.get(cause, False)


@given(refused=refusals, answers=questions)
def test_any_refusal_is_concluded_within_the_rules(refused, answers, refusal, drive):
    facts = refusal(**refused)
    diagnosis, candidates, asked = drive(facts, answers)
    told = {question: answers[question] for question in asked}

    assert len(asked) == len(set(asked)) <= MOST_PROBES
    assert [check.step for check in diagnosis.checks][:5] == [1, 2, 3, 4, 5]
    assert diagnosis.fixes
    assert diagnosis.summary.splitlines() == [diagnosis.summary]
    if diagnosis.confidence is CONFIRMED:
        assert proof_of(diagnosis.cause, facts, told)
    if any(answer.inconclusive for question, answer in told.items() if question not in (GET_INFO, GET_INFO_BELOW)):
        assert diagnosis.cause not in (Cause.KEY_REJECTED, Cause.STALE_ENVIRONMENT, Cause.WRONG_REGION)
    if any(answer.authorized for answer in told.values()):
        assert 5 not in [fix.step for fix in diagnosis.fixes]
    if candidates:
        assert diagnosis.cause is Cause.WORKSPACE_REQUIRED
        assert facts.target.workspace_id is None
        assert candidates == diagnosis.workspaces


@given(refused=refusals, answers=questions)
def test_any_diagnosis_is_plain_and_holds_no_key(refused, answers, refusal, drive):
    diagnosis = drive(refusal(**refused), answers).diagnosis
    assert pickle.loads(pickle.dumps(diagnosis)) == diagnosis
    shown = [repr(diagnosis), str(diagnosis), diagnosis._repr_html_(), json.dumps(diagnosis.to_dict())]
    assert not [text for text in [*shown, repr(pickle.dumps(diagnosis))] if CANARY in text]
