"""Why a question got no answer, in words of our own: what a network error says of itself may hold anything."""

from __future__ import annotations

import socket
import ssl

_MOST_LINKS = 10
_REASONS: tuple[tuple[type[BaseException], str], ...] = (
    (socket.gaierror, "the host's name is not known here"),
    (ssl.SSLCertVerificationError, "its certificate is not trusted here"),
    (ssl.SSLError, "no TLS connection"),
    (ConnectionRefusedError, "the connection was refused"),
)


def trouble_of(error: BaseException) -> str:
    """Returns the name of a network error, and what is behind it where that is known.

    Args:
        error: What `requests`, or either httpx, raised.
    """
    name = type(error).__name__
    return next((f"{name}, {reason}" for kind, reason in _REASONS if _is_behind(kind, error)), name)


def _is_behind(kind: type[BaseException], error: BaseException) -> bool:
    waiting: list[object] = [error]
    seen: list[object] = []
    while waiting and len(seen) < _MOST_LINKS:
        current = waiting.pop(0)
        if isinstance(current, kind):
            return True
        if isinstance(current, BaseException) and current not in seen:
            seen.append(current)
            # urllib3 hands on what it met as an argument, and as a reason.
            waiting += [current.__cause__, current.__context__, getattr(current, "reason", None), *current.args]
    return False
