"""The schema over an application's own asyncpg pool, kept in a cache."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from prismiq import DatabaseUnavailableError, InMemoryCache, SchemaIntrospector, TableNotFoundError
from prismiq.adapters.redis.cache import RedisCache


@pytest.fixture
async def pool(database: str, connection: Any) -> AsyncIterator[Any]:
    await connection.execute(
        "CREATE TYPE mood AS ENUM ('sad', 'ok');"
        "CREATE TABLE orders (id int PRIMARY KEY, how mood);"
        "CREATE TABLE secret (id int)"
    )
    async with asyncpg.create_pool(database, min_size=1, max_size=1) as pool:
        yield pool


@pytest.fixture(params=["memory", "redis"])
async def cache(request: pytest.FixtureRequest) -> AsyncIterator[Any]:
    if request.param == "memory":
        yield InMemoryCache()
        return
    redis = RedisCache(request.getfixturevalue("redis_url"), prefix="introspector:")
    await redis.connect()
    yield redis
    await redis.clear()
    await redis.disconnect()


async def _statements(pool: Any) -> int:
    return int(
        await pool.fetchval(
            "SELECT coalesce(sum(calls), 0) FROM pg_stat_statements AS s"
            " JOIN pg_database AS d ON d.oid = s.dbid"
            " WHERE d.datname = current_database() AND query LIKE '%pg_attribute%'"
        )
    )


async def test_the_schema_is_read_once_and_anew_when_it_must_be(pool: Any, cache: Any) -> None:
    await pool.execute("CREATE EXTENSION pg_stat_statements")
    introspector = SchemaIntrospector(pool, cache, exposed_tables=["orders"])
    schema = await introspector.get_schema()
    assert [table.name for table in schema.tables] == ["orders"]
    assert [column.data_type for column in schema.tables[0].columns] == ["integer", "public.mood"]
    assert await introspector.get_schema() == schema
    assert (await introspector.get_table("orders")).name == "orders"
    assert (await SchemaIntrospector(pool, cache).get_table("secret")).name == "secret"
    assert await _statements(pool) == 1
    await pool.execute("ALTER TABLE orders ADD COLUMN total numeric")
    assert await introspector.get_schema() == schema
    assert len((await introspector.get_schema(force_refresh=True)).tables[0].columns) == 3
    assert len((await introspector.get_table("orders")).columns) == 3
    assert await _statements(pool) == 2
    await introspector.invalidate_cache()
    await introspector.get_schema()
    assert await _statements(pool) == 3


async def test_without_a_cache_every_call_reads(pool: Any) -> None:
    introspector = SchemaIntrospector(pool, exposed_tables=["orders"])
    await introspector.get_schema()
    await pool.execute("ALTER TABLE orders ADD COLUMN total numeric")
    assert len((await introspector.get_schema()).tables[0].columns) == 3
    with pytest.raises(TableNotFoundError):
        await introspector.get_table("secret")


async def test_the_pool_keeps_its_own_search_path(pool: Any) -> None:
    before = await pool.fetchval("SHOW search_path")
    await SchemaIntrospector(pool).get_schema()
    assert await pool.fetchval("SHOW search_path") == before


async def test_what_the_driver_says_is_translated(pool: Any) -> None:
    await pool.close()
    with pytest.raises(DatabaseUnavailableError):
        await SchemaIntrospector(pool).get_schema()
