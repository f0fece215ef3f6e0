"""The SDK's entry points, each begun with a key whose very first request is refused for want of a workspace."""

from __future__ import annotations

import inspect
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import langsmith
import pytest
from langsmith import AsyncClient, Client

from safe_langsmith import SafeAsyncClient, SafeClient
from safe_langsmith.testing import FakeLangSmith, Organization, Workspace
from safe_langsmith.testing.payloads import parts
from tests.support.tracing import send_traces

# What a real deployment offers; without it, the SDK warns that it is old.
CURRENT = {"instance_flags": {"zstd_compression_enabled": True, "dataset_examples_multipart_enabled": True}}
RETRIES_ASYNC = pytest.mark.skipif(not hasattr(AsyncClient, "workspace_id"), reason="AsyncClient can name no workspace")


def takes(function: Any, name: str) -> bool:
    return name in inspect.signature(function).parameters


def without_cache(kind: type[Any]) -> dict[str, Any]:
    """What keeps a client out of the SDK's cache of prompts, which all clients of a process share."""
    return {"disable_prompt_cache": True} if takes(kind.__init__, "disable_prompt_cache") else {}


@pytest.fixture
def server(make_server: Callable[..., FakeLangSmith]) -> FakeLangSmith:
    return make_server(info=CURRENT)


@pytest.fixture
def editor(org: Organization, workspace: Workspace) -> str:
    """Names no workspace because it has one, and may not create projects."""
    return org.add_personal_key(default=workspace, role="Editor")


@pytest.fixture
def viewer(org: Organization, workspace: Workspace) -> str:
    return org.add_personal_key(default=workspace, role="Viewer")


@pytest.fixture
def make() -> Iterator[Callable[..., SafeClient]]:
    """Makes clients as users do, which trace in the background."""
    clients: list[Client] = []

    def make(server: FakeLangSmith, key: str, kind: type[Client] = SafeClient, **options: Any) -> Any:
        clients.append(kind(api_url=server.url, api_key=key, **{**without_cache(kind), **options}))
        return clients[-1]

    yield make
    for client in clients:
        client.flush()
        client.cleanup()
        client.session.close()


@pytest.fixture
def client(server: FakeLangSmith, key: str, make: Callable[..., SafeClient]) -> SafeClient:
    """Is refused first."""
    return make(server, key)


@pytest.fixture
def admin(server: FakeLangSmith, org: Organization, workspace: Workspace, make: Callable[..., Client]) -> Client:
    """The SDK's own client, to prepare and to look at what the others did. Its key needs no workspace."""
    return make(server, org.add_personal_key(default=workspace), Client, auto_batch_tracing=False)


@pytest.fixture
def open_async(server: FakeLangSmith) -> Callable[..., AbstractAsyncContextManager[SafeAsyncClient]]:
    @asynccontextmanager
    async def open_async(key: str) -> AsyncIterator[SafeAsyncClient]:
        client = SafeAsyncClient(server.url, key, **without_cache(AsyncClient))
        try:
            yield client
        finally:
            if hasattr(client, "_langsmith_api"):
                await client._langsmith_api.close()
            await client.aclose()

    return open_async


@pytest.fixture
def tracing(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Tracing as it is switched on in the environment; whatever a test configures is taken back."""
    monkeypatch.setenv("LANGSMITH_TRACING", "true")
    monkeypatch.setenv("LANGSMITH_PROJECT", "p")
    langsmith.utils.get_env_var.cache_clear()
    getattr(langsmith.utils.get_tracer_project, "cache_clear", lambda: None)()
    yield
    langsmith.configure(client=None, enabled=None, project_name=None, tags=None, metadata=None)
    getattr(langsmith.utils.get_tracer_project, "cache_clear", lambda: None)()


@pytest.fixture
def retried(server: FakeLangSmith, workspace: Workspace) -> Callable[[Any], None]:
    """Asserts what a user notices of a retried client: a workspace, at the cost of one refusal and one question."""

    def retried(client: Any) -> None:
        assert client.workspace_id == workspace.id
        assert [r.path for r in server.requests if r.path == "/workspaces"] == ["/workspaces"]
        refused = [r.workspace_id for r in server.requests if r.status == 403]
        # Where the machine is slow, a tracing thread has sent a second batch meanwhile.
        assert refused in ([None], [None, None])

    return retried


@pytest.fixture
def stored(server: FakeLangSmith, workspace: Workspace) -> Callable[[str], list[dict[str, Any]]]:
    """What the workspace holds in a collection."""
    return lambda collection: server.records(workspace, collection)


def arrived(server: FakeLangSmith, workspace: Workspace, client: Client) -> dict[str, dict[str, Any]]:
    """The runs of a workspace by name, each complete and posted once."""
    send_traces(client)
    runs = server.runs(workspace)
    assert all(run.get("end_time") for run in runs)
    assert times_posted(server) == Counter(run["id"] for run in runs)
    named = {run["name"]: run for run in runs}
    assert len(named) == len(runs)
    return named


def times_posted(server: FakeLangSmith) -> Counter[str]:
    """How often the server accepted the start of each run."""
    accepted = [r for r in server.requests if r.status == 202 and r.method == "POST"]
    posted = Counter(json.loads(r.body)["id"] for r in accepted if r.path == "/runs")
    names = (part.name.split(".") for r in accepted if r.path == "/runs/multipart" for part in parts(r))
    posted.update(name[1] for name in names if name[0] == "post" and len(name) == 2)
    return posted
