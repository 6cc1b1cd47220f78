"""Measures how full things are, again and again."""

import asyncio
from collections.abc import Callable

from prismiq.domain.model.observations import CacheUsage, PoolUsage
from prismiq.ports.metrics_sink import MetricsSink


class UsageSampler:
    """Tells the metrics what a pool and a cache hold, whenever it is asked, and every second.

    Args:
        sink: is told.
        pool: measures the connections to the database.
        cache: measures the cache of this process; None: there is none.
        interval: seconds from one measurement to the next.
    """

    def __init__(
        self,
        sink: MetricsSink,
        pool: Callable[[], PoolUsage],
        cache: Callable[[], CacheUsage] | None = None,
        *,
        interval: float = 1.0,
    ) -> None:
        self._sink = sink
        self._pool = pool
        self._cache = cache
        self._interval = interval
        self._task: asyncio.Task[None] | None = None

    def sample(self) -> None:
        """Measure now."""
        self._sink.pool_measured(self._pool())
        if self._cache is not None:
            self._sink.cache_measured(self._cache())

    def start(self) -> None:
        """Measure again and again from now on."""
        if self._task is None:
            self._task = asyncio.create_task(self._keep_measuring(), name="usage sampler")

    async def stop(self) -> None:
        """Stop measuring, and say that nothing is held any more."""
        if self._task is None:
            return
        task, self._task = self._task, None
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        self._sink.pool_measured(PoolUsage(size=0, idle=0, waiting=0, max_size=0))
        if self._cache is not None:
            self._sink.cache_measured(CacheUsage(used_bytes=0, entries=0))

    async def _keep_measuring(self) -> None:
        while True:
            self.sample()
            await asyncio.sleep(self._interval)
