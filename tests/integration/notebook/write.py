"""Run the example notebook and keep what its cells show: `python -m tests.integration.notebook.write`."""

from __future__ import annotations

import tempfile
from pathlib import Path

import nbformat

from .running import NOTEBOOK, as_kept, run


def write() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        kept = as_kept(run(notebook, Path(folder)))
    # They would say which Python ran it.
    kept.metadata = notebook.metadata
    nbformat.write(kept, NOTEBOOK)


if __name__ == "__main__":
    write()
