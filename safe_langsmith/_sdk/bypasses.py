"""Which parts of the SDK that do not go through the client are in use."""

from __future__ import annotations

import gc
import os
import sys
from typing import Any

from safe_langsmith._core.model import OTLP, PYO3, SANDBOX, Bypass


def bypasses_in_use(client: Any, look_closely: bool = False) -> tuple[Bypass, ...]:
    """Returns what is in use, as far as it can be seen from here.

    Args:
        client: The SDK's client.
        look_closely: Whether to go through all objects of the process where that tells more.
    """
    headers = os.environ.get("OTEL_EXPORTER_OTLP_HEADERS", "")
    exports = getattr(client, "otel_exporter", None) is not None
    found = []
    if (exports or "langsmith.integrations.otel" in sys.modules) and "x-tenant-id" not in headers.lower():
        # An exporter of the user's own may name the workspace.
        own = getattr(getattr(client, "_state", None), "has_own_exporter", True)
        found.append(OTLP._replace(is_certain=exports and not own))
    if "langsmith.sandbox" in sys.modules:
        found.append(SANDBOX._replace(is_certain=look_closely and _sandbox_clients_lack_workspace()))
    if getattr(client, "_pyo3_client", None) is not None:
        found.append(PYO3)
    return tuple(found)


def _sandbox_clients_lack_workspace() -> bool:
    """Whether there is a sandbox client now that names no workspace. Importing the module alone is no sign of one."""
    module = sys.modules["langsmith.sandbox"]
    for name in ("SandboxClient", "AsyncSandboxClient"):
        kind = getattr(module, name, None)
        for client in gc.get_referrers(kind) if isinstance(kind, type) else ():
            headers = getattr(getattr(client, "_http", None), "headers", None)
            if type(client) is kind and headers is not None and "x-tenant-id" not in headers:
                return True
    return False
