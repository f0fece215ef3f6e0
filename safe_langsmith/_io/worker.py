"""Threads for what an event loop must not wait for: files, locks, and the user's callable."""

from __future__ import annotations

import asyncio
import contextvars
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

# A loop's own threads resolve host names, too: a few hundred refused tasks must not keep them busy.
_MOST_THREADS = 8
_pool: ThreadPoolExecutor | None = None


async def in_worker(work: Callable[[], T]) -> T:
    """Does blocking work in a thread, in the caller's context, and returns its result.

    Cancelling the caller does not wait for the work.

    Args:
        work: What to do.
    """
    global _pool
    if _pool is None:
        _pool = ThreadPoolExecutor(_MOST_THREADS, thread_name_prefix="safe-langsmith")
    context = contextvars.copy_context()
    return await asyncio.get_running_loop().run_in_executor(_pool, lambda: context.run(work))


def _forget_pool() -> None:
    global _pool
    _pool = None


# A child process has none of its parent's threads, but would have a pool that believes in them.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_pool)
