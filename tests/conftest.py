"""Every test runs without the machine's LangSmith settings, and with keys that must not turn up anywhere."""

from __future__ import annotations

import gc
import logging
import os
import secrets
import socket
from collections.abc import Callable, Iterator
from typing import Any

import langsmith.utils
import pytest

from safe_langsmith import SafeClient
from safe_langsmith._probe import cache as ledger
from safe_langsmith.testing import FakeLangSmith

CANARY = "c0ffeec0ffee"


def mint_canary(prefix: str) -> str:
    return f"{prefix}{CANARY}{secrets.token_hex(10)}_{secrets.token_hex(5)}"


@pytest.fixture
def canary() -> str:
    return CANARY


@pytest.fixture(autouse=True)
def machine_without_langsmith(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    empty = tmp_path_factory.mktemp("home")
    for name in [name for name in os.environ if name.startswith(("LANGSMITH_", "LANGCHAIN_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("LANGSMITH_CONFIG_FILE", str(empty / "no-config.json"))
    monkeypatch.chdir(empty)
    _forget_variables()
    yield
    _forget_variables()


def _forget_variables() -> None:
    for cached in (langsmith.utils.get_env_var, langsmith.utils.get_tracer_project):
        cached.cache_clear()


@pytest.fixture(autouse=True)
def nothing_learned_before() -> Iterator[None]:
    """A server may get the port that an earlier test's server had, and be asked with the same key."""
    ledger.CACHE.forget()
    yield
    ledger.CACHE.forget()


@pytest.fixture(autouse=True)
def no_key_in_the_logs(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    caplog.set_level(logging.DEBUG)
    yield
    for phase in ("setup", "call"):
        assert not [record for record in caplog.get_records(phase) if CANARY in record.getMessage()]


@pytest.fixture
def no_collection() -> Iterator[None]:
    """For answers with which the SDK's own parser goes to the recursion limit, where finalizers would fail."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.fixture
def server() -> Iterator[FakeLangSmith]:
    with FakeLangSmith(mint=mint_canary) as stand_in:
        yield stand_in


@pytest.fixture
def nobody() -> Iterator[str]:
    """An address where nobody listens, and nobody else can begin to."""
    with socket.socket() as kept:
        kept.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{kept.getsockname()[1]}"


@pytest.fixture
def make_server() -> Iterator[Callable[..., FakeLangSmith]]:
    servers: list[FakeLangSmith] = []

    def make(*args: Any, **kwargs: Any) -> FakeLangSmith:
        servers.append(FakeLangSmith(*args, mint=mint_canary, **kwargs))
        return servers[-1]

    yield make
    for stand_in in servers:
        stand_in.close()


@pytest.fixture
def make_client() -> Iterator[Callable[..., SafeClient]]:
    """Makes clients without a tracing thread, whose own first request would be among those that tests count."""
    clients: list[SafeClient] = []

    def make(server: FakeLangSmith | None = None, key: str | None = None, **kwargs: Any) -> SafeClient:
        if server is not None:
            kwargs.setdefault("api_url", server.url)
        if key is not None:
            kwargs["api_key"] = key
        clients.append(SafeClient(auto_batch_tracing=False, **kwargs))
        return clients[-1]

    yield make
    for client in clients:
        client.session.close()


@pytest.fixture
def seen() -> Callable[[FakeLangSmith], list[tuple[str, str, str | None, int | None]]]:
    """What a server received: method, path, workspace, status."""
    return lambda server: [(r.method, r.path, r.workspace_id, r.status) for r in server.requests]
