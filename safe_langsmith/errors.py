"""The exception that a refused call raises, and a function that finds it inside another exception."""

from __future__ import annotations

import contextlib
import importlib
from collections import deque
from typing import Any, TypeVar, cast

from langsmith.utils import LangSmithError

from safe_langsmith._core.redaction import sanitize
from safe_langsmith._log import Report, boundary, note_repetition
from safe_langsmith.diagnosis import ApiKey, Cause, Check, Confidence, Diagnosis, Fix, Probe, Setting, Workspace

SDK_MESSAGE_LIMIT = 1_000
MOST_SEARCHED = 100_000

T = TypeVar("T")


class _OfDiagnosis:
    """An attribute whose value is the diagnosis's attribute of the same name."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, error: ForbiddenDiagnosis | None, owner: type | None = None) -> Any:
        return self if error is None else getattr(error.diagnosis, self._name)


def _field() -> Any:
    return _OfDiagnosis()


class ForbiddenDiagnosis(LangSmithError):
    """LangSmith answered with 403; the diagnosis explains why.

    It is also an instance of the class that the SDK would have raised for the same response, so code that catches that
    class still does. `str()` is complete alone: the sentence, the evidence with the SDK's own words, and what to do.

    It has `status_code`, `response`, `request`, `body` and `message` only if that class has them: code of the SDK tells
    exceptions apart by these. `diagnosis.status_code` is always there.

    Attributes:
        diagnosis: The diagnosis as a value. Its fields except `status_code` are attributes of the exception, too.
        sdk_error: The SDK's own exception; `None` after a copy or a pickle.
        sdk_message: The SDK's own message, shortened and without secrets.
        repeated: Whether `str()` is one line, because the SDK logs each refused batch of traces, and the log has the
            full text of an earlier one. `diagnosis` is always complete.
    """

    # Tracebacks, and the short summary of pytest, show the name under which users import it.
    __module__ = "safe_langsmith"

    cause: Cause = _field()
    confidence: Confidence = _field()
    summary: str = _field()
    checks: tuple[Check, ...] = _field()
    fixes: tuple[Fix, ...] = _field()
    key: ApiKey = _field()
    settings: dict[str, Setting] = _field()
    workspaces: tuple[Workspace, ...] | None = _field()
    method: str | None = _field()
    url: str | None = _field()
    request_id: str | None = _field()
    server_message: str | None = _field()
    probes: tuple[Probe, ...] = _field()

    diagnosis: Diagnosis
    sdk_error: BaseException | None
    sdk_message: str
    repeated: bool

    def __init__(self, diagnosis: Diagnosis, sdk_message: str = "", sdk_error: BaseException | None = None) -> None:
        """Hold a diagnosis. `explain` makes an exception that is also an instance of the SDK's class.

        Args:
            diagnosis: The diagnosis.
            sdk_message: The SDK's own message, shortened and without secrets.
            sdk_error: The SDK's own exception.
        """
        # The constructors of the SDK's classes are not called: some need a response, which a copy does not have.
        Exception.__init__(self, diagnosis.summary)
        self.diagnosis = diagnosis
        self.sdk_error = sdk_error
        self.sdk_message = sdk_message
        self.repeated = False
        # For the SDK's log, as `log_as` says.
        self._line = ""
        self._report: Report | None = None
        self._is_raised_too = self._is_short_in_log = False

    def __str__(self) -> str:
        """Return the short text of the diagnosis, with the SDK's own words in it, or one line if it is repeated."""
        # What is logged may be short. What `create_feedback` then raises never is.
        is_for_log = not self._is_raised_too or self._is_being_logged()
        if self._line and (self.repeated or (self._is_short_in_log and is_for_log)):
            note_repetition(self._line)
            return self._line
        # A failure in here would hide the SDK's error from the user.
        with boundary():
            from ._render.text import as_text

            text = as_text(self.diagnosis, self.sdk_message)
            if self._report is not None and is_for_log:
                self._report.tell()
            return text
        sdk = f"\n\nThe SDK's own message: {self.sdk_message}" if self.sdk_message else ""
        return f"{self.diagnosis.summary}{sdk}"

    @staticmethod
    def _is_being_logged() -> bool:
        with boundary():
            from ._sdk.compat import is_creating_feedback

            return is_creating_feedback()
        return False

    def log_as(self, report: Report, line: str, is_raised_too: bool = False, is_read_by_caller: bool = False) -> None:
        """Prepare for the SDK's log, which gets one line if it has the full text of an earlier refusal.

        Args:
            report: What the log has been told about this reason.
            line: The line.
            is_raised_too: Whether the SDK raises the exception once it has logged it. It then raises the full text.
            is_read_by_caller: Whether somebody reads what is raised, so that one line is enough for the log.
        """
        self._line, self._report, self._is_raised_too = line, report, is_raised_too
        self._is_short_in_log = report.is_told or (is_raised_too and is_read_by_caller)
        self.repeated = self._is_short_in_log and not is_raised_too

    def __repr__(self) -> str:
        """Return the cause and the summary, as a log line has them."""
        return f"ForbiddenDiagnosis({self.diagnosis.cause.value!r}, {self.diagnosis.summary!r})"

    def _repr_html_(self) -> str | None:
        """Return the diagnosis as HTML, for a notebook that shows a caught exception."""
        return self.diagnosis._repr_html_()

    def _render_traceback_(self) -> list[str]:
        """Return what IPython shows of an uncaught error: the line of the program that failed, and the short text.

        The frames of the SDK and of this library would be three times as long.
        """
        text = f"ForbiddenDiagnosis: {self}"
        with boundary():
            from ._frames import own_line

            return [*own_line(self), text]
        return [text]

    def __reduce__(self) -> tuple[Any, ...]:
        """Leave out the SDK's exception, which holds a response, and with it the key."""
        base = next((b for b in type(self).__bases__ if not issubclass(b, ForbiddenDiagnosis)), LangSmithError)
        state: dict[str, Any] = {"repeated": self.repeated, "_line": self._line}
        state |= {"__notes__": list(self.__notes__)} if hasattr(self, "__notes__") else {}
        return _restore, (base.__module__, base.__qualname__, self.diagnosis, self.sdk_message), state


def explain(
    diagnosis: Diagnosis,
    sdk_error: BaseException,
    message: str,
    sdk_class: type[BaseException],
    secrets: tuple[str, ...],
) -> ForbiddenDiagnosis:
    """Return the exception for a diagnosis.

    Args:
        diagnosis: The diagnosis.
        sdk_error: The SDK's own exception.
        message: Its message.
        sdk_class: The class that the result is an instance of, beside `ForbiddenDiagnosis`.
        secrets: Strings that must not appear in the result.
    """
    return _class_for(sdk_class)(diagnosis, sanitize(message, SDK_MESSAGE_LIMIT, secrets), sdk_error)


def find_diagnosis(error: BaseException | None) -> ForbiddenDiagnosis | None:
    """Return the `ForbiddenDiagnosis` inside a wrapped, chained or grouped exception, or `None`.

    Search the exception itself, its causes and contexts (also those that `raise ... from None` hides), and the members
    of exception groups (also of langsmith's own `LangSmithExceptionGroup`), nearest first.

    Args:
        error: Any exception, or `None`.
    """
    waiting = deque([error])
    # Hold the exceptions, not just their ids: the id of one that was garbage-collected may be used again.
    seen: dict[int, BaseException] = {}
    while waiting and len(seen) < MOST_SEARCHED:
        current = waiting.popleft()
        if current is None or id(current) in seen:
            continue
        if isinstance(current, ForbiddenDiagnosis):
            return current
        seen[id(current)] = current
        waiting += _linked(current)
    return None


def _linked(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    for name in ("__cause__", "__context__", "exceptions"):
        # Any library may define an exception whose attributes raise.
        with contextlib.suppress(Exception):
            value = getattr(error, name, None)
            several = value if isinstance(value, (list, tuple)) else (value,)
            found += [one for one in several if isinstance(one, BaseException)]
    return found


def _of_sdk_error(name: str) -> property:
    return property(lambda error: getattr(error.sdk_error, name, None), doc=f"The `{name}` of the SDK's exception.")


_PROMISES = {
    "status_code": property(lambda error: error.diagnosis.status_code, doc="The status of the refusal."),
    "response": _of_sdk_error("response"),
    "request": _of_sdk_error("request"),
    "body": _of_sdk_error("body"),
    "message": property(str, doc="The same as `str()`, for error trackers."),
}
"""What classes of the SDK, or of `requests`, promise about the response. A copy has no response, request and body."""


def _promised(sdk_class: type[BaseException]) -> dict[str, property]:
    """Return what a class promises. An exception with more would be taken for another by code that looks for it."""
    declared = {name for base in sdk_class.__mro__ for name in (*vars(base), *vars(base).get("__annotations__", ()))}
    if any(base.__name__ == "RequestException" for base in sdk_class.__mro__):
        # It declares nothing, and sets both in its constructor.
        declared |= {"response", "request"}
    return {name: value for name, value in _PROMISES.items() if name in declared}


_classes: dict[type[BaseException], type[ForbiddenDiagnosis]] = {}


def _class_for(sdk_class: type[BaseException]) -> type[ForbiddenDiagnosis]:
    if issubclass(ForbiddenDiagnosis, sdk_class):
        return ForbiddenDiagnosis
    if sdk_class not in _classes:
        named = {"__module__": ForbiddenDiagnosis.__module__, "__qualname__": "ForbiddenDiagnosis"}
        namespace = {**named, **_promised(sdk_class)}
        bases = (ForbiddenDiagnosis, sdk_class)
        _classes[sdk_class] = cast("type[ForbiddenDiagnosis]", type("ForbiddenDiagnosis", bases, namespace))
    return _classes[sdk_class]


def _restore(module: str, name: str, diagnosis: Diagnosis, sdk_message: str) -> ForbiddenDiagnosis:
    try:
        sdk_class = getattr(importlib.import_module(module), name)
        return _class_for(sdk_class)(diagnosis, sdk_message)
    except (ImportError, AttributeError, TypeError):
        # Another version of the SDK may lack the class. The diagnosis is complete without it.
        return ForbiddenDiagnosis(diagnosis, sdk_message)
