import pytest
from tests.contracts.computation_lease import ComputationLeaseContract

from prismiq.adapters.memory.computation_lease import InMemoryComputationLease
from prismiq.ports.clock import Clock
from prismiq.ports.computation_lease import ComputationLease


class TestInMemoryComputationLease(ComputationLeaseContract):
    @pytest.fixture
    def lease(self, clock: Clock) -> ComputationLease:
        return InMemoryComputationLease(clock)

    @pytest.fixture
    def elsewhere(self, lease: ComputationLease) -> ComputationLease:
        return lease

    async def test_an_owner_who_dies_is_waited_for_no_longer_than_the_lease(
        self,
        lease: ComputationLease,
        elsewhere: ComputationLease,
    ) -> None:
        timed = InMemoryComputationLease()
        await super().test_an_owner_who_dies_is_waited_for_no_longer_than_the_lease(timed, timed)
