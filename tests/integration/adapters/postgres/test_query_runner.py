"""Queries on a real server: how much of an answer, on whose behalf, and how they end."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from prismiq.adapters.postgres.pool import PostgresPool
from prismiq.adapters.postgres.query_runner import PostgresQueryRunner
from prismiq.domain.model.errors import (
    DatabaseUnavailableError,
    QueryExecutionError,
    QueryTimeoutError,
    SchemaChangedError,
)
from prismiq.domain.model.result import CompiledQuery
from prismiq.domain.model.scope import Scope

OpenPool = Callable[..., Awaitable[PostgresPool]]
Run = Callable[[str], Awaitable[None]]
Eventually = Callable[..., Awaitable[None]]
Backends = Callable[[], Awaitable[int]]

DEFAULT = Scope()
TENANT = Scope(tenant="acme", claims={"user_id": "7", "app.role": 'it\'s "admin"'})
SERIES = "SELECT g AS c0 FROM generate_series(1, CAST($1 AS int8)) AS g ORDER BY g DESC LIMIT 4"
SLEEP = CompiledQuery("SELECT pg_sleep(60)::text AS c0", (), 1)


def one(expression: str) -> CompiledQuery:
    return CompiledQuery(f"SELECT {expression} AS c0", (), 1)


async def value_of(runner: PostgresQueryRunner, expression: str, scope: Scope) -> Any:
    batch = await runner.run(one(expression), scope=scope, limit=1)
    return json.loads(batch.rows_json)[0][0]


@pytest.mark.parametrize("scope", [DEFAULT, TENANT], ids=["session", "transaction"])
@pytest.mark.parametrize(
    ("available", "expected", "truncated"),
    [(0, [], False), (2, [2, 1], False), (3, [3, 2, 1], False), (4, [4, 3, 2], True)],
)
async def test_truncated_says_whether_more_rows_follow(
    runner: PostgresQueryRunner,
    scope: Scope,
    available: int,
    expected: list[int],
    truncated: bool,
) -> None:
    batch = await runner.run(CompiledQuery(SERIES, (available,), 1), scope=scope, limit=3)
    assert [row[0] for row in json.loads(batch.rows_json)] == expected
    assert (batch.row_count, batch.truncated) == (len(expected), truncated)


async def test_large_answers_arrive_whole_and_in_order(runner: PostgresQueryRunner) -> None:
    sql = (
        "SELECT g AS c0, repeat('ü', 50) AS c1 FROM generate_series(10001, 1, -1) AS g LIMIT 10001"
    )
    batch = await runner.run(CompiledQuery(sql, (), 2), scope=DEFAULT, limit=10_000)
    rows = json.loads(batch.rows_json)
    assert [row[0] for row in rows] == list(range(10_001, 1, -1))
    assert batch.truncated


async def test_an_answer_too_large_for_memory_is_refused(runner: PostgresQueryRunner) -> None:
    sql = "SELECT repeat('ü', 1 << 19) AS c0 FROM generate_series(1, CAST($1 AS int8))"
    with pytest.raises(QueryExecutionError) as caught:
        await runner.run(CompiledQuery(sql, (64,), 1), scope=DEFAULT, limit=100)
    assert caught.value.code == "answer_too_large"
    assert caught.value.caused_by_query
    assert (await runner.run(CompiledQuery(sql, (8,), 1), scope=DEFAULT, limit=100)).row_count == 8


async def test_the_estimate_runs_nothing(runner: PostgresQueryRunner) -> None:
    async with asyncio.timeout(5):
        estimate = await runner.estimate(SLEEP, scope=DEFAULT)
    assert estimate.estimated_rows == 1
    assert estimate.total_cost >= estimate.startup_cost >= 0
    series = CompiledQuery(SERIES, (100,), 1)
    assert (await runner.estimate(series, scope=TENANT)).estimated_rows == 4


@pytest.mark.parametrize("scope", [DEFAULT, TENANT], ids=["session", "transaction"])
async def test_a_slow_query_times_out_and_its_backend_is_free(
    open_pool: OpenPool,
    database: str,
    eventually: Eventually,
    backends_at_work: Backends,
    scope: Scope,
) -> None:
    pool = await open_pool(database, statement_timeout=0.1)
    with pytest.raises(QueryTimeoutError) as caught:
        await PostgresQueryRunner(pool).run(SLEEP, scope=scope, limit=1)
    assert caught.value.timeout == 0.1

    async def idle() -> bool:
        return await backends_at_work() == 0 and pool.idle_size == pool.size == 1

    await eventually(idle)
    assert await value_of(PostgresQueryRunner(pool), "1", scope) == 1


@pytest.mark.parametrize("scope", [DEFAULT, TENANT], ids=["session", "transaction"])
async def test_a_cancelled_caller_cancels_on_the_server(
    open_pool: OpenPool,
    database: str,
    eventually: Eventually,
    backends_at_work: Backends,
    scope: Scope,
) -> None:
    pool = await open_pool(database)
    task = asyncio.create_task(PostgresQueryRunner(pool).run(SLEEP, scope=scope, limit=1))

    async def running() -> bool:
        return await backends_at_work() == 1

    async def idle() -> bool:
        return await backends_at_work() == 0 and pool.idle_size == pool.size == 1

    await eventually(running)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await eventually(idle)
    assert await value_of(PostgresQueryRunner(pool), "1", scope) == 1


async def test_claims_live_exactly_as_long_as_their_query(
    open_pool: OpenPool, database: str
) -> None:
    runner = PostgresQueryRunner(await open_pool(database, max_size=1))
    seen = (
        "concat_ws('|', current_setting('prismiq.tenant'),"
        " current_setting('prismiq.user_id', true), current_setting('app.role', true))"
    )
    assert await value_of(runner, seen, DEFAULT) == "default"
    assert await value_of(runner, seen, TENANT) == 'acme|7|it\'s "admin"'
    assert await value_of(runner, seen, DEFAULT) == "default||"
    with pytest.raises(QueryExecutionError):
        await value_of(runner, "1 / 0", TENANT)
    assert await value_of(runner, seen, DEFAULT) == "default||"


async def test_what_a_view_sets_for_the_session_does_not_reach_the_next_caller(
    open_pool: OpenPool, database: str
) -> None:
    runner = PostgresQueryRunner(await open_pool(database, max_size=1))
    changes = {
        "prismiq.user_id": "9",
        "default_transaction_read_only": "off",
        "statement_timeout": "0",
        "role": "pg_monitor",
    }
    settings = [f"nullif(current_setting('{name}', true), '')" for name in changes]
    seen = f"json_build_array({', '.join(settings)})"
    before = await value_of(runner, seen, DEFAULT)
    for name, value in changes.items():
        await value_of(runner, f"set_config('{name}', '{value}', false)", TENANT)
    assert await value_of(runner, seen, DEFAULT) == before


async def test_a_session_that_a_view_has_made_writable_is_not_used_again(
    open_pool: OpenPool, database: str
) -> None:
    runner = PostgresQueryRunner(await open_pool(database, max_size=1))
    await value_of(runner, "set_config('default_transaction_read_only', 'off', false)", DEFAULT)
    assert await value_of(runner, "current_setting('transaction_read_only')", DEFAULT) == "on"
    await value_of(runner, "set_config('TimeZone', 'Asia/Tokyo', false)", DEFAULT)
    assert await value_of(runner, "current_setting('TimeZone')", DEFAULT) == "UTC"


async def test_no_claim_can_pose_as_the_tenant(runner: PostgresQueryRunner) -> None:
    for name in ("tenant", "prismiq.tenant"):
        scope = Scope(tenant="acme", claims={name: "victim"})
        assert await value_of(runner, "current_setting('prismiq.tenant')", scope) == "acme"


async def test_policies_show_each_tenant_its_own_rows(
    open_pool: OpenPool, database: str, superuser_run: Run, dsn_for: Callable[..., str]
) -> None:
    await superuser_run(
        "CREATE TABLE orders (id int, tenant text, owner int);"
        "INSERT INTO orders SELECT g, 'tenant' || g % 5, g % 3 FROM generate_series(1, 150) AS g;"
        "ALTER TABLE orders ENABLE ROW LEVEL SECURITY;"
        "CREATE POLICY own ON orders USING (tenant = current_setting('prismiq.tenant')"
        " AND owner = current_setting('prismiq.user_id')::int);"
        "DROP ROLE IF EXISTS orders_reader; CREATE ROLE orders_reader LOGIN;"
        "GRANT SELECT ON orders TO orders_reader"
    )
    runner = PostgresQueryRunner(await open_pool(dsn_for(database, "orders_reader"), max_size=3))
    query = CompiledQuery(
        "SELECT min(tenant) AS c0, max(tenant) AS c1, min(owner) AS c2, max(owner) AS c3,"
        " count(*) AS c4 FROM public.orders",
        (),
        5,
    )

    async def rows_of(tenant: str, user: int) -> Any:
        scope = Scope(tenant=tenant, claims={"user_id": str(user)})
        return json.loads((await runner.run(query, scope=scope, limit=1)).rows_json)[0]

    callers = [(f"tenant{index % 5}", index % 3) for index in range(60)]
    answers = await asyncio.gather(*(rows_of(*caller) for caller in callers))
    assert answers == [[tenant, tenant, user, user, 10] for tenant, user in callers]
    assert (await rows_of("tenant9", 1))[4] == 0


async def test_sessions_cannot_write_whatever_a_view_calls(
    open_pool: OpenPool, database: str, superuser_run: Run, connection: Any
) -> None:
    await superuser_run(
        "CREATE TABLE visits (n int);"
        "CREATE FUNCTION visit() RETURNS int LANGUAGE sql VOLATILE"
        " AS 'INSERT INTO public.visits VALUES (1) RETURNING n';"
        "CREATE VIEW innocent AS SELECT visit() AS n"
    )
    runner = PostgresQueryRunner(await open_pool(database))
    sql = "SELECT n AS c0 FROM public.innocent"
    for scope in (DEFAULT, TENANT):
        with pytest.raises(QueryExecutionError) as caught:
            await runner.run(CompiledQuery(sql, (), 1), scope=scope, limit=1)
        assert isinstance(caught.value.__cause__, asyncpg.ReadOnlySQLTransactionError)
        assert caught.value.code == "query_failed"
        assert not caught.value.caused_by_query
    assert await connection.fetchval("SELECT count(*) FROM visits") == 0


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ("1 / (random()::int * 0)", "division_by_zero"),
        ("2147483647 + (random() * 0)::int + 1", "numeric_out_of_range"),
        ("timestamp '294276-01-01' + interval '1 year'", "datetime_overflow"),
        ("('x' || random())::int", "invalid_value"),
        ("ln(-1 * (random() + 1)::numeric)", "invalid_value"),
        ("repeat('x', 2000000000)", "query_too_complex"),
    ],
)
async def test_values_that_cannot_be_computed_are_the_querys_fault(
    runner: PostgresQueryRunner, expression: str, code: str
) -> None:
    for scope in (DEFAULT, TENANT):
        with pytest.raises(QueryExecutionError) as caught:
            await value_of(runner, expression, scope)
        assert (caught.value.code, caught.value.caused_by_query) == (code, True)
    assert await value_of(runner, "1", DEFAULT) == 1


async def test_a_missing_privilege_is_the_operators_matter(
    open_pool: OpenPool, database: str, superuser_run: Run, dsn_for: Callable[..., str]
) -> None:
    await superuser_run(
        "CREATE TABLE secret (pin int); DROP ROLE IF EXISTS nosy; CREATE ROLE nosy LOGIN"
    )
    runner = PostgresQueryRunner(await open_pool(dsn_for(database, "nosy")))
    with pytest.raises(QueryExecutionError) as caught:
        await value_of(runner, "(SELECT pin FROM public.secret)", DEFAULT)
    assert (caught.value.code, caught.value.caused_by_query) == ("permission_denied", False)
    assert "secret" not in caught.value.message


async def test_what_was_dropped_or_altered_is_a_changed_schema(
    open_pool: OpenPool, database: str, superuser_run: Run
) -> None:
    await superuser_run("CREATE SCHEMA s; CREATE TABLE s.t (a int, b int)")
    runner = PostgresQueryRunner(await open_pool(database))
    query = CompiledQuery("SELECT a AS c0, b AS c1 FROM s.t WHERE b = CAST($1 AS int8)", (1,), 2)
    assert (await runner.run(query, scope=DEFAULT, limit=1)).row_count == 0
    await superuser_run("INSERT INTO s.t VALUES (1, 1); ALTER TABLE s.t ALTER a TYPE text")
    batch = await runner.run(query, scope=DEFAULT, limit=1)
    assert batch.rows_json == b'[["1", 1]]'
    for change in (
        "ALTER TABLE s.t ALTER b TYPE text",
        "ALTER TABLE s.t DROP b",
        "DROP TABLE s.t",
        "DROP SCHEMA s",
    ):
        await superuser_run(change)
        with pytest.raises(SchemaChangedError):
            await runner.run(query, scope=DEFAULT, limit=1)


async def test_a_type_that_was_renamed_is_a_changed_schema_but_an_unset_claim_is_not(
    open_pool: OpenPool, database: str, superuser_run: Run
) -> None:
    await superuser_run("CREATE TYPE mood AS ENUM ('sad'); CREATE TABLE t (m mood)")
    runner = PostgresQueryRunner(await open_pool(database))
    with pytest.raises(QueryExecutionError, match="could not run"):
        await value_of(runner, "current_setting('prismiq.nobody_set_this')", DEFAULT)
    query = CompiledQuery(
        "SELECT m AS c0 FROM public.t WHERE m = CAST(CAST($1 AS text) AS public.mood)", ("sad",), 1
    )
    assert (await runner.run(query, scope=DEFAULT, limit=1)).row_count == 0
    await superuser_run("ALTER TYPE mood RENAME TO temper; ALTER TABLE t ADD n int")
    with pytest.raises(SchemaChangedError):
        await runner.run(query, scope=DEFAULT, limit=1)


async def test_a_lock_that_is_not_free_in_time_is_unavailability(
    open_pool: OpenPool, database: str, dsn_for: Callable[..., str], connection: Any
) -> None:
    await connection.execute(
        "CREATE TABLE t (a int); DROP ROLE IF EXISTS hasty; CREATE ROLE hasty LOGIN;"
        "ALTER ROLE hasty SET lock_timeout = '10ms'; GRANT SELECT ON t TO hasty"
    )
    runner = PostgresQueryRunner(await open_pool(dsn_for(database, "hasty")))
    query = CompiledQuery("SELECT a AS c0 FROM public.t", (), 1)
    async with connection.transaction():
        await connection.execute("LOCK TABLE t")
        with pytest.raises(DatabaseUnavailableError):
            await runner.run(query, scope=DEFAULT, limit=1)
    assert (await runner.run(query, scope=DEFAULT, limit=1)).row_count == 0
    await connection.execute("DROP OWNED BY hasty; DROP ROLE hasty")


async def test_a_query_causes_one_statement_and_no_catalog_reads(
    open_pool: OpenPool, database: str, superuser_run: Run, connection: Any
) -> None:
    await superuser_run(
        "CREATE EXTENSION pg_stat_statements; CREATE TYPE mood AS ENUM ('sad');"
        "CREATE TABLE t (m mood, d tsrange)"
    )
    runner = PostgresQueryRunner(await open_pool(database))
    query = CompiledQuery(
        "SELECT m AS c0, d AS c1 FROM public.t"
        " WHERE m = CAST(CAST($1 AS text) AS public.mood)"
        " AND m = ANY (CAST(CAST($2 AS text[]) AS public.mood[]))",
        ("sad", ["sad"]),
        2,
    )
    await superuser_run("SELECT pg_stat_statements_reset()")
    await runner.run(query, scope=DEFAULT, limit=1)
    statements = await connection.fetch(
        "SELECT query FROM pg_stat_statements AS s JOIN pg_database AS d ON d.oid = s.dbid"
        " WHERE d.datname = current_database() AND query NOT LIKE '%pg_stat_statements%'"
    )
    assert len(statements) == 1
    assert "public.t" in statements[0]["query"]
