"""What values of each type look like in an answer."""

import json
from typing import Any

import pytest

from prismiq.adapters.postgres.query_runner import PostgresQueryRunner
from prismiq.domain.model.result import CompiledQuery
from prismiq.domain.model.scope import Scope

FORMS = [
    ("true", "true"),
    ("NULL::int4", "null"),
    ("9223372036854775807::int8", "9223372036854775807"),
    ("0.10::numeric(10,2)", "0.10"),
    ("1234567890123456789.0123456789000::numeric", "1234567890123456789.0123456789000"),
    ("'NaN'::numeric", '"NaN"'),
    ("'Infinity'::numeric", '"Infinity"'),
    ("0.1::float8", "0.1"),
    ("0.1::float4", "0.1"),
    ("1e300::float8", "1e+300"),
    ("'NaN'::float8", '"NaN"'),
    ("'-Infinity'::float4", '"-Infinity"'),
    ("'12.34'::money", '"$12.34"'),
    ("E'a\"b\\\\c\\n\\t\\x1e'", r'"a\"b\\c\n\t\u001e"'),
    ("'naïve 😀'", '"naïve 😀"'),
    ("'x'::char(3)", '"x  "'),
    ("'A'::public.citext", '"A"'),
    ("date '2024-02-29'", '"2024-02-29"'),
    ("date 'infinity'", '"infinity"'),
    ("timestamp '2024-02-29 13:14:15.678901'", '"2024-02-29T13:14:15.678901"'),
    ("timestamptz '2024-02-29 13:14:15+02'", '"2024-02-29T11:14:15+00:00"'),
    ("timestamptz '-infinity'", '"-infinity"'),
    ("timestamp '0044-03-15 00:00:00 BC'", '"0044-03-15T00:00:00 BC"'),
    ("time '13:14:15.5'", '"13:14:15.5"'),
    ("timetz '13:14:15+02'", '"13:14:15+02"'),
    ("interval '1 year 2 mons -3 days 04:05:06.7'", '"P1Y2M-3DT4H5M6.7S"'),
    ("'\\xDEADBEEF'::bytea", r'"\\xdeadbeef"'),
    ("'00000000-0000-0000-0000-00000000000A'::uuid", '"00000000-0000-0000-0000-00000000000a"'),
    ("inet '10.0.0.1/8'", '"10.0.0.1/8"'),
    ("cidr '10.0.0.0/8'", '"10.0.0.0/8"'),
    ("macaddr '08:00:2b:01:02:03'", '"08:00:2b:01:02:03"'),
    ("'happy'::public.mood", '"happy"'),
    ("ARRAY['sad','happy']::public.mood[]", '["sad","happy"]'),
    ("ARRAY[1,NULL,3]", "[1,null,3]"),
    ("ARRAY[[1.50,2],[3,4]]", "[[1.50,2],[3,4]]"),
    ("'{}'::text[]", "[]"),
    ('\'{"b": 1.10,\n "a": [true]}\'::json', '{"b": 1.10,\n "a": [true]}'),
    ('\'{"b": 1.10, "a": 12345678901234567890}\'::jsonb', '{"a": 12345678901234567890, "b": 1.10}'),
    ("'null'::jsonb", "null"),
    ("int4range(1, 5)", '"[1,5)"'),
    ("point(1, 2)", '"(1,2)"'),
    ("ROW(1, 'x')", '{"f1":1,"f2":"x"}'),
    ("B'1010'", '"1010"'),
]


@pytest.fixture(scope="module", autouse=True)
async def _types(module_connection: Any) -> None:
    await module_connection.execute("CREATE TYPE public.mood AS ENUM ('sad', 'happy')")
    await module_connection.execute("CREATE EXTENSION citext SCHEMA public")


@pytest.mark.parametrize(("expression", "expected"), FORMS, ids=[form[0] for form in FORMS])
async def test_each_type_has_one_json_form(
    runner: PostgresQueryRunner, expression: str, expected: str
) -> None:
    query = CompiledQuery(f"SELECT {expression} AS c0", (), 1)
    batch = await runner.run(query, scope=Scope(), limit=10)
    assert batch.rows_json.decode() == f"[[{expected}]]"
    assert json.loads(batch.rows_json)


async def test_a_hundred_columns_fit_in_a_row(runner: PostgresQueryRunner) -> None:
    columns = ", ".join(f"{index} AS c{index}" for index in range(100))
    batch = await runner.run(CompiledQuery(f"SELECT {columns}", (), 100), scope=Scope(), limit=1)
    assert json.loads(batch.rows_json) == [list(range(100))]


async def test_parameters_arrive_as_they_were_given(runner: PostgresQueryRunner) -> None:
    hostile = "'; DROP TABLE x; -- $1 \\ \" \x1e {} %s"
    query = CompiledQuery(
        "SELECT CAST($1 AS text) AS c0, CAST($2 AS int8[]) AS c1", (hostile, [1, None]), 2
    )
    batch = await runner.run(query, scope=Scope(), limit=1)
    assert json.loads(batch.rows_json) == [[hostile, [1, None]]]
