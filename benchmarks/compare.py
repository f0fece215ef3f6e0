"""Compare the cost of `SafeClient` with that of `langsmith.Client`, and print one table.

    python benchmarks/compare.py

The clients talk to the fake LangSmith server in another process, over a loopback socket. This takes about four minutes
on an idle machine. The column "noise" is the ratio of `langsmith.Client` to itself.
"""

from __future__ import annotations

import contextlib
import datetime
import gc
import logging
import os
import platform
import statistics
import subprocess
import sys
import tracemalloc
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import langsmith
import requests
from account import Account, account
from pairs import Ratio, clock, compare, cpu

from safe_langsmith import ForbiddenDiagnosis, SafeClient

KINDS = (langsmith.Client, SafeClient)
RUNS = 10_000
LATENCY = 0.02
COLUMNS = ("", "SDK or by hand", "SafeClient", "ratio", "noise", "target")


class Row(NamedTuple):
    """A line of the table."""

    what: str
    sdk: str
    safe: str
    ratio: str
    noise: str
    target: str


def row(what: str, found: Ratio, unit: str, target: str) -> Row:
    scale = {"us": 1e6, "ms": 1e3, "s": 1, "kB": 1e-3}[unit]
    sdk, safe = (f"{value * scale:,.1f} {unit}" for value in (found.theirs, found.ours))
    return Row(what, sdk, safe, f"{found.ratio:.3f}", f"{found.noise:.3f}", target)


def quiet(kind: type[langsmith.Client], at: Account, key: str, **more: Any) -> langsmith.Client:
    """Return a client without a tracing thread, whose work would be measured too."""
    return kind(api_url=at.url, api_key=key, auto_batch_tracing=False, **more)


def successful_call(at: Account) -> Row:
    calls = [partial(_list, quiet(kind, at, at.user)) for kind in KINDS]
    return row("CPU of a successful call", compare(*(cpu(call, 200) for call in calls), rounds=30), "us", "<= 1.01")


def construction(at: Account) -> Row:
    os.environ.update({"LANGSMITH_ENDPOINT": at.url, "LANGSMITH_API_KEY": at.user})
    try:
        found = compare(*(cpu(lambda kind=kind: _close(kind()), 10) for kind in KINDS), rounds=40)
    finally:
        del os.environ["LANGSMITH_ENDPOINT"], os.environ["LANGSMITH_API_KEY"]
    return row("CPU of creating a client", found, "us", "<= 1.05")


def bare_construction(at: Account) -> Row:
    found = compare(*(cpu(partial(quiet, kind, at, at.user), 200) for kind in KINDS), rounds=40)
    return row("the same, without a tracing thread", found, "us", "")


def importing() -> Row:
    sdk, safe = "from langsmith import Client", "from langsmith import Client; import safe_langsmith"
    seconds: dict[str, list[float]] = {sdk: [], safe: []}
    for _ in range(15):
        for code, took in seconds.items():
            took.append(clock(partial(subprocess.run, [sys.executable, "-c", code], check=True))())
    theirs, ours = statistics.median(seconds[sdk]), statistics.median(seconds[safe])
    more = f"{(ours - theirs) * 1e3:+.0f} ms"
    return Row("import in a new process", f"{theirs * 1e3:.0f} ms", f"{ours * 1e3:.0f} ms", more, "", "<= +30 ms")


def tracing(at: Account) -> Row:
    found = compare(*(clock(partial(_trace, kind, at)) for kind in KINDS), rounds=3)
    return row(f"tracing {RUNS:,} runs until the last one arrives", found, "s", "<= 1.01")


def memory(at: Account) -> Row:
    return row(
        "memory of a client",
        compare(*(partial(_bytes, kind, at) for kind in KINDS), rounds=5),
        "kB",
        "<= 1.02",
    )


def retry(latency: float, rounds: int, what: str, target: str) -> Row:
    with account(keys=3 * rounds + 2, latency=latency) as at:
        keys = iter(at.organization)
        by_hand = _measure_once(lambda key: partial(_by_hand, at.url, key, requests.Session()), keys)
        by_itself = _measure_once(lambda key: partial(_create, quiet(SafeClient, at, key)), keys)
        return row(what, compare(by_hand, by_itself, rounds), "ms", target)


def repeated_refusal(at: Account) -> Row:
    calls = [partial(_refused, quiet(kind, at, at.viewer)) for kind in KINDS]
    for call in calls:
        for _ in range(20):
            call()
    found = compare(*(cpu(call, 200) for call in calls), rounds=20)
    more = f"{(found.ours - found.theirs) * 1e3:+.2f} ms"
    return row("CPU of a repeated 403", found, "us", "<= +1 ms")._replace(ratio=more)


def first_refusal(at: Account) -> Row:
    client = quiet(SafeClient, at, at.viewer)
    before = at.requests
    with contextlib.suppress(ForbiddenDiagnosis):
        _create(client)
    probes = at.requests - before - 1
    return Row("probes for the first diagnosis", "", str(probes), "", "", "<= 4")


def _list(client: langsmith.Client) -> None:
    client.request_with_retries("GET", "/sessions", params={"limit": 1})


def _create(client: langsmith.Client) -> None:
    client.request_with_retries("POST", "/sessions", json={"name": str(uuid.uuid4())})


def _refused(client: langsmith.Client) -> None:
    with contextlib.suppress(Exception):
        client.request_with_retries("POST", "/sessions", json={"name": "refused"})


def _by_hand(url: str, key: str, session: requests.Session) -> None:
    """Do what the retried call does with three plain requests, for a caller who knows why the first one fails."""
    headers, project = {"x-api-key": key}, {"name": str(uuid.uuid4())}
    refused = session.post(f"{url}/sessions", json=project, headers=headers)
    (workspace,) = session.get(f"{url}/workspaces", headers=headers).json()
    headers["X-Tenant-Id"] = workspace["id"]
    assert (refused.status_code, session.post(f"{url}/sessions", json=project, headers=headers).ok) == (403, True)


def _measure_once(make: Callable[[str], Callable[[], None]], keys: Any) -> Callable[[], float]:
    """Return a measure of the seconds of one call with a new key, without the time that creating the client takes."""
    return lambda: clock(make(next(keys)))()


def _trace(kind: type[langsmith.Client], at: Account) -> None:
    client = kind(api_url=at.url, api_key=at.user)
    for number in range(RUNS):
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
    _close(client)


def _bytes(kind: type[langsmith.Client], at: Account) -> float:
    gc.collect()
    tracemalloc.start()
    clients = [kind(api_url=at.url, api_key=at.user) for _ in range(20)]
    for client in clients:
        _list(client)
    gc.collect()
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    for client in clients:
        _close(client)
    return taken / len(clients)


def _close(client: langsmith.Client) -> None:
    getattr(client, "close", client.cleanup)()


def main() -> None:
    logging.disable(logging.CRITICAL)
    for name in [name for name in os.environ if name.startswith(("LANGSMITH_", "LANGCHAIN_"))]:
        del os.environ[name]
    table = [Row(*COLUMNS), importing()]
    with account() as at:
        for measure in (
            first_refusal, repeated_refusal, successful_call, construction, bare_construction, memory, tracing
        ):  # fmt: skip
            table.append(measure(at))
            print(".", end="", flush=True, file=sys.stderr)
    by_hand = "first retried call, compared with its three requests by hand"
    table.append(retry(LATENCY, 10, f"{by_hand}, {LATENCY * 1e3:.0f} ms latency", "<= 1.15"))
    table.append(retry(0, 30, f"{by_hand}, on loopback", ""))
    print(
        f"\n{platform.python_implementation()} {platform.python_version()}, langsmith {langsmith.__version__}, ", end=""
    )
    print(f"{os.cpu_count()} CPUs, {datetime.date.today()}\n")
    for line, cells in enumerate(table):
        print("| " + " | ".join(cells) + " |")
        if line == 0:
            print("|---|---:|---:|---:|---:|---:|")


if __name__ == "__main__":
    main()
