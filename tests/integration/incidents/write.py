"""Write `docs/incidents.md`: `python -m tests.integration.incidents.write`, from the root of the repository."""

from __future__ import annotations

import logging
from pathlib import Path

from .table import document

if __name__ == "__main__":
    logging.disable()
    (Path(__file__).parents[3] / "docs" / "incidents.md").write_text(document(), "utf-8")
