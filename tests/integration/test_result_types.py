"""Derived result types against those that PostgreSQL itself gives."""

from typing import Any

import pytest

from prismiq.domain.model.query import Aggregation
from prismiq.domain.rules.aggregate_types import result_type
from prismiq.domain.rules.type_capabilities import aggregations_for, has_equality, has_order
from prismiq.domain.rules.type_families import family_of

TYPES = [
    "smallint",
    "integer",
    "bigint",
    "numeric",
    "real",
    "double precision",
    "text",
    "character varying",
    "bpchar",
    "name",
    '"char"',
    "public.citext",
    "boolean",
    "date",
    "timestamp without time zone",
    "timestamp with time zone",
    "time without time zone",
    "time with time zone",
    "interval",
    "uuid",
    "inet",
    "cidr",
    "bytea",
    "json",
    "jsonb",
    "public.mood",
    "text[]",
    "money",
    "macaddr",
    "point",
]
CALLS: dict[Aggregation, str] = {
    "none": "x",
    "count": "count(x)",
    "count_distinct": "count(DISTINCT x)",
    "sum": "sum(x)",
    "avg": "avg(x)",
    "min": "min(x)",
    "max": "max(x)",
    "median": "percentile_cont(0.5) WITHIN GROUP (ORDER BY x)",
    "percentile": "percentile_cont(0.9) WITHIN GROUP (ORDER BY x)",
    "stddev": "stddev(x)",
    "variance": "variance(x)",
}


@pytest.fixture(scope="module")
async def server(module_connection: Any) -> Any:
    """A session as ours are: without a search path, so that types print with their schema."""
    await module_connection.execute(
        "CREATE EXTENSION citext; CREATE TYPE mood AS ENUM ('sad', 'ok'); SET search_path = ''"
    )
    return module_connection


async def type_name(server: Any, data_type: str) -> str:
    name = await server.fetchval(f"SELECT format_type('{data_type}'::regtype, NULL)")
    assert isinstance(name, str)
    return name


@pytest.mark.parametrize("data_type", TYPES)
async def test_every_offered_aggregation_has_the_type_that_the_server_gives(
    server: Any, data_type: str
) -> None:
    name = await type_name(server, data_type)
    family = family_of(name, is_enum=name == "public.mood")
    for aggregation in sorted(aggregations_for(family, name)):
        given = await server.fetchval(
            f"SELECT pg_typeof({CALLS[aggregation]})::text"
            f" FROM (SELECT NULL::{data_type} AS x) AS one"
        )
        assert result_type(aggregation, name, family)[0] == given, aggregation


@pytest.mark.parametrize("data_type", TYPES)
async def test_what_is_said_to_be_comparable_is(server: Any, data_type: str) -> None:
    name = await type_name(server, data_type)
    family = family_of(name, is_enum=name == "public.mood")
    if has_equality(family) and has_order(family):
        await server.fetch(
            f"SELECT DISTINCT x FROM (SELECT NULL::{data_type} AS x) AS one ORDER BY x"
        )
