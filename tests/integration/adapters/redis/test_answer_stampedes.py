"""Many callers, one computation: across real processes, over a real Redis and PostgreSQL."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from tests.integration.adapters.redis.answer_process import AnswerProcess, answer_process

ROOT = Path(__file__).parents[4]
WORKER = "tests.integration.adapters.redis.stampede_worker"
PROCESSES, CALLERS = 4, 250


@pytest.fixture
async def observer(database: str) -> AsyncIterator[Any]:
    """A connection to the database beside those of the processes."""
    observer = await asyncpg.connect(database)
    yield observer
    await observer.close()


@pytest.fixture
async def executions(observer: Any) -> Any:
    """The database's own count of how often it was asked."""
    await observer.execute("CREATE TABLE executions (number serial PRIMARY KEY)")
    return observer


@asynccontextmanager
async def running_worker(*arguments: str) -> AsyncIterator[Process]:
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-m", WORKER, *arguments, cwd=ROOT, stdin=PIPE, stdout=PIPE
    )
    try:
        yield worker
    finally:
        with suppress(ProcessLookupError):
            worker.kill()
        await worker.wait()


async def said(worker: Process) -> str:
    assert worker.stdout is not None
    return (await worker.stdout.readline()).decode().strip()


async def heard_all(worker: Process) -> list[str]:
    assert worker.stdout is not None
    return (await worker.stdout.read()).decode().splitlines()


def go(worker: Process) -> None:
    assert worker.stdin is not None
    worker.stdin.write(b"go\n")


@pytest.fixture
async def workers(any_redis_url: str, prefix: str, database: str) -> AsyncIterator[list[Process]]:
    async with AsyncExitStack() as running, asyncio.timeout(60):
        arguments = (any_redis_url, prefix, database, str(CALLERS))
        workers = [
            await running.enter_async_context(running_worker(*arguments)) for _ in range(PROCESSES)
        ]
        assert {await said(worker) for worker in workers} == {"ready"}
        yield workers


async def test_a_thousand_callers_in_four_processes_cause_one_execution(
    executions: Any, workers: list[Process]
) -> None:
    for worker in workers:
        go(worker)
    lines = [line for worker in workers for line in await heard_all(worker)]
    assert sorted(lines) == [f"answers {CALLERS} [1]"] * PROCESSES + ["computing"]
    assert await executions.fetchval("SELECT count(*) FROM executions") == 1


async def test_when_the_process_that_computes_is_killed_another_one_does_it(
    executions: Any, workers: list[Process]
) -> None:
    leader, *others = workers
    go(leader)
    assert await said(leader) == "computing"
    for worker in others:
        go(worker)
    leader.kill()
    lines = [line for worker in others for line in await heard_all(worker)]
    assert sum(line.startswith(f"answers {CALLERS}") for line in lines) == len(others)
    assert await executions.fetchval("SELECT count(*) FROM executions") <= 2


@pytest.fixture
async def processes(any_redis_url: str, prefix: str) -> AsyncIterator[list[AnswerProcess]]:
    async with AsyncExitStack() as running:
        making = (answer_process(any_redis_url, prefix, deadline=2.0) for _ in range(2))
        yield [await running.enter_async_context(each) for each in making]


_LOCK = 4711


@dataclass(frozen=True)
class SlowQuery:
    """Waits in PostgreSQL for a lock that the test holds, and counts those who wait."""

    dsn: str
    observer: Any

    async def compute(self) -> int:
        connection = await asyncpg.connect(self.dsn)
        try:
            await connection.execute("SELECT pg_advisory_lock_shared($1)", _LOCK)
        finally:
            await connection.close(timeout=5)
        return 7

    async def running(self, number: int) -> None:
        """Wait until so many of them run."""
        waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        async with asyncio.timeout(20):
            while await self.observer.fetchval(waiting) != number:
                continue

    async def finish(self) -> None:
        await self.observer.execute("SELECT pg_advisory_unlock($1)", _LOCK)


@pytest.fixture
async def slow_query(database: str, observer: Any) -> SlowQuery:
    await observer.execute("SELECT pg_advisory_lock($1)", _LOCK)
    return SlowQuery(database, observer)


async def test_a_caller_who_leaves_hurts_no_other_and_the_last_one_ends_the_query(
    processes: list[AnswerProcess], slow_query: SlowQuery
) -> None:
    callers = [
        asyncio.create_task(process.ask(slow_query.compute))
        for process in processes
        for _ in range(20)
    ]
    await slow_query.running(1)
    for caller in callers[:19] + callers[20:39]:
        caller.cancel()
    await asyncio.gather(*callers[:19], *callers[20:39], return_exceptions=True)
    await slow_query.running(1)
    for caller in callers:
        caller.cancel()
    await asyncio.gather(*callers, return_exceptions=True)
    await slow_query.running(0)


async def test_when_all_callers_of_the_process_that_computes_leave_another_one_computes(
    processes: list[AnswerProcess], slow_query: SlowQuery
) -> None:
    first, second = processes
    leaving = asyncio.create_task(first.ask(slow_query.compute))
    await slow_query.running(1)
    staying = asyncio.create_task(second.ask(slow_query.compute))
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    await slow_query.running(1)
    await slow_query.finish()
    async with asyncio.timeout(20):
        assert await staying == 7
