"""A pytest fixture: a stand-in for LangSmith that the environment of a test points to.

Nothing loads it by itself. Say so in the `conftest.py` at the top of your tests:

    pytest_plugins = ["safe_langsmith.testing.fixtures"]

and code that makes its own clients meets the stand-in:

    def test_a_viewer_is_told_what_is_missing(langsmith_stand_in, monkeypatch):
        acme = langsmith_stand_in.add_organization("Acme")
        viewer = acme.add_personal_key(default=acme.add_workspace("Research"), role="Viewer")
        monkeypatch.setenv("LANGSMITH_API_KEY", viewer)

        with pytest.raises(ForbiddenDiagnosis, match="projects:create"):
            my_code()
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import langsmith.run_trees
import pytest

from safe_langsmith.environment import _clear_caches
from safe_langsmith.testing.fake_langsmith import FakeLangSmith

# What a deployment of today offers; without it, the SDK warns that the server is old.
_CURRENT = {"instance_flags": {"zstd_compression_enabled": True, "dataset_examples_multipart_enabled": True}}


@pytest.fixture
def langsmith_stand_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeLangSmith]:
    """A stand-in, with no organization yet, at which the test's environment points.

    Of the machine's own LangSmith settings the test sees none: neither variables nor a login profile, and no client
    that was configured before. Only a `.env` is where it was. Afterwards all of them are back, what the SDK has cached
    of the environment is forgotten, and what the test has traced with the configured client has been sent.
    """
    before = _variables()
    for name in before:
        monkeypatch.delenv(name)
    configured = getattr(langsmith.run_trees, "_CLIENT", None)
    langsmith.configure(client=None)
    with FakeLangSmith(info=_CURRENT) as server:
        monkeypatch.setenv("LANGSMITH_ENDPOINT", server.url)
        monkeypatch.setenv("LANGSMITH_CONFIG_FILE", str(tmp_path / "no-langsmith-profile.json"))
        _clear_caches()
        yield server
        client = getattr(langsmith.run_trees, "_CLIENT", None)
        langsmith.configure(client=configured)
        if client is not None and client is not configured:
            client.flush()
    # Other fixtures may ask the SDK for a variable before `monkeypatch` gets to them.
    for name in _variables():
        del os.environ[name]
    os.environ.update(before)
    _clear_caches()


def _variables() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith(("LANGSMITH_", "LANGCHAIN_"))}
