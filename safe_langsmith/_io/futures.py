"""Doing something elsewhere, so that whoever waits for it can stop waiting."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError, TimeoutError
from typing import TypeVar

T = TypeVar("T")
_SLICE = 0.1


def outcome(future: Future[T], seconds: float, is_lost: Callable[[], bool] = lambda: False) -> T | None:
    """Returns the result of a future, or `None` where there is none in time; then it is cancelled.

    Args:
        future: The future.
        seconds: How long to wait at most.
        is_lost: Whether nobody is there any more who could give a result, or be told that it is not wanted.

    Raises:
        CancelledError: If it was cancelled by somebody else.
    """
    until = time.monotonic() + seconds
    while not is_lost():
        left = until - time.monotonic()
        # Not concurrent.futures.wait(), which does not notice that a future is cancelled while it waits.
        try:
            return future.result(max(0.0, min(_SLICE, left)))
        except TimeoutError:
            if left <= _SLICE:
                future.cancel()
                return None
    return None


def in_thread(do: Callable[[], T]) -> Future[T]:
    """Does something in a thread of its own, and returns its future result, which can be cancelled at any time.

    A socket's timeout is no deadline: names are resolved without one, each address is tried with a whole one, and a
    server that sends a byte a second never exceeds one. So the thread is left alone where it is late; what it does must
    bound itself by socket timeouts. It is a daemon, so it holds up nobody's exit.

    Args:
        do: What to do. It must not need the calling thread, and must not raise.
    """
    future: Future[T] = Future()

    def give() -> None:
        result = do()
        # Who was cancelled wants none.
        with contextlib.suppress(InvalidStateError):
            future.set_result(result)

    def work() -> None:
        # A traceback printed by the thread would show what it worked on.
        with contextlib.suppress(BaseException):
            give()
        future.cancel()

    try:
        threading.Thread(target=work, name="safe-langsmith-probe", daemon=True).start()
    except RuntimeError:
        # The interpreter is shutting down and starts no thread any more; the socket timeouts have to do. An interrupt
        # that comes meanwhile is the caller's.
        give()
    return future
