"""Threads for what an event loop must not wait for: files, locks, and the user's callable."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import threading
from collections.abc import AsyncIterator, Callable, MutableMapping
from concurrent.futures import Future, InvalidStateError
from typing import TypeVar

T = TypeVar("T")


@contextlib.asynccontextmanager
async def in_turn(gates: MutableMapping[int, asyncio.Lock], seconds: float) -> AsyncIterator[None]:
    """Lets the tasks of an event loop through one by one, and none wait for longer than a given time.

    Args:
        gates: The gate of each loop, by the loop's `id()`, as long as somebody is at it.
        seconds: How long to wait at most.
    """
    loop = asyncio.get_running_loop()
    gate = gates.setdefault(id(loop), asyncio.Lock())
    # Not asyncio.wait_for(), which before Python 3.12 may lose a lock that is acquired just when it gives up.
    acquiring = loop.create_task(gate.acquire())
    try:
        await asyncio.wait((acquiring,), timeout=seconds)
        yield
    finally:
        acquiring.cancel()
        acquiring.add_done_callback(lambda task: None if task.cancelled() else gate.release())


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
