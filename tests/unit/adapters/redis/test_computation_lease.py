import pytest
from tests.contracts.computation_lease import ComputationLeaseContract

from prismiq.adapters.redis.computation_lease import RedisComputationLease
from prismiq.adapters.redis.connection import RedisConnection
from prismiq.ports.computation_lease import ComputationLease


class TestRedisComputationLease(ComputationLeaseContract):
    @pytest.fixture
    def lease(self, connection: RedisConnection) -> ComputationLease:
        return RedisComputationLease(connection)

    @pytest.fixture
    def elsewhere(self, elsewhere_connection: RedisConnection) -> ComputationLease:
        return RedisComputationLease(elsewhere_connection)
