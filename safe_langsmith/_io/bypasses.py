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
    exports = getattr(client, "otel_exporter", None) is not None or "langsmith.integrations.otel" in sys.modules
    found = {
        OTLP: exports and "x-tenant-id" not in headers.lower(),
        SANDBOX: "langsmith.sandbox" in sys.modules,
        PYO3: getattr(client, "_pyo3_client", None) is not None,
    }
    return tuple(bypass for bypass, in_use in found.items() if in_use)
