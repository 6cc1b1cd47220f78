"""Rivals take turns: what disturbs a round disturbs all of them, and spoils one ratio."""

import gc
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TypeVar

from bench.case import ROUNDS

Round = Callable[[], Awaitable[int]]
"""Does some work and returns how many operations it was."""

Measured = TypeVar("Measured")


async def rates(
    rivals: Mapping[str, Round], clock: Callable[[], float] = time.perf_counter
) -> dict[str, list[float]]:
    """Return every rival's operations per second in each round but the first, which warms up."""
    return await in_turns({name: partial(rate, run, clock) for name, run in rivals.items()})


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


async def rate(run: Round, clock: Callable[[], float]) -> float:
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
