"""Pools and runners for the tests of the PostgreSQL adapter."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import asyncpg
import pytest

from prismiq.adapters.postgres.pool import PoolSettings, PostgresPool
from prismiq.adapters.postgres.query_runner import PostgresQueryRunner


@pytest.fixture
async def open_pool() -> AsyncIterator[Callable[..., Awaitable[PostgresPool]]]:
    """``await open_pool(dsn, max_size=2)``: a pool that is closed after the test."""
    async with AsyncExitStack() as stack:

        async def make(dsn: str, **settings: Any) -> PostgresPool:
            return await stack.enter_async_context(_opened(dsn, **settings))

        yield make


@pytest.fixture(scope="module")
async def runner(module_database: str) -> AsyncIterator[PostgresQueryRunner]:
    """A runner of the superuser on the module's database."""
    async with _opened(module_database) as pool:
        yield PostgresQueryRunner(pool)


@asynccontextmanager
async def _opened(dsn: str, **settings: Any) -> AsyncIterator[PostgresPool]:
    pool = PostgresPool(dsn, PoolSettings(**settings))
    await pool.open()
    try:
        yield pool
    finally:
        await pool.close()


@pytest.fixture
def eventually() -> Callable[..., Awaitable[None]]:
    """``await eventually(condition)``: wait until it holds, at most 5 seconds."""

    async def wait(condition: Callable[[], Awaitable[bool]]) -> None:
        async with asyncio.timeout(5):
            while not await condition():  # noqa: ASYNC110 - the server sets no event
                await asyncio.sleep(0)

    return wait


@pytest.fixture
def backends_at_work(connection: Any) -> Callable[[], Awaitable[int]]:
    """How many sessions of pools run a statement or have a transaction open in ``database``."""

    async def count() -> int:
        number: int = await connection.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND application_name = 'prismiq' AND state <> 'idle'"
        )
        return number

    return count


@pytest.fixture
def superuser_run(database: str) -> Callable[[str], Awaitable[None]]:
    """Run a script in ``database`` with all rights."""

    async def run(script: str) -> None:
        connection = await asyncpg.connect(database)
        try:
            await connection.execute(script)
        finally:
            await connection.close()

    return run
