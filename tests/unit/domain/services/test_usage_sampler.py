"""Pool and cache are measured now and every second, in a time that only the test lets pass."""

import asyncio
import selectors
from collections.abc import Iterator
from typing import Any

import pytest

from prismiq.adapters.system.no_metrics import NoMetrics
from prismiq.domain.model.observations import CacheUsage, PoolUsage
from prismiq.domain.services.usage_sampler import UsageSampler

NOTHING = (PoolUsage(size=0, idle=0, waiting=0, max_size=0), CacheUsage(used_bytes=0, entries=0))


class NoWaiting(selectors.DefaultSelector):
    """Adds up the time that a loop wants to wait for, and does not wait."""

    def __init__(self) -> None:
        super().__init__()
        self.passed = 0.0

    def select(self, timeout: float | None = None) -> Any:
        self.passed += timeout or 0.0
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """Time passes as fast as nothing happens."""

    def __init__(self) -> None:
        self._no_waiting = NoWaiting()
        super().__init__(self._no_waiting)

    def time(self) -> float:
        return self._no_waiting.passed


class RecordingSink(NoMetrics):
    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self.pools: list[tuple[float, PoolUsage]] = []
        self.caches: list[CacheUsage] = []

    def pool_measured(self, usage: PoolUsage) -> None:
        self.pools.append((self._loop.time(), usage))

    def cache_measured(self, usage: CacheUsage) -> None:
        self.caches.append(usage)


class Things:
    """A pool and a cache that grow with each look at them."""

    def __init__(self) -> None:
        self.size = 0

    def pool(self) -> PoolUsage:
        self.size += 1
        return PoolUsage(size=self.size, idle=0, waiting=0, max_size=10)

    def cache(self) -> CacheUsage:
        return CacheUsage(used_bytes=100 * self.size, entries=self.size)


@pytest.fixture
def loop() -> Iterator[VirtualLoop]:
    loop = VirtualLoop()
    yield loop
    loop.close()


def test_it_measures_every_interval_and_ends_with_nothing(loop: VirtualLoop) -> None:
    sink, things = RecordingSink(loop), Things()
    sampler = UsageSampler(sink, things.pool, things.cache, interval=2.0)

    async def ten_seconds() -> None:
        sampler.start()
        sampler.start()
        await asyncio.sleep(9.0)
        await sampler.stop()
        await sampler.stop()
        await asyncio.sleep(9.0)

    loop.run_until_complete(ten_seconds())
    *measured, (_, last) = sink.pools
    assert [round(when) for when, _ in measured] == [0, 2, 4, 6, 8]
    assert [usage.size for _, usage in measured] == [1, 2, 3, 4, 5]
    assert [usage.entries for usage in sink.caches] == [1, 2, 3, 4, 5, 0]
    assert (last, sink.caches[-1]) == NOTHING


def test_it_measures_at_once_when_asked_to(loop: VirtualLoop) -> None:
    sink, things = RecordingSink(loop), Things()
    UsageSampler(sink, things.pool).sample()
    assert [usage.size for _, usage in sink.pools] == [1]
    assert sink.caches == []
