"""Rivals in this process: they take turns, and their medians are compared."""

import gc
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from statistics import median
from typing import TypeVar

from bench.case import ROUNDS

Round = Callable[[], Awaitable[int]]
"""Does some work and returns how many operations it was."""

Measured = TypeVar("Measured")


async def rates(rivals: Mapping[str, Round]) -> dict[str, float]:
    """Return every rival's operations per second. The first round warms up and does not count."""
    found = await in_turns({name: partial(rate, run) for name, run in rivals.items()})
    return {name: median(values) for name, values in found.items()}


async def in_turns(
    rivals: Mapping[str, Callable[[], Awaitable[Measured]]],
) -> dict[str, list[Measured]]:
    """Return what every rival was measured at in each round, but for the first: it warms up."""
    found: dict[str, list[Measured]] = {name: [] for name in rivals}
    for number in range(ROUNDS + 1):
        for name, measure in rivals.items():
            value = await measure()
            if number:
                found[name].append(value)
    return found


async def rate(run: Round, clock: Callable[[], float] = time.perf_counter) -> float:
    """Return how many operations per second a round does; ``clock`` says which seconds.

    What waits for nobody is best timed by ``time.process_time``: others on the machine do not
    count.
    """
    gc.collect()
    gc.disable()  # who leaves more garbage should not make others pay for it
    try:
        started = clock()
        count = await run()
        return count / (clock() - started)
    finally:
        gc.enable()
