"""Measure what a refusal costs when the key reaches many workspaces, and print one table.

    python benchmarks/workspaces.py

Every refusal differs from those before it, so each is investigated anew, with cached answers. The CPU time is that of
this process; the fake LangSmith server runs in another one. It also measures the memory of the cached listing.
"""

from __future__ import annotations

import contextlib
import gc
import itertools
import logging
import os
import platform
import tracemalloc
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import langsmith
from account import account
from pairs import compare, cpu

from safe_langsmith import ForbiddenDiagnosis, SafeClient
from safe_langsmith._recovery import load_handler

SIZES = (1, 20, 200, 1_000, 9_000)
NUMBERS = itertools.count(1)
PERMISSIONS = 120
# The listing of more workspaces with so many permissions each exceeds the 8 MB that are read of an answer.
FEWER_PERMISSIONS = 25
COLUMNS = (
    "workspaces",
    "listing",
    "SDK",
    "another path",
    "another method",
    "another body",
    "a batch of runs",
    "memory of the listing",
)


def main() -> None:
    logging.disable(logging.CRITICAL)
    for name in [name for name in os.environ if name.startswith(("LANGSMITH_", "LANGCHAIN_"))]:
        del os.environ[name]
    # Importing it takes memory, too.
    load_handler()
    where = f"{platform.python_implementation()} {platform.python_version()}, langsmith {langsmith.__version__}"
    print(f"{where}, {os.cpu_count()} CPUs. CPU of a refusal; beside the SDK's, what SafeClient takes more.\n")
    print("| " + " | ".join(COLUMNS) + " |")
    print("|" + "---:|" * len(COLUMNS))
    for number in SIZES:
        print("| " + " | ".join(measured(number)) + " |", flush=True)


def measured(number: int) -> Iterator[str]:
    permissions = PERMISSIONS if number <= 1_000 else FEWER_PERMISSIONS
    with account(workspaces=number, permissions=permissions) as at:
        yield f"{number:,}"
        kinds = (langsmith.Client, SafeClient)
        clients = [kind(api_url=at.url, api_key=at.viewer, auto_batch_tracing=False) for kind in kinds]
        gc.collect()
        tracemalloc.start()
        with contextlib.suppress(ForbiddenDiagnosis):
            clients[1].create_project("first")
        gc.collect()
        memory, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        size = len(clients[1].session.get(f"{at.url}/workspaces", headers={"x-api-key": at.viewer}).content)
        yield f"{size / 1e6:,.2f} MB"
        requests = (another_path, another_method, another_body, a_batch)
        found = [
            compare(*(cpu(partial(refused, client, request), 40) for client in clients), rounds=7)
            for request in requests
        ]
        yield f"{found[0].theirs * 1e3:.2f} ms"
        yield from (f"+{(each.ours - each.theirs) * 1e3:.2f} ms" for each in found)
        yield f"{memory / 1e6:.2f} MB"


def refused(client: langsmith.Client, request: Callable[[int], tuple[str, str, dict[str, Any]]]) -> None:
    method, path, arguments = request(next(NUMBERS))
    try:
        client.request_with_retries(method, path, **arguments)
    except Exception as error:
        # As a log does.
        str(error)


def another_path(number: int) -> tuple[str, str, dict[str, Any]]:
    return "PATCH", f"/sessions/{uuid.UUID(int=number)}", {"json": {}}


def another_method(number: int) -> tuple[str, str, dict[str, Any]]:
    return ("POST", "PATCH", "DELETE")[number % 3], f"/datasets/{uuid.UUID(int=number)}", {"json": {}}


def another_body(number: int) -> tuple[str, str, dict[str, Any]]:
    return "POST", "/datasets", {"json": {"name": f"dataset {number}"}}


def a_batch(number: int) -> tuple[str, str, dict[str, Any]]:
    return "POST", "/runs/batch", {"json": {"post": [], "patch": [], "number": number}}


if __name__ == "__main__":
    main()
