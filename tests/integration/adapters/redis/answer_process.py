"""An answer cache over Redis, wired as one process of several has it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import random
from typing import Any
from uuid import uuid4

from prismiq.adapters.memory.cache import InMemoryCache
from prismiq.adapters.redis.cache import RedisCache
from prismiq.adapters.redis.computation_lease import RedisComputationLease
from prismiq.adapters.redis.connection import RedisConnection
from prismiq.adapters.redis.invalidation_bus import RedisInvalidationBus
from prismiq.adapters.redis.table_versions import RedisTableVersions
from prismiq.adapters.system.clock import SystemClock
from prismiq.adapters.system.no_metrics import NoMetrics
from prismiq.domain.model.cached_answer import CachePolicy
from prismiq.domain.model.plan import Column, Output
from prismiq.domain.model.result import EncodedResult, RowBatch
from prismiq.domain.model.type_family import TypeFamily
from prismiq.domain.rules.cache_entry import result_of
from prismiq.domain.services.answer_cache import Answer, AnswerCache, Question
from prismiq.domain.services.known_versions import KnownVersions
from prismiq.domain.services.leased_computation import LeasedComputation
from prismiq.ports.clock import Clock

OUTPUTS = (Output("n", Column(0, "n", "bigint", TypeFamily.INTEGER), "bigint", TypeFamily.INTEGER),)
TABLES = frozenset({"public.orders"})


@dataclass(frozen=True)
class AnswerProcess:
    """What one process has."""

    cache: AnswerCache
    versions: KnownVersions
    connection: RedisConnection

    async def ask(self, compute: Callable[[], Awaitable[int]], key: str = "key") -> int:
        """Return the number that the cache says, or that is computed."""
        return number_of(await self.cache.answer(question(compute, key)))


@asynccontextmanager
async def answer_process(
    url: str, prefix: str, *, deadline: float = 0.1, clock: Clock | None = None
) -> AsyncIterator[AnswerProcess]:
    """Run such a process, on connections of its own."""
    clock = clock or SystemClock()
    connection = RedisConnection.to(url, deadline=deadline)
    versions = KnownVersions(
        RedisTableVersions(connection, prefix=prefix),
        RedisInvalidationBus(connection, prefix=prefix),
        connection,
        clock,
        new_token=lambda: uuid4().hex,
    )
    cache = AnswerCache(
        InMemoryCache(clock=clock),
        RedisCache(connection, prefix=prefix),
        versions,
        clock,
        policy=CachePolicy(ttl=300.0),
        chance=lambda: 1 - random(),
        metrics=NoMetrics(),
        leased=LeasedComputation(RedisComputationLease(connection, prefix=prefix), clock),
    )
    try:
        async with versions:
            yield AnswerProcess(cache, versions, connection)
    finally:
        await cache.close()
        await connection.disconnect()


def question(compute: Callable[[], Awaitable[int]], key: str = "key") -> Question:
    """Ask for a number that is computed from the orders."""

    async def encoded() -> EncodedResult:
        rows = f"[[{await compute()}]]".encode()
        return EncodedResult(OUTPUTS, RowBatch(rows, 1, truncated=False), 1.0)

    return Question(key, TABLES, encoded, ttl=300.0)


def number_of(answer: Answer) -> int:
    """Return the number that an answer consists of."""
    result: Any = answer.result
    if result is None:
        assert answer.entry is not None
        result = result_of(answer.entry, OUTPUTS)
    return int(result.batch.rows_json.strip(b"[]"))
