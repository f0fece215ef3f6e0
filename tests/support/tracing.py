"""Traces that the SDK sends in the background."""

from __future__ import annotations

from langsmith import Client


def send_traces(client: Client) -> None:
    """Send all that a client has traced, and wait until it has been sent."""
    # In SDK 0.4, flush() leaves out what was queued before the client learned that it may compress.
    if client.tracing_queue is not None:
        client.tracing_queue.join()
    client.flush()
