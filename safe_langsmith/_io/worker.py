"""Threads for what an event loop must not wait for: files, locks, and the user's callable."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from typing import TypeVar

T = TypeVar("T")


async def in_worker(work: Callable[[], T]) -> T:
    """Does blocking work in a thread of its own, in the caller's context, and returns its result.

    Not in one of the loop's own threads, which resolve host names, too. Cancelling the caller does not wait for the
    work, nor does the end of the program.

    Args:
        work: What to do.

    Raises:
        RuntimeError: If no thread can be started any more.
    """
    future: Future[T] = Future()
    context = contextvars.copy_context()

    def run() -> None:
        # Who was cancelled wants neither.
        try:
            result = context.run(work)
        except BaseException as error:
            with contextlib.suppress(InvalidStateError):
                future.set_exception(error)
        else:
            with contextlib.suppress(InvalidStateError):
                future.set_result(result)

    threading.Thread(target=run, name="safe-langsmith", daemon=True).start()
    return await asyncio.wrap_future(future)
