"""Calls of the SDK that are refused, each on its call path, which can be made again and again."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Callable
from typing import Any, NamedTuple

import urllib3
from langsmith import AsyncClient, Client

from safe_langsmith import SafeAsyncClient, SafeClient
from safe_langsmith.testing import FakeLangSmith

from ...support.internals import forget_everything

NO_RETRIES = urllib3.Retry(0)
ENV = "export LANGSMITH_API_KEY=lsv2_pt_c0ffee\nLANGSMITH_ENDPOINT='http://127.0.0.1\nLANGSMITH_PROJECT=a #b\nX:1\n"


class Stage:
    """A server, the keys to be refused with, and the event loop of asynchronous calls."""

    def __init__(self, server: FakeLangSmith) -> None:
        acme = server.add_organization("Acme")
        self.server = server
        self.workspace = acme.add_workspace("Research")
        self.needs_workspace = acme.add_service_key(workspaces=None)
        self.viewer = acme.add_personal_key(default=self.workspace, role="Viewer")
        self.revoked = acme.add_personal_key(default=self.workspace)
        server.revoke(self.revoked)
        self.loop = asyncio.new_event_loop()
        self.loop_complaints: list[Any] = []
        self.loop.set_exception_handler(lambda loop, context: self.loop_complaints.append(context))
        self._names = 0

    def close(self) -> None:
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.close()

    def name(self) -> str:
        """One that was not used before."""
        self._names += 1
        return f"p{self._names}"

    def reset(self) -> None:
        """Forgets what was learned and received."""
        forget_everything()
        self.server.clear_requests()

    def written(self, path: str) -> list[int | None]:
        """How the writes to a path were answered, in order."""
        return [r.status for r in self.server.requests if r.path == path and r.method != "GET"]


class Scenario(NamedTuple):
    """A call.

    Attributes:
        key: The attribute of the stage that is its key.
        open: Makes the client; gets the stage, the key, and whether it is to be a safe one.
        call: Makes the call, and returns what the user is given.
        close: Closes the client.
        path: Where it writes.
        retries: Whether it is sent again, with a safe client.
        exists: Whether the installed SDK has it.
        makes_client: Whether the first call makes a client inside the client, once.
        after: Scenarios of the same call path, whose functions need not be broken again.
    """

    key: str
    open: Callable[[Stage, str, bool], Any]
    call: Callable[[Stage, Any], Any]
    close: Callable[[Stage, Any], Any]
    path: str
    retries: bool = False
    exists: bool = True
    makes_client: bool = False
    after: tuple[str, ...] = ()


def _open(stage: Stage, key: str, safe: bool, **options: Any) -> Client:
    kind = SafeClient if safe else Client
    return kind(
        api_url=stage.server.url, api_key=key, auto_batch_tracing=False, retry_config=NO_RETRIES, info={}, **options
    )


def _close(stage: Stage, client: Client) -> None:
    client.session.close()


def _post(stage: Stage, client: Client) -> bool:
    body = json.dumps({"name": stage.name()}).encode()
    return bool(client.request_with_retries("POST", "/sessions", data=body).json()["id"])


def _delete(stage: Stage, client: Client) -> bool:
    client.delete_examples([uuid.UUID(int=1)], hard_delete=True)
    return True


def _generated(stage: Stage, client: Client) -> bool:
    api = client._get_langsmith_api_sync()
    api.max_retries = 0
    return bool(api.post("/sessions", cast_to=object, body={"name": stage.name()})["id"])


def _close_generated(stage: Stage, client: Client) -> None:
    client._get_langsmith_api_sync().close()
    client.session.close()


def _generated_async(stage: Stage, client: Client) -> bool:
    async def call() -> bool:
        api = client._get_langsmith_api()
        api.max_retries = 0
        return bool((await api.post("/sessions", cast_to=object, body={"name": stage.name()}))["id"])

    return stage.loop.run_until_complete(call())


def _close_generated_async(stage: Stage, client: Client) -> None:
    stage.loop.run_until_complete(client._get_langsmith_api().close())
    client.session.close()


def _open_async(stage: Stage, key: str, safe: bool, **options: Any) -> AsyncClient:
    kind = SafeAsyncClient if safe else AsyncClient
    return kind(api_url=stage.server.url, api_key=key, retry_config={"max_retries": 1}, **options)


def _post_async(stage: Stage, client: AsyncClient) -> bool:
    async def call() -> bool:
        body = json.dumps({"name": stage.name()}).encode()
        return bool((await client._arequest_with_retries("POST", "/sessions", content=body)).json()["id"])

    return stage.loop.run_until_complete(call())


def _close_async(stage: Stage, client: AsyncClient) -> None:
    async def close() -> None:
        if hasattr(client, "_langsmith_api"):
            await client._langsmith_api.close()
        await client.aclose()

    stage.loop.run_until_complete(close())


def _open_choosing(stage: Stage, key: str, safe: bool) -> Client:
    return open_choosing(stage, key, False, lambda found: found[0]) if safe else _open(stage, key, safe)


def open_choosing(stage: Stage, key: str, is_async: bool, choose: Callable[..., Any]) -> Any:
    """Makes a safe client with a callable of the user's."""
    return (_open_async if is_async else _open)(stage, key, True, resolve_workspace=choose)


def _replica(stage: Stage, client: Client) -> bool:
    """Sends a run as to a replica: with another key than the client's."""
    headers = {"x-api-key": stage.needs_workspace, "Content-Type": "application/json"}
    body = json.dumps({"id": str(uuid.uuid4()), "name": "r", "run_type": "chain", "session_name": "p"}).encode()
    client.request_with_retries("POST", f"{stage.server.url}/runs", data=body, headers=headers)
    return True


SYNC = hasattr(Client, "_get_langsmith_api_sync")
ASYNC = hasattr(Client, "_get_langsmith_api")
NAMES = hasattr(AsyncClient, "workspace_id")

_SOFT = "/v1/platform/datasets/examples/delete"

SCENARIOS = {
    "denied": Scenario("viewer", _open, _post, _close, "/sessions"),
    "retried": Scenario("needs_workspace", _open, _post, _close, "/sessions", retries=True),
    "rejected": Scenario("revoked", _open, _post, _close, "/sessions", after=("denied", "retried")),
    "chosen": Scenario(
        "needs_workspace", _open_choosing, _post, _close, "/sessions", retries=True, after=("denied", "retried")
    ),
    "another key": Scenario("revoked", _open, _replica, _close, "/runs", retries=True),
    "direct, retried": Scenario("needs_workspace", _open, _delete, _close, _SOFT, retries=True),
    "direct, denied": Scenario("viewer", _open, _delete, _close, _SOFT, after=("direct, retried",)),
    "generated, retried": Scenario(
        "needs_workspace",
        _open,
        _generated,
        _close_generated,
        "/sessions",
        retries=True,
        exists=SYNC,
        makes_client=True,
    ),
    "generated, denied": Scenario(
        "viewer",
        _open,
        _generated,
        _close_generated,
        "/sessions",
        exists=SYNC,
        makes_client=True,
        after=("generated, retried",),
    ),
    "generated async, retried": Scenario(
        "needs_workspace",
        _open,
        _generated_async,
        _close_generated_async,
        "/sessions",
        retries=True,
        exists=ASYNC,
        makes_client=True,
    ),
    "async, retried": Scenario("needs_workspace", _open_async, _post_async, _close_async, "/sessions", retries=NAMES),
    "async, denied": Scenario("viewer", _open_async, _post_async, _close_async, "/sessions", after=("async, retried",)),
}
