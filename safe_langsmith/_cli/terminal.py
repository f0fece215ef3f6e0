"""Standard output and standard error, each of which may be a terminal, a closed pipe, or missing."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import sys
import warnings
from collections.abc import Callable, Iterator

_USUAL_COLUMNS = 80
_FEWEST_COLUMNS = 40

RED, GREEN, YELLOW, BLUE, BOLD, DIM = "31", "32", "33", "36", "1", "2"
Paint = Callable[..., str]


def painter(is_wanted: bool) -> Paint:
    """Return a function that colours a text, and that returns it as it is if standard output shows no colours.

    Args:
        is_wanted: Whether the user did not ask for plain text.
    """
    shows = is_wanted and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb" and is_terminal()
    # An old console of Windows prints the codes.
    shows = shows and (os.name != "nt" or bool(os.environ.get("WT_SESSION") or os.environ.get("TERM")))

    def paint(text: str, *codes: str) -> str:
        return f"\x1b[{';'.join(codes)}m{text}\x1b[0m" if shows and text else text

    return paint


def is_terminal() -> bool:
    """Return whether standard output is a terminal."""
    try:
        return sys.stdout is not None and sys.stdout.isatty()
    except ValueError:  # It is closed.
        return False


def width() -> int:
    """Return the columns of standard output, or those of a usual terminal if it is none. `COLUMNS` overrides both."""
    return max(shutil.get_terminal_size((_USUAL_COLUMNS, 24)).columns, _FEWEST_COLUMNS)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep warnings and logs off standard error: the report contains the same facts."""
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
    """Show progress on standard error if it is a terminal, and erase it at the end.

    Yields:
        A function to call with a text before each step.
    """
    if sys.stderr is None or not sys.stderr.isatty():
        yield lambda text: None
        return
    longest = 0

    def show(text: str) -> None:
        nonlocal longest
        # A text that continues on a second line could not be erased.
        text = text[: _columns() - 1]
        tell(f"\r{text:<{longest}}", end="")
        longest = max(longest, len(text))

    try:
        yield show
    finally:
        tell(f"\r{' ' * longest}\r", end="")


def complain(text: str) -> None:
    """Print an error on standard error."""
    tell(f"safe-langsmith: {text}")


def write(text: str) -> bool:
    """Print a text; return whether that worked, also if the reader has closed the pipe."""
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
    """Flush standard output and standard error now: at exit, a failure would end the process with code 120."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):
            # The rest stays in the buffer, and Python would try to write it again at exit.
            with contextlib.suppress(Exception):
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, stream.fileno())
                os.close(nowhere)


def _columns() -> int:
    try:
        # Some terminals report 0.
        return os.get_terminal_size(sys.stderr.fileno()).columns or _USUAL_COLUMNS
    except (OSError, ValueError):
        return _USUAL_COLUMNS


def tell(text: str, end: str = "\n") -> None:
    """Print a text on standard error, if that can be written.

    Args:
        text: The text.
        end: What follows it.
    """
    with contextlib.suppress(OSError, ValueError):
        if sys.stderr is not None:
            print(text, end=end, file=sys.stderr, flush=True)
