"""What the evidence amounts to."""

from __future__ import annotations

from typing import NamedTuple

from safe_langsmith.diagnosis import Cause, Confidence


class Verdict(NamedTuple):
    """A cause, how well it is supported, and what supports it.

    Attributes:
        cause: The cause.
        confidence: How well the evidence supports it.
        reason: What was seen, as the end of a sentence.
        curable: Whether naming a workspace may cure it, where nobody named one.
    """

    cause: Cause
    confidence: Confidence
    reason: str
    curable: bool = False
