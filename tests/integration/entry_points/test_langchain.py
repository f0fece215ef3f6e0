"""LangChain's runnables, traced by its own tracer with a safe client."""

from __future__ import annotations

import asyncio
import json

import langsmith
import pytest

from tests.support.tracing import send_traces

from .conftest import arrived, times_posted

pytest.importorskip("langchain_core")

from langchain_core.language_models import FakeListChatModel
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableLambda
from langchain_core.tracers import LangChainTracer

# Importing it, and what runs within it, is langchain-core's own business.
pytestmark = [
    pytest.mark.filterwarnings("ignore:::langchain_core.*"),
    pytest.mark.filterwarnings("ignore:::pydantic.*"),
]


def sum_chain():
    return RunnableLambda(lambda x: x + 1, name="add") | RunnableLambda(lambda x: x * 2, name="double")


def chat():
    prompt = ChatPromptTemplate.from_messages([("system", "Be brief."), ("human", "{question}")])
    return prompt | FakeListChatModel(responses=["because"]) | StrOutputParser()


def invoke(chain, given, config):
    return chain.invoke(given, config)


def ainvoke(chain, given, config):
    return asyncio.run(chain.ainvoke(given, config))


def stream(chain, given, config):
    pieces = list(chain.stream(given, config))
    return pieces[0] if len(pieces) == 1 else "".join(pieces)


def astream(chain, given, config):
    async def collect():
        return [piece async for piece in chain.astream(given, config)]

    pieces = asyncio.run(collect())
    return pieces[0] if len(pieces) == 1 else "".join(pieces)


CALLS = pytest.mark.parametrize("call", [invoke, ainvoke, stream, astream], ids=lambda call: call.__name__)


def with_a_tracer(client, monkeypatch):
    return {"callbacks": [LangChainTracer(client=client, project_name="p")]}


def with_the_environment(client, monkeypatch):
    langsmith.configure(client=client)
    monkeypatch.setenv("LANGSMITH_TRACING", "true")
    langsmith.utils.get_env_var.cache_clear()
    return {}


@pytest.fixture(params=[with_a_tracer, with_the_environment], ids=lambda way: way.__name__.replace("_", " "))
def config(request, tracing, client, monkeypatch):
    """What a user passes to a call: a tracer, or nothing where the environment says to trace."""
    monkeypatch.delenv("LANGSMITH_TRACING")
    langsmith.utils.get_env_var.cache_clear()
    return request.param(client, monkeypatch)


@CALLS
def test_a_chain_of_functions_arrives_whole(call, config, server, workspace, client, retried):
    assert call(sum_chain(), 3, config) == 8

    runs = arrived(server, workspace, client)
    root, add, double = (runs.pop(name) for name in ("RunnableSequence", "add", "double"))
    assert not runs
    assert [list(run["outputs"].values()) for run in (root, add, double)] == [[8], [4], [8]]
    assert [list(run["inputs"].values()) for run in (add, double)] == [[3], [4]]
    assert {run["trace_id"] for run in (root, add, double)} == {root["id"]}
    assert {run["parent_run_id"] for run in (add, double)} == {root["id"]}
    assert {run["session_name"] for run in (root, add, double)} == {"p"}
    retried(client)


@CALLS
def test_a_chain_with_a_model_arrives_whole(call, config, server, workspace, client, retried):
    assert call(chat(), {"question": "why?"}, config) == "because"

    runs = arrived(server, workspace, client)
    root = runs.pop("RunnableSequence")
    assert set(runs) == {"ChatPromptTemplate", "FakeListChatModel", "StrOutputParser"}
    assert {run["parent_run_id"] for run in runs.values()} == {root["id"]}
    assert {run["trace_id"] for run in runs.values()} == {root["id"]}
    assert (root["inputs"], root["outputs"]) == ({"question": "why?"}, {"output": "because"})
    model = runs["FakeListChatModel"]
    assert model["run_type"] == "llm"
    assert "Be brief." in json.dumps(model["inputs"])
    assert "because" in json.dumps(model["outputs"])
    retried(client)


def test_a_batch_arrives_whole(config, server, workspace, client):
    assert sum_chain().batch([1, 2, 3], config) == [4, 6, 8]
    send_traces(client)

    runs = server.runs(workspace)
    assert set(times_posted(server).values()) == {1}
    roots = {run["id"]: run for run in runs if run["name"] == "RunnableSequence"}
    assert sorted(run["outputs"]["output"] for run in roots.values()) == [4, 6, 8]
    children = [run for run in runs if run["id"] not in roots]
    assert sorted((run["parent_run_id"], run["name"]) for run in children) == sorted(
        (root, name) for root in roots for name in ("add", "double")
    )
    assert client.workspace_id == workspace.id
    assert [r.path for r in server.requests if r.path == "/workspaces"] == ["/workspaces"]


def test_a_traceable_function_inside_a_chain_is_its_child(config, server, workspace, client, retried):
    @langsmith.traceable
    def halve(x):
        return x // 2

    assert (RunnableLambda(lambda x: halve(x), name="wrap") | RunnableLambda(str, name="text")).invoke(8, config) == "4"

    runs = arrived(server, workspace, client)
    assert runs["halve"]["parent_run_id"] == runs["wrap"]["id"]
    assert runs["halve"]["outputs"] == {"output": 4}
    retried(client)


def test_a_chain_inside_a_traceable_function_is_its_child(tracing, server, workspace, client, retried):
    @langsmith.traceable(client=client)
    def answer(x):
        return sum_chain().invoke(x)

    assert answer(3) == 8

    runs = arrived(server, workspace, client)
    assert runs["RunnableSequence"]["parent_run_id"] == runs["answer"]["id"]
    retried(client)


def test_a_viewers_chain_runs_and_the_log_names_the_permission(server, workspace, viewer, make, caplog):
    client = make(server, viewer)

    assert sum_chain().invoke(3, {"callbacks": [LangChainTracer(client=client, project_name="p")]}) == 8
    send_traces(client)

    assert server.runs(workspace) == []
    assert "does not include runs:create" in " ".join(caplog.text.split())
