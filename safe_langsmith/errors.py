"""The exception a refused call ends in, and how to find one inside another exception."""

from __future__ import annotations

import contextlib
import importlib
from collections import deque
from typing import Any, TypeVar, cast

from langsmith.utils import LangSmithError

from safe_langsmith._core.redaction import clean
from safe_langsmith.diagnosis import ApiKey, Cause, Check, Confidence, Diagnosis, Fix, Probe, Setting, Workspace

SDK_MESSAGE_LIMIT = 1_000
MOST_SEARCHED = 100_000
_TOLD_BEFORE = "(Told in full before; what to do is in the first report, and in .diagnosis of this exception.)"

T = TypeVar("T")


class _OfDiagnosis:
    """Reads an attribute of the same name from the exception's diagnosis."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, error: ForbiddenDiagnosis | None, owner: type | None = None) -> Any:
        return self if error is None else getattr(error.diagnosis, self._name)


def _field() -> Any:
    return _OfDiagnosis()


class ForbiddenDiagnosis(LangSmithError):
    """LangSmith answered 403, and this is what is known about why.

    It is also an instance of the class that the SDK would have raised for the same answer, so code that catches that
    class still does. `str()` is complete alone: the diagnosis first, the SDK's own message last.

    Attributes:
        diagnosis: The diagnosis as a value. Its fields are attributes of the exception, too.
        sdk_error: What the SDK raised; `None` after a copy or a pickle.
        repeated: Whether `str()` is short, because refused traces end in a log, each of them, and the whole was told
            there before. `diagnosis` is always the whole.
    """

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
    status_code: int | None = _field()
    request_id: str | None = _field()
    server_message: str | None = _field()
    probes: tuple[Probe, ...] = _field()

    diagnosis: Diagnosis
    sdk_error: BaseException | None
    sdk_message: str
    repeated: bool

    def __init__(self, diagnosis: Diagnosis, sdk_message: str = "", sdk_error: BaseException | None = None) -> None:
        """Holds a diagnosis; `explain` makes one that is also an instance of the SDK's class.

        Args:
            diagnosis: What was found.
            sdk_message: The SDK's own message, cleaned.
            sdk_error: What the SDK raised.
        """
        # The SDK's classes are passed over: some want a response, which a copy does not have.
        Exception.__init__(self, diagnosis.summary)
        self.diagnosis = diagnosis
        self.sdk_error = sdk_error
        self.sdk_message = sdk_message
        self.repeated = False

    def __str__(self) -> str:
        """Returns the diagnosis, or its summary where all of it was told before, then the SDK's own message."""
        said = f"\n\nThe SDK's own message: {self.sdk_message}" if self.sdk_message else ""
        if self.repeated:
            return f"{self.diagnosis.summary} {_TOLD_BEFORE}{said}"
        return f"{self.diagnosis}{said}"

    def __repr__(self) -> str:
        """Returns the cause and the summary, as a log line would have them."""
        return f"ForbiddenDiagnosis({self.diagnosis.cause.value!r}, {self.diagnosis.summary!r})"

    def _repr_html_(self) -> str | None:
        """Returns what a notebook shows of the diagnosis, for an exception that was caught and is looked at there."""
        return self.diagnosis._repr_html_()

    @property
    def response(self) -> Any:
        """The refused response, or `None` where the SDK's exception has none or this one is a copy."""
        from safe_langsmith._sdk.compat import response_of

        own = getattr(self.sdk_error, "response", None)
        return own if own is not None or self.sdk_error is None else response_of(self.sdk_error)

    @property
    def request(self) -> Any:
        """The refused request, or `None` where the SDK's exception has none or this one is a copy."""
        return getattr(self.response, "request", None)

    @property
    def body(self) -> Any:
        """The refused response's body, where the SDK's exception has one."""
        return getattr(self.sdk_error, "body", None)

    @property
    def message(self) -> str:
        """What `str()` returns. The SDK's generated errors have one, and error trackers show it in place of that."""
        return str(self)

    def __reduce__(self) -> tuple[Any, ...]:
        """Leaves out the SDK's exception, which holds a response, and with it the key."""
        base = next((b for b in type(self).__bases__ if not issubclass(b, ForbiddenDiagnosis)), LangSmithError)
        state: dict[str, Any] = {"repeated": self.repeated}
        state |= {"__notes__": list(self.__notes__)} if hasattr(self, "__notes__") else {}
        return _restore, (base.__module__, base.__qualname__, self.diagnosis, self.sdk_message), state


def explain(
    diagnosis: Diagnosis,
    sdk_error: BaseException,
    message: str,
    sdk_class: type[BaseException],
    secrets: tuple[str, ...],
    repeated: bool = False,
) -> ForbiddenDiagnosis:
    """Returns the exception for a diagnosis.

    Args:
        diagnosis: What was found.
        sdk_error: What the SDK raised.
        message: The SDK's message for it.
        sdk_class: The class that the result is to be an instance of, beside `ForbiddenDiagnosis`.
        secrets: Strings that must not appear in the result.
        repeated: Whether the same diagnosis has been told in full before, where it is only going to be logged.
    """
    error = _class_for(sdk_class)(diagnosis, clean(message, SDK_MESSAGE_LIMIT, secrets), sdk_error)
    error.repeated = repeated
    return error


def find_diagnosis(error: BaseException | None) -> ForbiddenDiagnosis | None:
    """Returns the `ForbiddenDiagnosis` inside a wrapped, chained or grouped exception, or `None`.

    Looks at the exception itself, at its causes and contexts (also those that `raise ... from None` keeps off the
    screen), and at the members of exception groups (also of langsmith's own `LangSmithExceptionGroup`), nearest first.

    Args:
        error: Any exception, or `None`.
    """
    waiting = deque([error])
    # Holds what was seen: an attribute may make a new exception each time, and ids of the dead are used again.
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
        # An exception's class is anybody's, and its attributes may raise.
        with contextlib.suppress(Exception):
            value = getattr(error, name, None)
            several = value if isinstance(value, (list, tuple)) else (value,)
            found += [one for one in several if isinstance(one, BaseException)]
    return found


_classes: dict[type[BaseException], type[ForbiddenDiagnosis]] = {}


def _class_for(sdk_class: type[BaseException]) -> type[ForbiddenDiagnosis]:
    if issubclass(ForbiddenDiagnosis, sdk_class):
        return ForbiddenDiagnosis
    if sdk_class not in _classes:
        namespace = {"__module__": ForbiddenDiagnosis.__module__, "__qualname__": "ForbiddenDiagnosis"}
        bases = (ForbiddenDiagnosis, sdk_class)
        _classes[sdk_class] = cast("type[ForbiddenDiagnosis]", type("ForbiddenDiagnosis", bases, namespace))
    return _classes[sdk_class]


def _restore(module: str, name: str, diagnosis: Diagnosis, sdk_message: str) -> ForbiddenDiagnosis:
    try:
        sdk_class = getattr(importlib.import_module(module), name)
        return _class_for(sdk_class)(diagnosis, sdk_message)
    except (ImportError, AttributeError, TypeError):
        # Another version of the SDK may lack the class; the diagnosis is what matters.
        return ForbiddenDiagnosis(diagnosis, sdk_message)
