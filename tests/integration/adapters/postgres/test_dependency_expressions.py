"""Which definitions of views and policies are understood, on a real server."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeAlias

import pytest

from prismiq.adapters.postgres.dependency_source import PostgresDependencySource
from prismiq.adapters.postgres.pool import PostgresPool

Reads: TypeAlias = Callable[[str], Awaitable[set[str] | None]]

SCHEMA = """
    CREATE EXTENSION citext;
    CREATE EXTENSION pg_trgm;
    CREATE TYPE mood AS ENUM ('sad');
    CREATE TABLE t (
        a int, at timestamptz, day timestamp, odd timetz, name text, email citext,
        ":funcid 1598" int, ":relid 1259" int
    );
    CREATE TABLE u (a int);
    CREATE TABLE protected (at timestamptz);
    ALTER TABLE protected ENABLE ROW LEVEL SECURITY;
    CREATE SEQUENCE counter;
    CREATE FUNCTION f(int) RETURNS int LANGUAGE sql STABLE RETURN (SELECT max(a) FROM t);
    CREATE FUNCTION fixed(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1';
    CREATE FUNCTION rows() RETURNS SETOF int LANGUAGE sql AS 'SELECT a FROM public.t';
    CREATE FUNCTION allowed() RETURNS bool LANGUAGE sql STABLE RETURN true;
    CREATE AGGREGATE total(int) (SFUNC = int4pl, STYPE = int);
    CREATE FUNCTION same(int, int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 = $2';
    CREATE OPERATOR === (FUNCTION = same, LEFTARG = int, RIGHTARG = int);
    CREATE TYPE label AS (t text);
    CREATE FUNCTION label(text) RETURNS label LANGUAGE sql AS 'SELECT ROW($1)::label';
    CREATE CAST (text AS label) WITH FUNCTION label(text);
"""


@pytest.fixture(scope="module")
async def source(
    module_database: str, module_connection: Any
) -> AsyncIterator[PostgresDependencySource]:
    await module_connection.execute(SCHEMA)
    pool = PostgresPool(module_database)
    await pool.open()
    yield PostgresDependencySource(pool)
    await pool.close()


@pytest.fixture
async def reads(source: PostgresDependencySource, module_connection: Any) -> AsyncIterator[Reads]:
    """Create a view over a view with this definition and tell what it reads."""

    async def create_and_read(definition: str) -> set[str] | None:
        await module_connection.execute(
            f"CREATE VIEW v AS {definition}; CREATE VIEW outer_v AS SELECT 1 AS one FROM v"
        )
        found = (await source.read(["public"])).reads
        assert found["public", "v"] == found["public", "outer_v"]
        tables = found["public", "v"]
        return None if tables is None else {name for _, name in tables}

    yield create_and_read
    await module_connection.execute("DROP VIEW v CASCADE")


@pytest.mark.parametrize(
    "definition",
    [
        "SELECT a FROM t WHERE a IN (SELECT a FROM u)",
        "SELECT a, (SELECT max(a) FROM u) FROM t",
        "SELECT a FROM t WHERE EXISTS (SELECT FROM u WHERE u.a = t.a)",
        "WITH c AS (SELECT a FROM u) SELECT t.a FROM t, c",
        "WITH RECURSIVE c AS (SELECT a FROM t UNION SELECT u.a FROM u, c) SELECT a FROM c",
        "SELECT a FROM t UNION ALL SELECT a FROM u",
        "SELECT a FROM t EXCEPT (SELECT 1 INTERSECT SELECT a FROM u)",
        "SELECT t.a FROM t CROSS JOIN LATERAL (SELECT a FROM u LIMIT t.a) AS l",
        "SELECT count(*) FROM t LEFT JOIN (SELECT 1 FROM u) AS s ON true",
        "SELECT 1 AS a FROM t GROUP BY a HAVING count(*) > (SELECT count(*) FROM u)",
        "SELECT t.a FROM t CROSS JOIN generate_series(1, (SELECT max(a) FROM u)) AS g",
        "SELECT sum(a) OVER (ORDER BY a) FROM t WHERE a = ANY (ARRAY(SELECT a FROM u))",
        "SELECT t FROM t ORDER BY (SELECT max(a) FROM u)",
    ],
)
async def test_tables_are_found_wherever_a_view_names_them(reads: Reads, definition: str) -> None:
    assert await reads(definition) == {"t", "u"}


@pytest.mark.parametrize(
    "definition",
    [
        "SELECT relname FROM pg_class",
        "SELECT 1 AS a FROM t WHERE a IN (SELECT pid FROM pg_stat_activity)",
        "SELECT table_name FROM information_schema.tables",
        "SELECT last_value FROM counter",
        "SELECT 1 AS a FROM t TABLESAMPLE system (10)",
        "SELECT 1 AS a FROM t, rows()",
        "SELECT 1 AS a FROM ROWS FROM (generate_series(1, 2), rows())",
    ],
)
async def test_views_of_other_things_than_tables_are_unknown(reads: Reads, definition: str) -> None:
    assert await reads(definition) is None


@pytest.mark.parametrize(
    "expression",
    [
        "random()",
        "gen_random_uuid()",
        "clock_timestamp()",
        "timeofday()",
        "nextval('counter')",
        "currval('counter')",
        "lastval()",
        "now() - at",
        "statement_timestamp()",
        "transaction_timestamp()",
        "current_date - 7",
        "current_time",
        "current_timestamp(0)",
        "localtime",
        "localtimestamp",
        "age(at)",
        "current_user",
        "session_user",
        "current_schema",
        "current_setting('prismiq.tenant')",
        "set_config('a.b', '', true)",
        "pg_relation_size('t')",
        "has_table_privilege('t', 'SELECT')",
        "pg_backend_pid()",
        "txid_current()",
        "version()",
        "inet_client_addr()",
        "query_to_xml('SELECT 1', true, true, '')",
        "table_to_xml('t', true, true, '')",
        "obj_description('t'::regclass)",
        "odd AT TIME ZONE 'Europe/Berlin'",
        "count(*) FILTER (WHERE at > now())",
        "rank() OVER (ORDER BY random())",
        "(SELECT max(a) FROM t AS inner_t WHERE at IN (now(), 'epoch'))",
        "coalesce(a, CASE WHEN random() > 0.5 THEN 1 END)",
        "public.f(a)",
        "public.fixed(a)",
        "public.total(a)",
        "a === 1",
        "name % 'like it'",
        "a::text::public.label",
    ],
)
async def test_views_that_change_by_themselves_are_unknown(reads: Reads, expression: str) -> None:
    assert await reads(f"SELECT {expression} AS x FROM t GROUP BY a, at, odd, name") is None


@pytest.mark.parametrize(
    "expression",
    [
        "to_char(at, 'YYYY'), to_date(name, 'YYYY'), to_number(name, '9'), to_timestamp(a)",
        "date_trunc('day', at), extract(dow FROM at), date_part('year', at), at::date, at::time",
        "at AT TIME ZONE 'Europe/Berlin', day AT TIME ZONE 'UTC', at + '1 day', age(at, at)",
        "day < at, at > '2024-01-01', (at, at) OVERLAPS (at, interval '1 day'), day::timestamptz",
        "concat(a, name), concat_ws('-', a), format('%s', a), quote_literal(a), a || name",
        "to_jsonb(t), json_build_object('a', a), row_to_json(t), jsonb_build_array(a)",
        "lower(name), a::text, name::numeric, round(a / 3.0, 2), name ~ 'x', name ILIKE '%a'",
        "array_to_string(ARRAY[a], ','), a = ANY (ARRAY[1, 2]), a IN (1, 2), nullif(a, 1)",
        "pg_typeof(a), enum_range(NULL::public.mood), 'sad'::public.mood",
        "to_tsvector(name) @@ plainto_tsquery('x'), greatest(a, 1), (a, 1) < (2, 3)",
        "row_number() OVER w, lag(a) OVER w, sum(a) OVER w, generate_series(at, at, '1 day')",
        "email = 'A@B', email <> ALL (ARRAY['x'::public.citext]), (email, a) < ('x', 1)",
    ],
)
async def test_views_that_only_compute_are_known(reads: Reads, expression: str) -> None:
    assert await reads(f"SELECT num_nulls({expression}) FROM t WINDOW w AS (ORDER BY a)") == {"t"}


async def test_views_that_aggregate_are_known(reads: Reads) -> None:
    assert await reads(
        "SELECT name, sum(a), string_agg(name, ',') FILTER (WHERE a > 1), json_agg(a ORDER BY a),"
        " jsonb_object_agg(name, a), count(DISTINCT a), stddev(a),"
        " percentile_cont(0.5) WITHIN GROUP (ORDER BY a) FROM t GROUP BY ROLLUP (name)"
    ) == {"t"}


async def test_names_and_constants_are_not_taken_for_calls(reads: Reads) -> None:
    call, moment = ":funcid 1598", "{SQLVALUEFUNCTION :op 1 "
    assert await reads(
        f'SELECT *, \'{call}\' AS "{moment}", \'{moment}\' AS "x :relid 1259" FROM t AS "{call} "'
    ) == {"t"}


@pytest.mark.parametrize(
    "condition",
    [
        "public.allowed()",
        "at > now()",
        "at > current_timestamp",
        "at::date = current_date",
        "random() > 0.5",
        "pg_has_role(current_user, 'x', 'MEMBER')",
        "current_user IN (SELECT rolname FROM pg_roles)",
        "EXISTS (SELECT FROM pg_class)",
    ],
)
async def test_tables_whose_policies_change_by_themselves_are_unknown(
    reads: Reads, module_connection: Any, condition: str
) -> None:
    await module_connection.execute(f"CREATE POLICY p ON protected USING ({condition})")
    assert await reads("SELECT at FROM protected") is None
    await module_connection.execute("DROP POLICY p ON protected")
