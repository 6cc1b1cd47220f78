import pytest
from tests.contracts.invalidation_bus import Heard, InvalidationBusContract

from prismiq.adapters.memory.invalidation_bus import InMemoryExchange, InMemoryInvalidationBus
from prismiq.ports.invalidation_bus import InvalidationBus


class TestInMemoryInvalidationBus(InvalidationBusContract):
    @pytest.fixture
    def exchange(self) -> InMemoryExchange:
        return InMemoryExchange()

    @pytest.fixture
    def bus(self, exchange: InMemoryExchange) -> InvalidationBus:
        return InMemoryInvalidationBus(exchange)

    @pytest.fixture
    def elsewhere(self, exchange: InMemoryExchange) -> InvalidationBus:
        return InMemoryInvalidationBus(exchange)


async def test_buses_without_a_common_exchange_do_not_hear_each_other() -> None:
    bus = InMemoryInvalidationBus()
    async with Heard.on(bus) as heard:
        await InMemoryInvalidationBus().publish(["a"])
    assert heard.names.empty()
