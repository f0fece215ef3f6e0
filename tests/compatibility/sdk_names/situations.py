"""What users do with a client, and what comes of it, in a few words that can be compared."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import pickle
import uuid
from collections.abc import Callable
from typing import Any

import langsmith
import urllib3

from safe_langsmith import SafeAsyncClient, SafeClient, find_diagnosis, reload_environment
from safe_langsmith.testing import FakeLangSmith
from tests.support.tracing import send_traces


class Stage:
    """A server with an organization, and clients of one kind, safe or plain, from which a name may be taken.

    Args:
        server: The server.
        take: Is told each client, and takes the name from it where it is one of its.
        safe: Whether the clients are safe ones.
    """

    def __init__(self, server: FakeLangSmith, take: Callable[[str, Any], None], safe: bool) -> None:
        self.server = server
        self.org = server.add_organization("Acme")
        self.workspace = self.org.add_workspace("Research")
        self.owner = self.org.add_personal_key(default=self.workspace)
        self.viewer = self.org.add_personal_key(default=self.workspace, role="Viewer")
        self.unnamed = self.org.add_service_key(workspaces=None)
        self.take = take
        self._safe = safe
        # A generated client does not keep the one it belongs to.
        self._clients: list[Any] = []
        self._closing: list[Callable[[], Any]] = []

    def client(self, key: str | None, **options: Any) -> Any:
        given = {"auto_batch_tracing": False, "retry_config": urllib3.Retry(0), "api_url": self.server.url, **options}
        made = (SafeClient if self._safe else langsmith.Client)(api_key=key, **given)
        self._clients.append(made)
        self.take("Client", made)
        return made

    def async_client(self, key: str) -> Any:
        kind = SafeAsyncClient if self._safe else langsmith.AsyncClient
        made = kind(api_key=key, api_url=self.server.url, retry_config={"max_retries": 1})
        self._closing.append(made._client.aclose)
        if hasattr(made, "_langsmith_api"):
            self._closing.append(made._langsmith_api.close)
        self.take("AsyncClient", made)
        return made

    def generated(self, client: Any, factory: str) -> Any:
        api = getattr(client, factory)
        api = api() if callable(api) else api
        api.max_retries = 0
        self._closing.append(api.close)
        self.take("generated client", api)
        return api

    def outcome(self, situation: Situation) -> str:
        """What a situation returns, or what is raised in it: the cause where it is diagnosed, or the class."""
        try:
            came = situation(self)
            return str(asyncio.run(self._awaited(came)) if asyncio.iscoroutine(came) else came)
        except Exception as error:
            found = find_diagnosis(error)
            return f"diagnosed: {found.cause}" if found is not None else type(error).__name__
        finally:
            for close in self._closing:
                close()
            for client in self._clients:
                client.session.close()

    async def _awaited(self, coroutine: Any) -> Any:
        try:
            return await coroutine
        finally:
            for close in self._closing:
                await close()
            self._closing.clear()


Situation = Callable[[Stage], Any]


def a_call_that_succeeds(on: Stage) -> Any:
    client = on.client(on.owner)
    client.create_project("p")
    return [project.name for project in client.list_projects()], _shown(client, on)


def a_call_that_the_role_does_not_allow(on: Stage) -> Any:
    return on.client(on.viewer).create_project("p")


def a_key_that_is_unknown(on: Stage) -> Any:
    return list(on.client(f"{on.owner[:-1]}_").list_projects())


def a_workspace_that_nobody_named(on: Stage) -> Any:
    client = on.client(on.unnamed)
    return [client.create_project(name).name for name in "pq"]


def another_key_for_a_client(on: Stage) -> Any:
    client = on.client(on.unnamed)
    with contextlib.suppress(langsmith.utils.LangSmithError):
        list(client.list_projects())
    if hasattr(langsmith.Client, "_get_langsmith_api_sync"):
        on.generated(client, "_get_langsmith_api_sync")
    client.api_key = on.owner
    return [project.name for project in client.list_projects()]


def deleting_for_good(on: Stage) -> Any:
    return on.client(on.unnamed).delete_examples([uuid.uuid4()], hard_delete=True)


def deleting_for_good_what_the_role_does_not_allow(on: Stage) -> Any:
    return on.client(on.viewer).delete_examples([uuid.uuid4()], hard_delete=True)


def tracing(on: Stage) -> Any:
    return _traced(on, on.client(on.owner))


def tracing_without_a_workspace(on: Stage) -> Any:
    return _traced(on, on.client(on.unnamed))


def tracing_to_two_endpoints(on: Stage) -> Any:
    with FakeLangSmith() as server:
        there = Stage(server, on.take, False)
        client = on.client(None, api_url=None, api_urls={on.server.url: on.owner, server.url: there.unnamed})
        return *_traced(on, client), *(run["name"] for run in server.runs(there.workspace))


def copying(on: Stage) -> Any:
    client = on.client(on.owner)
    copied = copy.copy(client)
    return type(copied) is type(client), list(copied.list_projects())


def copying_deeply(on: Stage) -> Any:
    return copy.deepcopy(on.client(on.owner))


def pickling(on: Stage) -> Any:
    return pickle.dumps(on.client(on.owner))


def clearing_caches(on: Stage) -> Any:
    return reload_environment()


def tracing_in_the_background(on: Stage) -> Any:
    return _traced(on, on.client(on.owner, auto_batch_tracing=True))


def tracing_in_the_background_without_a_workspace(on: Stage) -> Any:
    return _traced(on, on.client(on.unnamed, auto_batch_tracing=True))


def _traced(on: Stage, client: Any) -> list[str]:
    for name in ("first", "second"):
        id_ = uuid.uuid4()
        ids = {"id": id_, "trace_id": id_, "dotted_order": f"20260101T000000000000Z{id_}"}
        client.create_run(name, {}, "chain", project_name="p", **ids)
    send_traces(client)
    if client.tracing_queue is not None:
        client.cleanup()
    return sorted(run["name"] for run in on.server.runs(on.workspace))


def _shown(client: Any, on: Stage) -> str:
    return repr(client).replace(on.server.url, "").partition(" at 0x")[0]


def _post(api: Any, name: str) -> Any:
    return api.post("/sessions", cast_to=object, body={"name": name})


def _generated(key: str) -> Situation:
    def situation(on: Stage) -> Any:
        api = on.generated(on.client(getattr(on, key)), "_get_langsmith_api_sync")
        return [_post(each, name)["name"] for each, name in ((api, "p"), (api.with_options(timeout=7), "q"))]

    return situation


def _asynchronous(key: str, factory: str) -> Situation:
    async def situation(on: Stage) -> Any:
        client = (on.client if factory == "_get_langsmith_api" else on.async_client)(getattr(on, key))
        if factory:
            api = on.generated(client, factory)
            return [(await _post(each, name))["name"] for each, name in ((api, "p"), (api.copy(timeout=7), "q"))]
        return [(await client.create_project(name)).name for name in "pq"], _shown(client, on)

    return situation


OF_CLIENT: dict[str, Situation] = {
    situation.__name__: situation
    for situation in (
        a_call_that_succeeds,
        a_call_that_the_role_does_not_allow,
        a_key_that_is_unknown,
        a_workspace_that_nobody_named,
        another_key_for_a_client,
        deleting_for_good,
        deleting_for_good_what_the_role_does_not_allow,
        tracing,
        tracing_without_a_workspace,
        tracing_to_two_endpoints,
        copying,
        copying_deeply,
        pickling,
        clearing_caches,
    )
}
IN_THE_BACKGROUND: dict[str, Situation] = {
    situation.__name__: situation
    for situation in (tracing_in_the_background, tracing_in_the_background_without_a_workspace)
}
OF_ASYNC_CLIENT: dict[str, Situation] = {}
for _key in ("owner", "viewer", "unnamed"):
    OF_ASYNC_CLIENT[f"asynchronous_call_of_{_key}"] = _asynchronous(_key, "")
    if hasattr(langsmith.Client, "_get_langsmith_api_sync"):
        OF_CLIENT[f"generated_call_of_{_key}"] = _generated(_key)
    if hasattr(langsmith.Client, "_get_langsmith_api"):
        OF_CLIENT[f"asynchronous_generated_call_of_{_key}"] = _asynchronous(_key, "_get_langsmith_api")
        OF_ASYNC_CLIENT[f"generated_call_of_{_key}_beside_asynchronous_ones"] = _asynchronous(_key, "_langsmith_api")
