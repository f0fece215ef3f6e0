"""Clear the locals of this library's frames once an exception has left them.

A traceback keeps the frames that an exception has passed through, and error trackers show their locals. Those of this
library hold the key, headers and the environment. An exception of any kind may come at any line, such as Ctrl+C. So the
outermost function of each entry clears the frames below its own, and deletes its own arguments.
"""

from __future__ import annotations

import contextlib
import os
import sys

PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep
_MOST_LINKED = 20


def clear_frames() -> None:
    """Clear the frames of this library that the exception being handled has left, and those of exceptions behind it."""
    try:
        _clear(sys.exc_info()[1])
    except BaseException:
        # An interrupt, while another exception was being handled.
        _clear(sys.exc_info()[1])
        raise


def _clear(error: BaseException | None) -> None:
    waiting = [error]
    seen: list[BaseException] = []
    while waiting and len(seen) < _MOST_LINKED:
        current = waiting.pop()
        if current is None or current in seen:
            continue
        seen.append(current)
        waiting += [current.__cause__, current.__context__]
        step = current.__traceback__
        while step is not None:
            if step.tb_frame.f_code.co_filename.startswith(PACKAGE):
                # A frame that is still running cannot be cleared: it is the caller's, or one above.
                with contextlib.suppress(RuntimeError):
                    step.tb_frame.clear()
            step = step.tb_next
