"""Places of running queries in a real Redis."""

import asyncio
import random
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from tests.contracts.query_slots import LONG, acquired_in_time

from prismiq.adapters.redis.connection import RedisConnection
from prismiq.adapters.redis.query_slots import RedisQuerySlots
from prismiq.adapters.system.no_metrics import NoMetrics
from prismiq.domain.model.errors import TooManyQueriesError
from prismiq.domain.services.concurrency_limiter import ConcurrencyLimiter

HOLDER = """
import asyncio, sys
from prismiq.adapters.redis.connection import RedisConnection
from prismiq.adapters.redis.query_slots import RedisQuerySlots

async def main():
    slots = RedisQuerySlots(RedisConnection.to(sys.argv[1], deadline=5))
    for _ in range(2):
        assert await slots.acquire("a", 2, 0.5)
    print("holding", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.fixture
async def connection(redis_url: str) -> AsyncIterator[RedisConnection]:
    connection = RedisConnection.to(redis_url, deadline=5)
    await connection.client.flushall()
    yield connection
    await connection.disconnect()


@pytest.fixture
def slots(connection: RedisConnection) -> RedisQuerySlots:
    return RedisQuerySlots(connection)


async def test_a_killed_process_gives_its_places_back(
    redis_url: str, connection: RedisConnection, slots: RedisQuerySlots
) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLDER, redis_url, stdout=PIPE
    )
    try:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"holding\n"
        assert await slots.acquire("a", 2, LONG) is None
    finally:
        process.kill()
        await process.wait()
    for token in [await acquired_in_time(slots, "a", 2) for _ in range(2)]:
        await slots.release("a", token)
    assert await connection.client.keys() == []


async def test_callers_who_leave_at_any_moment_keep_no_place(
    connection: RedisConnection, slots: RedisQuerySlots
) -> None:
    limiter = ConcurrencyLimiter(slots, slots, NoMetrics(), places=2, lease=LONG)
    turns = random.Random(4711)

    async def query() -> None:
        with suppress(TooManyQueriesError):
            async with limiter.slot("a"):
                await asyncio.Event().wait()

    for _ in range(200):
        caller = asyncio.create_task(query())
        for _ in range(turns.randint(0, 40)):
            await asyncio.sleep(0)
        caller.cancel()
        await asyncio.gather(caller, return_exceptions=True)
    for token in [await acquired_in_time(slots, "a", 2) for _ in range(2)]:
        await slots.release("a", token)
    assert await connection.client.keys() == []
