"""The call paths that scenes run on: each makes its client, makes a call that is refused, and returns what it got."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import inspect
import uuid
from collections.abc import Awaitable, Callable, Iterator
from typing import Any
from unittest import mock

import langsmith
import pytest
import urllib3
from langsmith import AsyncClient, Client
from langsmith.schemas import Example

import safe_langsmith
from safe_langsmith import Diagnosis, SafeAsyncClient, SafeClient
from safe_langsmith._cli.main import main

from .channels import said_by, told_by
from .stage import Scene, environment_of

Told = dict[str, str]
"""What came out beside an exception: a text for each channel."""

Headers = dict[str, str] | None
BODY = b'{"name": "p"}'


EXAMPLE = Example(id=uuid.UUID(int=1), dataset_id=uuid.UUID(int=2), inputs={"q": 1}, created_at="2026-01-01T00:00:00Z")


def takes(function: Any, name: str) -> bool:
    return name in inspect.signature(function).parameters


class CallPath:
    """A call path, on which a scene can be played with this library's client or, for comparison, with the SDK's.

    Attributes:
        play: Makes a client of a class with the given arguments, calls, and returns what it was told.
        sdk: The SDK's class.
        safe: This library's.
        raises: Whether a refused call raises.
        takes_headers: Whether headers of one call can be given.
        exists: Whether the installed SDK has it.
    """

    def __init__(self, play: Callable[..., Any], sdk: type[Any], raises: bool = True, exists: bool = True) -> None:
        self.play, self.sdk, self.raises, self.exists = play, sdk, raises, exists
        self.takes_headers = takes(play, "headers")
        self.safe: type[Any] = SafeClient if sdk is Client else SafeAsyncClient

    def arguments(self, scene: Scene) -> dict[str, Any]:
        """What makes a client of a scene; skips where the SDK's client does not take it."""
        for name in scene.options:
            if not takes(self.sdk.__init__, name):
                pytest.skip(f"{self.sdk.__name__} of langsmith {langsmith.__version__} takes no {name}")
        quick: dict[str, Any] = {"retry_config": {"max_retries": 1}}
        if self.sdk is Client:
            quick = {"retry_config": urllib3.Retry(0), "auto_batch_tracing": False}
        return {"api_url": scene.url, "api_key": scene.key, **quick, **scene.options}


CALL_PATHS: dict[str, CallPath] = {}


def call_path(sdk: type[Any], **more: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def add(play: Callable[..., Any]) -> Callable[..., Any]:
        CALL_PATHS[play.__name__.replace("_", " ")] = CallPath(play, sdk, **more)
        return play

    return add


def call_paths(**wanted: bool) -> list[Any]:
    lacks = f"langsmith {langsmith.__version__} has no such call path"
    marks = {name: pytest.mark.skipif(not of.exists, reason=lacks) for name, of in CALL_PATHS.items()}
    chosen = [
        name for name, of in CALL_PATHS.items() if all(getattr(of, each) is value for each, value in wanted.items())
    ]
    return [pytest.param(name, id=name, marks=marks[name]) for name in chosen]


@contextlib.contextmanager
def _client(kind: type[Any], arguments: dict[str, Any]) -> Iterator[Any]:
    client = kind(**arguments)
    try:
        yield client
    finally:
        client.session.close()


def _on_a_loop(kind: type[Any], arguments: dict[str, Any], call: Callable[[Any], Awaitable[Any]]) -> Any:
    """Calls with an asynchronous client, on a loop that tells all it can of its tasks."""

    async def run() -> Any:
        client = kind(**arguments)
        try:
            return await call(client)
        finally:
            if hasattr(client, "_langsmith_api"):
                await client._langsmith_api.close()
            await client.aclose()

    return asyncio.run(run(), debug=True)


def _posted(headers: Headers) -> dict[str, Any]:
    return {"cast_to": object, "body": {"name": "p"}, "options": {"headers": headers} if headers else {}}


@call_path(Client)
def requests(kind: type[Any], arguments: dict[str, Any], headers: Headers = None) -> None:
    with _client(kind, arguments) as client:
        if headers is None:
            client.create_project("p")
        else:
            client.request_with_retries("POST", "/sessions", data=BODY, headers=headers)


@call_path(Client)
def repeated(kind: type[Any], arguments: dict[str, Any]) -> None:
    """What is refused again is explained by what was found before."""
    with _client(kind, arguments) as client:
        with contextlib.suppress(Exception):
            client.create_project("p")
        client.create_project("p")


@call_path(AsyncClient)
def asynchronous(kind: type[Any], arguments: dict[str, Any], headers: Headers = None) -> None:
    async def call(client: Any) -> None:
        await client._arequest_with_retries("POST", "/sessions", content=BODY, headers=headers or {})

    _on_a_loop(kind, arguments, call)


@call_path(Client, exists=hasattr(Client, "_get_langsmith_api_sync"))
def generated(kind: type[Any], arguments: dict[str, Any], headers: Headers = None) -> None:
    with _client(kind, arguments) as client, contextlib.closing(client._get_langsmith_api_sync()) as api:
        api.max_retries = 0
        api.post("/sessions", **_posted(headers))


@call_path(Client, exists=hasattr(Client, "_get_langsmith_api"))
def generated_async(kind: type[Any], arguments: dict[str, Any], headers: Headers = None) -> None:
    async def call() -> None:
        with _client(kind, arguments) as client:
            api = client._get_langsmith_api()
            api.max_retries = 0
            try:
                await api.post("/sessions", **_posted(headers))
            finally:
                await api.close()

    asyncio.run(call(), debug=True)


@call_path(AsyncClient, exists=hasattr(AsyncClient, "_langsmith_api"))
def generated_of_async(kind: type[Any], arguments: dict[str, Any], headers: Headers = None) -> None:
    async def call(client: Any) -> None:
        client._langsmith_api.max_retries = 0
        await client._langsmith_api.post("/sessions", **_posted(headers))

    _on_a_loop(kind, arguments, call)


@call_path(Client, exists=takes(Client.delete_examples, "hard_delete"))
def hard_delete(kind: type[Any], arguments: dict[str, Any]) -> None:
    with _client(kind, arguments) as client:
        client.delete_examples([uuid.UUID(int=1)], hard_delete=True)


@call_path(Client, raises=False)
def background_tracing(kind: type[Any], arguments: dict[str, Any]) -> Told:
    return _traced(kind, {**arguments, "auto_batch_tracing": True})


@call_path(Client)
def evaluate(kind: type[Any], arguments: dict[str, Any]) -> None:
    with _client(kind, arguments) as client:
        langsmith.evaluate(lambda inputs: inputs, data=[EXAMPLE], client=client)


@call_path(Client)
def aevaluate(kind: type[Any], arguments: dict[str, Any]) -> None:
    async def target(inputs: dict[str, Any]) -> dict[str, Any]:
        return inputs

    with _client(kind, arguments) as client:
        asyncio.run(langsmith.aevaluate(target, data=[EXAMPLE], client=client), debug=True)


@call_path(Client, raises=False)
def diagnose(kind: type[Any], arguments: dict[str, Any]) -> Told:
    with _client(kind, arguments) as client:
        return _found(safe_langsmith.diagnose(client))


@call_path(AsyncClient, raises=False)
def adiagnose(kind: type[Any], arguments: dict[str, Any]) -> Told:
    return _found(_on_a_loop(kind, arguments, safe_langsmith.adiagnose))


def _found(diagnosis: Diagnosis | None) -> Told:
    return said_by(diagnosis) if diagnosis else {}


def _traced(kind: type[Any], arguments: dict[str, Any]) -> Told:
    errors: list[BaseException] = []
    if takes(Client.__init__, "tracing_error_callback"):
        arguments = {**arguments, "tracing_error_callback": errors.append}
    with _client(kind, {**arguments, "info": {}}) as client:
        for _ in range(2):
            now, id_ = datetime.datetime.now(datetime.timezone.utc), uuid.uuid4()
            order = f"{now:%Y%m%dT%H%M%S%fZ}{id_}"
            # Only what says where in a trace it belongs is sent in the background.
            client.create_run("r", {}, "chain", id=id_, trace_id=id_, dotted_order=order, project_name="p")
            client.flush()
            client.tracing_queue.join()
        client.cleanup()
    return {f"callback, {name}": text for error in errors for name, text in told_by(error).items()}


def command_line(scene: Scene, *options: str) -> int:
    """Runs the command in an environment that says what a scene's clients are given; it prints what it finds."""
    with mock.patch.dict("os.environ", environment_of(scene)):
        langsmith.utils.get_env_var.cache_clear()
        return main(options)
