"""The SDK's call paths to LangSmith, each behind the same few methods, and an organization to be refused by."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import langsmith
import pytest
import urllib3
from langsmith import AsyncClient, Client

from safe_langsmith import ForbiddenDiagnosis, SafeAsyncClient, SafeClient
from safe_langsmith.testing import FakeLangSmith

from ...support.internals import forget_everything


class CallPath:
    """A client, and one way to send its requests, each to its end.

    `plain` takes the SDK's own client, `key` may be anything that its constructor knows as `api_key`.
    """

    is_async = is_generated = False
    exists = retries = follows_redirects = True
    sdk, safe = Client, SafeClient

    def __init__(self, server: FakeLangSmith, key: str | None = None, *, plain: bool = False, **options: Any) -> None:
        if self.sdk is Client:
            options = {"auto_batch_tracing": False, "retry_config": urllib3.Retry(0), **options}
        else:
            options = {"retry_config": {"max_retries": 1}, **options}
        self.client = (self.sdk if plain else self.safe)(api_url=server.url, api_key=key, **options)
        self.loop = asyncio.new_event_loop() if self.is_async else None

    def start(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        """Sends a request, or returns the coroutine that does, and returns what the answer's JSON says."""
        raise NotImplementedError

    def call(self, method: str = "GET", path: str = "/sessions", body: Any = None, **more: Any) -> Any:
        started = self.start(method, path, body, **more)
        return self.run(started) if self.is_async else started

    def run(self, awaitable: Awaitable[Any]) -> Any:
        assert self.loop is not None
        return self.loop.run_until_complete(awaitable)

    async def aclose(self) -> None:
        """Closes what needs a loop for it."""

    def close(self) -> None:
        if self.loop is not None:
            self.loop.run_until_complete(self.aclose())
            self.loop.run_until_complete(self.loop.shutdown_asyncgens())
            self.loop.close()
        if self.sdk is Client:
            self.client.session.close()


def _bytes(body: Any) -> bytes | None:
    return body if body is None or isinstance(body, bytes) else json.dumps(body).encode()


class Requests(CallPath):
    def start(self, method, path, body=None, headers=None):
        return self.client.request_with_retries(method, path, data=_bytes(body), headers=headers or {}).json()


class Async(CallPath):
    is_async = True
    retries = hasattr(AsyncClient, "workspace_id")
    follows_redirects = False
    sdk, safe = AsyncClient, SafeAsyncClient

    async def start(self, method, path, body=None, headers=None):
        more = {"headers": headers} if headers else {}
        return (await self.client._arequest_with_retries(method, path, content=_bytes(body), **more)).json()

    async def aclose(self):
        if hasattr(self.client, "_langsmith_api"):
            await self.client._langsmith_api.close()
        await self.client.aclose()


class _Generated(CallPath):
    is_generated = True

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.api = self.made()
        self.api.max_retries = 0

    def made(self):
        raise NotImplementedError

    def start(self, method, path, body=None, headers=None, api=None):
        content = {} if body is None else {"body": body}
        send = getattr(api or self.api, method.lower())
        return send(path, cast_to=object, options={"headers": headers} if headers else {}, **content)


class Generated(_Generated):
    exists = hasattr(Client, "_get_langsmith_api_sync")

    def made(self):
        return self.client._get_langsmith_api_sync()

    def close(self):
        self.api.close()
        super().close()


class GeneratedAsync(_Generated):
    exists = hasattr(Client, "_get_langsmith_api")
    is_async = True

    def made(self):
        return self.client._get_langsmith_api()

    async def aclose(self):
        await self.api.close()


class GeneratedOfAsync(_Generated, Async):
    exists = hasattr(AsyncClient, "_langsmith_api")
    follows_redirects = True
    start = _Generated.start

    def made(self):
        return self.client._langsmith_api


CALL_PATHS: dict[str, type[CallPath]] = {
    "requests": Requests,
    "generated": Generated,
    "generated async": GeneratedAsync,
    "async": Async,
    "generated of async": GeneratedOfAsync,
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Makes a test with an argument of one of these names run on all such call paths that the installed SDK has."""
    wanted: dict[str, Callable[[type[CallPath]], bool]] = {
        "kind": lambda kind: True,
        "retrying_kind": lambda kind: kind.retries,
        "unretried_kind": lambda kind: not kind.retries,
        "generated_kind": lambda kind: kind.is_generated,
        "async_kind": lambda kind: kind.is_async and kind.retries,
    }
    for name in wanted.keys() & set(metafunc.fixturenames):
        marks = {
            call_path: ()
            if kind.exists
            else pytest.mark.skip(f"langsmith {langsmith.__version__} has no such call path")
            for call_path, kind in CALL_PATHS.items()
        }
        rows = [(kind, call_path) for call_path, kind in CALL_PATHS.items() if wanted[name](kind)]
        metafunc.parametrize(
            name, [pytest.param(kind, id=call_path, marks=marks[call_path]) for kind, call_path in rows]
        )


@pytest.fixture
def make_call_path() -> Iterator[Callable[..., CallPath]]:
    call_paths: list[CallPath] = []

    def make(kind: type[CallPath], server: FakeLangSmith, key: str | None = None, **options: Any) -> CallPath:
        call_paths.append(kind(server, key, **options))
        return call_paths[-1]

    yield make
    for call_path in call_paths:
        call_path.close()


@pytest.fixture
def v1() -> type[CallPath]:
    """The call path that others are compared with."""
    return Requests


@pytest.fixture
def call_paths() -> dict[str, type[CallPath]]:
    """All that the installed SDK has."""
    return {name: kind for name, kind in CALL_PATHS.items() if kind.exists}


@pytest.fixture
def patience() -> int:
    """Seconds after which something that should end is taken to hang."""
    return 10


@pytest.fixture
def refused() -> Callable[..., ForbiddenDiagnosis]:
    """Calls something that must end in a diagnosis, and returns that."""

    def refused(call: Callable[..., Any], *args: Any, **kwargs: Any) -> ForbiddenDiagnosis:
        with pytest.raises(ForbiddenDiagnosis) as caught:
            call(*args, **kwargs)
        return caught.value

    return refused


@pytest.fixture
def forget() -> Callable[[], None]:
    """Makes this process forget what it has learned of endpoints and keys, so that the next refusal is a first one."""
    return forget_everything


@pytest.fixture
def nowhere() -> str:
    """The id of no workspace."""
    return "11111111-1111-4111-8111-111111111111"


@pytest.fixture
def of(
    seen: Callable[[FakeLangSmith], list[Any]],
) -> Callable[[FakeLangSmith, str], list[tuple[str | None, int | None]]]:
    """What a server received for one path: workspace and status."""
    return lambda server, path: [(workspace, status) for _, asked, workspace, status in seen(server) if asked == path]


def alike(diagnosis):
    """A diagnosis without the name that each HTTP library gives a lost connection, and without the client's."""
    told = re.sub("RemoteProtocolError|ConnectionError", "LOST", json.dumps(diagnosis.to_dict()))
    plain = json.loads(told.replace("SafeAsyncClient(", "SafeClient("))
    # What only async clients of older SDKs need.
    plain["fixes"] = [fix for fix in plain["fixes"] if not fix["title"].startswith("Update langsmith")]
    return plain
