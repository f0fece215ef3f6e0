"""Feedback, which the SDK sends at once or in the background, from evaluators, `expect` and users."""

from __future__ import annotations

import datetime
import uuid
from concurrent.futures import ThreadPoolExecutor

import langsmith
import pytest
from langsmith import Client, expect, traceable

from safe_langsmith import Cause, ForbiddenDiagnosis, find_diagnosis
from safe_langsmith.testing import Reply
from tests.support.tracing import send_traces

from .conftest import takes

# The SDK's own, about the future of this call.
pytestmark = pytest.mark.filterwarnings("ignore:Creating feedback for a run without session_id")
WITH_CALLBACK = pytest.mark.skipif(
    not takes(Client.__init__, "tracing_error_callback"), reason="this SDK has no callback for errors of tracing"
)


@pytest.fixture
def waiting(server, key, make):
    """A client that sends everything at once."""
    return make(server, key, auto_batch_tracing=False)


def test_sent_at_once(waiting, stored, retried):
    run = uuid.uuid4()
    feedback = waiting.create_feedback(run, "correct", score=1, comment="naïve 名前")

    (given,) = stored("feedback")
    assert (given["id"], given["run_id"]) == (str(feedback.id), str(run))
    assert (given["key"], given["score"], given["comment"]) == ("correct", 1, "naïve 名前")
    retried(waiting)


def test_read_and_changed(admin, waiting, stored, retried):
    feedback = admin.create_feedback(uuid.uuid4(), "correct", score=1)

    assert waiting.read_feedback(feedback.id).score == 1
    waiting.update_feedback(feedback.id, score=0)
    assert [given.score for given in waiting.list_feedback(feedback_key=["correct"])] == [0]
    waiting.delete_feedback(feedback.id)

    assert stored("feedback") == []
    retried(waiting)


def test_sent_in_the_background(client, stored, retried):
    ids = [uuid.uuid4() for _ in range(20)]
    for id in ids:
        client.create_feedback(id, "correct", score=1, trace_id=id, feedback_id=id)
    send_traces(client)

    assert sorted(given["id"] for given in stored("feedback")) == sorted(map(str, ids))
    retried(client)


def test_a_run_and_its_feedback_travel_together(client, tracing, stored, retried):
    @traceable(client=client)
    def answer():
        id = langsmith.get_current_run_tree().id
        client.create_feedback(id, "correct", score=1, trace_id=id)

    answer()
    send_traces(client)

    (run,), (given,) = stored("runs"), stored("feedback")
    assert (given["run_id"], given["trace_id"]) == (run["id"], run["id"])
    retried(client)


def test_of_an_expectation(waiting, tracing, stored):
    @traceable(client=waiting)
    def answer():
        matcher = expect(client=waiting).score(0.5, key="quality")
        matcher.to_be_greater_than(0.1)
        return matcher._executor

    # Those are its threads, which nobody else waits for before the process ends.
    answer().shutdown()

    (run,) = stored("runs")
    given = {feedback["key"]: (feedback["score"], feedback["run_id"]) for feedback in stored("feedback")}
    assert given == {"quality": (0.5, run["id"]), "expectation": (1, run["id"])}


def test_a_viewers_diagnosis_names_the_permission(server, viewer, make, stored):
    with pytest.raises(ForbiddenDiagnosis) as caught:
        make(server, viewer, auto_batch_tracing=False).create_feedback(uuid.uuid4(), "correct", score=1)

    assert caught.value.cause is Cause.PERMISSION_DENIED
    assert "feedback:create" in " ".join(caught.value.summary.split())
    assert stored("feedback") == []


def test_the_full_text_is_printed_once(server, viewer, make, caplog):
    """The SDK logs the exception, with its traceback, and raises it to the caller."""
    client = make(server, viewer, auto_batch_tracing=False)
    for _ in range(2):
        caplog.clear()
        with pytest.raises(ForbiddenDiagnosis) as caught:
            client.create_feedback(uuid.uuid4(), "correct", score=1)
        logged = caplog.text

        assert "Error creating feedback" in logged
        assert "permission-denied: " in logged
        assert "What to do" not in logged
        assert "What to do" in str(caught.value)


def test_if_nobody_gets_the_exception_the_log_has_the_full_text_first(server, viewer, make, caplog):
    """Evaluators send feedback from threads, and drop what comes of it."""
    client = make(server, viewer, auto_batch_tracing=False)
    with ThreadPoolExecutor(1) as threads:
        for _ in range(3):
            threads.submit(client.create_feedback, uuid.uuid4(), "correct", score=1)
    logged = [str(record.exc_text or caplog.handler.format(record)) for record in caplog.records if record.exc_info]

    assert ["What to do" in text for text in logged] == [True, False, False]
    assert "3 requests refused" in logged[2]


@WITH_CALLBACK
def test_in_the_background_the_callback_gets_the_diagnosis(server, viewer, make):
    told = []
    client = make(server, viewer, tracing_error_callback=told.append)
    run = uuid.uuid4()
    client.create_feedback(run, "correct", score=1, trace_id=run)
    send_traces(client)

    assert [find_diagnosis(error).cause for error in told] == [Cause.PERMISSION_DENIED]


def test_a_token_for_feedback(waiting, server, retried):
    """What it is good for needs no key and so no workspace."""
    token = f"{server.url}/feedback/tokens/{uuid.uuid4()}"
    soon = datetime.datetime.now(datetime.timezone.utc).isoformat()
    made = {"id": str(uuid.uuid4()), "url": token, "expires_at": soon}
    # The fake server makes none, so its answers are scripted, the refusal of the first request among them.
    server.fault("POST", "/feedback/tokens", Reply(403, {"detail": "This API key requires a workspace ID."}))
    server.fault("POST", "/feedback/tokens", Reply(200, made))

    assert waiting.create_presigned_feedback_token(uuid.uuid4(), "correct").url == token
    retried(waiting)
