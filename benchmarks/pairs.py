"""Measure two things in turns, so that other load on the machine affects both."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from typing import NamedTuple

Measure = Callable[[], float]


class Ratio(NamedTuple):
    """The result of a comparison.

    Attributes:
        theirs: The median of what the SDK's side measured, in the unit of the measure.
        ours: The median of what this library's side measured.
        ratio: The median of each round's ratio, ours to theirs.
        noise: The median ratio of the SDK's side to itself. Its distance from 1 is the noise of the measurement.
    """

    theirs: float
    ours: float
    ratio: float
    noise: float


def compare(theirs: Measure, ours: Measure, rounds: int) -> Ratio:
    """Measure both in turns, in a different order each round, after one round that is not counted."""
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
    """Return a measure of the CPU seconds that this process uses for one call."""

    def measure() -> float:
        gc.collect()
        start = time.process_time()
        for _ in range(times):
            call()
        return (time.process_time() - start) / times

    return measure


def clock(call: Callable[[], object]) -> Measure:
    """Return a measure of the seconds that one call takes."""

    def measure() -> float:
        gc.collect()
        start = time.perf_counter()
        call()
        return time.perf_counter() - start

    return measure
