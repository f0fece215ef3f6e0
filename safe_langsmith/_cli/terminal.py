"""Standard output and standard error, which may be a terminal, a pipe that was closed, or not there at all."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator

_USUAL_COLUMNS = 80


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keeps warnings and logs off standard error: what they would say is in the report, or no news."""
    level = logging.root.manager.disable
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.disable()
        try:
            yield
        finally:
            logging.disable(level)


@contextlib.contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """Shows on standard error what is going on, where somebody sits before it, and takes it back at the end.

    Yields:
        What to call with each thing that begins.
    """
    if sys.stderr is None or not sys.stderr.isatty():
        yield lambda text: None
        return
    longest = 0

    def tell(text: str) -> None:
        nonlocal longest
        # What goes over to a second line cannot be taken back.
        text = text[: _columns() - 1]
        _tell(f"\r{text:<{longest}}", end="")
        longest = max(longest, len(text))

    try:
        yield tell
    finally:
        _tell(f"\r{' ' * longest}\r", end="")


def complain(text: str) -> None:
    """Says what went wrong, on standard error."""
    _tell(f"safe-langsmith: {text}")


def write(text: str) -> bool:
    """Prints a text and returns whether it could be written, or nobody wanted it."""
    if sys.stdout is None:
        return True
    try:
        print(text, flush=True)
    except BrokenPipeError:
        pass
    except OSError as error:
        complain(f"the report could not be written: {error.strerror or type(error).__name__}")
        return False
    return True


def settle() -> None:
    """Makes sure that there is nothing left to write at exit, where a failure could not be caught any more."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except (OSError, ValueError):
        # What could not be written stays in the buffer, and Python tries again at exit.
        with contextlib.suppress(Exception):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, sys.stdout.fileno())
            os.close(nowhere)


def _columns() -> int:
    try:
        # Some terminals do not tell, and say 0.
        return os.get_terminal_size(sys.stderr.fileno()).columns or _USUAL_COLUMNS
    except (OSError, ValueError):
        return _USUAL_COLUMNS


def _tell(text: str, end: str = "\n") -> None:
    with contextlib.suppress(OSError, ValueError):
        if sys.stderr is not None:
            print(text, end=end, file=sys.stderr, flush=True)
