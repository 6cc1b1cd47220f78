import asyncio
import random
from collections.abc import Callable, Collection
from contextlib import AsyncExitStack
from typing import Any

import pytest
from tests.contracts.cache_backend import CacheBackendContract, PassTime
from tests.unit.conftest import ManualClock

from prismiq.adapters.memory.cache import InMemoryCache
from prismiq.adapters.memory.invalidation_bus import InMemoryExchange, InMemoryInvalidationBus
from prismiq.domain.model.errors import StoreUnavailableError
from prismiq.domain.services.tiered_cache import TieredCache
from prismiq.ports.cache_backend import CacheBackend


@pytest.fixture
def pass_time(clock: ManualClock) -> PassTime:
    async def advance(seconds: float) -> None:
        clock.advance(seconds)

    return advance


class SharedStore(InMemoryCache):
    """Takes turns before and after each effect, as a network does, and can be away."""

    def __init__(self, clock: ManualClock, pause: Callable[[], int] = lambda: 0) -> None:
        super().__init__(clock=clock)
        self._pause = pause
        self.is_away = False
        self.reads = 0

    async def _travel(self) -> None:
        for _ in range(self._pause()):
            await asyncio.sleep(0)
        if self.is_away:
            raise StoreUnavailableError

    async def get(self, key: str) -> Any | None:
        self.reads += 1
        await self._travel()
        value = await super().get(key)
        await self._travel()
        return value

    async def set(self, key: str, value: Any, ttl: float | None = None) -> None:
        await self._travel()
        await super().set(key, value, ttl)
        await self._travel()

    async def delete(self, key: str) -> bool:
        await self._travel()
        deleted = await super().delete(key)
        await self._travel()
        return deleted

    async def exists(self, key: str) -> bool:
        await self._travel()
        return await super().exists(key)


class SlowBus(InMemoryInvalidationBus):
    """Delivers some turns after it was told to, in order."""

    def __init__(self, exchange: InMemoryExchange, pause: Callable[[], int]) -> None:
        super().__init__(exchange)
        self._pause = pause
        self._order = asyncio.Lock()
        self.deliveries: list[asyncio.Task[None]] = []

    async def publish(self, names: Collection[str]) -> None:
        self.deliveries.append(asyncio.create_task(self._deliver(names)))

    async def _deliver(self, names: Collection[str]) -> None:
        async with self._order:
            for _ in range(self._pause()):
                await asyncio.sleep(0)
            await super().publish(names)


class TestTieredCache(CacheBackendContract):
    @pytest.fixture
    def backend(self, clock: ManualClock) -> CacheBackend:
        return tiered(clock, InMemoryCache(clock=clock))

    @pytest.fixture
    def neighbour(self, clock: ManualClock) -> CacheBackend:
        return tiered(clock, InMemoryCache(clock=clock))


def tiered(
    clock: ManualClock, shared: CacheBackend, exchange: InMemoryExchange | None = None
) -> TieredCache:
    bus = InMemoryInvalidationBus(exchange)
    return TieredCache(InMemoryCache(clock=clock), shared, bus, max_age=5)


async def test_a_second_read_does_not_ask_the_shared_cache(clock: ManualClock) -> None:
    shared = SharedStore(clock)
    await shared.set("key", b"value")
    cache = tiered(clock, shared)
    body = await cache.get("key")
    assert await cache.get("key") is body
    assert shared.reads == 1


async def test_a_copy_is_read_again_within_its_bound(clock: ManualClock) -> None:
    shared = SharedStore(clock)
    cache = tiered(clock, shared)
    await cache.set("key", 1)
    await shared.set("key", 2)  # by a process whose message was lost
    clock.advance(4.9)
    assert await cache.get("key") == 1
    clock.advance(0.1)
    assert await cache.get("key") == 2


async def test_other_processes_see_a_change_at_once(clock: ManualClock) -> None:
    shared, exchange = SharedStore(clock), InMemoryExchange()
    async with tiered(clock, shared, exchange) as one, tiered(clock, shared, exchange) as two:
        for cache in (one, two):
            await cache.set("key", 1)
            assert await one.get("key") == await two.get("key") == 1
        await one.set("key", 2)
        assert await two.get("key") == 2
        await two.delete("key")
        assert await one.get("key") is None
        await one.set("key", 3)
        assert await two.get("key") == 3
        removed = await one.clear("k*")
        assert removed == 1
        assert not await two.exists("key")
        await one.set("key", 4, ttl=0)
        assert await two.get("key") is None


async def test_no_copy_survives_a_gap_of_the_messages(clock: ManualClock) -> None:
    shared = SharedStore(clock)
    cache = tiered(clock, shared)
    await cache.set("key", 1)
    await shared.set("key", 2)
    async with cache:  # a subscription begins with a gap
        assert await cache.get("key") == 2


async def test_copies_go_on_in_an_outage_within_their_bound(clock: ManualClock) -> None:
    shared = SharedStore(clock)
    cache = tiered(clock, shared)
    await cache.set("known", 1)
    shared.is_away = True
    with pytest.raises(StoreUnavailableError):
        await cache.set("computed meanwhile", 2)
    assert await cache.get("known") == 1
    assert await cache.get("computed meanwhile") == 2
    for call in (cache.get("unknown"), cache.delete("known"), cache.exists("unknown")):
        with pytest.raises(StoreUnavailableError):
            await call
    clock.advance(5)
    for key in ("known", "computed meanwhile"):
        with pytest.raises(StoreUnavailableError):
            await cache.get(key)


async def test_messages_that_cannot_be_sent_fail_nobody(clock: ManualClock) -> None:
    class SilentBus(InMemoryInvalidationBus):
        async def publish(self, names: Collection[str]) -> None:
            raise StoreUnavailableError

    cache = TieredCache(InMemoryCache(clock=clock), SharedStore(clock), SilentBus())
    await cache.set("key", 1)
    assert await cache.delete("key")


async def test_a_flood_of_messages_is_bounded(clock: ManualClock) -> None:
    shared, exchange = SharedStore(clock), InMemoryExchange()
    async with tiered(clock, shared, exchange) as idle, tiered(clock, shared, exchange) as busy:
        await idle.set("key", 1)
        for number in range(25_000):
            await busy.delete(str(number))
        assert len(idle._outdated) <= 10_000
        await shared.set("key", 2)
        assert await idle.get("key") == 2


async def test_a_write_that_is_broken_off_leaves_no_copy(clock: ManualClock) -> None:
    shared = SharedStore(clock, pause=lambda: 3)
    cache = tiered(clock, shared)
    await cache.set("key", 1)
    write = asyncio.ensure_future(cache.set("key", 2))
    for _ in range(5):  # the value has arrived, the answer has not
        await asyncio.sleep(0)
    write.cancel()
    await asyncio.gather(write, return_exceptions=True)
    assert await cache.get("key") == 2


@pytest.mark.parametrize("seed", range(300))
async def test_when_messages_have_arrived_no_copy_is_older_than_the_shared_value(
    clock: ManualClock, seed: int
) -> None:
    """Reads, writes and messages of three processes, interleaved in random order."""
    chance = random.Random(seed)
    shared = SharedStore(clock, pause=lambda: chance.choice((0, 1, 2, 25)))
    exchange = InMemoryExchange()
    buses = [SlowBus(exchange, lambda: chance.choice((0, 1, 2, 9))) for _ in range(3)]
    async with AsyncExitStack() as entered:
        caches = [
            await entered.enter_async_context(
                TieredCache(InMemoryCache(clock=clock), shared, bus, max_age=1e9)
            )
            for bus in buses
        ]

        async def use(cache: TieredCache, number: int) -> None:
            for step in range(15):
                key = chance.choice("ab")
                match chance.randrange(6):
                    case 0:
                        await cache.set(key, f"{number}.{step}")
                    case 1:
                        await cache.delete(key)
                    case 2 if chance.random() < 0.2:
                        await cache.clear()
                    case _:
                        await cache.get(key)

        users = [use(cache, n) for n, cache in enumerate(caches * 2)]
        await asyncio.gather(*users)
        await asyncio.gather(*(each for bus in buses for each in bus.deliveries))
        for key in "ab":
            expected = await shared.get(key)
            assert [await cache.get(key) for cache in caches] == [expected] * 3
