"""Find the parts of the SDK, and other libraries, in use whose requests do not go through the client.

A module that is loaded need not be used. `diagnose` therefore looks for objects that would send requests without a
workspace, among all objects of the process. A refused call does not: that would take too long.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from typing import Any

from safe_langsmith._core.bypasses import (
    EXPORTER,
    GENERATED,
    INTEGRATION,
    LANGGRAPH,
    LITELLM,
    OTLP,
    PYO3,
    SANDBOX,
    Bypass,
)
from safe_langsmith._sdk.compat import endpoint_of
from safe_langsmith._sdk.http import TENANT, has_tenant, netloc_of

_EXPORTERS = "opentelemetry.exporter.otlp.proto.http.trace_exporter"
_INTEGRATION = "langsmith.integrations.otel"
_SANDBOX = "langsmith.sandbox"
_GENERATED = "langsmith._client"


def bypasses_in_use(client: Any, look_closely: bool = False) -> tuple[Bypass, ...]:
    """Return the parts that are known to be in use.

    Args:
        client: The SDK's client.
        look_closely: Whether to search all objects of the process for clients and exporters, which takes longer.
    """
    in_variable = TENANT in os.environ.get("OTEL_EXPORTER_OTLP_HEADERS", "").lower()
    exports = getattr(client, "otel_exporter", None) is not None
    found = []
    if exports and not in_variable:
        # An exporter that the user made may name the workspace.
        own = getattr(getattr(client, "_state", None), "has_own_exporter", True)
        found.append(OTLP._replace(is_certain=not own))
    lacking: set[str] = set()
    if look_closely:
        lacking = {type(each).__module__ for each in _objects_without_workspace(client)}
        if any(module.startswith(_INTEGRATION) for module in lacking):
            found.append(INTEGRATION)
        # One of them is the SDK's own, which the client uses.
        if not exports and not lacking.isdisjoint(_exporter_modules()):
            found.append(EXPORTER)
        if _GENERATED in lacking:
            found.append(GENERATED)
    elif _INTEGRATION in sys.modules and not in_variable:
        found.append(INTEGRATION._replace(is_certain=False))
    if _SANDBOX in sys.modules:
        found.append(SANDBOX._replace(is_certain=any(module.startswith(_SANDBOX) for module in lacking)))
    if getattr(client, "_pyo3_client", None) is not None:
        found.append(PYO3)
    if _litellm_traces() and not os.environ.get("LANGSMITH_TENANT_ID"):
        found.append(LITELLM)
    if "langgraph_api" in sys.modules:
        found.append(LANGGRAPH)
    return tuple(found)


def _objects_without_workspace(client: Any) -> Iterator[Any]:
    """Yield the objects of this process that send requests to the client's host, and that name no workspace."""
    kinds = [
        *_exporter_classes(),
        *_classes(_SANDBOX, "SandboxClient", "AsyncSandboxClient"),
        *_classes(_GENERATED, "Langsmith", "AsyncLangsmith"),
    ]
    # One walk over all objects for all classes; without an argument it finds nothing.
    for each in gc.get_referrers(*kinds):
        # The SDK's own generated clients extend the public classes, and name the workspace of their client.
        if any(type(each) is kind for kind in kinds) and _lacks_workspace(each, client):
            yield each


def _lacks_workspace(sender: Any, client: Any) -> bool:
    module = type(sender).__module__
    if module == _GENERATED:
        return not (getattr(sender, "tenant_id", None) or has_tenant(getattr(sender, "_custom_headers", None) or {}))
    if module.startswith(_SANDBOX):
        headers = getattr(getattr(sender, "_http", None), "headers", None)
        return headers is not None and TENANT not in headers
    if getattr(sender, "_shutdown", False):
        return False
    # From 1.45 on, the exporter keeps its headers in a client of its own.
    keeper = sender if hasattr(sender, "_headers") else getattr(sender, "_client", None)
    headers, to = getattr(keeper, "_headers", None), str(getattr(sender, "_endpoint", ""))
    return headers is not None and not has_tenant(headers) and netloc_of(to) == netloc_of(endpoint_of(client))


def _exporter_classes() -> list[type]:
    """Return the class of OpenTelemetry's exporters, and the classes that extend it, as that of langsmith does."""
    kinds = _classes(_EXPORTERS, "OTLPSpanExporter")
    return [each for kind in kinds for each in (kind, *kind.__subclasses__())]


def _exporter_modules() -> set[str]:
    return {kind.__module__ for kind in _exporter_classes() if not kind.__module__.startswith(_INTEGRATION)}


def _classes(module: str, *names: str) -> list[type]:
    """Return classes of a module, if it is loaded and has them."""
    found = [getattr(sys.modules.get(module), name, None) for name in names]
    return [kind for kind in found if isinstance(kind, type)]


def _litellm_traces() -> bool:
    """Return whether LiteLLM sends its calls to LangSmith."""
    litellm = sys.modules.get("litellm")
    names = ("callbacks", "success_callback", "failure_callback")
    callbacks = [each for name in names for each in getattr(litellm, name, None) or ()]
    return any(each == "langsmith" or type(each).__name__ == "LangsmithLogger" for each in callbacks)
