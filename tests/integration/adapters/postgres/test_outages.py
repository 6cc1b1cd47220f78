"""What callers see when the server goes away, stands still, and comes back."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import asyncpg
import pytest

from prismiq.adapters.embedded.server import EmbeddedPostgres
from prismiq.adapters.postgres.pool import PoolSettings, PostgresPool
from prismiq.adapters.postgres.probe import PostgresProbe
from prismiq.adapters.postgres.query_runner import PostgresQueryRunner
from prismiq.adapters.postgres.schema_source import PostgresSchemaSource
from prismiq.domain.model.errors import (
    DatabaseUnavailableError,
    EngineNotStartedError,
    PoolExhaustedError,
    QueryTimeoutError,
)
from prismiq.domain.model.result import CompiledQuery
from prismiq.domain.model.scope import Scope

OpenPool = Callable[..., Awaitable[PostgresPool]]
Eventually = Callable[..., Awaitable[None]]

ONE = CompiledQuery("SELECT 1 AS c0", (), 1)
SLEEPERS = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep%'"
SLEEP = CompiledQuery("SELECT pg_sleep(60)::text AS c0", (), 1)


@pytest.fixture
def server(module_server_dir: Path) -> Iterator[EmbeddedPostgres]:
    """A server that the test may stop and freeze."""
    with EmbeddedPostgres(module_server_dir / "data", settings={"fsync": "off"}) as running:
        yield running


@asynccontextmanager
async def frozen(server: EmbeddedPostgres) -> AsyncIterator[None]:
    """Stop all processes of the server where they stand."""
    observer = await asyncpg.connect(server.dsn)
    sessions = await observer.fetch("SELECT pid FROM pg_stat_activity")
    await observer.close()
    processes = [server.pid, *(row["pid"] for row in sessions)]
    signal_all(processes, signal.SIGSTOP)
    try:
        yield
    finally:
        signal_all(processes, signal.SIGCONT)


def signal_all(processes: list[int], number: signal.Signals) -> None:
    for process in processes:
        with suppress(ProcessLookupError):  # the observer's own session has ended
            os.kill(process, number)


async def answers(runner: PostgresQueryRunner) -> bool:
    return (await runner.run(ONE, scope=Scope(), limit=1)).rows_json == b"[[1]]"


async def test_a_server_that_is_down_is_unavailable_at_the_start(server_dir: Path) -> None:
    dsn = EmbeddedPostgres(server_dir / "data").dsn
    with pytest.raises(DatabaseUnavailableError) as caught:
        await PostgresPool(dsn).open()
    assert str(server_dir) not in caught.value.message


async def test_a_restarted_server_is_found_again(
    server: EmbeddedPostgres, open_pool: OpenPool
) -> None:
    pool = await open_pool(server.dsn, min_size=2, max_size=4)
    runner = PostgresQueryRunner(pool)
    assert await answers(runner)
    server.stop()
    for scope in (Scope(), Scope(tenant="acme")):
        with pytest.raises(DatabaseUnavailableError):
            await runner.run(ONE, scope=scope, limit=1)
    with pytest.raises(DatabaseUnavailableError):
        await PostgresProbe(pool).check()
    with pytest.raises(DatabaseUnavailableError):
        await PostgresSchemaSource(pool).read(["public"])
    server.start()
    assert await answers(runner)


async def test_a_restart_between_two_queries_goes_unnoticed(
    server: EmbeddedPostgres, open_pool: OpenPool
) -> None:
    runner = PostgresQueryRunner(await open_pool(server.dsn, min_size=3))
    for _ in range(3):
        assert await answers(runner)
        server.stop()
        server.start()
    assert await answers(runner)


async def test_a_killed_server_ends_running_queries(
    server: EmbeddedPostgres, open_pool: OpenPool, eventually: Eventually
) -> None:
    runner = PostgresQueryRunner(await open_pool(server.dsn))
    observer = await asyncpg.connect(server.dsn)

    async def is_running() -> bool:
        return bool(await observer.fetchval(f"{SLEEPERS} AND pid <> pg_backend_pid()"))

    task = asyncio.create_task(runner.run(SLEEP, scope=Scope(), limit=1))
    await eventually(is_running)
    os.kill(server.pid, signal.SIGKILL)
    with pytest.raises(DatabaseUnavailableError):
        async with asyncio.timeout(10):
            await task
    observer.terminate()
    server.stop()
    server.start()
    assert await answers(runner)


async def test_a_frozen_server_keeps_nobody_waiting(
    server: EmbeddedPostgres, open_pool: OpenPool, eventually: Eventually
) -> None:
    pool = await open_pool(
        server.dsn, min_size=2, max_size=2, statement_timeout=0.1, connect_timeout=0.2
    )
    runner = PostgresQueryRunner(pool)
    probe = PostgresProbe(pool, timeout=0.2)
    async with frozen(server):
        started = time.monotonic()
        with pytest.raises(QueryTimeoutError):
            await runner.run(ONE, scope=Scope(), limit=1)
        with pytest.raises(QueryTimeoutError):
            await probe.check()
        assert time.monotonic() - started < 5

        async def given_up() -> bool:
            return pool.size == 0

        await eventually(given_up)
        with pytest.raises((DatabaseUnavailableError, QueryTimeoutError)):
            await probe.check()
    assert await answers(runner)


async def test_a_pool_that_is_full_because_the_server_stands_still_is_not_called_saturated(
    server: EmbeddedPostgres, open_pool: OpenPool
) -> None:
    pool = await open_pool(server.dsn, max_size=1, acquire_timeout=60, connect_timeout=60)
    probe = PostgresProbe(pool)
    async with pool.acquire():
        with pytest.raises(PoolExhaustedError):
            await probe.check()
        async with frozen(server):
            # Without a time of its own it would wait for a minute.
            with pytest.raises(QueryTimeoutError):
                await asyncio.wait_for(probe.check(), 10)
        with pytest.raises(PoolExhaustedError):
            await probe.check()
    await probe.check()
    assert pool.size == 1


async def test_a_server_that_is_down_is_down_also_for_a_full_pool(
    server: EmbeddedPostgres, open_pool: OpenPool
) -> None:
    pool = await open_pool(server.dsn, max_size=1)
    probe = PostgresProbe(pool)
    with suppress(DatabaseUnavailableError):
        async with pool.acquire() as connection:
            server.stop()
            with pytest.raises(DatabaseUnavailableError) as caught:
                await probe.check()
            assert not isinstance(caught.value, PoolExhaustedError)
            await connection.execute("SELECT 1")
    server.start()
    await probe.check()


async def test_the_pool_of_a_frozen_server_closes(server: EmbeddedPostgres) -> None:
    pool = PostgresPool(server.dsn)
    await pool.open()
    async with frozen(server):
        task = asyncio.create_task(PostgresQueryRunner(pool).run(SLEEP, scope=Scope(), limit=1))
        await asyncio.sleep(0)
        task.cancel()
        async with asyncio.timeout(10):
            with pytest.raises(asyncio.CancelledError):
                await task
            await pool.close()
    assert pool.size == 0


async def test_a_connection_that_is_made_too_late_is_not_kept(server: EmbeddedPostgres) -> None:
    pool = PostgresPool(server.dsn, PoolSettings(connect_timeout=10, close_timeout=0.05))
    await pool.open()
    async with frozen(server), pool.acquire():
        late = asyncio.create_task(PostgresQueryRunner(pool).run(ONE, scope=Scope(), limit=1))
        await asyncio.sleep(0)
        await pool.close()
    with pytest.raises(EngineNotStartedError):
        await late
    assert pool.size == 0
