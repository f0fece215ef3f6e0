"""Every test runs without the machine's LangSmith settings, and with keys that must not turn up anywhere."""

from __future__ import annotations

import gc
import logging
import os
import secrets
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import langsmith.utils
import pytest
from hypothesis import HealthCheck, settings

from safe_langsmith import SafeClient
from safe_langsmith.testing import FakeLangSmith, Organization, Workspace

from .fake_service import FullLangSmith
from .support.gateway import Gateway
from .support.internals import Probing, forget_everything, forget_prompts

CANARY = "c0ffeec0ffee"

# Health checks and deadlines measure a machine that others use, too.
_HYPOTHESIS = {"deadline": None, "database": None, "suppress_health_check": list(HealthCheck), "print_blob": True}
settings.register_profile("ci", derandomize=True, max_examples=60, **_HYPOTHESIS)
# Search with new examples: `pytest --hypothesis-profile=random`. Pin what it finds with `@example`.
settings.register_profile("random", derandomize=False, max_examples=1_000, **_HYPOTHESIS)
settings.load_profile("ci")


def mint_canary(prefix: str) -> str:
    return f"{prefix}{CANARY}{secrets.token_hex(10)}_{secrets.token_hex(5)}"


@pytest.fixture
def canary() -> str:
    return CANARY


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory that holds an empty working directory for each test."""
    return tmp_path_factory.mktemp("homes")


@pytest.fixture(autouse=True)
def machine_without_langsmith(monkeypatch: pytest.MonkeyPatch, homes: Path) -> Iterator[None]:
    """Run each test in an empty directory, without LangSmith settings and without certificates to read."""
    empty = tempfile.mkdtemp(dir=homes)
    for name in [name for name in os.environ if name.startswith(("LANGSMITH_", "LANGCHAIN_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("LANGSMITH_CONFIG_FILE", os.path.join(empty, "no-config.json"))
    # Reading certificates takes 45 ms for each client, and no test leaves this machine.
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv("SSL_CERT_DIR", empty)
    # Without the files that Python writes, each process that a test starts compiles the library: half a second.
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
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
    forget_everything()
    forget_prompts()
    yield
    forget_everything()


@pytest.fixture(autouse=True)
def probing(monkeypatch: pytest.MonkeyPatch) -> Probing:
    """How long probes may take. Here, none is delayed before it is repeated."""
    probing = Probing(monkeypatch)
    probing.set_pause(0)
    return probing


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
    with FullLangSmith(mint=mint_canary) as fake:
        yield fake


@pytest.fixture
def org(server: FakeLangSmith) -> Organization:
    return server.add_organization("Acme")


@pytest.fixture
def workspace(org: Organization) -> Workspace:
    return org.add_workspace("Research")


@pytest.fixture
def key(org: Organization, workspace: Workspace) -> str:
    """Serves the one workspace, and must name it."""
    return org.add_service_key(workspaces=None)


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
        servers.append(FullLangSmith(*args, mint=mint_canary, **kwargs))
        return servers[-1]

    yield make
    for fake in servers:
        fake.close()


@pytest.fixture
def make_gateway() -> Iterator[Callable[..., Gateway]]:
    gateways: list[Gateway] = []

    def make(*args: Any) -> Gateway:
        gateways.append(Gateway(*args))
        return gateways[-1]

    yield make
    for gateway in gateways:
        gateway.close()


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
