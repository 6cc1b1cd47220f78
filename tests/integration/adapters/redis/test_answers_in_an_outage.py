"""Answers and invalidations while Redis is killed, frozen, restarted or emptied under load."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random

import pytest
from tests.integration.adapters.redis.answer_process import (
    TABLES,
    AnswerProcess,
    answer_process,
)
from tests.integration.adapters.redis.conftest import Redis, RedisCluster
from tests.integration.adapters.redis.conftest import frozen as frozen_process

_logger = logging.getLogger(__name__)

BUSY_MACHINE = 3.0
"""Seconds that other processes of the machine may take from us on top."""
DEADLINE = 0.1


@dataclass
class Database:
    """A number that grows. Whoever invalidates in a process must never see an older one there."""

    written: int = 0
    acknowledged: dict[int, int] = field(default_factory=dict)

    async def read(self) -> int:
        written = self.written
        await asyncio.sleep(0)
        return written

    async def write(self, process: AnswerProcess) -> None:
        self.written += 1
        written = self.written
        await process.cache.invalidate(TABLES)
        self.acknowledged[id(process)] = written


@dataclass
class Load:
    """Callers who ask all the time. None of them may fail, or wait for long."""

    database: Database
    answers: int = 0
    slowest: float = 0.0
    stale: list[tuple[int, int]] = field(default_factory=list)

    async def ask(self, process: AnswerProcess, random: Random) -> None:
        while True:
            floor = self.database.acknowledged.get(id(process), 0)
            began = asyncio.get_running_loop().time()
            number = await process.ask(self.database.read, f"key{random.randrange(20)}")
            self.slowest = max(self.slowest, asyncio.get_running_loop().time() - began)
            self.answers += 1
            if number < floor:
                self.stale.append((number, floor))
            await asyncio.sleep(0)

    @asynccontextmanager
    async def on(self, *processes: AnswerProcess) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            callers = [
                group.create_task(self.ask(process, Random(seed)))
                for process in processes
                for seed in range(4)
            ]
            yield
            for caller in callers:
                caller.cancel()

    async def goes_on(self, answers: int = 200) -> None:
        """Wait until so many more answers were given."""
        enough = self.answers + answers
        await until(lambda: self.answers >= enough)


@pytest.fixture
def database() -> Database:
    return Database()


@pytest.fixture
async def here(redis: Redis, prefix: str) -> AsyncIterator[AnswerProcess]:
    async with answer_process(redis.url, prefix, deadline=DEADLINE) as process:
        yield process


@pytest.fixture
async def elsewhere(redis: Redis, prefix: str) -> AsyncIterator[AnswerProcess]:
    async with answer_process(redis.url, prefix, deadline=DEADLINE) as process:
        yield process


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - nobody signals what is waited for
        await asyncio.sleep(0)


async def sees(process: AnswerProcess, database: Database) -> float:
    """Wait until a process answers with what was written last; return how long that took."""
    began = asyncio.get_running_loop().time()
    async with asyncio.timeout(BUSY_MACHINE):
        while await process.ask(database.read, "key1") < database.written:  # noqa: ASYNC110
            await asyncio.sleep(0)
    return asyncio.get_running_loop().time() - began


Outage = Callable[[Redis, Callable[[], Awaitable[None]]], Awaitable[None]]


async def killed_and_restarted(redis: Redis, meanwhile: Callable[[], Awaitable[None]]) -> None:
    redis.kill()
    await meanwhile()
    redis.restart()


async def frozen(redis: Redis, meanwhile: Callable[[], Awaitable[None]]) -> None:
    with redis.frozen():
        await meanwhile()


@pytest.mark.parametrize("outage", [killed_and_restarted, frozen])
async def test_no_answer_fails_and_what_was_invalidated_meanwhile_is_gone_everywhere(
    redis: Redis, here: AnswerProcess, elsewhere: AnswerProcess, database: Database, outage: Outage
) -> None:
    load = Load(database)

    async def meanwhile() -> None:
        await database.write(here)
        await load.goes_on()
        await until(lambda: not (here.versions.is_shared or elsewhere.versions.is_shared))
        await database.write(here)
        await load.goes_on()

    async with load.on(here, elsewhere):
        await load.goes_on()
        await outage(redis, meanwhile)
        began = asyncio.get_running_loop().time()
        async with asyncio.timeout(5 + BUSY_MACHINE):
            await until(lambda: here.versions.is_shared and elsewhere.versions.is_shared)
        recovered_after = asyncio.get_running_loop().time() - began
        await load.goes_on()
        await sees(elsewhere, database)
    _logger.info(
        "%d answers, slowest %.3f s, back %.3f s", load.answers, load.slowest, recovered_after
    )
    assert load.stale == []
    assert load.slowest < DEADLINE + BUSY_MACHINE


async def test_emptied_under_load(
    here: AnswerProcess, elsewhere: AnswerProcess, database: Database
) -> None:
    load = Load(database)
    async with load.on(here, elsewhere):
        for _ in range(5):
            await load.goes_on(100)
            await here.connection.client.flushall()
            await database.write(here)
            await sees(elsewhere, database)
    assert load.stale == []


async def test_away_from_the_start_answers_are_kept_all_the_same(
    redis: Redis, here: AnswerProcess
) -> None:
    redis.kill()
    computed = 0

    async def compute() -> int:
        nonlocal computed
        computed += 1
        return computed

    assert [await here.ask(compute) for _ in range(50)] == [1] * 50
    await here.cache.invalidate(TABLES)
    assert [await here.ask(compute) for _ in range(50)] == [2] * 50


async def test_another_process_hears_of_an_invalidation_soon(
    here: AnswerProcess, elsewhere: AnswerProcess, database: Database
) -> None:
    latencies = []
    for _ in range(20):
        await elsewhere.ask(database.read, "key1")
        await database.write(here)
        latencies.append(await sees(elsewhere, database))
    _logger.info("heard after %.4f s, at most %.4f s", sorted(latencies)[10], max(latencies))


async def test_any_master_of_a_cluster_may_be_frozen(
    cluster: RedisCluster, prefix: str, database: Database
) -> None:
    load = Load(database)
    async with (
        answer_process(cluster.url, prefix, deadline=DEADLINE) as here,
        answer_process(cluster.url, prefix, deadline=DEADLINE) as elsewhere,
        load.on(here, elsewhere),
    ):
        for process in cluster.processes:
            await load.goes_on()
            with frozen_process(process):
                await load.goes_on()
                await database.write(here)
                await load.goes_on()
            async with asyncio.timeout(5 + BUSY_MACHINE):
                await until(lambda: here.versions.is_shared and elsewhere.versions.is_shared)
            await sees(elsewhere, database)
    _logger.info("%d answers, slowest %.3f s", load.answers, load.slowest)
    assert load.stale == []
    assert load.slowest < DEADLINE + BUSY_MACHINE
