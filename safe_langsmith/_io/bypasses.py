"""Which parts of the SDK that do not go through the client are in use."""

from __future__ import annotations

import os
import sys
from typing import Any

from safe_langsmith._core.bypasses import OTLP, PYO3, SANDBOX, Bypass


def bypasses_in_use(client: Any) -> tuple[Bypass, ...]:
    """Returns what is in use, as far as it can be seen from here.

    Args:
        client: The SDK's client.
    """
    headers = os.environ.get("OTEL_EXPORTER_OTLP_HEADERS", "")
    exports = getattr(client, "otel_exporter", None) is not None
    found = []
    if (exports or "langsmith.integrations.otel" in sys.modules) and "x-tenant-id" not in headers.lower():
        # An exporter of the user's own may name the workspace.
        own = getattr(getattr(client, "_safeguard", None), "has_own_exporter", True)
        found.append(OTLP._replace(is_certain=exports and not own))
    if "langsmith.sandbox" in sys.modules:
        found.append(SANDBOX._replace(is_certain=False))
    if getattr(client, "_pyo3_client", None) is not None:
        found.append(PYO3)
    return tuple(found)
