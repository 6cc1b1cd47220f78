"""What calls cost in commands, as the server itself counts them."""

from collections import Counter
from typing import Any

import pytest
from tests.integration.conftest import StartRedis

from prismiq.adapters.redis.cache import RedisCache
from prismiq.adapters.redis.computation_lease import RedisComputationLease
from prismiq.adapters.redis.connection import RedisConnection
from prismiq.adapters.redis.invalidation_bus import RedisInvalidationBus
from prismiq.adapters.redis.table_versions import RedisTableVersions

TABLES = ["public.flights", "public.airlines"]


@pytest.fixture
def any_redis_url(start_redis: StartRedis) -> str:
    """A server of its own: nobody else's commands are counted."""
    return start_redis("--maxmemory", "500mb").url


async def commands(connection: RedisConnection) -> Counter[str]:
    stats: dict[str, Any] = await connection.client.info("commandstats")
    return Counter({name.removeprefix("cmdstat_"): each["calls"] for name, each in stats.items()})


async def invalidation(connection: RedisConnection, prefix: str, entries: int) -> Counter[str]:
    """Return the commands of one invalidation in a cache with that many entries."""
    versions = RedisTableVersions(connection, prefix=prefix)
    bus = RedisInvalidationBus(connection, prefix=prefix)
    await versions.read(TABLES)
    await connection.client.execute_command("DEBUG", "POPULATE", entries, f"{prefix}entry")
    for name in (*TABLES, RedisTableVersions.EVERYTHING):
        await connection.client.hincrby(f"{{{prefix}versions}}:counts", name, entries)
    before = await commands(connection)
    assert await versions.rotate(TABLES[:1]) == entries
    await bus.publish(TABLES[:1])
    assert await versions.rotate_all() == entries
    used = await commands(connection) - before
    del used["info"]
    return used


async def test_an_invalidation_costs_the_same_with_any_number_of_entries(
    connection: RedisConnection, prefix: str
) -> None:
    await invalidation(connection, f"{prefix}warm:", 1)  # the scripts are on the server now
    few = await invalidation(connection, f"{prefix}few:", 10)
    many = await invalidation(connection, f"{prefix}many:", 100_000)
    assert await connection.client.dbsize() > 100_000
    assert few == many
    assert few["evalsha"] == 2
    assert few["publish"] == 1
    assert few["scan"] == few["keys"] == few["eval"] == 0


async def test_the_number_of_tables_does_not_matter_to_reading_and_rotating(
    connection: RedisConnection, prefix: str
) -> None:
    async def used(tables: list[str]) -> Counter[str]:
        versions = RedisTableVersions(connection, prefix=f"{prefix}{len(tables)}:")
        await versions.read(tables)
        before = await commands(connection)
        await versions.read(tables)
        await versions.rotate(tables)
        return await commands(connection) - before

    await used(["warm"])
    assert await used(["one"]) == await used([f"table{number}" for number in range(900)])


async def test_every_call_is_one_command_of_the_client(
    connection: RedisConnection, prefix: str
) -> None:
    cache = RedisCache(connection, prefix=prefix)
    lease = RedisComputationLease(connection, prefix=prefix)
    versions = RedisTableVersions(connection, prefix=prefix)
    owner = await lease.acquire("warm", 10) or ""
    await lease.extend("warm", owner, 10)
    await lease.release("warm", owner)
    await versions.read(TABLES)
    await versions.count_entry(TABLES)
    await connection.client.config_resetstat()
    await cache.get("key")
    await cache.set("key", b"value", ttl=10)
    await cache.exists("key")
    await cache.delete("key")
    await versions.read(TABLES)
    await versions.count_entry(TABLES)
    owner = await lease.acquire("name", 10) or ""
    await lease.extend("name", owner, 10)
    await lease.release("name", owner)
    used = await commands(connection)
    assert used["evalsha"] == 4
    assert (used["set"], used["exists"], used["unlink"]) == (2, 1, 1)
    assert used["get"] == 3  # one is the cache's, two are inside the lease's scripts
    assert used["eval"] == 0


async def test_many_tables_at_once(connection: RedisConnection, prefix: str) -> None:
    versions = RedisTableVersions(connection, prefix=prefix)
    tables = [f"table{number}" for number in range(20_000)]
    before = await versions.read(tables)
    await versions.rotate(tables)
    after = await versions.read(tables)
    assert not {before[name] for name in tables} & {after[name] for name in tables}
