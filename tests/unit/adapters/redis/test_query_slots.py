import pytest
from tests.contracts.query_slots import QuerySlotsContract

from prismiq.adapters.redis.connection import RedisConnection
from prismiq.adapters.redis.query_slots import RedisQuerySlots
from prismiq.ports.query_slots import QuerySlots


class TestRedisQuerySlots(QuerySlotsContract):
    @pytest.fixture
    def slots(self, connection: RedisConnection) -> QuerySlots:
        return RedisQuerySlots(connection)
