"""The engine in Python, over a real PostgreSQL."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from prismiq import (
    ColumnConfig,
    ColumnNotFoundError,
    ConfigurationError,
    EngineNotStartedError,
    PrismiqEngine,
    QueryDefinition,
    QueryValidationError,
    SchemaChangedError,
    SchemaConfig,
    Scope,
    TableConfig,
    TableNotFoundError,
)

_TABLES = """
CREATE TABLE orders (
    id bigint PRIMARY KEY,
    customer text NOT NULL,
    amount numeric(20, 10) NOT NULL,
    placed_at timestamptz NOT NULL,
    day date NOT NULL,
    note text
);
INSERT INTO orders
SELECT
    n, 'customer ' || n % 3, n / 3.0, timestamptz '2024-01-01 12:00Z', date '2024-01-01' + n, NULL
FROM generate_series(1, 9) AS n;
CREATE SCHEMA ops;
CREATE TABLE ops.crew (id integer, name text);
INSERT INTO ops.crew VALUES (1, 'Ann');
CREATE SCHEMA acme;
CREATE TABLE acme.orders (id bigint, customer text);
INSERT INTO acme.orders VALUES (1, 'acme only');
"""


@pytest.fixture(scope="module")
async def dsn(module_database: str, module_connection: Any) -> str:
    await module_connection.execute(_TABLES)
    return module_database


@pytest.fixture(scope="module")
async def engine(dsn: str) -> AsyncIterator[PrismiqEngine]:
    hidden = SchemaConfig(
        tables={"orders": TableConfig(columns={"note": ColumnConfig(hidden=True)})}
    )
    async with PrismiqEngine(dsn, ["orders", "ops.crew"], hidden, max_rows=5) as running:
        yield running


def query(*columns: str, table: str = "orders", **parts: Any) -> QueryDefinition:
    return QueryDefinition.model_validate(
        {
            "tables": [{"id": "t", "name": table}],
            "columns": [{"table_id": "t", "column": column} for column in columns],
            **parts,
        }
    )


async def test_answers_are_python_values(engine: PrismiqEngine) -> None:
    result = await engine.execute_query(
        query("id", "amount", "placed_at", "day", order_by=[{"column": "id"}], limit=1)
    )
    assert result.columns == ["id", "amount", "placed_at", "day"]
    assert result.column_types == ["bigint", "numeric", "timestamp with time zone", "date"]
    assert result.rows == [
        [1, Decimal("0.3333333333"), datetime(2024, 1, 1, 12, tzinfo=UTC), date(2024, 1, 2)]
    ]
    assert (result.row_count, result.truncated) == (1, True)
    assert result.execution_time_ms > 0


async def test_answers_are_cut_and_say_so(engine: PrismiqEngine) -> None:
    result = await engine.execute_query(query("id"))
    assert (result.row_count, result.truncated) == (5, True)
    preview = await engine.preview_query(query("id"), 2)
    assert (preview.row_count, preview.truncated) == (2, True)


async def test_answers_as_json_are_the_http_body(engine: PrismiqEngine) -> None:
    document = json.loads(
        await engine.execute_json(query("id", order_by=[{"column": "id"}], limit=2))
    )
    assert document["rows"] == [[1], [2]]
    assert document["is_from_cache"] is False


async def test_the_schema(engine: PrismiqEngine) -> None:
    schema = await engine.get_schema()
    assert {(table.schema_name, table.name) for table in schema.tables} == {
        ("public", "orders"),
        ("ops", "crew"),
    }
    orders = await engine.get_table("orders")
    assert [column.name for column in orders.columns] == [
        "id",
        "customer",
        "amount",
        "placed_at",
        "day",
    ]
    assert (await engine.get_table("ops.crew")).schema_name == "ops"


async def test_names_that_are_not_there(engine: PrismiqEngine) -> None:
    with pytest.raises(TableNotFoundError, match='Did you mean "orders"'):
        await engine.get_table("order")
    with pytest.raises(TableNotFoundError):
        await engine.sample_column("acme.orders", "id")
    with pytest.raises(ColumnNotFoundError):
        await engine.sample_column("orders", "note")
    with pytest.raises(QueryValidationError) as caught:
        await engine.execute_query(query("note", "costumer"))
    assert [problem.field for problem in caught.value.problems] == [
        "columns[0].column",
        "columns[1].column",
    ]


async def test_samples_are_python_values(engine: PrismiqEngine) -> None:
    sample = await engine.sample_column("orders", "amount", 2)
    assert sample.values == [Decimal("0.3333333333"), Decimal("0.6666666667")]


async def test_validation_does_not_wait(engine: PrismiqEngine) -> None:
    assert engine.validate_query(query("id")).valid
    verdict = engine.validate_query(query("idd"))
    assert [problem.suggestion for problem in verdict.errors] == ['Did you mean "id"?']


async def test_a_query_can_be_seen_and_estimated(engine: PrismiqEngine) -> None:
    compiled = await engine.compile_query(query("id", limit=3))
    assert compiled.sql.startswith("SELECT")
    estimate = await engine.explain_query(query("id"))
    assert estimate.total_cost > 0


async def test_a_scope_may_live_in_another_schema(engine: PrismiqEngine, dsn: str) -> None:
    async with PrismiqEngine(dsn, ["orders"]) as several:
        acme = Scope(tenant="acme", schema_name="acme")
        assert (await several.execute_query(query("customer"), scope=acme)).rows == [["acme only"]]
        assert (await several.execute_query(query("customer"))).row_count == 9
        with pytest.raises(TableNotFoundError):
            await several.get_table("orders", scope=Scope(schema_name="nowhere"))
    with pytest.raises(TableNotFoundError):
        await engine.get_table("acme.orders")


async def test_asking_the_connection(engine: PrismiqEngine) -> None:
    assert await engine.check_connection()


async def test_an_exposed_table_that_is_missing_stops_the_start(dsn: str) -> None:
    engine = PrismiqEngine(dsn, ["orders", "custmers", "ops.crews"])
    with pytest.raises(ConfigurationError) as caught:
        await engine.startup()
    assert caught.value.message.startswith(
        'exposed_tables names "custmers", "ops.crews", which the database does not have.'
    )
    with pytest.raises(EngineNotStartedError):
        await engine.execute_query(query("id"))
    # Nothing was left open.
    assert not await engine.check_connection()


async def test_starting_twice_and_stopping_twice_is_harmless(dsn: str) -> None:
    engine = PrismiqEngine(dsn)
    await asyncio.gather(engine.startup(), engine.startup(), engine.startup())
    assert (await engine.execute_query(query("id"))).row_count == 9
    await asyncio.gather(engine.shutdown(), engine.shutdown())
    with pytest.raises(EngineNotStartedError):
        await engine.execute_query(query("id"))


async def test_it_can_run_again(dsn: str) -> None:
    engine = PrismiqEngine(dsn)
    for _ in range(3):
        async with engine:
            assert (await engine.execute_query(query("id"))).row_count == 9


async def test_shutting_down_ends_its_connections(dsn: str, module_connection: Any) -> None:
    count = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    before = await module_connection.fetchval(count)
    async with PrismiqEngine(dsn, pool_min_size=3):
        assert await module_connection.fetchval(count) == before + 3
    async with asyncio.timeout(5):
        while await module_connection.fetchval(count) > before:
            pass


async def test_a_table_that_changes_is_seen_again(dsn: str, module_connection: Any) -> None:
    await module_connection.execute("CREATE TABLE moving AS SELECT 1 AS old_name")
    async with PrismiqEngine(dsn) as engine:
        assert (await engine.execute_query(query("old_name", table="moving"))).rows == [[1]]
        await module_connection.execute("ALTER TABLE moving RENAME old_name TO new_name")
        schema = await engine.get_schema()
        assert _columns(schema, "moving") == ["old_name"]  # it is not read for every query
        with pytest.raises(SchemaChangedError):
            await engine.execute_query(query("old_name", table="moving"))
        schema = await engine.get_schema(force_refresh=True)
        assert _columns(schema, "moving") == ["new_name"]
        assert (await engine.execute_query(query("new_name", table="moving"))).rows == [[1]]
    await module_connection.execute("DROP TABLE moving")


def _columns(schema: Any, table_name: str) -> list[str]:
    return [
        column.name
        for table in schema.tables
        if table.name == table_name
        for column in table.columns
    ]


async def test_a_query_asks_the_catalog_nothing(dsn: str, module_connection: Any) -> None:
    await module_connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
    asked = """
        SELECT coalesce(sum(calls), 0) FROM pg_stat_statements
        JOIN pg_database ON oid = dbid WHERE datname = current_database()
        AND query ~ 'pg_(class|type|attribute|namespace|proc|range|enum)'
        AND query !~ 'pg_stat_statements'
    """
    async with PrismiqEngine(dsn) as engine:
        before = await module_connection.fetchval(asked)
        assert before > 0  # the schema was read
        for limit in range(1, 6):
            filters = [{"table_id": "t", "column": "amount", "operator": "gt", "value": 0}]
            await engine.execute_query(query("id", "day", filters=filters, limit=limit))
            await engine.sample_column("orders", "customer")
            await engine.explain_query(query("placed_at"))
        assert await module_connection.fetchval(asked) == before
