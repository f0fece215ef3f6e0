"""Take this library's frames out of a traceback, once an exception has left them.

A traceback keeps the frames that an exception has passed through, and error trackers show their locals. Those of this
library hold the key, headers and the environment. An exception of any kind may come at any line, such as Ctrl+C. So the
outermost function of each entry takes out and clears the frames below its own, and deletes its own arguments. The
traceback then has the caller's frames, the outermost functions of ours, and the SDK's frames.
"""

from __future__ import annotations

import contextlib
import os
import sys
from types import FrameType

from safe_langsmith._log import log_failure

_PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep
_MOST_LINKED = 20


def clear_frames() -> None:
    """Take out the frames of this library that the exception being handled has left, and those of others behind it."""
    try:
        _clear(sys.exc_info()[1])
    except Exception as failure:
        # The exception itself reaches the user, whatever fails in here.
        log_failure(failure)
    except BaseException:
        # An interrupt, while another exception was being handled.
        _clear(sys.exc_info()[1])
        raise


def own_line(error: BaseException) -> list[str]:
    """Return the line of the user's program that failed, or nothing if it is not known."""
    import traceback

    import langsmith

    libraries = (os.path.dirname(os.path.abspath(langsmith.__file__)) + os.sep, _PACKAGE)
    steps = [step for step in traceback.extract_tb(error.__traceback__) if not step.filename.startswith(libraries)]
    # IPython itself runs the cell.
    steps = [step for step in steps if "IPython" not in step.filename]
    if not steps or not steps[-1].line:
        return []
    last = steps[-1]
    # A cell is a module, or "<cell line: 1>".
    place = f"line {last.lineno}" if last.name.startswith("<") else f"line {last.lineno}, in {last.name}"
    return [f"{place}: {last.line}"]


def _clear(error: BaseException | None) -> None:
    waiting = [error]
    seen: list[BaseException] = []
    while waiting and len(seen) < _MOST_LINKED:
        current = waiting.pop()
        # Not `in`: exceptions may compare equal, or raise when they are compared.
        if current is None or any(current is other for other in seen):
            continue
        seen.append(current)
        waiting += [current.__cause__, current.__context__]
        before, step = None, current.__traceback__
        while step is not None:
            if _has_left(step.tb_frame):
                if before is None:
                    current.__traceback__ = step.tb_next
                else:
                    before.tb_next = step.tb_next
            else:
                before = step
            step = step.tb_next


def _has_left(frame: FrameType) -> bool:
    """Return whether a frame is one of this library's that is no longer running, and clear it if so."""
    if frame.f_code.co_filename.startswith(_PACKAGE):
        # A frame that is running cannot be cleared: it is the caller's, or one above.
        with contextlib.suppress(RuntimeError):
            frame.clear()
            return True
    return False
