"""The tests run every example in the documentation. How to write one:

- Each ```python block of README.md, CONTRIBUTING.md and docs/**/*.md is run, from top to bottom. A page is one test,
  and its blocks share one namespace. Blocks may use `await` and `async with` at the top level.
- The environment is a user's: LANGSMITH_ENDPOINT, and LANGSMITH_API_KEY with an admin's personal access token. Tracing
  is off, there is no .env, and the working directory is empty. The endpoint is a fake server with one organization and
  one workspace.
- Code that a reader should not see goes into

      <!-- invisible-code-block: python
      use(viewer_key)
      -->

  It may use the names of `hidden_names` below. Visible blocks cannot, because a reader does not have them. It shares
  the page's namespace, so it can prepare things, or `assert error.cause == "permission-denied"` after a block.
- `<!-- skip: next -->`, or `<!-- skip: next "why" -->`, before a block that cannot run.

Run one page with `pytest tests/docs -k fastapi`. docs/requirements.txt lists the packages that the pages need.
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

from safe_langsmith import uninstall
from safe_langsmith._sdk.compat import clear_caches
from safe_langsmith.testing import FakeLangSmith

from ..conftest import mint_canary
from ..fake_service import prompts

collect_ignore_glob = [] if importlib.util.find_spec("sybil") else ["test_*.py"]


@pytest.fixture
def server() -> Iterator[FakeLangSmith]:
    with FakeLangSmith(mint=mint_canary, routes=prompts.ROUTES) as fake:
        yield fake


@pytest.fixture
def patch() -> Iterator[pytest.MonkeyPatch]:
    """Undo the settings of a page at its end, and clear what the SDK has cached of them."""
    with pytest.MonkeyPatch.context() as patch:
        yield patch
    clear_caches()


@pytest.fixture
def hidden_names(server: FakeLangSmith, patch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> dict[str, Any]:
    """Return the names that invisible blocks may use, and visible ones may not."""
    acme = server.add_organization("Acme")
    research = acme.add_workspace("Research")
    names: dict[str, Any] = {
        "server": server,  # the FakeLangSmith
        "acme": acme,  # its Organization
        "research": research,  # the organization's only Workspace; acme.add_workspace("Support") makes another
        "key": acme.add_personal_key(default=research),  # in LANGSMITH_API_KEY; may do everything
        "editor_key": acme.add_personal_key(default=research, role="Editor"),  # may trace, may not create projects
        "viewer_key": acme.add_personal_key(default=research, role="Viewer"),  # may read
        "organization_key": acme.add_service_key(workspaces=None),  # has to name a workspace: is retried
        "unknown_key": mint_canary("lsv2_pt_"),  # of no organization: is always refused
        "monkeypatch": patch,
        "caplog": caplog,
    }

    def use(key: str | None = None, **variables: str) -> None:
        """Set another key, or further variables, in the environment."""
        for name, value in {**({"LANGSMITH_API_KEY": key} if key else {}), **variables}.items():
            patch.setenv(name, value)
        clear_caches()

    use(names["key"], LANGSMITH_ENDPOINT=server.url)
    return {**names, "use": use}


@pytest.fixture
def process_as_before(server: FakeLangSmith) -> Iterator[None]:
    """Undo what a page configures for the whole process, while the server can still receive the traces."""
    yield
    uninstall()
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
