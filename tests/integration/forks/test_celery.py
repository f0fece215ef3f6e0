"""Celery's default pool: the client is created before the pool's processes are forked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from .conftest import PROGRAMS, Service, once

pytest.importorskip("celery")


def test_every_run_of_the_tasks_arrives_once(
    environments: dict[str, dict[str, str]], serve: Callable[..., Service], arrived: Callable[[], Counter[str]]
) -> None:
    # A worker takes six seconds to stop, so both stop at once.
    workers = {kind: serve(environments[kind], str(PROGRAMS / "celery_worker.py"), kind) for kind in environments}
    for worker in workers.values():
        worker.wait_for("succeeded in", times=20)
        worker.terminate()
    printed = [worker.wait() for worker in workers.values()]

    runs = [f"{kind} {which}" for kind in workers for which in ("before the worker", *map(str, range(20)))]
    assert arrived() == once(*runs), printed
