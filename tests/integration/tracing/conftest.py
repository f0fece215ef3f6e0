"""Clients that trace in the background, and what a server got of it."""

from __future__ import annotations

import datetime
import inspect
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import langsmith
import pytest

from safe_langsmith import SafeClient
from safe_langsmith.testing import FakeLangSmith
from safe_langsmith.testing.payloads import run_operations

UPLOADS = ("/runs", "/runs/batch", "/runs/multipart")
UNCOMPRESSED = {"instance_flags": {"zstd_compression_enabled": False}}
INFO: dict[str, dict[str, Any]] = {
    "compressed": {},
    "multipart": UNCOMPRESSED,
    "batch": {"batch_ingest_config": {"use_multipart_endpoint": False}, **UNCOMPRESSED},
}


class Compressing(SafeClient):
    """Tells when the SDK's thread has heard that it may compress: runs that are traced earlier are not compressed."""

    def __init__(self, **kwargs: Any) -> None:
        self.compresses = threading.Event()
        super().__init__(**kwargs)
        assert self.compresses.wait(10)

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name == "_data_available_event" and value is not None:
            self.compresses.set()


@pytest.fixture(params=INFO)
def mode(request: pytest.FixtureRequest) -> str:
    """How the server wants runs to be sent."""
    return str(request.param)


@pytest.fixture
def tracing_server(make_server: Callable[..., FakeLangSmith], mode: str) -> FakeLangSmith:
    return make_server(info=INFO[mode])


@pytest.fixture
def make_tracer() -> Iterator[Callable[..., SafeClient]]:
    clients: list[SafeClient] = []

    def make(
        server: FakeLangSmith | None, key: str | None, kind: type[langsmith.Client] = SafeClient, **kwargs: Any
    ) -> Any:
        if kind is SafeClient and server is not None and compresses(server):
            kind = Compressing
        if server is not None:
            kwargs["api_url"] = server.url
        if key is not None:
            kwargs["api_key"] = key
        clients.append(kind(**kwargs))
        return clients[-1]

    yield make
    for client in clients:
        client.cleanup()
        client.session.close()


def compresses(server: FakeLangSmith) -> bool:
    flags: dict[str, Any] = server._service.info.get("instance_flags") or {}
    return bool(flags.get("zstd_compression_enabled"))


def trace(client: langsmith.Client, count: int, start: int = 0, **more: Any) -> None:
    """Traces `count` runs, each a trace of its own."""
    for number in range(start, start + count):
        now = datetime.datetime.now(datetime.timezone.utc)
        id_ = uuid.uuid4()
        client.create_run(
            f"run {number}",
            {"number": number},
            "chain",
            id=id_,
            trace_id=id_,
            dotted_order=f"{now:%Y%m%dT%H%M%S%fZ}{id_}",
            project_name="p",
            start_time=now,
            **more,
        )


def numbers(server: FakeLangSmith, workspace: Any) -> list[int]:
    """The numbers of the runs that a workspace holds."""
    return sorted(run["inputs"]["number"] for run in server.runs(workspace))


def times_accepted(server: FakeLangSmith) -> Counter[str]:
    """How often the server accepted each run."""
    accepted: Counter[str] = Counter()
    for received in server.requests:
        if received.path in UPLOADS and received.status == 202:
            accepted.update({op.id for op in run_operations(received, received.path) if op.collection == "runs"})
    return accepted


def answers(server: FakeLangSmith) -> Counter[tuple[str, int | None]]:
    return Counter((received.path, received.status) for received in server.requests)


def takes(function: Any, name: str) -> bool:
    return name in inspect.signature(function).parameters
