"""Run programs, and find the shortest that shows a difference."""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from ...support.internals import load_handler
from .comparing import faults_of
from .playing import OURS, SDK, Player, make_program, no_waiting
from .programs import Program
from .server import Server

CALM = "calm"
# What others log is not looked at, and keeping it takes a third of the time.
_TALKATIVE = ("langsmith", "httpx", "httpx2", "httpcore", "httpcore2", "urllib3", "asyncio")


@contextlib.contextmanager
def machine() -> Iterator[Server]:
    """Serve, on a machine without LangSmith settings and without certificates to read."""
    kept, levels = dict(os.environ), {name: logging.getLogger(name).level for name in _TALKATIVE}
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    for name in [name for name in os.environ if name.startswith(("LANGSMITH_", "LANGCHAIN_"))]:
        del os.environ[name]
    os.environ.pop("SSL_CERT_FILE", None)
    server, home = Server(), os.getcwd()
    try:
        with tempfile.TemporaryDirectory() as folder, no_waiting():
            os.environ.update(SSL_CERT_DIR=folder, LANGSMITH_CONFIG_FILE=os.path.join(folder, "none.json"))
            os.chdir(folder)
            load_handler()
            yield server
    finally:
        gc.unfreeze()
        os.chdir(home)
        server.close()
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
        os.environ.clear()
        os.environ.update(kept)


def compare(
    program: Program,
    server: Server,
    counted: Counter[str],
    show: Callable[[str], None] = lambda text: None,
    kinds: dict[str, Any] = OURS,
) -> list[str]:
    """Play a program with both clients, and return what differs.

    Args:
        program: The program.
        server: The server for both.
        counted: Counts what happens.
        show: Called with lines that say what happened.
        kinds: The classes of clients to compare with the SDK's, by kind.
    """
    if counted["programs"] % 100 in (0, 10):
        # What exists by now, such as the SDK's modules, is not searched for garbage after each program.
        gc.freeze()
    counted["programs"] += 1
    ours = Player(program, server, kinds)
    ours.play()
    sdk = Player(program, server, SDK, ours.outcomes)
    sdk.play()
    show(f"made with {ours.made}; changes: {ours.changes}")
    for number, outcome in ours.outcomes.items():
        show(f"step {number}: ours {outcome.error!r:.200}, the SDK {sdk.outcomes[number].error!r:.200}")
        for group in outcome.groups:
            sent = [group.first, *group.probes, group.request] if group.first else [group.request, *group.probes]
            show(
                "\n".join(f"    ours {request} {request.named}, changes {request.fired}" for request in sent if request)
            )
        for group in sdk.outcomes[number].groups:
            show(f"    SDK  {group.request}")
    return list(faults_of(ours, sdk, counted))


def part_of(seed: int, steps: list[str]) -> Program:
    """Return the part of a program that a report names: some of its steps, perhaps without the changes during them."""
    program = make_program(seed)
    calm = {int(step.removesuffix(CALM)): step.endswith(CALM) for step in steps}
    kept = [step for step in program.steps if not steps or step.number in calm]
    return program._replace(steps=tuple(step._replace(during=()) if calm.get(step.number) else step for step in kept))


def search(seed: int, server: Server, counted: Counter[str]) -> str | None:
    """Play the program of a seed, and return a report of what differs, with the shortest program that shows it."""
    program = make_program(seed)
    first = compare(program, server, counted)
    if not first:
        return None
    for step in reversed(program.steps):
        shorter = program._replace(steps=tuple(each for each in program.steps if each != step))
        if compare(shorter, server, Counter(programs=1)):
            program = shorter
        calm = step._replace(during=())
        quieter = program._replace(steps=tuple(calm if each == step else each for each in program.steps))
        if quieter != program and compare(quieter, server, Counter(programs=1)):
            program = quieter
    faults = compare(program, server, Counter(programs=1)) or ["not again; at first:", *first]
    steps = " ".join(f"{step.number}{'' if step in make_program(seed).steps else CALM}" for step in program.steps)
    again = f"python -m tests.property.differential --only {seed} {steps}"
    return "\n".join([str(program), *(f"  ! {fault}" for fault in faults), f"  {again}"])
