"""Find the parts of the SDK in use whose requests do not go through the client."""

from __future__ import annotations

import gc
import os
import sys
from typing import Any

from safe_langsmith._core.model import OTLP, PYO3, SANDBOX, Bypass
from safe_langsmith._sdk.http import TENANT


def bypasses_in_use(client: Any, look_closely: bool = False) -> tuple[Bypass, ...]:
    """Return the parts that are known to be in use.

    Args:
        client: The SDK's client.
        look_closely: Whether to search all objects of the process for clients, which takes longer.
    """
    headers = os.environ.get("OTEL_EXPORTER_OTLP_HEADERS", "")
    exports = getattr(client, "otel_exporter", None) is not None
    found = []
    if (exports or "langsmith.integrations.otel" in sys.modules) and TENANT not in headers.lower():
        # An exporter that the user made may name the workspace.
        own = getattr(getattr(client, "_state", None), "has_own_exporter", True)
        found.append(OTLP._replace(is_certain=exports and not own))
    if "langsmith.sandbox" in sys.modules:
        found.append(SANDBOX._replace(is_certain=look_closely and _sandbox_clients_lack_workspace()))
    if getattr(client, "_pyo3_client", None) is not None:
        found.append(PYO3)
    return tuple(found)


def _sandbox_clients_lack_workspace() -> bool:
    """Return whether a sandbox client exists that names no workspace. The module may be imported without one."""
    module = sys.modules["langsmith.sandbox"]
    for name in ("SandboxClient", "AsyncSandboxClient"):
        kind = getattr(module, name, None)
        for client in gc.get_referrers(kind) if isinstance(kind, type) else ():
            headers = getattr(getattr(client, "_http", None), "headers", None)
            if type(client) is kind and headers is not None and TENANT not in headers:
                return True
    return False
