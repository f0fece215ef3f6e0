"""The example notebook, run once for all. What this needs beside the library is in docs/requirements.txt."""

from __future__ import annotations

import importlib.util
from typing import Any

import pytest

HERE = [importlib.util.find_spec(name) for name in ("nbclient", "ipykernel")]
collect_ignore_glob = [] if all(HERE) else ["test_*.py"]


@pytest.fixture(scope="session")
def kept() -> Any:
    """The notebook as it is in the repository."""
    import nbformat

    from .running import NOTEBOOK

    return nbformat.read(NOTEBOOK, as_version=4)


@pytest.fixture(scope="session")
def ran(kept: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The notebook as it was just run, with a cell more, which shows what must not be seen."""
    from .running import SECRETS, run, with_cell

    return run(with_cell(kept, SECRETS), tmp_path_factory.mktemp("notebook"))
