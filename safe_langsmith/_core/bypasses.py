"""Describe the libraries that send requests without the client. `_sdk/bypasses.py` finds out which ones are in use."""

from __future__ import annotations

from typing import NamedTuple


class Bypass(NamedTuple):
    """A part of the SDK, or another library, that sends its own requests without the client.

    Attributes:
        name: Its name in sentences.
        lacks: The disadvantages of its requests, as a clause.
        is_certain: Whether it is known to send requests without a workspace, and not merely loaded.
    """

    name: str
    lacks: str
    is_certain: bool = True


OTLP = Bypass(
    "the OpenTelemetry exporter",
    "no workspace is sent, and a refusal is one line in OpenTelemetry's log",
)
SANDBOX = Bypass(
    "sandbox clients",
    "no workspace is sent",
)
PYO3 = Bypass(
    "the Rust tracing client",
    "no workspace is sent, and errors are not seen in Python",
)
INTEGRATION = Bypass(
    "exporters of langsmith.integrations.otel",
    "no workspace is sent, and a refusal is one line in OpenTelemetry's log",
)
EXPORTER = Bypass(
    "OpenTelemetry exporters of the program",
    "no workspace is sent, and a refusal is one line in OpenTelemetry's log",
)
GENERATED = Bypass(
    "langsmith.Langsmith clients",
    "they do not read LANGSMITH_WORKSPACE_ID, and a refusal is not explained",
)
LITELLM = Bypass(
    "LiteLLM's callback",
    "it reads LANGSMITH_TENANT_ID, not LANGSMITH_WORKSPACE_ID",
)
LANGGRAPH = Bypass(
    "the LangGraph server's own requests",
    "it checks access and reports metadata with requests of its own",
    is_certain=False,
)
