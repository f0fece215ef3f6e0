"""Doing something, but not for longer than a given time by the clock."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def within(seconds: float, do: Callable[[], T], otherwise: T) -> T:
    """Returns `do()`, or `otherwise` where that takes longer or raises.

    A socket's timeout is no deadline: names are resolved without one, each address is tried with a whole one, and a
    server that sends a byte a second never exceeds one. So `do` runs in a thread of its own, which is left alone where
    it is late; it must bound itself by socket timeouts and is a daemon, so it holds up nobody's exit.

    Args:
        seconds: How long to wait at most.
        do: What to do. It must not need the calling thread.
        otherwise: The result where there is none in time.
    """
    results: list[T] = []

    def work() -> None:
        # A traceback printed by the thread would show what it worked on.
        with contextlib.suppress(BaseException):
            results.append(do())

    thread = threading.Thread(target=work, name="safe-langsmith-probe", daemon=True)
    try:
        thread.start()
    except RuntimeError:
        # The interpreter is shutting down and starts no thread any more; the socket timeouts have to do.
        work()
        return results[0] if results else otherwise
    thread.join(max(0.0, seconds))
    return results[0] if results else otherwise
