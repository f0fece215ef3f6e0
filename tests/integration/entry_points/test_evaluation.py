"""An evaluation arrives as a whole experiment, or says before it starts what the key lacks."""

from __future__ import annotations

import asyncio
import time

import langsmith
import pytest

from safe_langsmith import Cause, ForbiddenDiagnosis, find_diagnosis
from safe_langsmith.testing import Reply
from tests.support.tracing import send_traces

from .conftest import times_posted

# The SDK's own, of asyncio and of itself.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def correct(run, example):
    return {"key": "correct", "score": int(run.outputs["a"] == example.outputs["a"])}


def one(inputs):
    return {"a": 1}


async def one_soon(inputs):
    return one(inputs)


def method(client, **options):
    return to_the_end(client.evaluate(one, **options))


def function(client, **options):
    return to_the_end(langsmith.evaluate(one, client=client, **options))


def function_with_the_configured_client(client, **options):
    langsmith.configure(client=client)
    return to_the_end(langsmith.evaluate(one, **options))


def async_method(client, **options):
    return asyncio.run(to_the_end_async(client.aevaluate(one_soon, **options)))


def async_function(client, **options):
    return asyncio.run(to_the_end_async(langsmith.aevaluate(one_soon, client=client, **options)))


def to_the_end(results):
    for _ in results:
        pass
    return results


async def to_the_end_async(evaluation):
    results = await evaluation
    async for _ in results:
        pass
    return results


WAYS = pytest.mark.parametrize(
    "evaluate",
    [method, function, function_with_the_configured_client, async_method, async_function],
    ids=lambda way: way.__name__.replace("_", " "),
)


@pytest.fixture(autouse=True)
def dataset(admin, tracing):
    dataset = admin.create_dataset("questions")
    admin.create_examples(dataset_id=dataset.id, examples=[{"inputs": {"q": n}, "outputs": {"a": n}} for n in range(3)])
    return dataset


@pytest.fixture
def experiment(admin, server, dataset):
    """Reads an experiment as it was stored: its runs, and their scores under a key."""

    def experiment(client, results):
        send_traces(client)
        project = admin.read_project(project_name=results.experiment_name)
        assert project.reference_dataset_id == dataset.id
        runs = list(admin.list_runs(project_id=project.id, is_root=True))
        assert len({run.reference_example_id for run in runs}) == 3

        def scores(key):
            """Looks again until there is one a run: the SDK gives them from threads that nobody waits for."""
            until = time.monotonic() + 30
            while True:
                given = list(admin.list_feedback(run_ids=[run.id for run in runs], feedback_key=[key]))
                if len(given) >= len(runs) or time.monotonic() > until:
                    return sorted(each.score for each in given)
                send_traces(client)

        return runs, scores

    return experiment


@WAYS
def test_a_whole_experiment_arrives(evaluate, server, client, experiment, retried, caplog):
    results = evaluate(
        client,
        data="questions",
        evaluators=[correct],
        summary_evaluators=[lambda runs, examples: {"key": "seen", "score": len(runs)}],
        max_concurrency=2,
    )

    runs, scores = experiment(client, results)
    assert [(run.outputs, run.status) for run in runs] == [({"a": 1}, "success")] * 3
    assert sorted(row["evaluation_results"]["results"][0].score for row in results._results) == [0, 0, 1]
    assert scores("correct") == [0, 0, 1]
    assert set(times_posted(server).values()) == {1}
    retried(client)
    (warning,) = [record for record in caplog.records if record.levelname == "WARNING"]
    assert f"LANGSMITH_WORKSPACE_ID={client.workspace_id}" in warning.getMessage()


@WAYS
def test_the_summary_arrives(evaluate, admin, client, experiment):
    summary = [lambda runs, examples: {"key": "seen", "score": len(runs)}]
    experiment(client, evaluate(client, data="questions", summary_evaluators=summary))

    assert [given.score for given in admin.list_feedback(feedback_key=["seen"])] == [3]


@WAYS
def test_it_need_not_block(evaluate, client, experiment, retried):
    results = evaluate(client, data="questions", evaluators=[correct], blocking=False)

    runs, scores = experiment(client, results)
    assert (len(runs), scores("correct")) == (3, [0, 0, 1])
    retried(client)


def test_repeated_and_evaluated_again(server, client, experiment, retried):
    first = client.evaluate(one, data="questions", num_repetitions=2)
    send_traces(client)
    second = client.evaluate(first.experiment_name, evaluators=[correct])

    runs, scores = experiment(client, second)
    assert (len(runs), scores("correct")) == (6, [0, 0, 0, 0, 1, 1])
    retried(client)


@WAYS
def test_an_editor_gets_the_diagnosis_before_anything_runs(evaluate, server, workspace, editor, make, admin):
    server.clear_requests()
    client = make(server, editor)
    with pytest.raises(Exception, match="projects:create") as caught:
        evaluate(client, data="questions", evaluators=[correct])
    send_traces(client)

    diagnosis = find_diagnosis(caught.value)
    assert diagnosis.cause is Cause.PERMISSION_DENIED
    assert "projects:create" in " ".join(diagnosis.summary.split())
    assert (diagnosis.method, diagnosis.diagnosis.status_code) == ("POST", 403)
    assert isinstance(caught.value, langsmith.utils.LangSmithError)
    assert server.runs(workspace) == []


def test_evaluators_whose_feedback_is_refused_do_not_stop_the_evaluation(make_server, make, caplog):
    """The SDK sends it from threads that nobody waits for."""
    server = make_server(info={"batch_ingest_config": {"use_multipart_endpoint": False}})
    org = server.add_organization("Acme")
    org.add_workspace("Research")
    client = make(server, org.add_service_key(workspaces=None))
    dataset = client.create_dataset("questions")
    client.create_examples(dataset_id=dataset.id, examples=[{"inputs": {"q": 1}, "outputs": {"a": 1}}])
    server.fault("POST", "/feedback", Reply(403, {"detail": "Forbidden"}), times=None)

    (row,) = client.evaluate(one, data="questions", evaluators=[correct])

    assert row["evaluation_results"]["results"][0].score == 1
    assert [r.status for r in server.requests if r.path == "/feedback"] == [403]
    (logged,) = [record for record in caplog.records if record.getMessage().startswith("Error creating feedback")]
    assert isinstance(find_diagnosis(logged.exc_info[1]), ForbiddenDiagnosis)
