"""The library's logger, and the boundary that catches failures of its own code."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Generator

logger = logging.getLogger("safe_langsmith")
_PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep


@contextlib.contextmanager
def boundary() -> Generator[None, None, None]:
    """Keep a failure of this library's own code from the caller, and log it at DEBUG.

    Use it at the entry points from the SDK's code and the user's into this library. Code after the block has to work
    without the block's result: with the SDK's own exception, or the request as the SDK would have sent it.
    """
    try:
        yield
    except Exception as failure:
        log_failure(failure)


def log_failure(failure: Exception) -> None:
    """Log the class of a failure, and the file and line of this library's code that it came from.

    Neither the exception's text nor its traceback is logged: both may show a key.

    Args:
        failure: The exception.
    """
    # A filter or handler of the user's may raise, too, and there is nothing left to do about that.
    with contextlib.suppress(Exception):
        if logger.isEnabledFor(logging.DEBUG):
            logger.debug("%s at %s; the SDK's own result stands", type(failure).__name__, _place(failure))


def _place(failure: Exception) -> str:
    place, step = "an unknown place", failure.__traceback__
    while step is not None:
        file = step.tb_frame.f_code.co_filename
        if file.startswith(_PACKAGE):
            place = f"{file[len(_PACKAGE) :]}:{step.tb_lineno}"
        step = step.tb_next
    return place
