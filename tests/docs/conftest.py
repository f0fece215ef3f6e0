"""Every example in the documentation runs. How to write one that does:

- Each ```python block of README.md, CONTRIBUTING.md and docs/**/*.md is run, top to bottom; a page is one test, and its
  blocks share one namespace. Blocks may use `await` and `async with` at the top level.
- The environment is a user's: LANGSMITH_ENDPOINT and LANGSMITH_API_KEY of an admin's personal access token, tracing not
  switched on, no .env; the working directory is empty. Behind it is a stand-in with one organization and one workspace.
- What a reader should not see goes into

      <!-- invisible-code-block: python
      use(viewer_key)
      -->

  which may use the names of `hidden_names` below; visible blocks cannot, for a reader has none of them. It shares the
  page's namespace, to prepare things, or to `assert error.cause == "permission-denied"` after a block that caught it.
- `<!-- skip: next -->`, or `<!-- skip: next "why" -->`, before a block that cannot run.

Run one page with `pytest tests/docs -k fastapi`. What it needs beside the library is in docs/requirements.txt.
"""

from __future__ import annotations

import gc
import importlib.util
import sys
from collections.abc import Callable, Iterator
from typing import Any

import langsmith
import pytest
from langsmith import Client

from safe_langsmith.environment import _clear_caches
from safe_langsmith.testing import FakeLangSmith

from ..conftest import mint_canary

collect_ignore_glob = [] if importlib.util.find_spec("sybil") else ["test_*.py"]

# What a real deployment offers; without it, the SDK warns that it is old.
CURRENT = {"instance_flags": {"zstd_compression_enabled": True, "dataset_examples_multipart_enabled": True}}


@pytest.fixture
def server() -> Iterator[FakeLangSmith]:
    with FakeLangSmith(mint=mint_canary, info=CURRENT) as stand_in:
        yield stand_in


@pytest.fixture
def patch() -> Iterator[pytest.MonkeyPatch]:
    """What a page sets is taken back with the page, before the SDK is asked whether anything is left."""
    with pytest.MonkeyPatch.context() as patch:
        yield patch
    _clear_caches()


@pytest.fixture
def hidden_names(server: FakeLangSmith, patch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> dict[str, Any]:
    """What invisible blocks may use, and visible ones may not."""
    acme = server.add_organization("Acme")
    research = acme.add_workspace("Research")
    names: dict[str, Any] = {
        "server": server,  # the FakeLangSmith
        "acme": acme,  # its Organization
        "research": research,  # the organization's only Workspace; acme.add_workspace("Support") makes another
        "key": acme.add_personal_key(default=research),  # in LANGSMITH_API_KEY; may do everything
        "editor_key": acme.add_personal_key(default=research, role="Editor"),  # may trace, may not create projects
        "viewer_key": acme.add_personal_key(default=research, role="Viewer"),  # may read
        "organization_key": acme.add_service_key(workspaces=None),  # has to name a workspace: is healed
        "unknown_key": mint_canary("lsv2_pt_"),  # of no organization: is refused everywhere
        "monkeypatch": patch,
        "caplog": caplog,
    }

    def use(key: str | None = None, **variables: str) -> None:
        """Has the environment hold another key, or further variables, from here on."""
        for name, value in {**({"LANGSMITH_API_KEY": key} if key else {}), **variables}.items():
            patch.setenv(name, value)
        _clear_caches()

    use(names["key"], LANGSMITH_ENDPOINT=server.url)
    return {**names, "use": use}


@pytest.fixture
def process_as_before(server: FakeLangSmith) -> Iterator[None]:
    """Takes back what a page configures for the whole process, as long as there is somebody to send the traces to."""
    yield
    for client in [found for found in gc.get_objects() if isinstance(found, Client)]:
        if client.tracing_queue is not None:
            client.flush()
            client.cleanup()
        client.session.close()
    langsmith.configure(client=None, enabled=None, project_name=None, tags=None, metadata=None)
    if "sentry_sdk" in sys.modules:
        sys.modules["sentry_sdk"].get_global_scope().set_client(None)
    if "structlog" in sys.modules:
        sys.modules["structlog"].reset_defaults()


@pytest.fixture
def run_page(hidden_names: dict[str, Any], process_as_before: None) -> Callable[[Any], None]:
    from .pages import run

    return lambda path: run(path, hidden_names)
