"""Where langsmith and LangChain ask for a client, ours is one: no error here."""

# What the SDK leaves unknown in the signatures of its functions is its own.
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false

from __future__ import annotations

from typing import Any

import langsmith
from langchain_core.tracers import LangChainTracer
from langchain_core.tracers.context import tracing_v2_enabled
from langsmith import AsyncClient, Client, RunTree, aevaluate, evaluate, traceable
from langsmith.evaluation import evaluate_comparative, evaluate_existing
from langsmith.run_trees import WriteReplica
from typing_extensions import assert_type

from safe_langsmith import SafeAsyncClient, SafeClient

client = SafeClient()
asynchronous = SafeAsyncClient()

plain: Client = client
plain_asynchronous: AsyncClient = asynchronous
of_class: type[Client] = SafeClient
of_asynchronous_class: type[AsyncClient] = SafeAsyncClient

langsmith.configure(client=client)
RunTree(name="run", ls_client=client)
LangChainTracer(client=client)
replica: WriteReplica = {"client": client}


@traceable(client=client)
def traced(question: str) -> str:
    return question


assert_type(traced("?"), str)


def target(inputs: dict[str, Any]) -> dict[str, Any]:
    return inputs


async def asynchronous_target(inputs: dict[str, Any]) -> dict[str, Any]:
    return inputs


def call() -> None:
    with langsmith.tracing_context(client=client):
        traced("?")
    with langsmith.trace("name", client=client):
        traced("?")
    with tracing_v2_enabled(client=client):
        traced("?")
    evaluate(target, data="questions", evaluators=[], client=client)
    evaluate_existing("experiment", evaluators=[], client=client)
    evaluate_comparative(("a", "b"), evaluators=[], client=client)
    client.evaluate(target, data="questions", evaluators=[])


async def await_them() -> None:
    await aevaluate(asynchronous_target, data="questions", evaluators=[], client=client)


def gives_back(given: Client, given_asynchronous: AsyncClient) -> None:
    if isinstance(given, SafeClient):
        assert_type(given, SafeClient)
    if isinstance(given_asynchronous, SafeAsyncClient):
        assert_type(given_asynchronous, SafeAsyncClient)
