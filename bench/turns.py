"""Rivals in this process: they take turns, and their medians are compared."""

import gc
import time
from collections.abc import Awaitable, Callable, Mapping
from statistics import median

from bench.case import ROUNDS

Round = Callable[[], Awaitable[int]]
"""Does some work and returns how many operations it was."""


async def rates(rivals: Mapping[str, Round]) -> dict[str, float]:
    """Return every rival's operations per second. The first round warms up and does not count."""
    found: dict[str, list[float]] = {name: [] for name in rivals}
    for number in range(ROUNDS + 1):
        for name, run in rivals.items():
            rate = await _rate(run)
            if number:
                found[name].append(rate)
    return {name: median(values) for name, values in found.items()}


async def _rate(run: Round) -> float:
    gc.collect()
    gc.disable()  # who leaves more garbage should not make others pay for it
    try:
        started = time.perf_counter()
        count = await run()
        return count / (time.perf_counter() - started)
    finally:
        gc.enable()
