"""Celery's default pool: the client is created before the pool's processes are forked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from langsmith._internal import _background_thread

from .conftest import PROGRAMS, Service, once

pytest.importorskip("celery")


def test_every_run_of_the_tasks_arrives_once(
    environments: dict[str, dict[str, str]], serve: Callable[..., Service], arrived: Callable[[], Counter[str]]
) -> None:
    program = str(PROGRAMS / "celery_worker.py")
    # A worker takes six seconds to stop, so all stop at once.
    workers = {kind: serve(environments[kind], program, kind) for kind in environments}
    if hasattr(_background_thread, "_drain_and_send_compressed"):
        # Before, the SDK's `flush()` may miss a batch, and such processes wait for nothing else.
        workers["short-lived"] = serve(environments["healthy"], program, "short-lived", "--max-tasks-per-child=4")
    for worker in workers.values():
        worker.wait_for("succeeded in", times=20)
        worker.terminate()
    printed = [worker.wait() for worker in workers.values()]

    runs = [f"{kind} {which}" for kind in workers for which in ("before the worker", *map(str, range(20)))]
    assert arrived() == once(*runs), printed
