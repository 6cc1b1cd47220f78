"""What answers cost in commands, as the server itself counts them."""

from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.integration.adapters.redis.answer_process import TABLES, AnswerProcess, answer_process
from tests.integration.conftest import StartRedis
from tests.unit.conftest import ManualClock

from prismiq.adapters.redis.connection import RedisConnection

_OF_THE_LISTENERS = ("info", "ping", "subscribe", "client|setinfo", "hello")


@pytest.fixture
def any_redis_url(start_redis: StartRedis) -> str:
    """A server of its own: nobody else's commands are counted."""
    return start_redis("--maxmemory", "500mb").url


@pytest.fixture
def clock() -> ManualClock:
    """Time stands still, so that nothing is read again in the background."""
    return ManualClock()


@pytest.fixture
async def here(any_redis_url: str, prefix: str, clock: ManualClock) -> AsyncIterator[AnswerProcess]:
    async with answer_process(any_redis_url, prefix, deadline=3.0, clock=clock) as process:
        yield process


@pytest.fixture
async def elsewhere(
    any_redis_url: str, prefix: str, clock: ManualClock
) -> AsyncIterator[AnswerProcess]:
    async with answer_process(any_redis_url, prefix, deadline=3.0, clock=clock) as process:
        yield process


async def commands(connection: RedisConnection) -> Counter[str]:
    stats: dict[str, Any] = await connection.client.info("commandstats")
    counts = {name.removeprefix("cmdstat_"): each["calls"] for name, each in stats.items()}
    return Counter({name: n for name, n in counts.items() if name not in _OF_THE_LISTENERS})


async def one() -> int:
    return 1


async def listening(process: AnswerProcess) -> None:
    """Go on when both processes hear messages: what they know is not made unknown any more."""
    while (
        sum(
            number
            for _, number in await process.connection.client.pubsub_numsub(
                *await process.connection.client.pubsub_channels()
            )
        )
        < 2
    ):
        continue


async def test_a_hit_in_memory_is_no_command_and_one_in_the_shared_store_is_one_get(
    here: AnswerProcess, elsewhere: AnswerProcess, connection: RedisConnection
) -> None:
    await listening(here)
    await elsewhere.ask(one)
    await here.ask(one, "another")  # the versions are known in both processes
    before = await commands(connection)
    for _ in range(100):
        await elsewhere.ask(one)
    assert await commands(connection) == before
    await here.ask(one)
    assert await commands(connection) - before == {"get": 1}
    await here.ask(one)
    assert await commands(connection) - before == {"get": 1}


async def test_an_invalidation_costs_the_same_with_any_number_of_entries(
    here: AnswerProcess, connection: RedisConnection, prefix: str
) -> None:
    async def used(entries: int) -> Counter[str]:
        await here.ask(one)
        await connection.client.execute_command("DEBUG", "POPULATE", entries, f"{prefix}entry")
        before = await commands(connection)
        await here.cache.invalidate(TABLES)
        await here.cache.invalidate_all()
        return await commands(connection) - before

    await used(1)  # the scripts are on the server now
    few, many = await used(10), await used(100_000)
    assert await connection.client.dbsize() > 100_000
    assert few == many
    assert (few["evalsha"], few["publish"]) == (2, 2)
    assert few["scan"] == few["keys"] == few["eval"] == 0
