"""What the invalidation of a table costs Redis, with few entries and with many."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from itertools import count
from typing import Any

from redis.asyncio import Redis

from bench.cache.questions import small
from bench.cache.redis_only import PATIENCE
from bench.case import Case, Servers
from bench.verdict import Observation, Row
from prismiq.adapters.redis.cache import RedisCache
from prismiq.adapters.redis.connection import RedisConnection
from prismiq.entrypoints.engine import PrismiqEngine

_FEW, _MANY = 10, 100_000
_ANSWERS = 50
_WRITERS = 16
_SEARCHES = frozenset({"keys", "scan", "hscan", "sscan", "zscan"})


class InvalidationOfATable:
    what = "invalidation of a table"

    async def measure(self, servers: Servers) -> list[Row]:
        async with Redis.from_url(servers.redis_url) as redis:
            few = await _commands(servers, redis, _FEW)
            many = await _commands(servers, redis, _MANY)
        return [
            Observation(
                f"{self.what}: {_MANY:,} entries",
                unit="Redis commands",
                ours=many.total(),
                target=few.total(),
                floor_name=f"{_FEW} entries",
                floor=few.total(),
            ),
            Observation(
                f"{self.what}: keys are searched",
                unit="yes or no",
                ours=bool(_SEARCHES & {*few, *many}),
                target=False,
            ),
        ]


async def _commands(servers: Servers, redis: Any, entries: int) -> Counter[str]:
    """Return how often Redis ran which command, those inside of scripts too."""
    await redis.flushall()
    connection = RedisConnection.to(servers.redis_url, deadline=PATIENCE)
    cache = RedisCache(connection)
    async with PrismiqEngine(servers.dsn, cache=cache, cache_ttl=3600) as engine:
        await engine.execute_json(small())
        await engine.invalidate_cache("flights")  # Redis knows the scripts
        answers = [small(number) for number in range(min(entries, _ANSWERS))]
        for query in answers:
            await engine.execute_json(query)
        await _fill(cache, entries - len(answers))
        before = await _calls(redis)
        gone = await engine.invalidate_cache("flights")
        after = await _calls(redis)
    await connection.disconnect()
    if gone < entries:
        raise RuntimeError(f"of {entries} entries only {gone} were made invalid")
    after["info"] -= 1  # that asked for the numbers
    return after - before


async def _fill(cache: RedisCache, entries: int) -> None:
    """Add entries as the answers are kept: they depend on the same table."""
    versions = cache.table_versions()
    numbers = count()

    async def writer() -> None:
        while (number := next(numbers)) < entries:
            await cache.set(f"{number:040x}", b"x" * 64, 3600)
            await versions.count_entry(["public.flights"])

    await asyncio.gather(*(writer() for _ in range(_WRITERS)))


async def _calls(redis: Any) -> Counter[str]:
    found = await redis.info("commandstats")
    return Counter({name.removeprefix("cmdstat_"): stats["calls"] for name, stats in found.items()})


CASES: Sequence[Case] = (InvalidationOfATable(),)
