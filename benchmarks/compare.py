"""What `SafeClient` costs, side by side with `langsmith.Client`: one table.

    python benchmarks/compare.py

Everything is measured against the stand-in for LangSmith in another process, over a loopback socket. Takes some three
minutes, and wants a machine that does nothing else: the column "by chance" is what `langsmith.Client` measures against
itself.
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
AWAY = 0.02


class Row(NamedTuple):
    """A line of the table."""

    what: str
    sdk: str
    safe: str
    ratio: str
    by_chance: str
    wanted: str


def row(what: str, found: Ratio, unit: str, wanted: str) -> Row:
    scale = {"us": 1e6, "ms": 1e3, "s": 1, "kB": 1e-3}[unit]
    sdk, safe = (f"{value * scale:,.1f} {unit}" for value in (found.theirs, found.ours))
    return Row(what, sdk, safe, f"{found.ratio:.3f}", f"{found.noise:.3f}", wanted)


def quiet(kind: type[langsmith.Client], at: Account, key: str, **more: Any) -> langsmith.Client:
    """A client without a tracing thread, whose work would be counted too."""
    return kind(api_url=at.url, api_key=key, auto_batch_tracing=False, **more)


def successful_call(at: Account) -> Row:
    calls = [partial(_list, quiet(kind, at, at.user)) for kind in KINDS]
    return row("CPU of a successful call", compare(*(cpu(call, 200) for call in calls), rounds=30), "us", "<= 1.01")


def construction(at: Account) -> Row:
    os.environ.update({"LANGSMITH_ENDPOINT": at.url, "LANGSMITH_API_KEY": at.user})
    try:
        found = compare(*(cpu(lambda kind=kind: _closed(kind()), 10) for kind in KINDS), rounds=40)
    finally:
        del os.environ["LANGSMITH_ENDPOINT"], os.environ["LANGSMITH_API_KEY"]
    return row("CPU of making a client", found, "us", "<= 1.05")


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
    return Row("importing, in a new process", f"{theirs * 1e3:.0f} ms", f"{ours * 1e3:.0f} ms", more, "", "<= +30 ms")


def tracing(at: Account) -> Row:
    found = compare(*(clock(partial(_trace, kind, at)) for kind in KINDS), rounds=3)
    return row(f"tracing {RUNS:,} runs, to the last one's arrival", found, "s", "<= 1.01")


def memory(at: Account) -> Row:
    return row(
        "memory of a client",
        compare(*(partial(_bytes, kind, at) for kind in KINDS), rounds=5),
        "kB",
        "<= 1.02",
    )


def healing(seconds_away: float, rounds: int, what: str, wanted: str) -> Row:
    with account(keys=3 * rounds + 2, seconds_away=seconds_away) as at:
        keys = iter(at.organization)
        by_hand = _measured(lambda key: partial(_by_hand, at.url, key, requests.Session()), keys)
        by_itself = _measured(lambda key: partial(_create, quiet(SafeClient, at, key)), keys)
        return row(what, compare(by_hand, by_itself, rounds), "ms", wanted)


def repeated_refusal(at: Account) -> Row:
    calls = [partial(_refused, quiet(kind, at, at.viewer)) for kind in KINDS]
    for call in calls:
        for _ in range(1_000):
            call()
    found = compare(*(cpu(call, 3_000) for call in calls), rounds=6)
    return row("CPU of the thousandth refusal", found, "us", "<= 1.1")


def first_refusal(at: Account) -> Row:
    client = quiet(SafeClient, at, at.viewer)
    before = at.requests
    with contextlib.suppress(ForbiddenDiagnosis):
        _create(client)
    probes = at.requests - before - 1
    return Row("questions asked for the first diagnosis", "", str(probes), "", "", "<= 3")


def _list(client: langsmith.Client) -> None:
    client.request_with_retries("GET", "/sessions", params={"limit": 1})


def _create(client: langsmith.Client) -> None:
    client.request_with_retries("POST", "/sessions", json={"name": str(uuid.uuid4())})


def _refused(client: langsmith.Client) -> None:
    with contextlib.suppress(Exception):
        client.request_with_retries("POST", "/sessions", json={"name": "refused"})


def _by_hand(url: str, key: str, session: requests.Session) -> None:
    """What `_create` does, as somebody would write it who knows which workspace is meant, and why it is refused."""
    headers, project = {"x-api-key": key}, {"name": str(uuid.uuid4())}
    refused = session.post(f"{url}/sessions", json=project, headers=headers)
    (workspace,) = session.get(f"{url}/workspaces", headers=headers).json()
    headers["X-Tenant-Id"] = workspace["id"]
    assert (refused.status_code, session.post(f"{url}/sessions", json=project, headers=headers).ok) == (403, True)


def _measured(make: Callable[[str], Callable[[], None]], keys: Any) -> Callable[[], float]:
    """Measures a call of something that is made before, with a key that nobody has used."""
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
    _closed(client)


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
        _closed(client)
    return taken / len(clients)


def _closed(client: langsmith.Client) -> None:
    getattr(client, "close", client.cleanup)()


def main() -> None:
    logging.disable(logging.CRITICAL)
    for name in [name for name in os.environ if name.startswith(("LANGSMITH_", "LANGCHAIN_"))]:
        del os.environ[name]
    table = [Row("", "SDK, or by hand", "SafeClient", "ratio", "by chance", "wanted"), importing()]
    with account() as at:
        for measure in (
            first_refusal, repeated_refusal, successful_call, construction, bare_construction, memory, tracing
        ):  # fmt: skip
            table.append(measure(at))
            print(".", end="", flush=True, file=sys.stderr)
    by_hand = "first healed call, beside its three requests by hand"
    table.append(healing(AWAY, 10, f"{by_hand}, {AWAY * 1e3:.0f} ms away", "<= 1.15"))
    table.append(healing(0, 30, f"{by_hand}, on loopback", ""))
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
