import pytest
from tests.contracts.limit_store import LimitStoreContract, StoreOf

from prismiq.adapters.redis.connection import RedisConnection
from prismiq.adapters.redis.limit_store import RedisLimitStore


class TestRedisLimitStore(LimitStoreContract):
    @pytest.fixture
    def store_of(self, connection: RedisConnection) -> StoreOf:
        return lambda limits: RedisLimitStore(connection, limits)
