"""What shows an exception that nobody caught, and what runs meanwhile: hooks, loggers, event loops, threads, tasks."""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest
from langsmith import AsyncClient

from safe_langsmith import ForbiddenDiagnosis, SafeAsyncClient

from .call_paths import BODY, CALL_PATHS, call_paths
from .channels import told_by
from .hearing import hearing
from .leaks import leaks
from .stage import Scene, Stage
from .table import SCENES


@pytest.fixture(params=["an echo in the body", "several workspaces", "a password in the endpoint"])
def refused_scene(request: pytest.FixtureRequest, stage: Stage) -> Scene:
    return SCENES[request.param](stage)


@pytest.fixture
def call(refused_scene: Scene) -> Callable[[str], None]:
    return lambda call_path: CALL_PATHS[call_path].play(
        CALL_PATHS[call_path].safe, CALL_PATHS[call_path].arguments(refused_scene)
    )


@pytest.mark.parametrize("call_path", call_paths(takes_headers=True))
def test_the_end_of_a_program(
    call_path: str, call: Callable[[str], None], refused_scene: Scene, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ForbiddenDiagnosis) as caught:
        call(call_path)
    sys.__excepthook__(caught.type, caught.value, caught.value.__traceback__)
    with hearing() as heard:
        try:
            raise caught.value
        except ForbiddenDiagnosis:
            logging.getLogger("of.the.user").exception("refused")
    shown = capfd.readouterr().err

    assert "  cause  " in shown
    assert "  cause  " in heard.texts["log of of.the.user"]
    assert leaks({"stderr": shown, **heard.texts}, refused_scene.hidden) == {}


def test_the_end_of_a_thread(
    call: Callable[[str], None],
    refused_scene: Scene,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(threading, "excepthook", threading.__excepthook__)
    thread = threading.Thread(target=call, args=("requests",))
    thread.start()
    thread.join()
    shown = capfd.readouterr().err

    assert "  cause  " in shown
    assert leaks({"stderr": shown}, refused_scene.hidden) == {}


def test_a_task_that_nobody_asks_for_its_result(refused_scene: Scene) -> None:
    contexts: list[dict[str, Any]] = []
    arguments = CALL_PATHS["asynchronous"].arguments(refused_scene)

    async def run() -> None:
        loop = asyncio.get_running_loop()
        # Then it says whatever took any time at all.
        loop.slow_callback_duration = 0.0
        loop.set_exception_handler(lambda _, context: contexts.append(context))
        client = SafeAsyncClient(**arguments)
        task = asyncio.create_task(client._arequest_with_retries("POST", "/sessions", content=BODY))
        await asyncio.wait([task])
        del task
        gc.collect()
        await client.aclose()

    with hearing() as heard:
        asyncio.run(run(), debug=True)
    (context,) = contexts
    told = {f"context, {name}": repr(value) for name, value in context.items()}
    told |= told_by(context["exception"])

    assert isinstance(context["exception"], ForbiddenDiagnosis)
    assert "log of asyncio" in heard.texts
    assert leaks({**told, "log of asyncio": heard.texts["log of asyncio"]}, refused_scene.hidden) == {}


@pytest.mark.skipif(not hasattr(AsyncClient, "workspace_id"), reason="this SDK's client can name no workspace")
def test_threads_and_tasks_at_work(stage: Stage) -> None:
    seen: dict[str, str] = {}
    scene = SCENES["several workspaces"](stage)

    async def run() -> None:
        loop = asyncio.get_running_loop()

        def look(workspaces: Any) -> None:
            seen["threads"] = repr(threading.enumerate())
            seen["tasks"] = repr([(task, task.get_coro(), task.get_stack()) for task in asyncio.all_tasks(loop)])

        client = SafeAsyncClient(**CALL_PATHS["asynchronous"].arguments(scene), resolve_workspace=look)
        with pytest.raises(ForbiddenDiagnosis):
            await client._arequest_with_retries("POST", "/sessions", content=BODY)
        await client.aclose()

    asyncio.run(run(), debug=True)

    assert "safe-langsmith" in seen["threads"]
    assert "Task" in seen["tasks"]
    assert leaks(seen, scene.hidden) == {}
