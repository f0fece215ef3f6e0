"""Interrupts on one line of the library, as a signal's handler raises them, and the lines that a call runs."""

from __future__ import annotations

import ast
import functools
import sys
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from .injection import is_callers_task, is_ours
from .source import ROOT


class Tracing:
    """Meets the lines of the library that this thread is about to run in the caller's task, as long as a block runs."""

    def __enter__(self) -> Any:
        self._before = sys.gettrace()
        self._latest: dict[int, int] = {}
        sys.settrace(self._enter)
        return self

    def __exit__(self, *args: object) -> None:
        sys.settrace(self._before)

    def _enter(self, frame: FrameType, event: str, arg: object) -> Any:
        self._latest.pop(id(frame), None)
        return self._at if self.is_wanted(frame.f_code) else None

    def _at(self, frame: FrameType, event: str, arg: object) -> Any:
        # Python looks for signals when it enters a function or goes back in a loop, and after a call: at no `try:`. An
        # interrupt at the lines that clear the frames of another exception finds them not cleared.
        path, number = frame.f_code.co_filename, frame.f_lineno
        if event == "line":
            latest, self._latest[id(frame)] = self._latest.get(id(frame), 0), number
            # Nor does it look between the end of a block and the `__exit__`, at the line of its `with`: an interrupt
            # there would leave a lock locked, and another test would wait for it forever.
            leaves_block = latest in blocks_of_with(path).get(number, ())
            if not (leaves_block or number in lines_without_signals(path)) and is_callers_task():
                self.meet(frame)
        return self._at

    def is_wanted(self, code: CodeType) -> bool:
        """Return whether the lines of a function are met."""
        return is_ours(code)

    def meet(self, frame: FrameType) -> None:
        """Meet a line. What is raised here, is raised on that line."""


@functools.cache
def lines_without_signals(path: str) -> frozenset[int]:
    """Return the lines with `try:` alone, and those of `except BaseException:`."""
    source = Path(path).read_text("utf-8")
    handlers = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ExceptHandler)]
    caught = [each for each in handlers if isinstance(each.type, ast.Name) and each.type.id == "BaseException"]
    handling = {line for each in caught for line in range(each.lineno, (each.end_lineno or 0) + 1)}
    return frozenset(handling | {at for at, line in enumerate(source.splitlines(), 1) if line.strip() == "try:"})


@functools.cache
def blocks_of_with(path: str) -> dict[int, range]:
    """Return the lines of the block of each `with`, by each of its own lines."""
    tree = ast.parse(Path(path).read_text("utf-8"))
    return {
        line: range(node.body[0].lineno, (node.end_lineno or 0) + 1)
        for node in ast.walk(tree)
        if isinstance(node, (ast.With, ast.AsyncWith))
        for line in range(node.lineno, node.body[0].lineno)
    }


class Line(Tracing):
    """Raises as soon as a certain line is about to be run.

    Args:
        code: The function.
        number: The line.
        kind: What is raised.
        notice: Called when it is raised.
    """

    def __init__(self, code: CodeType, number: int, kind: type[BaseException], notice: Callable[[], None]) -> None:
        self._code, self._number, self._kind, self._notice = code, number, kind, notice

    def is_wanted(self, code: CodeType) -> bool:
        return code is self._code

    def meet(self, frame: FrameType) -> None:
        if frame.f_lineno == self._number:
            self._notice()
            raise self._kind("thrown in by a test")


class NthLine(Tracing):
    """Raises a `KeyboardInterrupt` on the n-th line that is about to be run, whichever it is.

    Args:
        number: Which one, from 1 on.

    Attributes:
        seen: How many lines were met.
        place: The line on which it was raised, or `None` if the block ended before.
    """

    def __init__(self, number: int) -> None:
        self._number, self.seen = number, 0
        self.place: str | None = None

    def meet(self, frame: FrameType) -> None:
        self.seen += 1
        if self.seen == self._number:
            self.place = f"{name_of(frame.f_code.co_filename)}:{frame.f_lineno}"
            raise KeyboardInterrupt


class _Steps(Tracing):
    """Counts the lines, and notes the last one with each stack of the library's functions and their lines."""

    def __init__(self) -> None:
        self._count = 0
        self.last: dict[tuple[object, ...], int] = {}

    def meet(self, frame: FrameType) -> None:
        self._count += 1
        stack: list[object] = []
        caller: FrameType | None = frame
        while caller is not None:
            if is_ours(caller.f_code):
                stack += [caller.f_code, caller.f_lineno]
            caller = caller.f_back
        self.last[tuple(stack)] = self._count


def steps_on_lines(run: Callable[[], object]) -> list[int]:
    """Return the numbers of the lines to interrupt a call on: for `NthLine`, and one for each stack of calls.

    What a function holds differs little from one round of a loop to the next, and most in the last.
    """
    with _Steps() as steps:
        run()
    return sorted(steps.last.values())


class _Lines(Tracing):
    def __init__(self, folders: tuple[str, ...]) -> None:
        self._folders = folders
        self.seen: dict[tuple[CodeType, int], None] = {}

    def is_wanted(self, code: CodeType) -> bool:
        return code.co_filename.startswith(self._folders)

    def meet(self, frame: FrameType) -> None:
        self.seen[frame.f_code, frame.f_lineno] = None


def lines_of(run: Callable[[], object], *folders: str) -> list[tuple[CodeType, int]]:
    """Return the lines in some folders of the library that this thread runs."""
    with _Lines(tuple(str(ROOT / folder) for folder in folders)) as lines:
        run()
    return list(lines.seen)


def name_of(path: str) -> str:
    """Return a file of the library as its messages name it: `_probe/cache.py`."""
    return Path(path).relative_to(ROOT).as_posix()
