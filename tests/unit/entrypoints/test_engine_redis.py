"""What an engine keeps in Redis goes one way, and who made the way closes it."""

import pytest
from pydantic import SecretStr

from prismiq import InMemoryCache, PrismiqEngine, RedisCache
from prismiq.adapters.redis.connection import RedisConnection
from prismiq.entrypoints.engine_redis import EngineRedis
from prismiq.entrypoints.options import EngineOptions

DATABASE = "postgresql://reader@localhost/shop"
URL = "redis://localhost:1/0"


@pytest.fixture
def options() -> EngineOptions:
    return EngineOptions(database_url=SecretStr(DATABASE), redis_url=SecretStr(URL))


@pytest.mark.parametrize("queries_per_client", [None, 4])
def test_an_engine_goes_the_way_of_a_cache_in_the_same_redis(
    queries_per_client: int | None,
) -> None:
    cache = RedisCache(URL)
    engine = PrismiqEngine(
        DATABASE, cache=cache, redis_url=URL, queries_per_client=queries_per_client
    )
    assert engine.redis_connection is cache.availability()


@pytest.mark.parametrize(
    "cache",
    [
        None,
        InMemoryCache(),
        RedisCache("redis://localhost:1/1"),
        RedisCache(RedisConnection.to(URL)),
    ],
    ids=["none", "memory", "another Redis", "a connection of somebody's"],
)
async def test_else_it_has_its_own_and_closes_it(
    cache: InMemoryCache | RedisCache | None, options: EngineOptions
) -> None:
    redis = EngineRedis(options, cache)
    other = cache.availability() if isinstance(cache, RedisCache) else None
    assert redis.connection is not other
    await redis.close()
    assert not redis.connection.is_available
    assert other is None or other.is_available


async def test_it_leaves_the_connection_of_a_cache_to_who_made_it(options: EngineOptions) -> None:
    cache = RedisCache(URL)
    await EngineRedis(options, cache).close()
    assert cache.availability().is_available
    await cache.disconnect()
    assert not cache.availability().is_available


def test_without_an_address_there_is_none() -> None:
    assert PrismiqEngine(DATABASE, cache=RedisCache(URL)).redis_connection is None
