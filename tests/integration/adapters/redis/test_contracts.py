"""The contracts of the cache's ports, on a real server and on a real Cluster."""

import pytest
from tests.contracts.cache_backend import CacheBackendContract
from tests.contracts.computation_lease import ComputationLeaseContract
from tests.contracts.invalidation_bus import InvalidationBusContract
from tests.contracts.table_versions import TableVersionsContract

from prismiq.adapters.redis.cache import RedisCache
from prismiq.adapters.redis.computation_lease import RedisComputationLease
from prismiq.adapters.redis.connection import RedisConnection
from prismiq.adapters.redis.invalidation_bus import RedisInvalidationBus
from prismiq.adapters.redis.table_versions import RedisTableVersions
from prismiq.ports.cache_backend import CacheBackend
from prismiq.ports.computation_lease import ComputationLease
from prismiq.ports.invalidation_bus import InvalidationBus
from prismiq.ports.table_versions import TableVersions


class TestRedisCache(CacheBackendContract):
    @pytest.fixture
    def backend(self, connection: RedisConnection, prefix: str) -> CacheBackend:
        return RedisCache(connection, prefix=prefix)

    @pytest.fixture
    def neighbour(self, connection: RedisConnection, prefix: str) -> CacheBackend:
        return RedisCache(connection, prefix=f"{prefix}*")


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
