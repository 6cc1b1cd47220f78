"""To clear the cache leaves nothing anywhere, not in the memory of other processes either."""

import asyncio
from typing import Any

import pytest
from tests.integration.cache.conftest import OpenEngine

from prismiq import InMemoryCache, PrismiqEngine, QueryDefinition, RedisCache

QUERY = QueryDefinition.model_validate(
    {
        "tables": [{"id": "g", "name": "goods"}],
        "columns": [{"table_id": "g", "column": "n", "aggregation": "sum", "alias": "n"}],
    }
)


@pytest.fixture(scope="module")
async def dsn(module_database: str, module_connection: Any) -> str:
    await module_connection.execute("CREATE TABLE goods (n integer); INSERT INTO goods VALUES (1)")
    return module_database


async def total(engine: PrismiqEngine) -> int:
    return int((await engine.execute_query(QUERY)).rows[0][0])


async def test_clearing_redis_reaches_the_memory_of_all_processes(
    dsn: str, open_engine: OpenEngine, module_connection: Any
) -> None:
    one, other = [await open_engine(dsn, store="redis") for _ in range(2)]
    before = await total(one)
    assert await total(other) == before
    await module_connection.execute("UPDATE goods SET n = n + 1")
    assert [await total(engine) for engine in (one, other)] == [before, before]
    assert isinstance(one.cache, RedisCache)
    assert await one.cache.clear() == 1
    async with asyncio.timeout(10):
        for engine in (one, other):
            while await total(engine) == before:
                await engine.check_connection()  # lets messages come
            assert await total(engine) == before + 1


async def test_what_was_cleared_is_not_counted_again(dsn: str, open_engine: OpenEngine) -> None:
    engine = await open_engine(dsn, store="redis")
    await total(engine)
    assert isinstance(engine.cache, RedisCache)
    await engine.cache.clear()
    assert await engine.invalidate_cache("goods") == 0


async def test_clearing_memory_leaves_nothing(
    dsn: str, open_engine: OpenEngine, module_connection: Any
) -> None:
    engine = await open_engine(dsn)
    before = await total(engine)
    await module_connection.execute("UPDATE goods SET n = n + 1")
    assert isinstance(engine.cache, InMemoryCache)
    assert await engine.cache.clear() == 1
    assert await total(engine) == before + 1


async def test_clearing_by_pattern_leaves_answers_alone(dsn: str, open_engine: OpenEngine) -> None:
    engine = await open_engine(dsn, store="redis")
    await total(engine)
    assert isinstance(engine.cache, RedisCache)
    await engine.cache.set("mine:1", 1)
    assert await engine.cache.clear("mine:*") == 1
    await total(engine)
    assert engine.query_cache is not None
    assert engine.query_cache.stats().memory_hits == 1
