"""Each endpoint and key is a case of its own: what is found for one never travels to another."""

from __future__ import annotations

import inspect
import json

import langsmith
import pytest
from langsmith import run_trees
from langsmith.run_trees import RunTree

from safe_langsmith import Cause
from safe_langsmith._sdk.compat import sdk_copies_workspace
from tests.support.tracing import send_traces

from .conftest import UNCOMPRESSED, answers, numbers, times_accepted, trace

WITH_REPLICAS = pytest.mark.skipif(
    "replicas" not in RunTree.__annotations__ and "replicas" not in getattr(RunTree, "model_fields", {}),
    reason="this SDK has no replicas",
)
READS_WORKSPACES = tuple(map(int, langsmith.__version__.split(".")[:3])) >= (0, 14, 16)
WITH_CALLBACK = "tracing_error_callback" in inspect.signature(langsmith.Client.__init__).parameters


class Place:
    """An organization of its own, on a server of its own or on a given one."""

    def __init__(self, server, name):
        self.server = server
        self.org = server.add_organization(name)
        self.workspace = self.org.add_workspace(name)

    def organization_key(self):
        return self.org.add_service_key(workspaces=None)

    def personal_key(self):
        return self.org.add_personal_key(default=self.workspace)


@pytest.fixture
def here(make_server):
    return Place(make_server(info=UNCOMPRESSED), "Here")


@pytest.fixture
def there(make_server):
    return Place(make_server(info=UNCOMPRESSED), "There")


def probes(server):
    return [r.path for r in server.requests if r.path in ("/workspaces", "/settings")]


def workspaces_named(server):
    return {r.workspace_id for r in server.requests if r.path.startswith("/runs")}


def replica(place, key, **auth):
    # Older SDKs know no "auth".
    both = {"api_key": key, "auth": {"api_key": key, **auth}}
    return {"api_url": place.server.url, **both, "project_name": None, "updates": None}


def trace_tree(client, replicas, count=3):
    for number in range(count):
        run = RunTree(
            name=f"run {number}", inputs={"number": number}, project_name="p", ls_client=client, replicas=replicas
        )
        run.post()
        send_traces(client)


@pytest.mark.parametrize("batched", [True, False], ids=["batched", "one by one"])
def test_two_endpoints_of_which_one_needs_a_workspace(batched, here, there, make_tracer):
    first, second = here.personal_key(), there.organization_key()
    client = make_tracer(
        None, None, api_urls={here.server.url: first, there.server.url: second}, auto_batch_tracing=batched
    )
    for number in range(20):
        trace(client, 1, start=number)
    if batched:
        send_traces(client)

    for place in (here, there):
        assert numbers(place.server, place.workspace) == list(range(20))
        assert set(times_accepted(place.server).values()) == {1}
    assert workspaces_named(here.server) == {None}
    assert probes(there.server) == ["/workspaces"]
    assert client.workspace_id is None


@pytest.mark.parametrize("batched", [True, False], ids=["batched", "one by one"])
def test_two_endpoints_that_both_need_one(batched, here, there, make_tracer):
    keys = {place.server.url: place.organization_key() for place in (here, there)}
    client = make_tracer(None, None, api_urls=keys, auto_batch_tracing=batched)
    for number in range(20):
        trace(client, 1, start=number)
    if batched:
        send_traces(client)

    for place in (here, there):
        assert numbers(place.server, place.workspace) == list(range(20))
        assert workspaces_named(place.server) == {None, place.workspace.id}
    assert client.workspace_id == here.workspace.id


def test_from_the_second_batch_on_the_other_endpoint_is_named_its_own_at_once(here, there, make_tracer):
    keys = {place.server.url: place.organization_key() for place in (here, there)}
    client = make_tracer(None, None, api_urls=keys)
    for number in range(5):
        trace(client, 1, start=number)
        send_traces(client)

    for place in (here, there):
        assert answers(place.server)[("/runs/multipart", 403)] == 1
        assert answers(place.server)[("/runs/multipart", 202)] == 5


def test_a_refusal_at_one_does_not_stop_the_other(here, there, make_tracer):
    viewer = here.org.add_personal_key(default=here.workspace, role="Viewer")
    told = []
    more = {"tracing_error_callback": told.append} if WITH_CALLBACK else {}
    keys = {here.server.url: viewer, there.server.url: there.organization_key()}
    client = make_tracer(None, None, api_urls=keys, **more)
    trace(client, 3)
    send_traces(client)

    assert numbers(here.server, here.workspace) == []
    assert numbers(there.server, there.workspace) == [0, 1, 2]
    if WITH_CALLBACK:
        assert {error.cause for error in told} == {Cause.PERMISSION_DENIED}
        assert all(error.url.startswith(here.server.url) for error in told)


@WITH_REPLICAS
@pytest.mark.parametrize("batched", [True, False], ids=["batched", "one by one"])
def test_each_replica_is_retried_by_itself(batched, here, there, make_tracer):
    own, other = here.organization_key(), there.organization_key()
    client = make_tracer(here.server, own, auto_batch_tracing=batched)
    trace_tree(client, [replica(here, own), replica(there, other)])

    for place in (here, there):
        assert numbers(place.server, place.workspace) == [0, 1, 2]
        assert workspaces_named(place.server) == {None, place.workspace.id}
        assert probes(place.server) == ["/workspaces"]


@WITH_REPLICAS
def test_the_clients_workspace_is_not_forced_on_a_replica_of_the_same_host(here, make_tracer):
    """The SDK would send it along. The replica's key belongs to another organization, and needs none."""
    other = Place(here.server, "Other")
    client = make_tracer(here.server, here.organization_key())
    list(client.list_projects())
    assert client.workspace_id == here.workspace.id
    trace_tree(client, [replica(other, other.personal_key())])

    assert numbers(here.server, other.workspace) == [0, 1, 2]
    assert answers(here.server)[("/runs/multipart", 403)] == 0


@WITH_REPLICAS
@pytest.mark.skipif(sdk_copies_workspace(), reason="this SDK does not tell whose workspace it sends")
def test_a_replica_of_the_same_host_is_retried_though_the_sdk_names_the_clients_workspace(here, make_tracer):
    other = Place(here.server, "Other")
    client = make_tracer(here.server, here.personal_key(), workspace_id=here.workspace.id)
    trace_tree(client, [replica(other, other.organization_key())])

    assert numbers(here.server, other.workspace) == [0, 1, 2]
    assert client.workspace_id == here.workspace.id


@WITH_REPLICAS
@pytest.mark.skipif(sdk_copies_workspace(), reason="this SDK does not tell whose workspace it sends")
def test_a_diagnosis_says_that_only_the_sdk_named_a_workspace_for_a_replica(here, make_tracer):
    """Naming another is all that helps, and the contract retries only where none was named."""
    other = Place(here.server, "Other")
    told = []
    client = make_tracer(
        here.server, here.personal_key(), workspace_id=here.workspace.id, tracing_error_callback=told.append
    )
    trace_tree(client, [replica(other, other.personal_key())], count=1)

    (error,) = told
    assert error.cause is Cause.WORKSPACE_NOT_ACCESSIBLE
    assert here.workspace.id in error.summary
    assert "the SDK sends along" in error.summary
    named = f'"auth": {{"api_key": "<its key>", "tenant_id": "{other.workspace.id}"}}'
    assert error.fixes[0].code == f'# in the replica, in place of its "api_key"\n{named}'


@WITH_REPLICAS
@pytest.mark.skipif(not hasattr(run_trees, "AuthHeaders"), reason="this SDK's replicas have no workspace")
def test_a_workspace_that_the_user_gave_a_replica_is_never_replaced(here, there, make_tracer):
    nowhere = "11111111-1111-4111-8111-111111111111"
    client = make_tracer(here.server, here.organization_key())
    trace_tree(client, [replica(there, there.organization_key(), tenant_id=nowhere)])

    assert numbers(there.server, there.workspace) == []
    assert workspaces_named(there.server) == {nowhere}


def as_copied(line, key):
    """What a line to copy puts into a replica's settings, with its key filled in, and where that belongs."""
    where, _, code = line.partition("\n")
    code = code if code[0] in "[{" else f"{{{code}}}"
    return json.loads(code.replace("<its key>", key).replace("<the key>", key)), where.removeprefix("# ")


@WITH_REPLICAS
@pytest.mark.skipif(not hasattr(run_trees, "AuthHeaders"), reason="this SDK's replicas have no workspace")
@pytest.mark.parametrize("form", ["auth", "api_key"])
def test_lines_to_copy_send_the_replicas_own_key_and_workspace(form, here, there, make_tracer):
    key, told = there.organization_key(), []
    there.org.add_workspace("Another")
    client = make_tracer(here.server, here.personal_key(), tracing_error_callback=told.append)
    refused = {"api_url": there.server.url, form: {"api_key": key} if form == "auth" else key, "project_name": "p"}
    trace_tree(client, [refused], count=1)

    (error,) = told
    added, where = as_copied(error.fixes[0].code, key)
    assert where == 'in the replica, in place of its "api_key"'
    refused.pop("api_key", None)
    trace_tree(client, [{**refused, **added}], count=1)
    assert numbers(there.server, there.workspace) == [0]
    assert {request.headers["x-api-key"] for request in there.server.requests if "/runs" in request.path} == {key}


@WITH_REPLICAS
@pytest.mark.skipif(not hasattr(run_trees, "AuthHeaders"), reason="this SDK's replicas have no workspace")
def test_the_workspace_and_the_key_that_replicas_name_are_said_to_come_from_there(here, there, make_tracer):
    nowhere, told = "11111111-1111-4111-8111-111111111111", []
    client = make_tracer(here.server, here.personal_key(), tracing_error_callback=told.append)
    trace_tree(client, [replica(there, there.personal_key(), tenant_id=nowhere)], count=1)
    trace_tree(client, [replica(there, "your-api-key")], count=1)

    elsewhere, placeholder = told
    assert f"workspace {nowhere} (from the replica's settings)" in elsewhere.summary
    assert '\n"auth": {"api_key": "<its key>", "tenant_id": "' in elsewhere.fixes[0].code
    assert placeholder.fixes[0].code == '# in the replica, in place of its "api_key"\n"auth": {"api_key": "<the key>"}'


@WITH_REPLICAS
def test_a_line_for_another_key_sends_that_key(here, there, make_tracer):
    told = []
    client = make_tracer(here.server, here.personal_key(), tracing_error_callback=told.append)
    unknown = {"api_url": there.server.url, "api_key": "your-api-key", "project_name": "p"}
    trace_tree(client, [unknown], count=1)
    added, _ = as_copied(told[0].fixes[0].code, there.personal_key())
    del unknown["api_key"]
    trace_tree(client, [{**unknown, **added}], count=1)

    assert numbers(there.server, there.workspace) == [0]


@WITH_REPLICAS
@pytest.mark.skipif(hasattr(run_trees, "AuthHeaders"), reason="this SDK's replicas have workspaces")
def test_no_line_names_a_workspace_where_replicas_have_none(here, there, make_tracer):
    told = []
    there.org.add_workspace("Another")
    client = make_tracer(here.server, here.personal_key(), tracing_error_callback=told.append)
    trace_tree(client, [{"api_url": there.server.url, "api_key": there.organization_key()}], count=1)

    assert [fix.code for fix in told[0].fixes] == [None, '# in the replica\n"api_key": "<the key>"']


@WITH_REPLICAS
@pytest.mark.parametrize("variable", ["LANGSMITH_RUNS_ENDPOINTS", "LANGCHAIN_RUNS_ENDPOINTS"])
@pytest.mark.parametrize("form", ["a list", "an object"])
def test_lines_to_copy_into_the_environment(variable, form, here, there, make_tracer, monkeypatch):
    key, told = there.organization_key(), []
    there.org.add_workspace("Another")
    client = make_tracer(here.server, here.personal_key(), tracing_error_callback=told.append)
    monkeypatch.setenv("LANGSMITH_TRACING", "true")

    @langsmith.traceable(client=client)
    def double(number):
        return 2 * number

    def trace_to(replicas):
        monkeypatch.setenv(variable, json.dumps(replicas))
        langsmith.utils.get_env_var.cache_clear()
        double(0)
        send_traces(client)

    url = there.server.url
    trace_to([{"api_url": url, "api_key": key}] if form == "a list" else {url: key})
    name, another = told[0].fixes[0].code, told[0].fixes[-1].code
    added, where = as_copied(name, key)
    place = f"its entry in {variable}" if form == "a list" else f"{variable} as a list, with any others beside it"
    assert where == f"{place}, for langsmith 0.14.16 or newer"
    added = added if form == "a list" else added[0]
    assert added == {"api_url": url, "api_key": key, "workspace_id": there.workspace.id}
    if READS_WORKSPACES:
        trace_to([added])
        assert numbers(there.server, there.workspace) == [0]
    added, _ = as_copied(another, there.personal_key())
    trace_to([added] if form == "a list" else added)
    assert numbers(there.server, there.workspace) == [0] * (1 + READS_WORKSPACES)
    assert not [request for request in here.server.requests if request.path.startswith("/runs")]


@WITH_REPLICAS
def test_a_replica_beside_one_of_the_environment_is_its_own(here, there, make_tracer, monkeypatch):
    told = []
    there.org.add_workspace("Another")
    monkeypatch.setenv("LANGSMITH_RUNS_ENDPOINTS", json.dumps({f"{there.server.url}/api": "x"}))
    client = make_tracer(here.server, here.personal_key(), tracing_error_callback=told.append)
    trace_tree(client, [{"api_url": there.server.url, "api_key": there.organization_key()}], count=1)

    assert not [fix.code for fix in told[0].fixes if "LANGSMITH_RUNS_ENDPOINTS" in (fix.code or "")]


@WITH_REPLICAS
def test_replicas_of_the_environment(here, there, make_tracer, monkeypatch):
    endpoints = [{"api_url": place.server.url, "api_key": place.organization_key()} for place in (here, there)]
    client = make_tracer(here.server, here.organization_key())
    monkeypatch.setenv("LANGSMITH_RUNS_ENDPOINTS", json.dumps(endpoints))
    monkeypatch.setenv("LANGSMITH_TRACING", "true")
    langsmith.utils.get_env_var.cache_clear()

    @langsmith.traceable(client=client)
    def double(number):
        return 2 * number

    for number in range(3):
        double(number)
        send_traces(client)

    for place in (here, there):
        assert numbers(place.server, place.workspace) == [0, 1, 2]


@WITH_REPLICAS
def test_a_chosen_workspace_that_is_gone_is_forgotten(here, there, make_tracer, probing):
    clock = [1_000.0]
    probing.set_clock(lambda: clock[0])
    key = there.organization_key()
    client = make_tracer(here.server, here.personal_key())
    trace_tree(client, [replica(there, key)], count=2)
    there.org.delete_workspace(there.workspace)
    new = there.org.add_workspace("New")
    clock[0] += 61
    trace_tree(client, [replica(there, key)], count=3)

    # The first of the three is refused for the workspace that is gone, and explained; the others are retried anew.
    assert [run["inputs"]["number"] for run in there.server.runs(new)] == [1, 2]
