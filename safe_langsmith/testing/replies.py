"""The value that every answer is, whoever decided it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Reply:
    """An answer, also usable as a scripted fault.

    Attributes:
        status: The HTTP status.
        body: Bytes or text as they go on the wire, or anything that `json.dumps` takes.
        content_type: The `Content-Type` to declare.
        headers: Further headers.
    """

    status: int
    body: Any = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)

    def content(self) -> bytes:
        """Returns the body as bytes; JSON is compact, as both LangSmith backends write it."""
        if isinstance(self.body, bytes):
            return self.body
        if isinstance(self.body, str):
            return self.body.encode()
        return json.dumps(self.body, separators=(",", ":")).encode()
