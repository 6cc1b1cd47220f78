import pytest
from tests.contracts.query_slots import QuerySlotsContract

from prismiq.adapters.memory.query_slots import InMemoryQuerySlots
from prismiq.adapters.system.clock import SystemClock
from prismiq.ports.query_slots import QuerySlots


class TestInMemoryQuerySlots(QuerySlotsContract):
    @pytest.fixture
    def slots(self) -> QuerySlots:
        return InMemoryQuerySlots(SystemClock())


async def test_nothing_is_kept_of_clients_whose_queries_are_answered() -> None:
    slots = InMemoryQuerySlots(SystemClock())
    for number in range(1_000):
        token = await slots.acquire(f"client {number}", 1, 60)
        assert token is not None
        await slots.release(f"client {number}", token)
    assert not slots._leases
