"""What the database probe tells about server and role."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from prismiq.adapters.postgres.pool import PostgresPool
from prismiq.adapters.postgres.probe import PostgresProbe
from prismiq.domain.model.errors import PoolExhaustedError, QueryTimeoutError

OpenPool = Callable[..., Awaitable[PostgresPool]]


async def test_a_superuser_is_recognised(open_pool: OpenPool, database: str) -> None:
    probe = PostgresProbe(await open_pool(database))
    await probe.check()
    facts = await probe.inspect()
    assert int(facts.server_version.split(".")[0]) >= 14
    assert (facts.role, facts.is_superuser, facts.bypasses_row_security) == ("postgres", True, True)


async def test_only_tables_that_the_role_may_change_are_counted(
    open_pool: OpenPool, database: str, connection: Any, dsn_for: Callable[..., str]
) -> None:
    await connection.execute(
        "DROP ROLE IF EXISTS clerk; CREATE ROLE clerk LOGIN;"
        "CREATE TABLE readable (a int); CREATE TABLE writable (a int);"
        "CREATE VIEW deletable AS SELECT a FROM writable;"
        "GRANT SELECT ON readable TO clerk; GRANT SELECT, UPDATE ON writable TO clerk;"
        "GRANT DELETE ON deletable TO clerk"
    )
    facts = await PostgresProbe(await open_pool(dsn_for(database, "clerk"))).inspect()
    assert (facts.role, facts.is_superuser, facts.bypasses_row_security) == ("clerk", False, False)
    assert facts.writable_tables == 2


async def test_a_role_that_bypasses_policies_is_recognised(
    open_pool: OpenPool, database: str, connection: Any, dsn_for: Callable[..., str]
) -> None:
    await connection.execute("DROP ROLE IF EXISTS ghost; CREATE ROLE ghost LOGIN BYPASSRLS")
    facts = await PostgresProbe(await open_pool(dsn_for(database, "ghost"))).inspect()
    assert (facts.is_superuser, facts.bypasses_row_security) == (False, True)
    assert facts.writable_tables == 0


async def test_a_full_pool_is_told_from_a_database_that_is_down(
    open_pool: OpenPool, database: str
) -> None:
    pool = await open_pool(database, max_size=1, acquire_timeout=0.05)
    async with pool.acquire():
        with pytest.raises(PoolExhaustedError):
            await PostgresProbe(pool).check()


async def test_a_server_without_connections_left_is_saturated_and_not_down(
    open_pool: OpenPool, database: str, connection: Any, dsn_for: Callable[..., str]
) -> None:
    await connection.execute(
        "DROP ROLE IF EXISTS crowd; CREATE ROLE crowd LOGIN CONNECTION LIMIT 1"
    )
    pool = await open_pool(dsn_for(database, "crowd"), max_size=2)
    async with pool.acquire():
        with pytest.raises(PoolExhaustedError):
            await PostgresProbe(pool).check()
    await PostgresProbe(pool).check()


async def test_a_slow_answer_is_given_up_in_time(
    open_pool: OpenPool, database: str, connection: Any
) -> None:
    probe = PostgresProbe(await open_pool(database), inspection_timeout=0.1)
    async with connection.transaction():
        await connection.execute("LOCK TABLE pg_catalog.pg_roles IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(QueryTimeoutError):
            await probe.inspect()
