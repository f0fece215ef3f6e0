"""A pytest fixture: a fake LangSmith server that the test's environment points to.

Load it in the `conftest.py` at the top of your tests:

    pytest_plugins = ["safe_langsmith.testing.fixtures"]

Code that creates its own clients then uses the fake server:

    def test_a_viewer_is_told_what_is_missing(fake_langsmith, monkeypatch):
        acme = fake_langsmith.add_organization("Acme")
        viewer = acme.add_personal_key(default=acme.add_workspace("Research"), role="Viewer")
        monkeypatch.setenv("LANGSMITH_API_KEY", viewer)

        with pytest.raises(ForbiddenDiagnosis, match="projects:create"):
            my_code()

It also lets pytest's short summary show the cause of a test that a refusal has failed.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import langsmith.run_trees
import pytest

from safe_langsmith._sdk.compat import clear_caches
from safe_langsmith.errors import ForbiddenDiagnosis
from safe_langsmith.testing.server import FakeLangSmith


@pytest.fixture
def fake_langsmith(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeLangSmith]:
    """A fake server without organizations, which the test's environment points to.

    The fixture hides the machine's own LangSmith settings: variables, login profile and configured client. It does not
    hide a `.env` file. After the test, it restores them, clears what the SDK has cached of the environment, and sends
    what the test has traced with the configured client.
    """
    before = _variables()
    for name in before:
        monkeypatch.delenv(name)
    configured = getattr(langsmith.run_trees, "_CLIENT", None)
    langsmith.configure(client=None)
    with FakeLangSmith() as server:
        monkeypatch.setenv("LANGSMITH_ENDPOINT", server.url)
        monkeypatch.setenv("LANGSMITH_CONFIG_FILE", str(tmp_path / "no-langsmith-profile.json"))
        clear_caches()
        yield server
        client = getattr(langsmith.run_trees, "_CLIENT", None)
        langsmith.configure(client=configured)
        if client is not None and client is not configured:
            # In SDK 0.4, flush() leaves out what was queued before the client learned that it may compress.
            if getattr(client, "tracing_queue", None) is not None:
                client.tracing_queue.join()
            client.flush()
    # Another fixture may read a variable through the SDK, and cache it, before `monkeypatch` restores it.
    for name in _variables():
        del os.environ[name]
    os.environ.update(before)
    clear_caches()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(call: pytest.CallInfo[Any]) -> Generator[None, Any, None]:
    """Let the line of a failed test in the short summary begin with the class and the cause, without the module.

    A terminal of 80 columns has no room for the module, and pytest cuts the line off behind it.
    """
    outcome = yield
    crash = getattr(outcome.get_result().longrepr, "reprcrash", None)
    if crash is not None and call.excinfo is not None and isinstance(call.excinfo.value, ForbiddenDiagnosis):
        crash.message = crash.message.removeprefix(f"{ForbiddenDiagnosis.__module__}.")


def _variables() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith(("LANGSMITH_", "LANGCHAIN_"))}
