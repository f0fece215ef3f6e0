"""The page about the places in which the SDK creates clients is complete, and its advice works."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import uuid
from pathlib import Path

import langsmith
import openai
import pytest
from langchain_classic import hub
from langchain_core.document_loaders import LangSmithLoader
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableLambda
from langchain_core.tracers import LangChainTracer
from langchain_core.tracers.evaluation import EvaluatorCallbackHandler
from langsmith import Client, run_trees
from langsmith.anonymizer import create_anonymizer
from langsmith.integrations.otel import get_langsmith_run_url_for_span
from langsmith.middleware import TracingMiddleware
from langsmith.utils import LangSmithError
from opentelemetry.sdk.trace import TracerProvider

import safe_langsmith
from safe_langsmith import ForbiddenDiagnosis, SafeClient

from .pages import ROOT

# Warnings of the SDK about itself and langchain-core.
pytestmark = [
    pytest.mark.slow,
    *[pytest.mark.filterwarnings(f"ignore::{kind}") for kind in ("DeprecationWarning", "UserWarning")],
]

PAGE = (ROOT / "docs" / "recipes" / "everywhere.md").read_text(encoding="utf-8")

# The files in which the SDK and langchain-core create a client or use the configured one, and their text in the page.
MAKERS = {
    "langsmith/_expect.py": "`expect`",
    "langsmith/beta/_evals.py": "`langsmith.beta`",
    "langsmith/client.py": "`client.clone_public_dataset`",
    "langsmith/evaluation/_arunner.py": "`aevaluate`",
    "langsmith/evaluation/_runner.py": "`evaluate_comparative`",
    "langsmith/integrations/openai_agents_sdk/_openai_agents.py": "`OpenAIAgentsTracingProcessor`",
    "langsmith/integrations/otel/__init__.py": "`get_langsmith_run_url_for_span`",
    "langsmith/run_trees.py": "`RunTree`",
    "langsmith/testing/_internal.py": "`langsmith.testing`",
    "langsmith/wrappers/_openai_agents_api.py": "`wrap_openai` and similar wrappers",
    "langchain_core/document_loaders/langsmith.py": "`LangSmithLoader`",
    "langchain_core/tracers/evaluation.py": "`EvaluatorCallbackHandler`",
    "langchain_core/tracers/langchain.py": "`LangChainTracer`",
    "langchain_classic/hub.py": "`hub.pull`, `hub.push`",
}
NAMES = {"Client", "AsyncClient", "LangSmithClient", "get_cached_client", "get_client"}
# Clients of another service, and parts of the generated client.
OTHERS = ("langsmith/_internal/", "langsmith/types/", "langsmith/wrappers/_gemini.py", "langsmith/async_client.py")


def makes_a_client(path: Path) -> bool:
    def name(function: ast.expr) -> str:
        return getattr(function, "attr", getattr(function, "id", ""))

    calls = (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call))
    return any(name(call.func) in NAMES and not ast.unparse(call.func).startswith("httpx") for call in calls)


def test_the_page_has_every_place():
    site = Path(langsmith.__file__).parents[1]
    files = [*(site / "langsmith").rglob("*.py"), *(site / "langchain_core").rglob("*.py"), Path(hub.__file__)]
    found = {path.relative_to(site).as_posix() for path in files if makes_a_client(path)}

    assert {path for path in found if not path.startswith(OTHERS)} == set(MAKERS)
    assert not [place for place in MAKERS.values() if place not in PAGE]


def a_function(client, experiment):
    langsmith.traceable(lambda: 1, client=client)()


def a_block(client, experiment):
    with langsmith.trace("block", client=client):
        pass


def a_context(client, experiment):
    with langsmith.tracing_context(client=client):
        langsmith.traceable(lambda: 1)()


def a_run_tree(client, experiment):
    langsmith.RunTree(name="tree", run_type="chain", client=client).post()


def a_wrapper(client, experiment):
    from langsmith.wrappers import wrap_openai

    nobody = openai.OpenAI(api_key="none", base_url="http://127.0.0.1:9", max_retries=0)
    with contextlib.suppress(openai.APIConnectionError):
        wrapped = wrap_openai(nobody, tracing_extra={"client": client} if client else None)
        wrapped.chat.completions.create(model="m", messages=[])


def an_evaluation(client, experiment):
    list(langsmith.evaluate(lambda inputs: {"a": 1}, data="questions", client=client))


def an_evaluation_of_the_clients(client, experiment):
    list((client or run_trees.get_cached_client()).evaluate(lambda inputs: {"a": 1}, data="questions"))


def an_asynchronous_evaluation(client, experiment):
    async def answer(inputs):
        return {"a": 1}

    async def evaluate():
        async for _ in await langsmith.aevaluate(answer, data="questions", client=client):
            pass

    asyncio.run(evaluate())


def an_evaluation_afterwards(client, experiment):
    list(langsmith.evaluate_existing(experiment, evaluators=[lambda run, example: {"score": 1}], client=client))


def a_chain(client, experiment):
    with langsmith.tracing_context(client=client) if client else contextlib.nullcontext():
        RunnableLambda(lambda x: x).invoke(1)


def a_tracer(client, experiment):
    RunnableLambda(lambda x: x).invoke(1, {"callbacks": [LangChainTracer(client=client)]})


def an_evaluator(client, experiment):
    EvaluatorCallbackHandler([], client=client).client.create_project("p")


EITHER = [
    a_function, a_block, a_context, a_run_tree, a_wrapper, an_evaluation, an_evaluation_of_the_clients,
    an_asynchronous_evaluation, an_evaluation_afterwards, a_chain, a_tracer, an_evaluator,
]  # fmt: skip


def a_continued_trace(client, experiment):
    i = uuid.uuid4()
    headers = [(b"langsmith-trace", f"20260101T000000000000Z{i}".encode())]

    async def app(scope, receive, send):
        langsmith.traceable(lambda: 1)()

    asyncio.run(TracingMiddleware(app)({"type": "http", "headers": headers}, None, None))


def a_loader(client, experiment):
    assert len(list(LangSmithLoader(dataset_name="questions", client=client).lazy_load())) == 1


def a_prompt(client, experiment):
    client.push_prompt("greeting", object=ChatPromptTemplate.from_messages([("human", "Hello!")]))
    assert client.pull_prompt("greeting").messages


def a_url(client, experiment):
    with TracerProvider().get_tracer("t").start_as_current_span("s") as span:
        url = get_langsmith_run_url_for_span(span, uuid.uuid4(), client=client)
    assert "/projects/p/" in url
    return url


def named(function):
    return function.__name__.replace("_", " ")


@pytest.fixture
def machine(hidden_names, process_as_before):
    """Prepare a key that has to name its workspace, tracing that is on, and a dataset with an experiment."""
    admin = Client(auto_batch_tracing=False)
    dataset = admin.create_dataset("questions")
    admin.create_examples(dataset_id=dataset.id, examples=[{"inputs": {"content": "?"}, "outputs": {"a": 1}}])
    results = admin.evaluate(lambda inputs: {"a": 1}, data="questions")
    hidden_names["use"](hidden_names["organization_key"], LANGSMITH_TRACING="true")
    return {**hidden_names, "experiment": results.experiment_name}


@pytest.fixture
def was_used(machine):
    """Return a check that this client was used: it has found its workspace, and no other client is configured."""

    def was_used(client, configured):
        client.flush()
        assert client.workspace_id == machine["research"].id
        assert run_trees._CLIENT is configured

    return was_used


@pytest.mark.parametrize("place", [*EITHER, a_continued_trace], ids=named)
def test_the_configured_client_is_used_by(place, machine, was_used):
    client = SafeClient()
    langsmith.configure(client=client)
    place(None, machine["experiment"])
    was_used(client, client)


@pytest.mark.parametrize("place", [*EITHER, a_loader, a_prompt, a_url], ids=named)
def test_a_client_for_one_alone_is_used_by(place, machine, was_used):
    client = SafeClient()
    place(client, machine["experiment"])
    was_used(client, None)


OWN = {
    "a loader": lambda: LangSmithLoader(dataset_name="questions").load(),
    "hub.push": lambda: hub.push("farewell", ChatPromptTemplate.from_messages([("human", "Bye!")])),
    "hub.pull": lambda: hub.pull("farewell"),
    "a url": lambda: a_url(None, ""),
}


@pytest.mark.parametrize("call", OWN.values(), ids=OWN)
def test_what_makes_its_own_makes_a_plain_one(call, machine):
    langsmith.configure(client=SafeClient())
    with pytest.raises((LangSmithError, AssertionError)) as caught:
        call()
    assert not isinstance(caught.value, ForbiddenDiagnosis)


def test_after_install_what_makes_its_own_makes_a_safe_one(machine):
    safe_langsmith.install()
    assert all(call() for call in OWN.values())


@pytest.mark.parametrize("place", [*EITHER, a_continued_trace], ids=named)
def test_after_install_the_shared_client_is_a_safe_one_for(place, machine, was_used):
    safe_langsmith.install()
    place(None, machine["experiment"])
    client = run_trees.get_cached_client()
    assert type(client) is SafeClient
    was_used(client, client)


def test_options_that_hide_are_options_of_a_safe_client(machine, was_used, server):
    hides = [{"pattern": "secret", "replace": "hidden"}]
    client = SafeClient(anonymizer=create_anonymizer(hides))
    langsmith.traceable(lambda x: x, name="hiding", client=client)("a secret")
    was_used(client, None)
    (run,) = [run for run in server.runs(machine["research"]) if run["name"] == "hiding"]
    assert run["inputs"] == {"x": "a hidden"}
