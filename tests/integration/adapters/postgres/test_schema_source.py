"""What is read from the catalog of a real server."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from prismiq.adapters.postgres.pool import PostgresPool
from prismiq.adapters.postgres.schema_source import PostgresSchemaSource
from prismiq.domain.model.schema import ColumnSchema, DatabaseSchema, TableSchema

OpenPool = Callable[..., Awaitable[PostgresPool]]
Read = Callable[..., Awaitable[DatabaseSchema]]


@pytest.fixture
def read(open_pool: OpenPool, database: str, connection: Any) -> Read:
    """Run a script as superuser, then read schemas (default: public)."""

    async def create_and_read(script: str, *schema_names: str) -> DatabaseSchema:
        await connection.execute(script)
        source = PostgresSchemaSource(await open_pool(database))
        return await source.read(schema_names or ["public"])

    return create_and_read


def table(schema: DatabaseSchema, name: str) -> TableSchema:
    return next(table for table in schema.tables if table.name == name)


def column(schema: DatabaseSchema, table_name: str, name: str) -> ColumnSchema:
    return next(column for column in table(schema, table_name).columns if column.name == name)


async def test_all_kinds_of_tables_are_read_and_partitions_are_not(read: Read) -> None:
    schema = await read(
        "CREATE TABLE plain (a int); CREATE VIEW a_view AS SELECT a FROM plain;"
        "CREATE MATERIALIZED VIEW stored AS SELECT a FROM plain;"
        "CREATE UNLOGGED TABLE unlogged (a int); CREATE TEMP TABLE temporary (a int);"
        "CREATE TABLE heir () INHERITS (plain);"
        "CREATE TABLE parted (a int, b int) PARTITION BY RANGE (a);"
        "CREATE TABLE part1 PARTITION OF parted FOR VALUES FROM (0) TO (9) PARTITION BY LIST (b);"
        "CREATE TABLE part1_1 PARTITION OF part1 FOR VALUES IN (1);"
        "CREATE EXTENSION file_fdw; CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;"
        "CREATE FOREIGN TABLE elsewhere (a int) SERVER files OPTIONS (filename '/dev/null');"
        "CREATE SEQUENCE counter; CREATE TYPE pair AS (a int, b int); CREATE INDEX ON plain (a)"
    )
    names = [table.name for table in schema.tables]
    assert names == ["a_view", "elsewhere", "heir", "parted", "plain", "stored", "unlogged"]


async def test_only_the_named_schemas_are_read(read: Read) -> None:
    script = (
        'CREATE SCHEMA sales; CREATE SCHEMA "Odd ""Name"; CREATE TABLE a (x int);'
        'CREATE TABLE sales.a (y int); CREATE TABLE "Odd ""Name"."T $1" ("select" int)'
    )
    schema = await read(script, "sales", 'Odd "Name', "absent")
    assert [(t.schema_name, t.name) for t in schema.tables] == [
        ('Odd "Name', "T $1"),
        ("sales", "a"),
    ]
    assert schema.tables[0].columns[0].name == "select"


async def test_an_empty_database_has_an_empty_schema(read: Read) -> None:
    assert await read("SELECT 1") == DatabaseSchema(tables=[])
    assert (await read("CREATE TABLE bare ()")).tables[0].columns == ()


async def test_type_names_are_postgresqls_own_without_modifiers(read: Read) -> None:
    schema = await read(
        "CREATE SCHEMA other; CREATE TYPE other.\"Mood\" AS ENUM ('sad', 'ok');"
        "CREATE TYPE mood AS ENUM ('low', 'high'); ALTER TYPE mood ADD VALUE 'mid' BEFORE 'high';"
        "CREATE EXTENSION citext;"
        "CREATE TABLE t (a varchar(10), b numeric(10, 2)[], c timestamptz(3), d char(5), e bit(3),"
        ' f other."Mood", g mood, h mood[], i citext, j double precision, k "char", l interval day)'
    )
    types = {column.name: column.data_type for column in table(schema, "t").columns}
    assert types == {
        "a": "character varying",
        "b": "numeric[]",
        "c": "timestamp with time zone",
        "d": "character",
        "e": "bit",
        "f": 'other."Mood"',
        "g": "public.mood",
        "h": "public.mood[]",
        "i": "public.citext",
        "j": "double precision",
        "k": '"char"',
        "l": "interval",
    }
    assert column(schema, "t", "f").enum_values == ("sad", "ok")
    assert column(schema, "t", "g").enum_values == ("low", "mid", "high")
    assert column(schema, "t", "h").enum_values is None
    assert column(schema, "t", "a").enum_values is None


async def test_domains_are_shown_as_what_they_are_made_of(read: Read) -> None:
    schema = await read(
        "CREATE TYPE mood AS ENUM ('sad'); CREATE DOMAIN feeling AS mood;"
        "CREATE DOMAIN amount AS numeric(10, 2); CREATE DOMAIN price AS amount CHECK (VALUE > 0);"
        "CREATE DOMAIN required AS price NOT NULL; CREATE DOMAIN list AS price CHECK (true);"
        "CREATE DOMAIN tags AS text[];"
        "CREATE TABLE t (a price, b required, c feeling, d tags)"
    )
    assert column(schema, "t", "a").data_type == "numeric"
    assert column(schema, "t", "a").is_nullable
    assert column(schema, "t", "b").data_type == "numeric"
    assert not column(schema, "t", "b").is_nullable
    assert column(schema, "t", "c").data_type == "public.mood"
    assert column(schema, "t", "c").enum_values == ("sad",)
    assert column(schema, "t", "d").data_type == "text[]"


async def test_columns_say_what_fills_them(read: Read) -> None:
    schema = await read(
        "CREATE TABLE t (a int DEFAULT 1 + 1, b int GENERATED ALWAYS AS IDENTITY,"
        " c int GENERATED BY DEFAULT AS IDENTITY, d int GENERATED ALWAYS AS (a * 2) STORED,"
        " e serial, f text NOT NULL, g timestamptz DEFAULT now())"
    )
    defaults = {column.name: column.default_value for column in table(schema, "t").columns}
    assert defaults == {
        "a": "(1 + 1)",
        "b": "GENERATED ALWAYS AS IDENTITY",
        "c": "GENERATED BY DEFAULT AS IDENTITY",
        "d": "GENERATED ALWAYS AS ((a * 2))",
        "e": "nextval('public.t_e_seq'::regclass)",
        "f": None,
        "g": "now()",
    }
    assert not column(schema, "t", "f").is_nullable
    assert column(schema, "t", "a").is_nullable


async def test_dropped_columns_are_gone_and_order_is_kept(read: Read) -> None:
    schema = await read(
        "CREATE TABLE t (z int, y int, x int); ALTER TABLE t DROP y; ALTER TABLE t ADD a int"
    )
    assert [column.name for column in table(schema, "t").columns] == ["z", "x", "a"]


async def test_comments_become_descriptions(read: Read) -> None:
    schema = await read(
        "CREATE TABLE t (a int, b int); COMMENT ON TABLE t IS 'All of it';"
        "COMMENT ON COLUMN t.b IS 'A \"part\"'; CREATE INDEX i ON t (a); COMMENT ON INDEX i IS 'no'"
    )
    assert table(schema, "t").description == "All of it"
    assert column(schema, "t", "a").description is None
    assert column(schema, "t", "b").description == 'A "part"'


async def test_row_counts_are_the_planners_estimates(read: Read) -> None:
    schema = await read(
        "CREATE TABLE counted AS SELECT generate_series(1, 123) AS a; ANALYZE counted;"
        "CREATE TABLE uncounted (a int); CREATE VIEW v AS SELECT a FROM counted;"
        "CREATE TABLE emptied (a int); ANALYZE emptied;"
        "CREATE TABLE parted (a int) PARTITION BY LIST (a);"
        "CREATE TABLE p1 PARTITION OF parted FOR VALUES IN (1) PARTITION BY LIST (a);"
        "CREATE TABLE p1_1 PARTITION OF p1 FOR VALUES IN (1);"
        "CREATE TABLE p2 PARTITION OF parted FOR VALUES IN (2);"
        "CREATE TABLE p3 PARTITION OF parted FOR VALUES IN (3);"
        "INSERT INTO parted SELECT 1 + g % 2 FROM generate_series(1, 30) AS g; ANALYZE p1_1, p2;"
        "CREATE TABLE untouched (a int) PARTITION BY LIST (a)"
    )
    counts = {table.name: table.row_count for table in schema.tables}
    assert counts == {
        "counted": 123,
        "uncounted": None,
        "v": None,
        "emptied": 0,
        "parted": 30,
        "untouched": None,
    }


async def test_unique_keys_are_those_that_hold_for_every_row(read: Read) -> None:
    schema = await read(
        "CREATE TABLE t (a int, b int, c int UNIQUE, d int UNIQUE NULLS NOT DISTINCT,"
        " e int UNIQUE DEFERRABLE, f int, g text, h int, i int, PRIMARY KEY (b, a));"
        "CREATE UNIQUE INDEX ON t (f) WHERE f > 0; CREATE UNIQUE INDEX ON t (lower(g));"
        "CREATE UNIQUE INDEX ON t (h) INCLUDE (i); CREATE UNIQUE INDEX ON t (i, h);"
        "CREATE INDEX ON t (g)"
    )
    assert table(schema, "t").unique_keys == (("b", "a"), ("c",), ("d",), ("h",), ("i", "h"))
    primary = [column.name for column in table(schema, "t").columns if column.is_primary_key]
    assert primary == ["a", "b"]


async def test_a_partitioned_table_has_its_own_keys(read: Read) -> None:
    schema = await read(
        "CREATE TABLE parted (a int, b int, PRIMARY KEY (a, b)) PARTITION BY LIST (a);"
        "CREATE TABLE p1 PARTITION OF parted FOR VALUES IN (1);"
        "CREATE UNIQUE INDEX ON p1 (b); CREATE UNIQUE INDEX incomplete ON ONLY parted (b, a)"
    )
    assert table(schema, "parted").unique_keys == (("a", "b"),)


async def test_composite_foreign_keys_are_paired_as_declared(read: Read) -> None:
    schema = await read(
        "CREATE TABLE target (a int, b int, c int, PRIMARY KEY (c, a), UNIQUE (a, b));"
        "CREATE TABLE source (x int, y int, z int,"
        " CONSTRAINT crossed FOREIGN KEY (x, y) REFERENCES target (c, a),"
        " CONSTRAINT swapped FOREIGN KEY (y, x) REFERENCES target (a, b))"
    )
    assert [
        (r.constraint_name, r.from_table, r.from_column, r.to_table, r.to_column)
        for r in schema.relationships
    ] == [
        ("crossed", "public.source", "x", "public.target", "c"),
        ("crossed", "public.source", "y", "public.target", "a"),
        ("swapped", "public.source", "y", "public.target", "a"),
        ("swapped", "public.source", "x", "public.target", "b"),
    ]


async def test_foreign_keys_of_partitions_and_of_hidden_schemas_are_left_out(read: Read) -> None:
    schema = await read(
        "CREATE SCHEMA hidden; CREATE TABLE hidden.h (id int PRIMARY KEY);"
        "CREATE TABLE dim (id int PRIMARY KEY, parent int REFERENCES dim);"
        "CREATE TABLE fact (id int REFERENCES dim, h int REFERENCES hidden.h)"
        " PARTITION BY LIST (id); CREATE TABLE fact1 PARTITION OF fact FOR VALUES IN (1);"
        "CREATE TABLE keyed (id int PRIMARY KEY) PARTITION BY LIST (id);"
        "CREATE TABLE keyed1 PARTITION OF keyed FOR VALUES IN (1);"
        "CREATE TABLE pointer (id int REFERENCES keyed)"
    )
    assert [(r.from_table, r.from_column, r.to_table) for r in schema.relationships] == [
        ("public.dim", "parent", "public.dim"),
        ("public.fact", "id", "public.dim"),
        ("public.pointer", "id", "public.keyed"),
    ]


async def test_a_role_without_any_right_reads_the_schema_too(
    read: Read, open_pool: OpenPool, database: str, dsn_for: Callable[..., str]
) -> None:
    schema = await read(
        "DROP ROLE IF EXISTS stranger; CREATE ROLE stranger LOGIN;"
        "CREATE TABLE t (a serial PRIMARY KEY, b int REFERENCES t)"
    )
    source = PostgresSchemaSource(await open_pool(dsn_for(database, "stranger")))
    assert await source.read(["public"]) == schema


async def test_hundreds_of_tables_take_three_statements_at_most(
    read: Read, connection: Any
) -> None:
    await connection.execute(
        "CREATE SCHEMA stats; CREATE EXTENSION pg_stat_statements SCHEMA stats"
    )
    await connection.execute(
        "CREATE TYPE mood AS ENUM ('sad'); CREATE TABLE t0 (id int PRIMARY KEY)"
    )
    for number in range(1, 201):
        await connection.execute(
            f"CREATE TABLE t{number} (id int PRIMARY KEY, m mood, parent int REFERENCES t0)"
        )
    schema = await read("SELECT stats.pg_stat_statements_reset()")
    executed = await connection.fetchval(
        "SELECT sum(calls) FROM stats.pg_stat_statements AS s"
        " JOIN pg_database AS d ON d.oid = s.dbid"
        " WHERE d.datname = current_database() AND query NOT LIKE '%pg_stat_statements%'"
    )
    assert len(schema.tables) == 201
    assert len(schema.relationships) == 200
    assert executed <= 3
