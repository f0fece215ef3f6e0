"""The pytest fixture, each test in a pytest process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import safe_langsmith

ROOT = Path(safe_langsmith.__file__).parents[1]
LOADED = 'pytest_plugins = ["safe_langsmith.testing.fixtures"]\n'
IMPORTED = "from safe_langsmith.testing.fixtures import fake_langsmith\n"
MACHINE = {
    "LANGSMITH_ENDPOINT": "http://127.0.0.1:9",
    "LANGSMITH_API_KEY": "the machine's",
    "LANGCHAIN_WORKSPACE_ID": "the machine's",
    "LANGSMITH_TRACING": "true",
}


@pytest.fixture
def run(tmp_path):
    """Run a user's tests in another process, on a machine with settings, and return the output of pytest."""

    def run(tests, conftest=LOADED):
        (tmp_path / "conftest.py").write_text(conftest)
        (tmp_path / "test_users.py").write_text(textwrap.dedent(tests))
        without_config = {name: value for name, value in os.environ.items() if name != "LANGSMITH_CONFIG_FILE"}
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir=."]
        return subprocess.run(
            [*command, "test_users.py"],
            cwd=tmp_path,
            env={
                **without_config,
                **MACHINE,
                "HOME": str(tmp_path),
                "PYTHONPATH": str(ROOT),
                "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            },
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        ).stdout

    return run


@pytest.mark.parametrize("conftest", [LOADED, IMPORTED], ids=["loaded", "imported"])
def test_code_that_makes_its_own_client_uses_the_fake_server(run, conftest):
    told = run(
        """
        import pytest
        from safe_langsmith import ForbiddenDiagnosis, SafeClient

        def test_it(fake_langsmith, monkeypatch):
            acme = fake_langsmith.add_organization("Acme")
            viewer = acme.add_personal_key(default=acme.add_workspace("Research"), role="Viewer")
            monkeypatch.setenv("LANGSMITH_API_KEY", viewer)
            client = SafeClient()
            assert list(client.list_projects()) == []
            with pytest.raises(ForbiddenDiagnosis, match="projects:create"):
                client.create_project("p")
        """,
        conftest,
    )
    assert told.splitlines()[-1].startswith("1 passed in"), told


def test_the_fixture_is_not_loaded_by_itself(run):
    told = run("def test_it(fake_langsmith): pass", conftest="import safe_langsmith.testing\n")
    assert "fixture 'fake_langsmith' not found" in told


def test_the_package_needs_no_pytest():
    code = "import sys, safe_langsmith.testing; assert 'pytest' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=60, check=True)


@pytest.mark.parametrize("order", ["fake_langsmith, monkeypatch", "monkeypatch, fake_langsmith"])
def test_afterwards_the_machine_is_as_before(run, order):
    """Includes what the SDK has cached, and fixtures that end between this one and `monkeypatch`."""
    told = run(
        f"""
        import os
        import pytest
        from langsmith.utils import get_env_var

        MACHINE = {MACHINE!r}

        def is_as_before():
            found = {{name: os.environ[name] for name in os.environ if name.startswith(("LANGSMITH_", "LANGCHAIN_"))}}
            assert found == MACHINE
            assert get_env_var("ENDPOINT") == MACHINE["LANGSMITH_ENDPOINT"]
            assert get_env_var("API_KEY") == MACHINE["LANGSMITH_API_KEY"]

        @pytest.fixture
        def between(monkeypatch):
            yield
            is_as_before()

        def test_before():
            is_as_before()

        def test_within(between, {order}):
            assert get_env_var("ENDPOINT") == fake_langsmith.url
            assert [get_env_var(name) for name in ("API_KEY", "WORKSPACE_ID", "TRACING")] == [None] * 3
            monkeypatch.setenv("LANGSMITH_API_KEY", "another")
            monkeypatch.setenv("LANGSMITH_PROJECT", "p")
            get_env_var.cache_clear()
            assert get_env_var("API_KEY") == "another"

        def test_after():
            is_as_before()
        """
    )
    assert told.splitlines()[-1].startswith("3 passed in"), told


def test_a_login_profile_is_not_used(run, tmp_path):
    profile = tmp_path / ".langsmith" / "config.json"
    profile.parent.mkdir()
    profile.write_text('{"current_profile": "me", "profiles": {"me": {"api_key": "the profile\'s"}}}')
    told = run(
        """
        from langsmith import Client

        def test_it(fake_langsmith):
            assert Client(auto_batch_tracing=False).api_key is None
        """
    )
    assert told.splitlines()[-1].startswith("1 passed in"), told


def test_what_was_queued_before_the_client_compressed_has_been_sent(run):
    told = run(
        """
        import time
        import langsmith
        from langsmith import Client, traceable

        seen = []

        @traceable
        def answer():
            return 42

        def test_traced(fake_langsmith, monkeypatch):
            acme = fake_langsmith.add_organization("Acme")
            research = acme.add_workspace("Research")
            monkeypatch.setenv("LANGSMITH_API_KEY", acme.add_personal_key(default=research))
            monkeypatch.setenv("LANGSMITH_TRACING", "true")
            client = Client()
            langsmith.configure(client=client)
            until = time.monotonic() + 30
            while client.compressed_traces is None and time.monotonic() < until:
                time.sleep(0.01)
            compressed, client.compressed_traces = client.compressed_traces, None
            answer()
            client.compressed_traces = compressed
            seen.append(lambda: [run["name"] for run in fake_langsmith.runs(research)])

        def test_after():
            assert [names() for names in seen] == [["answer"]]
        """
    )
    assert told.splitlines()[-1].startswith("2 passed in"), told


def test_what_was_traced_has_been_sent_and_a_configured_client_is_back(run):
    told = run(
        """
        import langsmith
        import pytest
        from langsmith import Client, run_trees, traceable
        from safe_langsmith import SafeClient

        configured = Client(auto_batch_tracing=False)
        langsmith.configure(client=configured)
        seen = []

        @traceable
        def answer():
            return 42

        @pytest.mark.parametrize("configures", [True, False])
        def test_traced(fake_langsmith, monkeypatch, configures):
            acme = fake_langsmith.add_organization("Acme")
            research = acme.add_workspace("Research")
            monkeypatch.setenv("LANGSMITH_API_KEY", acme.add_personal_key(default=research))
            monkeypatch.setenv("LANGSMITH_TRACING", "true")
            if configures:
                langsmith.configure(client=SafeClient())
            answer()
            seen.append(lambda: [run["name"] for run in fake_langsmith.runs(research)])

        def test_after():
            assert [names() for names in seen] == [["answer"], ["answer"]]
            assert run_trees.get_cached_client() is configured
        """
    )
    assert told.splitlines()[-1].startswith("3 passed in"), told
