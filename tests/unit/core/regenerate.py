"""Write the generated parts of the documentation: the example of each cause, and the tables of the order of causes.

The example of a cause is the row of its name in `ROWS` of `test_precedence.py`. The tables say what the docstrings of
the rules say. To write them: `PYTHONPATH=. python tests/unit/core/regenerate.py`.
"""

from __future__ import annotations

import runpy
from pathlib import Path

from safe_langsmith import Cause, Diagnosis, ForbiddenDiagnosis
from safe_langsmith._core.engine import PRECEDENCE, PREFLIGHT, Row

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
PAGES = ROOT / "docs" / "causes"
HOW_IT_DECIDES = ROOT / "docs" / "how-it-decides.md"
README = ROOT / "README.md"
MESSAGE = ROOT / "docs" / "message.md"
IF_MEANT = "if this is meant: PYTHONPATH=. python tests/unit/core/regenerate.py"
PAGE_BLOCK, README_BLOCK, END_OF_BLOCK = "## What it says\n\n```text\n", "<!-- diagnosis -->\n```text\n", "\n```"
MESSAGE_BLOCK = "<!-- message -->\n```text\n"
SDK_MESSAGE = (
    "This API key is org-scoped and requires workspace specification. Please provide 'workspace_id' parameter, "
    "or set LANGSMITH_WORKSPACE_ID environment variable."
)
HEAD = "| rank | cause | at most | holds if |\n|---|---|---|---|"
TABLES = {"<!-- precedence -->\n": PRECEDENCE, "<!-- beforehand -->\n": PREFLIGHT}


def diagnoses() -> dict[str, Diagnosis]:
    """Return the example of each cause."""
    shared = runpy.run_path(str(HERE / "conftest.py"))
    rows = runpy.run_path(str(HERE / "test_precedence.py"))["ROWS"]
    examples = {cause.value: rows[cause.value] for cause in Cause}
    return {
        name: shared["drive_investigation"](shared["describe_refusal"](**refused), answers).diagnosis
        for name, (refused, answers, *_) in examples.items()
    }


def replaced(text: str, start: str, new: str, end: str) -> str:
    """Return the text with new content between a start and the next end."""
    before, found, rest = text.partition(start)
    assert found, f"no {start!r}"
    return f"{before}{found}{new}{rest[rest.index(end) :]}"


def with_message(page: str, diagnosis: Diagnosis) -> str:
    """Return the page of a cause with its example."""
    return replaced(page, PAGE_BLOCK, str(diagnosis), END_OF_BLOCK)


def with_refusal(readme: str, diagnosis: Diagnosis) -> str:
    """Return the README with its example of a refusal, as `print(e)` shows it with the SDK's message above it."""
    said = " ".join(readme.partition("```text\nLangSmithError: ")[2].partition("\n```")[0].split("\n"))
    return replaced(readme, README_BLOCK, str(ForbiddenDiagnosis(diagnosis, said)), END_OF_BLOCK)


def with_exception(page: str, diagnosis: Diagnosis) -> str:
    """Return `message.md` with what `print(e)` shows."""
    return replaced(page, MESSAGE_BLOCK, str(ForbiddenDiagnosis(diagnosis, SDK_MESSAGE)), END_OF_BLOCK)


def with_tables(page: str) -> str:
    """Return `how-it-decides.md` with the tables of the code."""
    for start, rows in TABLES.items():
        page = replaced(page, start, "\n".join([HEAD, *map(_line, rows)]), "\n\n")
    return page


def _line(row: Row) -> str:
    assert row.rule.__doc__, f"{row.rule.__name__} needs a docstring: what holds if it decides"
    holds = row.rule.__doc__.splitlines()[0].removesuffix(".")
    return f"| {row.rank} | [`{row.cause}`](causes/{row.cause}.md) | {row.at_most} | {holds} |"


def write() -> None:
    """Write all of it."""
    for name, diagnosis in diagnoses().items():
        page = PAGES / f"{name}.md"
        page.write_text(with_message(page.read_text(encoding="utf-8"), diagnosis), encoding="utf-8")
    HOW_IT_DECIDES.write_text(with_tables(HOW_IT_DECIDES.read_text(encoding="utf-8")), encoding="utf-8")
    message = MESSAGE.read_text(encoding="utf-8")
    MESSAGE.write_text(with_exception(message, diagnoses()["workspace-required"]), encoding="utf-8")
    readme = README.read_text(encoding="utf-8")
    README.write_text(with_refusal(readme, diagnoses()["permission-denied"]), encoding="utf-8")


if __name__ == "__main__":
    write()
