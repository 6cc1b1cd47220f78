"""Values of every type are the same from the database, from memory and from Redis."""

import re
import secrets
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
from tests.integration.cache.conftest import start_client, start_engine

from prismiq import PrismiqEngine, QueryDefinition, QueryResult, RedisCache

_VALUES = {
    "smallint": ["-32768", "32767"],
    "integer": ["-2147483648", "0"],
    "bigint": ["9223372036854775807", "-9223372036854775808"],
    "numeric": ["12345678901234567890.12345678901234567890", "1.50", "-0.00", "1e-20"],
    "numeric(20, 4)": ["NaN", "2.5000"],
    "real": ["0.1", "NaN", "Infinity", "1e38"],
    "double precision": ["0.1", "NaN", "-Infinity", "1e300", "-0"],
    "text": ["", '😀 "quoted" \\ \n', "NULL", "[[1]]", '"rows":', "\x7f"],
    "character varying(20)": ["né"],
    "character(4)": ["A1"],
    "name": ["name"],
    "citext": ["Ada@Example.org"],
    "boolean": ["true", "false"],
    "date": ["2024-02-29", "infinity", "-infinity", "0044-03-15 BC", "12024-01-01"],
    "timestamp without time zone": ["2024-02-29 12:00:00.000001", "infinity", "-infinity"],
    "timestamp with time zone": ["2024-03-10 06:59:59.999999+00", "infinity", "-infinity"],
    "time without time zone": ["23:59:59.999999", "24:00"],
    "time with time zone": ["06:30:00.000001+01", "12:00-08:30"],
    "interval": ["1 mon 2 days 03:04:05.6", "-00:00:01", "1 year", "-1 days +02:00"],
    "uuid": ["00000000-0000-0000-0000-000000000001"],
    "inet": ["10.0.0.1", "10.0.0.0/8", "::1"],
    "cidr": ["10.0.0.0/8"],
    "macaddr": ["08:00:2b:01:02:03"],
    "bytea": ["\\x00ff", ""],
    "json": ['{"a": 1, "b": [1.50, null]}', "null", '"text"', "12345678901234567890.10"],
    "jsonb": ['{"$": ["d", "1"]}', "[]", "null", "12345678901234567890.10"],
    "mood": ["sad", 'it\'s "complicated"'],
    "mood[]": ["{sad,NULL}"],
    "text[]": ['{a,"b,c",NULL}', "{}", "{{a},{b}}"],
    "numeric[]": ["{1.50,NaN}"],
    "timestamp with time zone[]": ['{"2024-03-10 06:59:59+00"}'],
    "percentage": ["99.99"],
    "money": ["12.34"],
    "point": ["(1,2)"],
    "int4range": ["[1,5)"],
}
"""Texts that PostgreSQL casts to the type."""


def _table(number: int, data_type: str, texts: list[str]) -> str:
    rows = ", ".join(
        "({}, '{}')".format(n, text.replace("'", "''")) for n, text in enumerate(texts)
    )
    return (
        f"CREATE TABLE values_{number} (id integer, value {data_type});"
        f"INSERT INTO values_{number} VALUES {rows}, (99, NULL);"
    )


@pytest.fixture(scope="module")
async def dsn(module_database: str, module_connection: Any) -> str:
    """One table for each type."""
    await module_connection.execute(
        "CREATE EXTENSION citext; CREATE TYPE mood AS ENUM ('sad', 'it''s \"complicated\"');"
        "CREATE DOMAIN percentage AS numeric(5, 2)"
    )
    for number, (data_type, texts) in enumerate(_VALUES.items()):
        await module_connection.execute(_table(number, data_type, texts))
    return module_database


def query_of(data_type: str) -> dict[str, Any]:
    number = list(_VALUES).index(data_type)
    return {
        "tables": [{"id": "v", "name": f"values_{number}"}],
        "columns": [{"table_id": "v", "column": "id"}, {"table_id": "v", "column": "value"}],
        "order_by": [{"column": "id"}],
    }


def shown(result: QueryResult) -> Any:
    """Return values with their types, where NaN equals NaN and 1.5 is not 1.50."""
    rows = [[(type(value), repr(value)) for value in row] for row in result.rows]
    return result.columns, result.column_types, rows, result.row_count, result.truncated


def places(engine: PrismiqEngine) -> Counter[str]:
    """Count where an engine's answers have come from."""
    assert engine.query_cache is not None
    stats = engine.query_cache.stats()
    return Counter(memory=stats.memory_hits, redis=stats.shared_hits, database=stats.misses)


_ORIGIN = re.compile(rb'"(execution_time_ms|cached_at|is_from_cache)":[^,}]+')


def without_origin(body: bytes) -> bytes:
    """Return the bytes of an answer without those that say where it came from."""
    shown, count = _ORIGIN.subn(b"", body)
    assert count == 3
    return shown


@pytest.fixture(scope="module")
async def engines(dsn: str, redis_url: str) -> AsyncIterator[list[PrismiqEngine]]:
    """One that keeps answers in memory, and two that share a Redis."""
    shared = {"redis": redis_url, "prefix": f"{secrets.token_hex(4)}:", "pool_max_size": 1}
    async with AsyncExitStack() as stack:
        in_memory = await start_engine(stack, dsn, pool_max_size=1)
        yield [in_memory, *[await start_engine(stack, dsn, **shared) for _ in range(2)]]


@pytest.fixture(scope="module")
async def clients(engines: list[PrismiqEngine]) -> AsyncIterator[list[httpx.AsyncClient]]:
    async with AsyncExitStack() as stack:
        yield [await start_client(stack, engine) for engine in engines]


@pytest.mark.parametrize("data_type", _VALUES)
async def test_every_value_is_the_same_from_everywhere(
    engines: list[PrismiqEngine], clients: list[httpx.AsyncClient], data_type: str
) -> None:
    query = QueryDefinition.model_validate(query_of(data_type))
    in_memory, first, second = engines
    before = [places(engine) for engine in engines]
    in_order = [in_memory, in_memory, first, first, second]
    results = [shown(await engine.execute_query(query)) for engine in in_order]
    assert results == [results[0]] * 5
    came_from = [places(engine) - other for engine, other in zip(engines, before, strict=True)]
    computed_and_kept = {"database": 1, "memory": 1}
    assert came_from == [computed_and_kept, computed_and_kept, {"redis": 1}]

    bodies = set()
    for client in clients:
        for headers, outcome in (({"Cache-Control": "no-cache"}, "BYPASS"), ({}, "HIT")):
            answer = await client.post("/query/execute", json=query_of(data_type), headers=headers)
            assert answer.headers["x-cache"] == outcome
            bodies.add(without_origin(answer.content))
    [body] = bodies
    assert b',"rows":[[0, ' in body


async def test_no_digit_of_a_number_is_lost(
    engines: list[PrismiqEngine], clients: list[httpx.AsyncClient]
) -> None:
    query = query_of("numeric")
    for engine, client in zip(engines, clients, strict=True):
        for _ in range(2):
            rows = (await engine.execute_query(QueryDefinition.model_validate(query))).rows
            assert [str(value) for _, value in rows[:-1]] == [
                *_VALUES["numeric"][:2],
                "0.00",
                "1E-20",
            ]
            body = (await client.post("/query/execute", json=query)).content
            assert b"[0, 12345678901234567890.12345678901234567890]" in body
            assert b"[1, 1.50]" in body
            assert b"[2, 0.00]" in body


async def test_large_answers_are_the_same_from_everywhere(
    engines: list[PrismiqEngine], module_connection: Any
) -> None:
    """In Redis they are compressed."""
    await module_connection.execute(
        "CREATE VIEW public.large AS SELECT n AS id, n * 1.50 AS value, repeat('ü\\', 20) AS text"
        " FROM generate_series(1, 10000) n"
    )
    query = QueryDefinition.model_validate(
        {
            "tables": [{"id": "v", "name": "large"}],
            "columns": [{"table_id": "v", "column": name} for name in ("id", "value", "text")],
            "order_by": [{"column": "id"}],
        }
    )
    before = [places(engine) for engine in engines]
    results = []
    for engine in engines:
        await engine.get_schema(force_refresh=True)
        results += [shown(await engine.execute_query(query)) for _ in range(2)]
    assert results == [results[0]] * 6
    came_from = [places(engine) - other for engine, other in zip(engines, before, strict=True)]
    assert [each["redis"] for each in came_from] == [0, 0, 1]
    assert [each["memory"] for each in came_from] == [1, 1, 1]
    cache = engines[2].cache
    assert isinstance(cache, RedisCache)
    assert engines[2].query_cache is not None
    kept = await cache.get(engines[2].query_cache.make_key(query))
    assert len(kept) < len(await engines[2].execute_json(query)) / 5
