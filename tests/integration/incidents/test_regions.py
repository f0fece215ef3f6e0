"""Which region knows a key: asked if the user says so, of LangSmith's own hosts alone, with nothing but the key."""

from __future__ import annotations

import asyncio

import langsmith
import pytest

from safe_langsmith import Cause, Confidence, SafeAsyncClient, adiagnose, diagnose
from safe_langsmith._cli.main import main
from safe_langsmith._probe.transports import RawResponse
from safe_langsmith.testing import Drop, Reply

from . import calls
from .machine import new_machine
from .network import REGIONS

OTHERS = sorted(host for host in REGIONS.values() if host != REGIONS["US"])


@pytest.fixture
def m():
    with new_machine(calls.list_projects, 1) as machine:
        yield machine


def asked(m):
    """Returns what other hosts than the one in use received."""
    return {host: list(m.network[host].requests) for host in OTHERS if m.network[host].requests}


@pytest.mark.parametrize("region", ["EU", "APAC", "AWS"])
def test_the_region_that_accepts_the_key_is_proved(m, region):
    m.set(LANGSMITH_API_KEY=m.sign_up(region).personal_key())
    client = m.client()
    assert diagnose(client).cause is Cause.KEY_REJECTED
    assert asked(m) == {}

    found = diagnose(client, find_region=True)

    assert (found.cause, found.confidence) == (Cause.WRONG_REGION, Confidence.CONFIRMED)
    assert f"https://{REGIONS[region]}" in found.fixes[0].code
    assert sorted(asked(m)) == OTHERS
    assert {probe.path for probe in found.probes if probe.path.startswith("https://")} == {
        f"https://{host}/workspaces" for host in OTHERS
    }


def test_no_region_knows_a_dead_key(m):
    m.set(LANGSMITH_API_KEY=m.sign_up().dead_key())
    found = diagnose(m.client(), find_region=True)

    assert found.cause is Cause.KEY_REJECTED
    assert "no region of LangSmith's cloud accepts it" in found.summary


def test_a_region_that_does_not_answer_proves_nothing(m):
    m.set(LANGSMITH_API_KEY=m.sign_up().dead_key())
    m.network[OTHERS[0]].fault(None, None, Drop(), times=None)
    found = diagnose(m.client(), find_region=True)

    assert found.cause is Cause.KEY_REJECTED
    assert "no region" not in found.summary


def test_other_hosts_get_the_key_and_nothing_else(m):
    key = m.sign_up("EU").personal_key()
    m.set(LANGSMITH_API_KEY=key)
    client = m.client(headers={"X-Gateway-User": "alice", "Authorization": "Bearer of-a-gateway-0123"})
    client.session.headers["CF-Access-Client-Secret"] = "of-a-gateway-4567"
    client.session.cookies.set("sso", "of-a-gateway")
    client.session.params = {"token": "of-a-gateway"}
    diagnose(client, find_region=True)

    requests = [request for received in asked(m).values() for request in received]
    assert requests
    for request in requests:
        assert (request.method, request.path, request.query) == ("GET", "/workspaces", "")
        assert request.headers["x-api-key"] == key
        names = {"x-gateway-user", "authorization", "cf-access-client-secret", "cookie", "x-tenant-id"}
        assert names.isdisjoint({name.lower() for name in request.headers})


def test_a_redirect_of_another_region_is_not_followed(m):
    m.set(LANGSMITH_API_KEY=m.sign_up("EU").personal_key())
    elsewhere = m.network.add("elsewhere.example")
    for host in OTHERS:
        reply = Reply(307, headers={"Location": f"{elsewhere.url}/workspaces"})
        m.network[host].fault(None, None, reply, times=None)
    found = diagnose(m.client(), find_region=True)

    assert found.cause is Cause.KEY_REJECTED
    assert elsewhere.requests == ()


def test_it_is_not_asked_if_the_key_works_or_probing_is_off(m):
    m.set(LANGSMITH_API_KEY=m.sign_up().personal_key())
    assert diagnose(m.client(), find_region=True) is None
    m.set(LANGSMITH_API_KEY=m.sign_up("EU").personal_key())
    diagnose(m.client(probe=False), find_region=True)

    assert asked(m) == {}


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://langsmith.example.com/api",
        "http://api.smith.langchain.com",
        "https://api.smith.langchain.com.example.com",
        "https://api.smith.langchain.com:8443",
    ],
)
def test_it_is_refused_for_an_endpoint_that_is_not_the_cloud(m, endpoint):
    client = m.client(api_url=endpoint, api_key=m.sign_up("EU").personal_key())
    with pytest.raises(ValueError, match="not one of them"):
        diagnose(client, find_region=True)

    assert asked(m) == {}


def test_the_async_check_asks_them_too(monkeypatch, canary):
    sent = []

    def get_all(self, probes, until):
        sent.extend(probes)
        return [RawResponse(403, "application/json", b'{"error":"Forbidden"}') for _ in probes]

    monkeypatch.setattr("safe_langsmith._probe.transports.RequestsTransport.get_all", get_all)
    monkeypatch.setattr("safe_langsmith.checkup._is_refused", lambda found: True)

    async def run():
        client = SafeAsyncClient(api_url=f"https://{REGIONS['US']}", api_key=f"lsv2_pt_{canary}")
        await adiagnose(client, find_region=True)
        await client.aclose()

    asyncio.run(run())

    assert sorted(probe.url for probe in sent) == [f"https://{host}/workspaces" for host in OTHERS]


def test_the_command_line_says_what_goes_where_first(m, capsys):
    m.set(LANGSMITH_API_KEY=m.sign_up("EU").personal_key())
    assert main(["--find-region"]) == 1

    said = capsys.readouterr()
    assert "Asking GET /workspaces with this key, over https: " in said.err
    assert all(host in said.err for host in OTHERS)
    assert "wrong-region" in said.out


@pytest.mark.parametrize(
    "options", [["--find-region", "--offline"], ["--find-region", "--endpoint", "https://example.com"]]
)
def test_what_cannot_be_asked_is_a_wrong_argument(m, capsys, options):
    m.set(LANGSMITH_API_KEY=m.sign_up("EU").personal_key())
    assert main(options) == 2

    assert "--find-region" in capsys.readouterr().err
    assert asked(m) == {}


def test_the_names_of_the_hosts_are_those_of_the_sdks_cloud():
    assert langsmith.Client(api_key="none", auto_batch_tracing=False).api_url == f"https://{REGIONS['US']}"


def test_a_dead_key_is_to_be_replaced_and_no_region_is_proposed(m):
    m.set(LANGSMITH_API_KEY=m.sign_up().dead_key())
    found = diagnose(m.client(), find_region=True)

    assert "new key" in found.fixes[0].title.lower()
    assert not [fix for fix in found.fixes if "region" in fix.title]


@pytest.mark.parametrize(
    "body", [{"detail": "Blocked by policy"}, "<html><title>403</title></html>", {"error": "API key has expired"}]
)
def test_what_a_proxy_or_another_reason_says_does_not_prove_that_no_region_knows_the_key(m, body):
    m.set(LANGSMITH_API_KEY=m.sign_up().dead_key())
    for host in OTHERS:
        m.network[host].fault(None, None, Reply(403, body), times=None)
    found = diagnose(m.client(), find_region=True)

    assert "no region" not in found.summary
