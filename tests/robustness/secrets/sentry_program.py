"""A program that reports to Sentry how calls end, and prints what Sentry would have been sent.

A process of its own, because Sentry's integrations patch the standard library.
"""

from __future__ import annotations

import asyncio
import json
import sys
import uuid
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import sentry_sdk
import urllib3
from langsmith import AsyncClient, Client
from sentry_sdk.scrubber import EventScrubber
from sentry_sdk.transport import Transport

from safe_langsmith import SafeAsyncClient, SafeClient
from safe_langsmith.testing import FakeLangSmith, Reply

SAFE: dict[type[Any], type[Any]] = {Client: SafeClient, AsyncClient: SafeAsyncClient}


class Kept(Transport):
    """Keeps what would have been sent, as it would have been."""

    events: ClassVar[list[dict[str, Any]]] = []

    def capture_envelope(self, envelope: Any) -> None:
        for item in envelope.items:
            if item.type == "event":
                self.events.append(json.loads(item.get_bytes()))


def create_project(client: Any) -> None:
    client.create_project("p")


def create_run(client: Any) -> None:
    client.create_run("r", {}, "chain", id=uuid.uuid4(), project_name="p")


def generated(client: Any) -> None:
    client._get_langsmith_api_sync().post("/sessions", cast_to=object, body={})


def hard_delete(client: Any) -> None:
    client.delete_examples([uuid.uuid4()], hard_delete=True)


async def list_projects(client: Any) -> None:
    await client._arequest_with_retries("GET", "/sessions", headers={"Cookie": "theme=dark"})


Case = tuple[str, type[Any], Callable[[Any], Any], dict[str, Any]]


def cases(key: str, server: FakeLangSmith) -> Iterator[Case]:
    """What is called: its name, the SDK's class, the call, and what more the constructor is given."""
    for call in (create_project, create_run, generated, hard_delete):
        yield call.__name__, Client, call, {}
    yield "asynchronous", AsyncClient, list_projects, {}
    yield "constructor", Client, create_project, {"no_such_option": key}
    yield "asynchronous constructor", AsyncClient, list_projects, {"no_such_option": key}
    password = server.url.replace("://", f"://gateway:{key}@")
    yield "password", Client, create_project, {"api_url": password}
    for status in (404, 500):
        server.fault("POST", None, Reply(status, {"detail": "no"}))
        yield str(status), Client, create_project, {}
    server.fault(None, None, Reply(403, {"detail": f"not {key}"}), times=None)
    yield "echo", Client, create_project, {}


def end(call: Callable[[Any], Any], kind: type[Any], arguments: dict[str, Any]) -> None:
    if issubclass(kind, Client):
        arguments = {"auto_batch_tracing": False, "retry_config": urllib3.Retry(0), **arguments}
        call(kind(**arguments))
    else:
        arguments = {"retry_config": {"max_retries": 1}, **arguments}

        async def run() -> None:
            await call(kind(**arguments))

        asyncio.run(run())


def main() -> None:
    safe, scrubs, key = sys.argv[1] == "safe", sys.argv[2] == "scrubs", sys.argv[3]
    sentry_sdk.init(
        dsn="https://public@sentry.acme.test/1",
        transport=Kept,
        include_local_variables=True,
        send_default_pii=True,
        max_request_body_size="always",
        max_value_length=100_000,
        event_scrubber=None if scrubs else EventScrubber(denylist=[], pii_denylist=[]),
    )
    with FakeLangSmith(mint=lambda prefix: key) as server:
        org = server.add_organization("Acme")
        org.add_workspace("Research")
        org.add_workspace("Support")
        org.add_service_key(workspaces=None)
        # The program's own arguments, in its own frames and extras, are none of the library's business.
        sys.argv[3] = ""
        for name, sdk, call, more in cases(key, server):
            try:
                end(call, SAFE[sdk] if safe else sdk, {"api_url": server.url, "api_key": key, **more})
            except Exception as error:
                with sentry_sdk.new_scope() as scope:
                    scope.set_tag("case", name)
                    sentry_sdk.capture_exception(error)
    sentry_sdk.flush()
    print(json.dumps(Kept.events))


if __name__ == "__main__":
    main()
