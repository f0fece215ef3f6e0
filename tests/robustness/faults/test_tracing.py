"""Whatever fails while runs are sent in the background: they arrive or are logged as lost, and the thread goes on."""

from __future__ import annotations

import datetime
import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from safe_langsmith import SafeClient

from ...support.injection import Fault, broken, forget_results, injected, steps_of
from .judging import listening
from .stage import NO_RETRIES, Stage

pytestmark = pytest.mark.slow


class Losses(logging.Handler):
    """What the SDK says of runs that were not taken."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.WARNING:
            self.told.append(record.getMessage())


@pytest.fixture
def losses() -> Iterator[Losses]:
    handler = Losses()
    logging.getLogger("langsmith.client").addHandler(handler)
    yield handler
    logging.getLogger("langsmith.client").removeHandler(handler)


@contextmanager
def tracer(stage: Stage, key: str) -> Iterator[SafeClient]:
    client = SafeClient(
        api_url=stage.server.url, api_key=key, retry_config=NO_RETRIES, info={"batch_ingest_config": {}}
    )
    try:
        yield client
    finally:
        # Nobody waits for what the SDK's thread may still hold back.
        client.cleanup()
        client.session.close()


def trace(client: SafeClient) -> bool:
    """Traces a run, and returns whether the thread has done with it in time."""
    id_, now = uuid.uuid4(), datetime.datetime.now(datetime.timezone.utc)
    more = {"trace_id": id_, "dotted_order": f"{now:%Y%m%dT%H%M%S%fZ}{id_}", "project_name": "p", "start_time": now}
    client.create_run("r", {}, "chain", id=id_, **more)
    queue: Any = client.tracing_queue
    with queue.all_tasks_done:
        return bool(queue.all_tasks_done.wait_for(lambda: not queue.unfinished_tasks, 10))


@pytest.mark.parametrize("cured", [True, False], ids=["retried", "denied"])
def test_an_error(cured: bool, stage: Stage, losses: Losses) -> None:
    key = stage.needs_workspace if cured else stage.viewer
    stage.reset()

    def whole() -> None:
        with tracer(stage, key) as client:
            assert trace(client)

    found = []
    steps = [step for step in steps_of(whole) if not step.is_boundary and not step.name.startswith("_core/")]
    assert len(steps) > 20
    with listening() as complaints:
        for step in steps:
            forget_results()
            stage.reset()
            losses.told.clear()
            with broken(step, Fault(injected(RuntimeError))), tracer(stage, key) as client:
                done = trace(client)
            accepted = [r for r in stage.server.requests if r.status == 202]
            wrong = [*complaints.hear(stage), *(text for text in losses.told if "thrown in by a test" in text)]
            if not done:
                wrong.append("the thread is gone")
            if len(accepted) > cured:
                wrong.append(f"arrived {len(accepted)} times")
            if not accepted and not losses.told:
                wrong.append("is lost without a word")
            found += [f"{step.name}: {text}" for text in wrong]
    assert found == []
