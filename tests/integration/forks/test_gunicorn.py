"""gunicorn with `preload_app`: the client is created before the workers are forked."""

from __future__ import annotations

import urllib.request
from collections import Counter
from collections.abc import Callable

import pytest

from .conftest import DEADLINE, PROGRAMS, Service, once

pytest.importorskip("gunicorn")


def test_every_run_of_the_workers_arrives_once(
    environment: dict[str, str], serve: Callable[..., Service], arrived: Callable[[], Counter[str]]
) -> None:
    server = serve(environment, "-m", "gunicorn", "-c", str(PROGRAMS / "gunicorn.conf.py"), "served")
    server.wait_for("Ready", times=2)
    url = server.output.partition("Listening at: ")[2].split()[0]
    paths = [f"/{number}" for number in range(12)]
    for path in paths:
        with urllib.request.urlopen(url + path, timeout=DEADLINE) as answer:
            # It was a worker that answered.
            assert answer.read().decode() != str(server.process.pid)
    server.terminate()

    printed = server.wait()
    assert arrived() == once("while the server starts", *paths), printed
