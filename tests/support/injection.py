"""Breaking one function of the library at a time, whatever names it is called by.

The function's code is exchanged, so every alias, property, decorator and `from ... import` meets the broken one.
"""

from __future__ import annotations

import asyncio
import functools
import gc
import inspect
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any, NamedTuple

from .source import ROOT, guarded_lines, is_guard

# What a test or the command line uses; neither stands between a program and the SDK.
_ELSEWHERE = tuple(str(ROOT / name) for name in ("testing", "_cli", "__main__.py"))
_HOOK = "__fault__"
_KINDS = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


class Injected:
    """Marks an exception as one that was thrown in here."""


def injected(kind: type[BaseException]) -> type[BaseException]:
    """A class of exceptions that is caught where `kind` is, and known again."""
    return type(f"Injected{kind.__name__}", (Injected, kind), {})


class Step(NamedTuple):
    """A function of the library that a call runs through.

    Attributes:
        code: Its code.
        holder: The function that it is written in, if it is written in one; otherwise itself.
        is_boundary: Whether nothing of this library stands between it and the user: no function further up the stack
            catches what fails in it. That may be so for what is entered from outside, for what that calls, and for
            what a guard calls before and after its block; these have to hold. The
            `send` of a call path is one, too: the SDK sends the request in it, and what it raises is the SDK's.
        is_callers: Whether the caller's own thread or task runs through it.
    """

    code: CodeType
    holder: FunctionType
    is_boundary: bool = False
    is_callers: bool = True

    @property
    def name(self) -> str:
        """Where it is defined: `_probe/cache.py:hold`."""
        return f"{Path(self.code.co_filename).relative_to(ROOT).as_posix()}:{self.code.co_name}"

    @property
    def is_generator(self) -> bool:
        return bool(self.code.co_flags & inspect.CO_GENERATOR) and self.code is self.holder.__code__


def is_ours(code: CodeType) -> bool:
    return code.co_filename.startswith(str(ROOT)) and not code.co_filename.startswith(_ELSEWHERE)


def steps_of(run: Callable[[], object]) -> list[Step]:
    """The library's functions that `run` calls, in whichever thread that it starts."""
    seen: set[CodeType] = set()
    boundary: set[CodeType] = set()
    callers: set[CodeType] = set()
    thread = threading.current_thread()

    def note(frame: Any, event: str, arg: object) -> None:
        if event == "call" and is_ours(frame.f_code):
            seen.add(frame.f_code)
            if _is_boundary(frame) or _sends_again(frame.f_code):
                boundary.add(frame.f_code)
            if threading.current_thread() is thread and is_callers_task():
                callers.add(frame.f_code)

    threading.setprofile(note)
    sys.setprofile(note)
    try:
        run()
    finally:
        sys.setprofile(None)
        threading.setprofile(None)  # type: ignore[arg-type]
    steps = [Step(code, holder, code in boundary, code in callers) for code, holder in _functions() if code in seen]
    return sorted(steps, key=lambda step: (step.code.co_filename, step.code.co_firstlineno, step.code.co_name))


def _sends_again(code: CodeType) -> bool:
    return code.co_name == "send" and Path(code.co_filename).parent == ROOT / "_sdk" / "calls"


def is_callers_task() -> bool:
    """Return whether this is the caller's task, or no task at all: not one that the library has started."""
    try:
        task = asyncio.current_task()
    except RuntimeError:
        return True
    return task is not None and not is_ours(getattr(task.get_coro(), "cr_code", _is_boundary.__code__))


_DEEPEST_BOUNDARY = 2


def _is_boundary(frame: FrameType) -> bool:
    callers = []
    above = frame.f_back
    while above is not None:
        if is_ours(above.f_code):
            callers.append(above)
            if above.f_lineno in guarded_lines(above.f_code.co_filename):
                return False
        above = above.f_back
    return len(callers) <= _DEEPEST_BOUNDARY or is_guard(callers[0].f_code.co_filename, callers[0].f_lineno)


def _functions() -> Iterator[tuple[CodeType, FunctionType]]:
    """Every function of the library, also those that a function makes when it is called."""
    found: dict[CodeType, FunctionType] = {}
    outer = [thing for thing in gc.get_objects() if type(thing) is FunctionType and is_ours(thing.__code__)]
    for function in outer:
        found.setdefault(function.__code__, function)
    inner: dict[CodeType, FunctionType] = {}
    for function in found.values():
        for code in _inside(function.__code__):
            inner[code] = function
    yield from ((code, inner.get(code, function)) for code, function in found.items() if code not in inner)
    # Comprehensions are called on some versions of Python, but are no functions that anybody wrote.
    for code, function in inner.items():
        if function.__code__ not in inner and (code.co_name == "<lambda>" or code.co_name.isidentifier()):
            yield code, function


def _inside(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        # Not the body of a class, which runs where the class is made.
        if isinstance(constant, CodeType):
            if constant.co_flags & inspect.CO_OPTIMIZED:
                yield constant
            yield from _inside(constant)


class Fault:
    """What a broken function does in place of its work.

    Args:
        error: Makes what it raises of a text; usually a class.
        late: Whether a generator yields once before it fails.
        only_in: The thread that it fails in, and there in the caller's task alone, or `None` for any.
        notice: Called when it fails.
    """

    def __init__(
        self,
        error: Callable[[str], BaseException],
        *,
        late: bool = False,
        only_in: threading.Thread | None = None,
        notice: Callable[[], None] = lambda: None,
    ) -> None:
        self.error = error
        self.late = late
        self.only_in = only_in
        self.notice = notice
        self.times = 0

    def __call__(self, original: FunctionType | None, code: CodeType, args: Any, kwargs: Any) -> Any:
        if original is not None and not self._is_meant():
            return original(*args, **kwargs)
        if code.co_flags & inspect.CO_COROUTINE:
            return self._fail_async()
        if code.co_flags & inspect.CO_GENERATOR:
            return self._fail_late(original(*args, **kwargs)) if self.late and original else self._fail_at_once()
        return self._fail()

    def _is_meant(self) -> bool:
        if self.only_in is not None and (self.only_in is not threading.current_thread() or not is_callers_task()):
            return False
        # The fake server uses some of the functions, too.
        frame: FrameType | None = sys._getframe()
        while frame is not None and not frame.f_code.co_filename.startswith(_ELSEWHERE[0]):
            frame = frame.f_back
        return frame is None

    def _fail(self) -> object:
        self.times += 1
        self.notice()
        raise self.error("thrown in by a test")

    async def _fail_async(self) -> object:
        return self._fail()

    def _fail_at_once(self) -> Iterator[object]:
        yield self._fail()

    def _fail_late(self, generator: Any) -> Any:
        try:
            answer = yield next(generator)
        except StopIteration as end:
            return end.value
        del answer
        self.times += 1
        self.notice()
        # Into the original, so that what it has to clean up it does.
        generator.throw(self.error("thrown in by a test"))
        return None


@contextmanager
def broken(step: Step, fault: Fault) -> Iterator[None]:
    """Makes a function do as `fault` says, as long as the block runs."""
    holder, whole = step.holder, step.holder.__code__
    original = None
    if step.code is whole:
        original = FunctionType(whole, holder.__globals__, holder.__name__, holder.__defaults__, holder.__closure__)
        original.__kwdefaults__ = holder.__kwdefaults__
    holder.__globals__[_HOOK] = lambda args, kwargs: fault(original, step.code, args, kwargs)
    holder.__code__ = _with_stub(whole, step.code)
    try:
        yield
    finally:
        holder.__code__ = whole
        # Late threads may still come to it.
        holder.__globals__[_HOOK] = lambda args, kwargs: None


def _with_stub(code: CodeType, target: CodeType) -> CodeType:
    if code is target:
        return _stub(code.co_freevars, code.co_flags & _KINDS)
    constants = tuple(
        _with_stub(constant, target) if isinstance(constant, CodeType) else constant for constant in code.co_consts
    )
    return code.replace(co_consts=constants)


@functools.cache
def _stub(free: tuple[str, ...], kind: int) -> CodeType:
    """Code that calls the hook. It must be of the same kind as the code in whose place it is, and refer to as much."""
    names, is_async = ", ".join(free), "" if kind in (0, inspect.CO_GENERATOR) else "async "
    work = {
        inspect.CO_GENERATOR: f"return (yield from {_HOOK}(args, kwargs))",
        inspect.CO_COROUTINE: f"return await {_HOOK}(args, kwargs)",
        inspect.CO_ASYNC_GENERATOR: f"{_HOOK}(args, kwargs); yield",
    }.get(kind, f"return {_HOOK}(args, kwargs)")
    source = f"""
def make():
    {" = ".join((*free, "_"))} = None
    {is_async}def stub(*args, **kwargs):
        if 0:
            {names or "..."}
        {work}
    return stub
"""
    namespace: dict[str, Any] = {}
    exec(source, namespace)
    return namespace["make"]().__code__


def forget_results() -> None:
    """Empties the library's caches, so that what is behind them is called again."""
    for cached in _caches():
        cached.cache_clear()


@functools.cache
def _caches() -> list[Any]:
    kind = type(_stub)
    return [
        thing
        for thing in gc.get_objects()
        if type(thing) is kind and str(getattr(thing, "__module__", "")).startswith("safe_langsmith.")
    ]
