import fakeredis
import pytest
from tests.contracts.cache_backend import CacheBackendContract

from prismiq.adapters.redis.cache import RedisCache
from prismiq.adapters.redis.connection import RedisConnection
from prismiq.domain.model.errors import ConfigurationError, StoreUnavailableError
from prismiq.ports.cache_backend import CacheBackend


class TestRedisCache(CacheBackendContract):
    @pytest.fixture
    def backend(self, connection: RedisConnection) -> CacheBackend:
        return RedisCache(connection)

    @pytest.fixture
    def neighbour(self, connection: RedisConnection) -> CacheBackend:
        return RedisCache(connection, prefix="prismiq*")


async def test_bytes_are_stored_as_they_are(connection: RedisConnection) -> None:
    await RedisCache(connection, prefix="p:").set("key", b"body", ttl=1.0001)
    assert await connection.client.get("p:entry:key") == b"body"
    assert await connection.client.pttl("p:entry:key") <= 1001


@pytest.mark.parametrize("kept", [b"\x93pv\x00older", b"\x93pv\x01damaged", b"\x93pv"])
async def test_what_cannot_be_read_is_absent(connection: RedisConnection, kept: bytes) -> None:
    await connection.client.set("prismiq:entry:key", kept)
    assert await RedisCache(connection).get("key") is None


async def test_a_time_to_live_of_ages_is_accepted(connection: RedisConnection) -> None:
    cache = RedisCache(connection)
    await cache.set("key", 1, ttl=1e300)
    assert await cache.get("key") == 1


async def test_every_call_says_that_the_store_is_away(
    connection: RedisConnection, server: fakeredis.FakeServer
) -> None:
    cache = RedisCache(connection)
    server.connected = False
    for call in (
        cache.get("key"),
        cache.set("key", 1),
        cache.set("key", 1, ttl=0),
        cache.delete("key"),
        cache.exists("key"),
        cache.clear(),
        cache.connect(),
    ):
        with pytest.raises(StoreUnavailableError):
            await call


async def test_a_shared_connection_is_left_open(connection: RedisConnection) -> None:
    cache = RedisCache(connection)
    await cache.connect()
    await cache.disconnect()
    assert await cache.get("key") is None


def test_a_wrong_url_is_refused_at_once() -> None:
    with pytest.raises(ConfigurationError):
        RedisCache("http://localhost")
