"""Runs the example notebook and keeps what its cells show: `PYTHONPATH=. python tests/integration/notebook/write.py`."""

from __future__ import annotations

import runpy
import tempfile
from pathlib import Path

import nbformat

_running = runpy.run_path(str(Path(__file__).parent / "running.py"))


def write() -> None:
    path = _running["NOTEBOOK"]
    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        kept = _running["as_kept"](_running["run"](notebook, Path(folder)))
    # Which Python it was is nobody's business.
    kept.metadata = notebook.metadata
    nbformat.write(kept, path)


if __name__ == "__main__":
    write()
