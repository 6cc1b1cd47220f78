"""The pool on a well server: sharing, running out, giving back, closing."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from prismiq.adapters.postgres.pool import PoolSettings, PostgresPool
from prismiq.domain.model.errors import (
    ConfigurationError,
    DatabaseUnavailableError,
    EngineNotStartedError,
    PoolExhaustedError,
    QueryTimeoutError,
)
from prismiq.domain.model.observations import PoolUsage

OpenPool = Callable[..., Awaitable[PostgresPool]]
Eventually = Callable[..., Awaitable[None]]
Backends = Callable[[], Awaitable[int]]

MALFORMED = [
    "postgresql://user:S3cr/et@localhost/db",
    "postgresql://user:S3cret@localhost:port/db",
    "mysql://user:S3cret@localhost/db",
    "postgresql://user:S3cret@[::1/db",
    "postgresql://user:S3cret@localhost/db?sslmode=S3cret",
    "S3cret",
]


async def backend_of(pool: PostgresPool) -> int:
    async with pool.acquire() as connection:
        number: int = await connection.fetchval("SELECT pg_backend_pid()")
        return number


async def endless_statement(pool: PostgresPool) -> None:
    async with pool.acquire() as connection:
        await connection.execute("SELECT pg_sleep(600)")


async def test_a_connection_is_reused_and_counted(open_pool: OpenPool, database: str) -> None:
    pool = await open_pool(database)
    assert (pool.size, pool.idle_size) == (1, 1)
    async with pool.acquire():
        assert (pool.size, pool.idle_size) == (1, 0)
        async with pool.acquire():
            assert (pool.size, pool.idle_size) == (2, 0)
    assert (pool.size, pool.idle_size) == (2, 2)
    assert await backend_of(pool) == await backend_of(pool)


async def test_every_session_has_the_settings_that_answers_rely_on(
    open_pool: OpenPool, database: str, connection: Any
) -> None:
    name = await connection.fetchval("SELECT current_database()")
    await connection.execute(f"ALTER DATABASE {name} SET TimeZone = 'Asia/Tokyo'")
    pool = await open_pool(database, statement_timeout=12.5, application_name="tests")
    async with pool.acquire() as session:
        rows = await session.fetch("SELECT name, setting FROM pg_settings")
        tenant = await session.fetchval("SELECT current_setting('prismiq.tenant')")
    settings = {row["name"]: row["setting"] for row in rows}
    assert settings["TimeZone"] == "UTC"
    assert settings["search_path"] == ""
    assert settings["default_transaction_read_only"] == "on"
    assert settings["statement_timeout"] == "12500"
    assert settings["application_name"] == "tests"
    assert settings["IntervalStyle"] == "iso_8601"
    assert tenant == "default"


async def test_who_finds_no_free_connection_in_time_is_told_so(
    open_pool: OpenPool, database: str
) -> None:
    pool = await open_pool(database, max_size=2, acquire_timeout=0.05)
    async with pool.acquire(), pool.acquire():
        with pytest.raises(PoolExhaustedError):
            await backend_of(pool)
    assert await backend_of(pool)


async def test_who_waits_gets_the_next_free_connection(open_pool: OpenPool, database: str) -> None:
    pool = await open_pool(database, max_size=3)
    backends = await asyncio.gather(*(backend_of(pool) for _ in range(50)))
    assert len(set(backends)) <= 3
    assert pool.size == pool.idle_size <= 3


async def test_its_usage_says_who_waits(
    open_pool: OpenPool, database: str, eventually: Eventually
) -> None:
    pool = await open_pool(database, max_size=2)

    async def two_wait() -> bool:
        return pool.usage().waiting == 2

    async def three_wait() -> bool:
        return pool.usage().waiting == 3

    assert pool.usage() == PoolUsage(size=1, idle=1, waiting=0, max_size=2)
    async with pool.acquire():
        async with pool.acquire():
            waiting = [asyncio.create_task(backend_of(pool)) for _ in range(3)]
            await eventually(three_wait)
            assert pool.usage() == PoolUsage(size=2, idle=0, waiting=3, max_size=2)
            waiting[0].cancel()
            await eventually(two_wait)
        await asyncio.gather(*waiting[1:])
    assert pool.usage() == PoolUsage(size=2, idle=2, waiting=0, max_size=2)


async def test_it_works_only_between_open_and_close(database: str) -> None:
    pool = PostgresPool(database)
    with pytest.raises(EngineNotStartedError):
        await backend_of(pool)
    await pool.open()
    await pool.open()
    assert await backend_of(pool)
    await pool.close()
    await pool.close()
    assert pool.size == 0
    with pytest.raises(EngineNotStartedError):
        await backend_of(pool)
    await pool.open()
    assert await backend_of(pool)
    await pool.close()


async def test_closing_lets_running_statements_end(database: str) -> None:
    pool = PostgresPool(database)
    await pool.open()
    entered = asyncio.Event()

    async def slow() -> Any:
        async with pool.acquire() as connection:
            entered.set()
            return await connection.fetchval("SELECT 1 FROM pg_sleep(0.2)")

    running = asyncio.create_task(slow())
    await entered.wait()
    await pool.close()
    assert await running == 1
    assert pool.size == 0


async def test_closing_does_not_wait_for_ever(database: str) -> None:
    pool = PostgresPool(database, PoolSettings(max_size=1, close_timeout=0.1))
    await pool.open()
    entered = asyncio.Event()

    async def endless() -> None:
        async with pool.acquire() as connection:
            entered.set()
            await connection.execute("SELECT pg_sleep(600)")

    running = asyncio.create_task(endless())
    await entered.wait()
    waiting = asyncio.create_task(backend_of(pool))
    async with asyncio.timeout(5):
        await pool.close()
    with pytest.raises(DatabaseUnavailableError):
        await running
    with pytest.raises(EngineNotStartedError):
        await waiting
    assert pool.size == 0


async def test_reopened_it_still_lends_no_more_than_its_size(database: str) -> None:
    """Borrowers whom a closing did not wait for give back to the pool that they took from."""
    pool = PostgresPool(
        database, PoolSettings(max_size=2, close_timeout=0.05, acquire_timeout=0.05)
    )
    await pool.open()
    running = [asyncio.create_task(endless_statement(pool)) for _ in range(2)]
    while pool.size < 2:  # noqa: ASYNC110 - the server sets no event
        await asyncio.sleep(0)
    await pool.close()
    await pool.open()
    for task in running:
        with pytest.raises((DatabaseUnavailableError, EngineNotStartedError)):
            await task
    async with pool.acquire(), pool.acquire():
        with pytest.raises(PoolExhaustedError):
            await backend_of(pool)
    await pool.close()


async def test_a_closing_that_is_cancelled_leaves_no_connection(database: str) -> None:
    pool = PostgresPool(database)
    await pool.open()
    async with pool.acquire() as connection:
        closing = asyncio.create_task(pool.close())
        await asyncio.sleep(0)
        closing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await closing
        assert connection.is_closed()
    assert (pool.size, pool.idle_size) == (0, 0)


async def test_the_pool_is_whole_again_after_many_broken_off_statements(
    open_pool: OpenPool, database: str, eventually: Eventually, backends_at_work: Backends
) -> None:
    """Callers leave at any moment: in line, while connecting, in a statement, while committing."""
    pool = await open_pool(database, max_size=4)
    chance = random.Random(7)

    async def use() -> None:
        async with pool.acquire() as connection:
            await connection.execute("BEGIN")
            await connection.fetch("SELECT pg_sleep(0.005)")
            await connection.execute("COMMIT")

    async def leave_early() -> None:
        task = asyncio.create_task(use())
        await asyncio.wait({task}, timeout=chance.uniform(0, 0.02))
        task.cancel()
        await asyncio.wait({task})

    for _ in range(50):
        await asyncio.gather(*(leave_early() for _ in range(20)))

    async def at_baseline() -> bool:
        return pool.idle_size == pool.size <= 4 and await backends_at_work() == 0

    await eventually(at_baseline)
    assert len(await asyncio.gather(*(backend_of(pool) for _ in range(20)))) == 20


async def test_a_deadline_of_the_caller_ends_the_statement(
    open_pool: OpenPool, database: str, eventually: Eventually, backends_at_work: Backends
) -> None:
    pool = await open_pool(database)
    with pytest.raises(QueryTimeoutError) as caught:
        async with pool.acquire(seconds=0.05) as connection:
            await connection.execute("SELECT pg_sleep(600)")
    assert caught.value.timeout == 0.05

    async def at_rest() -> bool:
        return await backends_at_work() == 0 and pool.idle_size == 1

    await eventually(at_rest)


async def test_a_transaction_left_open_is_rolled_back(open_pool: OpenPool, database: str) -> None:
    pool = await open_pool(database, max_size=1)
    async with pool.acquire() as connection:
        await connection.execute("BEGIN")
    async with pool.acquire() as connection:
        assert not connection.is_in_transaction()


async def test_connections_the_server_ended_are_replaced_unseen(
    open_pool: OpenPool, database: str, connection: Any
) -> None:
    pool = await open_pool(database, min_size=3)
    for _ in range(20):
        before = await backend_of(pool)
        await connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE application_name = 'prismiq' AND datname = current_database()"
        )
        assert await backend_of(pool) != before


async def test_a_connection_lost_in_a_statement_is_unavailability(
    open_pool: OpenPool,
    database: str,
    connection: Any,
    eventually: Eventually,
    backends_at_work: Backends,
) -> None:
    pool = await open_pool(database)

    async def running() -> bool:
        return await backends_at_work() == 1

    task = asyncio.create_task(endless_statement(pool))
    await eventually(running)
    await connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'prismiq'"
        " AND datname = current_database()"
    )
    with pytest.raises(DatabaseUnavailableError):
        await task
    assert await backend_of(pool)


async def test_connections_unused_for_long_are_replaced(open_pool: OpenPool, database: str) -> None:
    pool = await open_pool(database, idle_timeout=0.0)
    assert await backend_of(pool) != await backend_of(pool)
    async with pool.acquire(), pool.acquire(), pool.acquire():
        pass
    assert pool.size == 1


async def test_sizes_must_make_sense() -> None:
    for smallest, largest in ((0, 10), (3, 2), (1, 0)):
        with pytest.raises(ConfigurationError, match="min_size"):
            PoolSettings(min_size=smallest, max_size=largest)


@pytest.mark.parametrize("dsn", MALFORMED)
async def test_a_malformed_url_is_refused_without_repeating_it(dsn: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        await PostgresPool(dsn).open()
    assert "database URL" in caught.value.message
    assert "S3cr" not in caught.value.message
    assert caught.value.__suppress_context__


async def test_a_refused_login_says_what_to_check(
    database: str, dsn_for: Callable[..., str], connection: Any
) -> None:
    await connection.execute(
        "DROP ROLE IF EXISTS needs_password; CREATE ROLE needs_password LOGIN PASSWORD 'S3cret'"
    )
    pool = PostgresPool(dsn_for(database, "needs_password", "S3cret"))
    await pool.open()
    await connection.execute("ALTER ROLE needs_password PASSWORD 'changed'")
    for _ in range(2):  # the first one may still find the connection that is open
        await connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE usename = 'needs_password'"
        )
        with pytest.raises(DatabaseUnavailableError) as unavailable:
            await backend_of(pool)
        assert "S3cret" not in unavailable.value.message
    await pool.close()
    with pytest.raises(ConfigurationError, match="check user and password") as refused:
        await PostgresPool(dsn_for(database, "needs_password", "S3cret")).open()
    assert "S3cret" not in refused.value.message


@pytest.mark.parametrize(
    ("part", "sentence"), [("/nowhere?", "no such database"), ("/postgres?nonsense=1&", "setting")]
)
async def test_an_address_that_cannot_work_says_why(
    postgres_dsn: str, part: str, sentence: str
) -> None:
    with pytest.raises(ConfigurationError, match=sentence) as caught:
        await PostgresPool(postgres_dsn.replace("/postgres?", part)).open()
    assert "non" not in caught.value.message


async def test_full_servers_are_unavailable(database: str, connection: Any) -> None:
    name = await connection.fetchval("SELECT current_database()")
    await connection.execute(f"ALTER DATABASE {name} CONNECTION LIMIT 2")
    await connection.execute("DROP ROLE IF EXISTS crowd; CREATE ROLE crowd LOGIN")
    dsn = database.replace("//postgres@", "//crowd@")
    held = await asyncpg.connect(dsn)  # the second one: the first is of this test
    try:
        with pytest.raises(DatabaseUnavailableError):
            await PostgresPool(dsn).open()
    finally:
        await held.close()
