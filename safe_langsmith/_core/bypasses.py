"""Parts of the SDK whose requests do not go through the client, so that nothing here can heal or explain them."""

from __future__ import annotations

from typing import NamedTuple


class Bypass(NamedTuple):
    """A part of the SDK that sends requests of its own.

    Attributes:
        name: What it is called.
        lacks: What its requests lack.
        way_round: What to do where its requests need a workspace.
        is_certain: Whether it is known to send requests without a workspace, and not merely there.
    """

    name: str
    lacks: str
    way_round: str
    is_certain: bool = True


OTLP = Bypass(
    "the OpenTelemetry exporter",
    "no workspace is sent, and a refusal is one line in OpenTelemetry's log",
    'OTEL_EXPORTER_OTLP_HEADERS="x-api-key=<key>,X-Tenant-Id=<workspace id>"',
)
SANDBOX = Bypass(
    "sandbox clients",
    "no workspace is sent",
    'SandboxClient(headers={"X-Tenant-Id": "<workspace id>"})',
)
PYO3 = Bypass(
    "the Rust tracing client",
    "no workspace is sent, and errors are not seen in Python",
    "unset LANGSMITH_USE_PYO3_CLIENT",
)
