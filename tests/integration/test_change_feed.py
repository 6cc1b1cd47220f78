"""A write by anybody makes the answers that depend on it invalid, with either feed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Literal, TypeAlias

import pytest

from prismiq import PrismiqEngine, QueryDefinition
from prismiq.adapters.memory.cache import InMemoryCache
from prismiq.adapters.postgres.change_triggers import PostgresChangeTriggers
from prismiq.adapters.redis.cache import RedisCache
from prismiq.domain.model.errors import ConfigurationError
from prismiq.ports.cache_backend import CacheBackend

Feed: TypeAlias = Literal["notify", "poll"]
Write: TypeAlias = Callable[[str], Awaitable[None]]

TABLES = """
CREATE TABLE public.flights (id integer);
CREATE TABLE public.planes (id integer);
CREATE TABLE public.days (id integer) PARTITION BY RANGE (id);
CREATE TABLE public.days_1 PARTITION OF public.days FOR VALUES FROM (0) TO (100);
CREATE SCHEMA inner_room;
CREATE VIEW inner_room.seen AS SELECT id FROM public.flights WHERE id > 0;
CREATE VIEW public.board AS SELECT id FROM inner_room.seen;
"""
NAMED = [("public", name) for name in ("flights", "planes", "days")]


def count_of(table: str) -> QueryDefinition:
    return QueryDefinition.model_validate(
        {
            "tables": [{"id": "t", "name": table}],
            "columns": [{"table_id": "t", "column": "*", "aggregation": "count"}],
        }
    )


@pytest.fixture
async def write(database: str, connection: Any) -> Write:
    """Write through a connection that Prismiq knows nothing about."""
    await connection.execute(TABLES)
    await PostgresChangeTriggers(database).install(NAMED)

    async def run(statement: str) -> None:
        await connection.execute(statement)
        await connection.execute("SELECT pg_stat_force_next_flush()")

    return run


@asynccontextmanager
async def running(
    dsn: str, feed: Literal["off", "notify", "poll"], cache: CacheBackend | None = None
) -> AsyncIterator[PrismiqEngine]:
    engine = PrismiqEngine(
        dsn,
        cache=cache or InMemoryCache(),
        cache_ttl=None,  # nothing leaves by itself
        change_feed=feed,
        change_poll_seconds=0.1,
        enable_metrics=False,
    )
    async with engine:
        yield engine


async def number(engine: PrismiqEngine, table: str) -> int:
    value: int = (await engine.execute_query(count_of(table))).rows[0][0]
    return value


async def until_number(engine: PrismiqEngine, table: str, expected: int) -> None:
    async with asyncio.timeout(15):
        while await number(engine, table) != expected:  # noqa: ASYNC110 - the cache sets no event
            await asyncio.sleep(0)


def misses(engine: PrismiqEngine) -> int:
    assert engine.query_cache is not None
    return engine.query_cache.stats().misses


@pytest.mark.parametrize("feed", ["notify", "poll"])
@pytest.mark.parametrize(
    ("asked", "written"),
    [("flights", "flights"), ("board", "flights"), ("days", "days"), ("days", "days_1")],
)
async def test_a_committed_write_is_seen_although_nothing_expires(
    database: str, write: Write, feed: Feed, asked: str, written: str
) -> None:
    async with running(database, feed) as engine:
        for expected in range(3):
            await until_number(engine, asked, expected)
            await write(f"INSERT INTO public.{written} VALUES (1)")
        await until_number(engine, asked, 3)


@pytest.mark.parametrize("feed", ["notify", "poll"])
async def test_answers_over_other_tables_stay(database: str, write: Write, feed: Feed) -> None:
    async with running(database, feed) as engine:
        await number(engine, "planes")
        await number(engine, "flights")
        await write("INSERT INTO public.flights VALUES (1)")
        await until_number(engine, "flights", 1)
        before = misses(engine)
        await number(engine, "planes")
        assert misses(engine) == before


async def test_without_a_feed_a_kept_answer_stays(database: str, write: Write) -> None:
    """So it is the feed, and nothing else, that makes the tests above pass."""
    async with running(database, "off") as engine:
        assert await number(engine, "flights") == 0
        await write("INSERT INTO public.flights VALUES (1)")
        assert await number(engine, "flights") == 0


async def test_what_was_missed_while_the_connection_was_lost_is_made_good(
    database: str, write: Write
) -> None:
    async with running(database, "notify") as engine:
        assert await number(engine, "flights") == 0
        await write(
            "SET session_replication_role = replica;"
            "ALTER TABLE public.flights DISABLE TRIGGER prismiq_announce_change;"
            "INSERT INTO public.flights VALUES (1)"  # as if it were announced to nobody
        )
        assert await number(engine, "flights") == 0
        await write(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'prismiq changes'"
        )
        await until_number(engine, "flights", 1)


async def test_one_process_that_hears_is_enough_for_those_who_share_its_cache(
    database: str, write: Write, redis_url: str
) -> None:
    async with AsyncExitStack() as stack:
        engines = []
        for feed in ("notify", "off"):
            cache = RedisCache(redis_url, prefix=f"{database.rpartition('/')[2]}:")
            await cache.connect()
            stack.push_async_callback(cache.disconnect)
            engines.append(await stack.enter_async_context(running(database, feed, cache)))
        for engine in engines:
            assert await number(engine, "flights") == 0
        await write("INSERT INTO public.flights VALUES (1)")
        for engine in engines:
            await until_number(engine, "flights", 1)


async def test_what_was_kept_before_the_start_is_not_believed(
    database: str, write: Write, redis_url: str
) -> None:
    cache = RedisCache(redis_url, prefix=f"{database.rpartition('/')[2]}:")
    await cache.connect()
    try:
        async with running(database, "off", cache) as engine:
            assert await number(engine, "flights") == 0
        await write("INSERT INTO public.flights VALUES (1)")
        async with running(database, "poll", cache) as engine:
            assert await number(engine, "flights") == 1
    finally:
        await cache.disconnect()


async def test_an_engine_can_be_started_again(database: str, write: Write) -> None:
    engine = PrismiqEngine(database, cache=InMemoryCache(), cache_ttl=None, change_feed="notify")
    for expected in (1, 2):
        async with engine:
            await write("INSERT INTO public.flights VALUES (1)")
            await until_number(engine, "flights", expected)


async def test_a_feed_that_is_impossible_stops_the_start_and_leaves_no_connection(
    database: str, connection: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(_dsn: str) -> None:
        raise ConfigurationError("This is a standby.")

    monkeypatch.setattr("prismiq.adapters.postgres.notify_feed.require_primary", refuse)
    with pytest.raises(ConfigurationError, match="standby"):
        async with running(database, "notify"):
            pass
    others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    async with asyncio.timeout(15):
        while await connection.fetchval(f"SELECT count(*) {others}"):  # noqa: ASYNC110 - as above
            await asyncio.sleep(0)
