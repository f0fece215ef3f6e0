"""What is heard while a call runs: logs of every level, and warnings."""

from __future__ import annotations

import contextlib
import logging
import traceback
import warnings
from collections.abc import Iterator

from .frames import locals_of


class Heard(logging.Handler):
    """Keeps what each logger said, with all that a handler could show of a record."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.said: dict[str, list[str]] = {}
        self.warned: list[warnings.WarningMessage] = []

    def emit(self, record: logging.LogRecord) -> None:
        said = self.said.setdefault(f"log of {record.name}", [])
        said += [record.getMessage(), repr(record.args), repr({**vars(record), "exc_info": None})]
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            said += ["".join(traceback.format_exception(type(error), error, error.__traceback__))]
            said += locals_of(error).values()

    @property
    def texts(self) -> dict[str, str]:
        logs = {name: "\n".join(said) for name, said in self.said.items()}
        return {**logs, "warnings": "\n".join(str(warning) for warning in self.warned)}


@contextlib.contextmanager
def hearing() -> Iterator[Heard]:
    heard, root = Heard(), logging.getLogger()
    level = root.level
    root.addHandler(heard)
    root.setLevel(logging.DEBUG)
    try:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            heard.warned = warned
            yield heard
    finally:
        root.setLevel(level)
        root.removeHandler(heard)
