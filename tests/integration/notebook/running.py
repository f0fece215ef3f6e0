"""Running a notebook on this very interpreter, and what of its outputs is the same each time."""

from __future__ import annotations

import copy
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell

import safe_langsmith

NOTEBOOK = Path(__file__).parents[3] / "examples" / "notebook.ipynb"
# What is in the keys that the notebook's fake server made, apart from the kind and the last four characters.
SECRETS = """
import sys
[key[8:-4] for key in (organization_key, editor_key, old_key, new_key)] + [sys.executable]
"""
ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
# What differs from one run, machine or SDK to another.
_PORT = re.compile(r"(?<=127\.0\.0\.1:)\d+")
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
_LAST_FOUR = re.compile(r"(?<=\*{4})[0-9a-f]{4}")
_DOTENV = re.compile(r"(?:/[\w.+-]+)+(?=/\.env)")
_PACKAGES = re.compile(r"(?:/[\w.+-]+)+/(?=(?:safe_)?langsmith/[\w/]+\.py)")


class _ThisPython(AsyncKernelManager):
    """Starts the interpreter that runs the tests, whatever kernels are installed for the user."""

    @property
    def kernel_spec(self) -> KernelSpec:
        return KernelSpec(argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"])


def run(notebook: Any, folder: Path) -> Any:
    """Runs a copy of a notebook in an empty folder, and returns it.

    Args:
        notebook: The notebook.
        folder: Where it runs, and where IPython keeps its files.
    """
    ran = copy.deepcopy(notebook)
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("LANGSMITH_", "LANGCHAIN_"))
    }
    environment |= {
        "IPYTHONDIR": str(folder),
        "LANGSMITH_CONFIG_FILE": str(folder / "no-config.json"),
        # What is tested, and not another one that this interpreter would find from another folder.
        "PYTHONPATH": str(Path(safe_langsmith.__file__).parent.parent),
    }
    client = NotebookClient(
        ran,
        timeout=60,
        record_timing=False,
        kernel_manager_class=_ThisPython,
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute(env=environment)
    return ran


def with_cell(notebook: Any, source: str) -> Any:
    """Returns a copy of a notebook with a cell more at its end."""
    longer = copy.deepcopy(notebook)
    longer.cells.append(new_code_cell(source))
    return longer


def as_kept(ran: Any) -> Any:
    """Returns a copy of a notebook that was run, with other values in place of what changes from run to run."""
    kept = copy.deepcopy(ran)
    seen: dict[str, dict[str, int]] = {"id": {}, "key": {}}

    def digit(kind: str, found: re.Match[str]) -> str:
        return str(seen[kind].setdefault(found[0], len(seen[kind]) + 1))

    def clean(text: str) -> str:
        text = _PACKAGES.sub("", _DOTENV.sub("/home/me", _PORT.sub("1984", text)))
        text = _LAST_FOUR.sub(lambda found: digit("key", found) * 4, text)
        return _ID.sub(lambda found: "{0}-aaaa-4aaa-8aaa-{0}1111".format(digit("id", found) * 8), text)

    for cell in code_cells(kept):
        cell.metadata.pop("execution", None)
        cell.outputs = [_each_text(output, clean) for output in cell.outputs]
    return kept


def _each_text(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return type(value)({name: _each_text(each, change) for name, each in value.items()})
    if isinstance(value, list):
        return [_each_text(each, change) for each in value]
    return change(value) if isinstance(value, str) else value


def code_cells(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def shown(cell: Any, kind: str = "text/plain") -> str:
    """What a cell shows: what it wrote and raised, and what it displays of a kind."""
    parts = []
    for output in cell.outputs:
        if output.output_type == "error":
            parts.append(ESCAPES.sub("", "\n".join(output.traceback)))
        else:
            parts.append(output.text if output.output_type == "stream" else output.data.get(kind, ""))
    return "\n".join(parts)


def same_everywhere(screen: str) -> str:
    """Return what a cell shows without whitespace, and without what the SDK says, which its version decides.

    Where lines are broken depends on the length of the path of the directory that the notebook runs in.
    """
    own = re.sub(r"(?m)^  SDK    .*\n(?: {9}.*\n)*", "", screen)
    return _DOTENV.sub("/home/me", "".join(own.split()))
