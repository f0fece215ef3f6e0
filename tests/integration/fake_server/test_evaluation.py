"""The real SDK's evaluation, on the server that ships with the library."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from langsmith import Client

from safe_langsmith.testing import FakeLangSmith
from tests.support.tracing import send_traces


def correct(run: Any, example: Any) -> dict[str, Any]:
    return {"key": "correct", "score": int(run.outputs["a"] == example.outputs["a"])}


def one(inputs: dict[str, Any]) -> dict[str, Any]:
    return {"a": 1}


async def one_soon(inputs: dict[str, Any]) -> dict[str, Any]:
    return one(inputs)


@pytest.fixture
def server() -> Iterator[FakeLangSmith]:
    with FakeLangSmith() as server:
        yield server


@pytest.fixture(params=["organization's key", "admin's key"])
def sdk(request: pytest.FixtureRequest, server: FakeLangSmith, make_sdk: Callable[..., Client]) -> Client:
    acme = server.add_organization("Acme")
    research = acme.add_workspace("Research")
    named = {"api_key": acme.add_service_key(workspaces=None), "workspace_id": research.id}
    own = {"api_key": acme.add_personal_key(default=research)}
    sdk = make_sdk(server, auto_batch_tracing=True, **(named if request.param.startswith("org") else own))
    dataset = sdk.create_dataset("questions")
    sdk.create_examples(dataset_id=dataset.id, examples=[{"inputs": {"q": n}, "outputs": {"a": n}} for n in range(3)])
    return sdk


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("asynchronous", [False, True])
def test_an_evaluation_runs_through(sdk: Client, asynchronous: bool, caplog: pytest.LogCaptureFixture) -> None:
    options: dict[str, Any] = {
        "data": "questions",
        "evaluators": [correct],
        "summary_evaluators": [lambda runs, examples: {"key": "seen", "score": len(runs)}],
        "experiment_prefix": "trial",
        "blocking": True,
    }
    if asynchronous:
        results: Any = asyncio.run(sdk.aevaluate(one_soon, **options))
    else:
        results = sdk.evaluate(one, **options)
    send_traces(sdk)

    assert sorted(row["evaluation_results"]["results"][0].score for row in results._results) == [0, 0, 1]
    experiment = sdk.read_project(project_name=results.experiment_name)
    assert experiment.reference_dataset_id == sdk.read_dataset(dataset_name="questions").id
    runs = list(sdk.list_runs(project_id=experiment.id, is_root=True))
    examples = {example.id for example in sdk.list_examples(dataset_name="questions")}
    assert {run.reference_example_id for run in runs} == examples
    assert [(run.outputs, run.status) for run in runs] == [({"a": 1}, "success")] * 3
    feedback = list(sdk.list_feedback(run_ids=[run.id for run in runs]))
    assert sorted(given.score for given in feedback) == [0, 0, 1]
    assert [given.score for given in sdk.list_feedback(feedback_key=["seen"])] == [3]
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_an_experiment_can_be_evaluated_again(sdk: Client) -> None:
    first = sdk.evaluate(one, data="questions")
    send_traces(sdk)
    second = sdk.evaluate(first.experiment_name, evaluators=[correct])

    assert sorted(row["evaluation_results"]["results"][0].score for row in second) == [0, 0, 1]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_runs_that_were_posted_one_by_one_can_be_listed(server: FakeLangSmith, make_sdk: Callable[..., Client]) -> None:
    """The SDK sends their attachments in the body, and expects links to them when it reads the run."""
    acme = server.add_organization("Acme")
    sdk = make_sdk(server, api_key=acme.add_personal_key(default=acme.add_workspace("Research")))
    sdk.create_project("p")
    sdk.create_run("answer", {"q": 1}, "chain", project_name="p", attachments={})

    assert [run.name for run in sdk.list_runs(project_name="p")] == ["answer"]
