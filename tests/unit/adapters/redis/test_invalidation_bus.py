import pytest
from tests.contracts.invalidation_bus import Heard, InvalidationBusContract

from prismiq.adapters.redis.connection import RedisConnection
from prismiq.adapters.redis.invalidation_bus import RedisInvalidationBus
from prismiq.ports.invalidation_bus import InvalidationBus


class TestRedisInvalidationBus(InvalidationBusContract):
    @pytest.fixture
    def bus(self, connection: RedisConnection) -> InvalidationBus:
        return RedisInvalidationBus(connection)

    @pytest.fixture
    def elsewhere(self, elsewhere_connection: RedisConnection) -> InvalidationBus:
        return RedisInvalidationBus(elsewhere_connection)


async def test_topics_are_separate(connection: RedisConnection) -> None:
    async with Heard.on(RedisInvalidationBus(connection, topic="keys")) as heard:
        await RedisInvalidationBus(connection, topic="tables").publish(["t"])
        await RedisInvalidationBus(connection, topic="keys").publish(["k"])
        assert await heard.next() == {"k"}


@pytest.mark.parametrize("message", [b"", b"\xff", b"{", b"1", b"[]", b"null"])
async def test_what_cannot_be_understood_may_have_been_anything(
    connection: RedisConnection, message: bytes
) -> None:
    async with Heard.on(RedisInvalidationBus(connection)) as heard:
        await connection.client.publish("prismiq:bus:tables", message)
        await heard.gap()
