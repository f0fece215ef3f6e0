"""Every channel through which an exception, or a diagnosis, tells something, as a text each."""

from __future__ import annotations

import builtins
import copy
import enum
import gc
import json
import pickle
import traceback
from collections.abc import Iterator
from types import FunctionType, ModuleType
from typing import Any

from safe_langsmith import Diagnosis, ForbiddenDiagnosis, find_diagnosis

from .frames import locals_of

_PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)
_NOT_FOLLOWED = (type, ModuleType, FunctionType)
_PLAIN = (str, bytes, int, float, bool, type(None), tuple, list, dict, enum.Enum)


def told_by(error: BaseException | None) -> dict[str, str]:
    """What an exception that ended a call tells: a diagnosis everything, one of the SDK's its frames of ours."""
    if error is None:
        return {}
    if not isinstance(error, ForbiddenDiagnosis):
        return {**locals_of(error), "notes": str(getattr(error, "__notes__", ""))}
    return {**_told_by_diagnosis(error), **said_by(error.diagnosis)}


def said_by(diagnosis: Diagnosis) -> dict[str, str]:
    """What a diagnosis tells."""
    return {
        "diagnosis: str": str(diagnosis),
        "diagnosis: repr": repr(diagnosis),
        "diagnosis: report": diagnosis.report(),
        "diagnosis: HTML": diagnosis._repr_html_(),
        "diagnosis: JSON": json.dumps(diagnosis.to_dict()),
        "diagnosis: attributes": repr(vars(diagnosis)),
        "diagnosis: all that it holds": "\n".join(_texts_in(diagnosis)),
        **{f"diagnosis: pickle {n}": pickle.dumps(diagnosis, n).decode("latin-1") for n in _PROTOCOLS},
        "diagnosis: deep copy": repr(copy.deepcopy(diagnosis)),
    }


def _told_by_diagnosis(error: ForbiddenDiagnosis) -> dict[str, str]:
    assert error.sdk_error is not None
    # Its frames are the SDK's, with the headers in them; its text is the server's.
    assert error.sdk_error.__traceback__ is None
    assert error.__cause__ is None
    assert error.__suppress_context__
    own = {name: value for name, value in vars(error).items() if name != "sdk_error"}
    told = {
        "str": str(error),
        "repr": repr(error),
        "format": f"{error!s:>20}{error!r:>20}",
        "arguments": repr(error.args),
        "message": getattr(error, "message", ""),
        "notes": repr(getattr(error, "__notes__", None)),
        "traceback": _traceback(error),
        "attributes": repr(own),
        "all that it holds": "\n".join(_texts_in(own)),
        "wrapped": _traceback(_wrapped(error)),
        **{f"pickle {n}": pickle.dumps(error, n).decode("latin-1") for n in _PROTOCOLS},
        **locals_of(error),
    }
    for name, again in {"copy": copy.copy(error), "deep copy": copy.deepcopy(error)}.items():
        told[name] = "\n".join([str(again), repr(again), repr(vars(again)), *_texts_in(vars(again))])
    assert find_diagnosis(_wrapped(error)) is error
    return told


def _traceback(error: BaseException) -> str:
    return "".join(traceback.format_exception(type(error), error, error.__traceback__))


def _wrapped(error: BaseException) -> BaseException:
    """The exception in a group, where there are such, and behind another one."""
    group: Any = getattr(builtins, "ExceptionGroup", None)
    outer = RuntimeError("a user's own")
    outer.__cause__ = group("several", [error]) if group else error
    return outer


_OURS = ("safe_langsmith.diagnosis", "safe_langsmith.actions", "safe_langsmith._log")


def _texts_in(root: object) -> Iterator[str]:
    """Every text that can be reached from an object. On the way there may be plain values only, and values of ours."""
    waiting, seen = [root], {id(root)}
    while waiting:
        current = waiting.pop()
        module = type(current).__module__
        assert isinstance(current, _PLAIN) or module in _OURS, f"it holds a {type(current)}"
        if isinstance(current, (str, bytes)):
            yield current if isinstance(current, str) else current.decode("latin-1")
        for other in gc.get_referents(current):
            if id(other) not in seen and not isinstance(other, _NOT_FOLLOWED):
                seen.add(id(other))
                waiting.append(other)
