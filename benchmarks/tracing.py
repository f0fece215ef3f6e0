"""Count the traced runs that arrive when an organization-scoped key is used without a workspace, with each client.

    python benchmarks/tracing.py [number of runs]

Runs against the fake LangSmith server of the library, over a loopback socket. Compression needs `zstandard`.
"""

from __future__ import annotations

import datetime
import logging
import os
import sys
import time
import uuid
from collections import Counter

import langsmith

from safe_langsmith import SafeClient
from safe_langsmith.testing import FakeLangSmith
from safe_langsmith.testing.payloads import run_operations

COLUMNS = ("client    ", "compressed", "sent", "arrived", "twice", "refused requests", "probes", "seconds")


def trace(kind: type[langsmith.Client], count: int, compressed: bool) -> tuple[object, ...]:
    with FakeLangSmith(info={"instance_flags": {"zstd_compression_enabled": compressed}}) as server:
        organization = server.add_organization("Acme")
        workspace = organization.add_workspace("Research")
        client = kind(api_url=server.url, api_key=organization.add_service_key(workspaces=None))
        start = time.perf_counter()
        for number in range(count):
            now, id_ = datetime.datetime.now(datetime.timezone.utc), uuid.uuid4()
            client.create_run(
                f"run {number}",
                {"number": number},
                "chain",
                id=id_,
                trace_id=id_,
                dotted_order=f"{now:%Y%m%dT%H%M%S%fZ}{id_}",
                project_name="benchmark",
                start_time=now,
            )
        client.flush()
        client.tracing_queue.join()
        seconds = time.perf_counter() - start
        client.cleanup()

        accepted: Counter[str] = Counter()
        for received in server.requests:
            if received.status == 202:
                accepted.update({operation.id for operation in run_operations(received, received.path)})
        assert len(accepted) == len(server.runs(workspace))
        return (
            kind.__name__,
            "yes" if compressed else "no",
            count,
            len(accepted),
            sum(times > 1 for times in accepted.values()),
            sum(received.status == 403 for received in server.requests),
            sum(received.path in ("/workspaces", "/settings") for received in server.requests),
            f"{seconds:.2f}",
        )


def main() -> None:
    logging.disable(logging.CRITICAL)
    for name in [name for name in os.environ if name.startswith(("LANGSMITH_", "LANGCHAIN_"))]:
        del os.environ[name]
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    print("  ".join(COLUMNS))
    for compressed in (True, False):
        for kind in (langsmith.Client, SafeClient):
            row = trace(kind, count, compressed)
            print("  ".join(str(value).ljust(len(column)) for value, column in zip(row, COLUMNS, strict=True)))


if __name__ == "__main__":
    main()
