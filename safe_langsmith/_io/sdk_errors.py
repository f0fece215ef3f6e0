"""From the SDK's exception to the response it was raised for."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

# `httpx` and `httpx2` name theirs alike, and so do the generated clients of all versions.
_HTTP_ERRORS = frozenset({"HTTPStatusError", "APIStatusError"})


def is_http_error(error: BaseException | None) -> bool:
    """Whether an exception is one that an HTTP library, or a generated client, raises for an answer."""
    raised: Any = type(error)
    return bool(_is_http_error(raised))


@lru_cache(maxsize=100)
def _is_http_error(raised: type) -> bool:
    import requests

    return issubclass(raised, requests.HTTPError) or any(kind.__name__ in _HTTP_ERRORS for kind in raised.__mro__)


def response_of(error: BaseException | None) -> Any:
    """Returns the response that an exception of the SDK was raised for, or `None`.

    Only the exception itself and its direct cause and context are looked at: further down there may be an unrelated
    refusal that the user's code was just handling.
    """
    if error is None:
        return None
    for candidate in (error, error.__context__, error.__cause__):
        if candidate is not None and is_http_error(candidate):
            response = getattr(candidate, "response", None)
            if response is not None:
                return response
            # Older SDKs raise an HTTPError of their own without a response, and the one of requests behind it has it.
            return getattr(candidate.__cause__, "response", None)
    return None


def status_of(error: BaseException | None) -> int | None:
    """Returns the HTTP status that an exception of the SDK was raised for, or `None`."""
    return getattr(response_of(error), "status_code", None)


def drop_frames(error: BaseException | None, answered: Any) -> None:
    """Drops the frames of the SDK's exceptions for one answer: they hold headers with the key, and the whole body.

    Args:
        error: What the SDK raised.
        answered: What `response_of` returns of it.
    """
    while error is not None:
        error.__traceback__ = None
        behind = error.__cause__ or error.__context__
        known = is_http_error(behind) and getattr(behind, "response", None) in (None, answered)
        error = behind if known else None
