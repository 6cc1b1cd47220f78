"""The contracts of the cache's ports, on a real server and on a real Cluster."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from tests.contracts.cache_backend import CacheBackendContract, PassTime
from tests.contracts.computation_lease import ComputationLeaseContract
from tests.contracts.invalidation_bus import InvalidationBusContract
from tests.contracts.redis_time import pass_time_in
from tests.contracts.table_versions import TableVersionsContract
from tests.unit.conftest import ManualClock

from prismiq.adapters.memory.cache import InMemoryCache
from prismiq.adapters.redis.cache import RedisCache
from prismiq.adapters.redis.computation_lease import RedisComputationLease
from prismiq.adapters.redis.connection import RedisConnection
from prismiq.adapters.redis.invalidation_bus import RedisInvalidationBus
from prismiq.adapters.redis.table_versions import RedisTableVersions
from prismiq.domain.services.tiered_cache import TieredCache
from prismiq.ports.cache_backend import CacheBackend
from prismiq.ports.computation_lease import ComputationLease
from prismiq.ports.invalidation_bus import InvalidationBus
from prismiq.ports.table_versions import TableVersions


def _tiered(connection: RedisConnection, prefix: str, clock: ManualClock) -> TieredCache:
    bus = RedisInvalidationBus(connection, topic="entries", prefix=prefix)
    local, shared = InMemoryCache(clock=clock), RedisCache(connection, prefix=prefix)
    return TieredCache(local, shared, bus)


class TestRedisCache(CacheBackendContract):
    @pytest.fixture
    def backend(self, connection: RedisConnection, prefix: str) -> CacheBackend:
        return RedisCache(connection, prefix=prefix)

    @pytest.fixture
    def neighbour(self, connection: RedisConnection, prefix: str) -> CacheBackend:
        return RedisCache(connection, prefix=f"{prefix}*")


class TestTieredCache(CacheBackendContract):
    """Memory over Redis, as production has it."""

    @pytest.fixture
    async def backend(
        self, connection: RedisConnection, prefix: str, clock: ManualClock
    ) -> AsyncIterator[CacheBackend]:
        async with _tiered(connection, prefix, clock) as cache:
            yield cache

    @pytest.fixture
    async def neighbour(
        self, connection: RedisConnection, prefix: str, clock: ManualClock
    ) -> AsyncIterator[CacheBackend]:
        async with _tiered(connection, f"{prefix}*", clock) as cache:
            yield cache

    @pytest.fixture
    def clock(self) -> ManualClock:
        return ManualClock()

    @pytest.fixture
    def pass_time(self, connection: RedisConnection, clock: ManualClock) -> PassTime:
        in_redis = pass_time_in(connection.client)

        async def pass_time(seconds: float) -> None:
            clock.advance(seconds)
            await in_redis(seconds)

        return pass_time

    async def test_other_processes_see_a_change_within_a_quarter_of_a_second(
        self, connection: RedisConnection, elsewhere_connection: RedisConnection, prefix: str
    ) -> None:
        async with (
            _tiered(connection, prefix, ManualClock()) as one,
            _tiered(elsewhere_connection, prefix, ManualClock()) as two,
        ):
            for number in range(20):
                await one.set("key", number)
                async with asyncio.timeout(0.25):
                    while await two.get("key") != number:  # noqa: ASYNC110 - nobody is told
                        await asyncio.sleep(0)


class TestRedisTableVersions(TableVersionsContract):
    @pytest.fixture
    def versions(self, connection: RedisConnection, prefix: str) -> TableVersions:
        return RedisTableVersions(connection, prefix=prefix)

    @pytest.fixture
    def elsewhere(self, elsewhere_connection: RedisConnection, prefix: str) -> TableVersions:
        return RedisTableVersions(elsewhere_connection, prefix=prefix)


class TestRedisInvalidationBus(InvalidationBusContract):
    @pytest.fixture
    def bus(self, connection: RedisConnection, prefix: str) -> InvalidationBus:
        return RedisInvalidationBus(connection, prefix=prefix)

    @pytest.fixture
    def elsewhere(self, elsewhere_connection: RedisConnection, prefix: str) -> InvalidationBus:
        return RedisInvalidationBus(elsewhere_connection, prefix=prefix)


class TestRedisComputationLease(ComputationLeaseContract):
    @pytest.fixture
    def lease(self, connection: RedisConnection, prefix: str) -> ComputationLease:
        return RedisComputationLease(connection, prefix=prefix)

    @pytest.fixture
    def elsewhere(self, elsewhere_connection: RedisConnection, prefix: str) -> ComputationLease:
        return RedisComputationLease(elsewhere_connection, prefix=prefix)
