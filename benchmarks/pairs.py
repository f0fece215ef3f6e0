"""Two things measured side by side, in one run, so that what else the machine does falls on both."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from typing import NamedTuple

Measure = Callable[[], float]


class Ratio(NamedTuple):
    """How one thing compares with another.

    Attributes:
        theirs: What the other one measured, in the measure's own unit; the median of all rounds.
        ours: What ours measured.
        ratio: The median of the rounds' ratios.
        noise: The same, of the other one to itself. What differs from 1 here differs by chance.
    """

    theirs: float
    ours: float
    ratio: float
    noise: float


def compare(theirs: Measure, ours: Measure, rounds: int) -> Ratio:
    """Measures both in turns, each round in another order, after one round that does not count."""
    first: list[float] = []
    again: list[float] = []
    own: list[float] = []
    turns = [(theirs, first), (ours, own), (theirs, again)]
    for measure, _ in turns[:2]:
        measure()
    for number in range(rounds):
        for measure, results in turns[number % 3 :] + turns[: number % 3]:
            results.append(measure())
    ratios = [ours / ((one + other) / 2) for ours, one, other in zip(own, first, again, strict=True)]
    noise = [one / other for one, other in zip(again, first, strict=True)]
    return Ratio(
        statistics.median(first + again), statistics.median(own), statistics.median(ratios), statistics.median(noise)
    )


def cpu(call: Callable[[], object], times: int) -> Measure:
    """Measures the CPU time that this process takes for a call, in seconds."""

    def measure() -> float:
        gc.collect()
        start = time.process_time()
        for _ in range(times):
            call()
        return (time.process_time() - start) / times

    return measure


def clock(call: Callable[[], object]) -> Measure:
    """Measures how long a call takes by the clock, in seconds."""

    def measure() -> float:
        gc.collect()
        start = time.perf_counter()
        call()
        return time.perf_counter() - start

    return measure
