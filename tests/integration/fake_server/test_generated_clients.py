"""The SDK's generated clients on the fake server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any
from uuid import UUID, uuid4

import pytest
import requests
from langsmith import AsyncClient, Client

from safe_langsmith.testing import FakeLangSmith, Organization, Workspace

pytestmark = pytest.mark.skipif(not hasattr(Client, "_get_langsmith_api_sync"), reason="no generated client")

NOW = datetime.now(timezone.utc)


def trace(sdk: Client, name: str, project: str = "alpha", **fields: Any) -> UUID:
    id = uuid4()
    common: dict[str, Any] = {"trace_id": id, "dotted_order": f"20260101T000000000000Z{id}"}
    sdk.create_run(name, {"q": 1}, "chain", id=id, project_name=project, start_time=NOW, **common, **fields)
    sdk.update_run(id, outputs={"a": 2}, end_time=NOW, **common)
    return id


def trace_child(sdk: Client, parent: UUID, name: str) -> UUID:
    id = uuid4()
    order = f"20260101T000000000000Z{parent}.20260101T000000000001Z{id}"
    sdk.create_run(name, {}, "llm", id=id, parent_run_id=parent, trace_id=parent, dotted_order=order, start_time=NOW)
    return id


@pytest.fixture
def api(sdk: Client) -> Any:
    return sdk._get_langsmith_api_sync()


def needs(path: str, api: Any) -> Any:
    """Return the resource at `path`, or skip the test if the SDK has none."""
    for name in path.split("."):
        if not hasattr(api, name):
            pytest.skip(f"no {path}")
        api = getattr(api, name)
    return api


def test_runs_come_in_pages(sdk: Client, api: Any, server: FakeLangSmith) -> None:
    project = sdk.create_project("alpha")
    for name in "abcde":
        trace(sdk, name)
    trace(sdk, "elsewhere", "beta")

    found = list(api.runs.query_v2(project_ids=[str(project.id)], page_size=2, selects=["NAME", "STATUS", "OUTPUTS"]))

    assert [run.name for run in found] == ["e", "d", "c", "b", "a"]
    assert {(run.status, run.outputs["a"]) for run in found} == {("SUCCESS", 2)}
    assert [seen.path for seen in server.requests].count("/api/v2/runs/query") == 3


def test_a_run_contains_only_the_selected_fields(sdk: Client, api: Any) -> None:
    id = trace(sdk, "step", extra={"metadata": {"thread_id": "t"}})
    child = trace_child(sdk, id, "inner")

    bare = api.runs.query_v2(ids=[str(id)]).items[0]
    assert (bare.id, bare.name) == (str(id), None)
    full = api.runs.query_v2(
        is_root=False, selects=["ID", "RUN_TYPE", "STATUS", "IS_ROOT", "PARENT_RUN_IDS", "TRACE_ID"]
    ).items[0]
    assert (full.id, full.run_type, full.status, full.is_root) == (str(child), "LLM", "PENDING", False)
    assert (full.trace_id, full.parent_run_ids) == (str(id), [str(id)])
    read = api.runs.retrieve_v2(str(id), project_id=str(uuid4()), start_time=NOW, selects=["THREAD_ID", "METADATA"])
    assert (read.thread_id, read.metadata["thread_id"]) == ("t", "t")


def test_runs_are_streamed(sdk: Client, api: Any) -> None:
    streaming = needs("runs.streaming", api)
    for name in "abc":
        trace(sdk, name)

    assert [run.name for run in streaming.query_v2_items(page_size=2, selects=["NAME"])] == ["c", "b", "a"]


def test_traces_and_threads(sdk: Client, api: Any) -> None:
    project = str(sdk.create_project("alpha").id)
    for name, thread in (("a", "one"), ("b", "two"), ("c", "one")):
        last = trace(sdk, name, extra={"metadata": {"thread_id": thread}})
    trace_child(sdk, last, "inner")

    traces = api.traces.query(project_id=project, selects=["NAME"], page_size=2)
    assert [found.root_run.name for found in traces] == ["c", "b", "a"]
    threads = api.threads.query(project_id=project)
    assert {found.thread_id: found.count for found in threads} == {"one": 2, "two": 1}


def test_agents_have_a_project_for_each_environment(
    sdk: Client, api: Any, server: FakeLangSmith, research: Workspace
) -> None:
    agents = needs("agents", api)
    created = agents.create(id="support")
    agents.create(id="sales", name="Sales")
    assert [agent.name for agent in agents.list(page_size=1)] == ["support", "Sales"]
    assert agents.retrieve("support").agent_uuid == created.agent_uuid

    staging = api.sessions.resolve(kind="AGENT", id="support", environment="STAGING").session_id
    assert sdk.read_project(project_id=staging).name == "support-staging"

    agents.delete("support")
    assert [agent.id for agent in agents.list()] == ["sales"]
    assert len(server.projects(research)) == 4


def test_an_addressed_run_is_in_the_project_of_its_agent(sdk: Client, api: Any) -> None:
    needs("agents", api).create(id="support")
    id = uuid4()
    sdk.create_run(
        "step",
        {},
        "chain",
        id=id,
        trace_id=id,
        dotted_order=f"20260101T000000000000Z{id}",
        address={"kind": "AGENT", "id": "support", "environment": "PRODUCTION"},
    )
    project = api.sessions.resolve(kind="AGENT", id="support", environment="PRODUCTION").session_id

    assert [run.id for run in api.runs.query_v2(project_ids=[project])] == [str(id)]


def test_datasets_and_projects_by_cursor(sdk: Client, api: Any) -> None:
    datasets = needs("datasets.list_v2", api)
    dataset = sdk.create_dataset("questions")
    sdk.create_dataset("answers")
    sdk.create_example(inputs={"q": 1}, dataset_id=dataset.id)
    sdk.create_project("alpha")

    assert [(found.name, found.example_count) for found in datasets(page_size=1)] == [("questions", 1), ("answers", 0)]
    assert [found.id for found in datasets(name="questions")] == [str(dataset.id)]
    assert [(found.name, found.type) for found in api.sessions.list_v2()] == [("alpha", "PROJECT")]


def test_annotation_queues(sdk: Client, api: Any) -> None:
    created = api.annotation_queues.annotation_queues(name="to review")
    assert [queue.name for queue in api.annotation_queues.retrieve_annotation_queues()] == ["to review"]
    assert [str(queue.id) for queue in sdk.list_annotation_queues(name="to review")] == [created.id]
    assert list(sdk.list_annotation_queues(name="another")) == []


def test_lists_of_what_cannot_be_added_are_empty(api: Any) -> None:
    assert list(api.online_evaluators.list()) == []
    boxes = api.sandboxes.boxes.list()
    assert [boxes.items, boxes.next_cursor] == [[], None]
    if hasattr(api, "evaluators"):
        assert list(api.evaluators.list_v2()) == []


def test_a_workspace_out_of_reach_is_refused(
    server: FakeLangSmith, acme: Organization, make_sdk: Callable[..., Client]
) -> None:
    foreign = server.add_organization("Other").add_workspace("Theirs")
    sdk = make_sdk(server, api_key=acme.add_service_key(workspaces=None), workspace_id=foreign.id)

    with pytest.raises(Exception, match="403") as refusal:
        sdk._get_langsmith_api_sync().runs.query_v2()
    assert type(refusal.value).__name__ == "PermissionDeniedError"


def test_the_first_of_a_repeated_header_counts(server: FakeLangSmith, acme: Organization, research: Workspace) -> None:
    key = acme.add_service_key(workspaces=None)
    headers = {"X-Api-Key": f"{key}, {key}", "X-Tenant-Id": f"{research.id}, nonsense"}
    assert requests.get(f"{server.url}/sessions", headers=headers).status_code == 200


def test_the_asynchronous_clients(sdk: Client, server: FakeLangSmith, acme: Organization, research: Workspace) -> None:
    for name in "abc":
        trace(sdk, name)

    async def names(runs: Any) -> list[str]:
        found = [run.name async for run in runs.query_v2(page_size=2, selects=["NAME"])]
        if hasattr(runs, "streaming"):
            streamed = runs.streaming.query_v2_items(page_size=2, selects=["NAME"])
            assert [run.name async for run in streamed] == found
        await runs._client.close()
        return found

    async def both() -> list[list[str]]:
        async with AsyncClient(api_url=server.url, api_key=acme.add_personal_key(default=research)) as client:
            return [await names(client.runs), await names(sdk._get_langsmith_api().runs)]

    assert asyncio.run(both()) == [["c", "b", "a"]] * 2
