"""The schema is read once for all who share a cache, and never from before an invalidation."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any

import pytest

from prismiq.adapters.memory.cache import InMemoryCache
from prismiq.domain.model.errors import StoreUnavailableError
from prismiq.domain.model.schema import DatabaseSchema
from prismiq.domain.services.cached_schema_source import CachedSchemaSource

LetOthersRun = Callable[[], Awaitable[None]]
_tokens = count()


def _token() -> str:
    return f"generation {next(_tokens)}"


async def _here() -> str:
    return "here"


async def _elsewhere() -> str:
    return "elsewhere"


class FailingCache(InMemoryCache):
    """A shared cache that is away."""

    async def get(self, key: str) -> Any | None:
        raise StoreUnavailableError

    async def set(self, key: str, value: Any, ttl: float | None = None) -> None:
        raise StoreUnavailableError


@pytest.fixture
def cache(clock: Any) -> InMemoryCache:
    return InMemoryCache(clock=clock)


@pytest.fixture
def cached(source: Any, cache: InMemoryCache, flights_schema: DatabaseSchema) -> CachedSchemaSource:
    source.schema = flights_schema
    return CachedSchemaSource(source, cache, ttl=60, new_token=_token, origin=_here)


async def test_the_second_reading_asks_nobody(cached: CachedSchemaSource, source: Any) -> None:
    assert await cached.read(["public"]) == source.schema
    assert await cached.read(["public"]) == source.schema
    assert await cached.read(["public", "sales"]) == source.schema
    assert source.reads == [("public",), ("public", "sales")]


async def test_another_process_with_the_same_cache_asks_nobody(
    cached: CachedSchemaSource, source: Any, cache: InMemoryCache
) -> None:
    await cached.read(["public"])
    await CachedSchemaSource(source, cache, ttl=60, new_token=_token, origin=_here).read(["public"])
    assert len(source.reads) == 1


async def test_it_is_read_anew_after_its_time(
    cached: CachedSchemaSource, source: Any, clock: Any
) -> None:
    await cached.read(["public"])
    clock.advance(61)
    await cached.read(["public"])
    assert len(source.reads) == 2


async def test_a_refresh_reads_and_refills(cached: CachedSchemaSource, source: Any) -> None:
    await cached.read(["public"])
    source.schema = DatabaseSchema(tables=())
    assert (await cached.refresh(["public"])).tables == ()
    assert (await cached.read(["public"])).tables == ()
    assert len(source.reads) == 2


async def test_an_invalidation_forgets_what_is_being_read_too(
    cached: CachedSchemaSource, source: Any, let_others_run: LetOthersRun
) -> None:
    source.holds = True
    reading = asyncio.create_task(cached.read(["public"]))
    await let_others_run()
    await cached.invalidate()
    source.gates[0].set()
    await reading
    source.holds = False
    source.schema = DatabaseSchema(tables=())
    assert (await cached.read(["public"])).tables == ()


async def test_others_keep_what_they_have_in_the_same_cache(
    cached: CachedSchemaSource, cache: InMemoryCache
) -> None:
    await cache.set("answers", b"")
    await cached.read(["public"])
    await cached.invalidate()
    assert await cache.exists("answers")


async def test_a_cache_that_fails_is_no_reason_to_fail(source: Any) -> None:
    cached = CachedSchemaSource(source, FailingCache(), ttl=60, new_token=_token, origin=_here)
    assert await cached.read(["public"]) == source.schema
    assert await cached.refresh(["public"]) == source.schema


@pytest.mark.parametrize("kept", [b"bytes", "not JSON", '{"tables": 7}', 5])
async def test_what_cannot_be_read_is_read_from_the_database(
    cached: CachedSchemaSource, source: Any, cache: InMemoryCache, kept: Any
) -> None:
    await cached.read(["public"])
    for key in list(cache._entries.all_keys()):
        if key != "schema:generation":
            await cache.set(key, kept)
    assert await cached.read(["public"]) == source.schema
    assert len(source.reads) == 2


async def test_the_schema_of_another_database_in_the_same_cache_is_another_one(
    cached: CachedSchemaSource, source: Any, cache: InMemoryCache
) -> None:
    await cached.read(["public"])
    other = CachedSchemaSource(source, cache, ttl=60, new_token=_token, origin=_elsewhere)
    for _ in range(2):
        await other.read(["public"])
    assert source.reads == [("public",)] * 2
