"""What becomes of our own failures: a line in the log, and the SDK's own result."""

from __future__ import annotations

import contextlib
import logging

logger = logging.getLogger("safe_langsmith")


def log_failure(what: str, failure: Exception) -> None:
    """Logs, for debugging, that something of ours failed.

    Args:
        what: What failed.
        failure: What it raised.
    """
    # A filter of the user's may raise, and this is where failures end.
    with contextlib.suppress(Exception):
        # The name of its class only: a traceback would show frames that hold the key.
        logger.debug("%s failed with %s; the SDK's own result stands", what, type(failure).__name__)
