import pytest
from tests.contracts.table_versions import TableVersionsContract

from prismiq.adapters.redis.connection import RedisConnection
from prismiq.adapters.redis.table_versions import RedisTableVersions
from prismiq.ports.table_versions import TableVersions


class TestRedisTableVersions(TableVersionsContract):
    @pytest.fixture
    def versions(self, connection: RedisConnection) -> TableVersions:
        return RedisTableVersions(connection)

    @pytest.fixture
    def elsewhere(self, elsewhere_connection: RedisConnection) -> TableVersions:
        return RedisTableVersions(elsewhere_connection)
