"""The contracts of the limits' ports, on a real server and on a real Cluster."""

import pytest
from tests.contracts.limit_store import LimitStoreContract, StoreOf
from tests.contracts.query_slots import QuerySlotsContract

from prismiq.adapters.redis.connection import RedisConnection
from prismiq.adapters.redis.limit_store import RedisLimitStore
from prismiq.adapters.redis.query_slots import RedisQuerySlots
from prismiq.ports.query_slots import QuerySlots


class TestRedisLimitStore(LimitStoreContract):
    @pytest.fixture
    def store_of(self, connection: RedisConnection, prefix: str) -> StoreOf:
        return lambda limits: RedisLimitStore(connection, limits, prefix=prefix)


class TestRedisQuerySlots(QuerySlotsContract):
    @pytest.fixture
    def slots(self, connection: RedisConnection, prefix: str) -> QuerySlots:
        return RedisQuerySlots(connection, prefix=prefix)
