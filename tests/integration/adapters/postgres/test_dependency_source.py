"""Which tables answers depend on, as a real server's catalog tells it."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, TypeAlias

import pytest

from prismiq.adapters.postgres.dependency_source import PostgresDependencySource
from prismiq.adapters.postgres.pool import PostgresPool
from prismiq.ports.dependency_source import TableDependencies

OpenPool: TypeAlias = Callable[..., Awaitable[PostgresPool]]
Read: TypeAlias = Callable[..., Awaitable[TableDependencies]]
Reads: TypeAlias = Callable[[str], Awaitable[dict[str, set[str] | None]]]

FOREIGN = (
    "CREATE EXTENSION file_fdw; CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;"
    "CREATE FOREIGN TABLE elsewhere (a int) SERVER files OPTIONS (filename '/dev/null');"
)


@pytest.fixture
def read(open_pool: OpenPool, database: str, connection: Any) -> Read:
    """Run a script as superuser, then read schemas (default: public)."""

    async def create_and_read(script: str, *schema_names: str) -> TableDependencies:
        await connection.execute(script)
        source = PostgresDependencySource(await open_pool(database))
        return await source.read(schema_names or ["public"])

    return create_and_read


@pytest.fixture
def reads(read: Read) -> Reads:
    """The same for public, with bare names for what is in it."""

    def bare(name: tuple[str, str]) -> str:
        return ".".join(name).removeprefix("public.")

    async def create_and_read(script: str) -> dict[str, set[str] | None]:
        found = (await read(script)).reads
        return {
            bare(name): None if tables is None else set(map(bare, tables))
            for name, tables in found.items()
        }

    return create_and_read


async def test_a_table_and_a_materialised_view_depend_on_themselves(reads: Reads) -> None:
    assert await reads(
        "CREATE TABLE t (a int PRIMARY KEY); CREATE UNLOGGED TABLE u (a int);"
        "CREATE TABLE referring (a int REFERENCES t);"
        "CREATE VIEW v AS SELECT a, now() FROM t;"
        "CREATE MATERIALIZED VIEW m AS SELECT * FROM v; CREATE VIEW over_m AS SELECT * FROM m"
    ) == {
        "t": {"t"},
        "u": {"u"},
        "referring": {"referring"},
        "v": None,
        "m": {"m"},
        "over_m": {"m"},
    }


async def test_a_view_depends_on_what_it_reads_through_views_in_any_schema(reads: Reads) -> None:
    found = await reads(
        "CREATE SCHEMA hidden; CREATE TABLE hidden.t (a int); CREATE TABLE t (a int);"
        'CREATE SCHEMA "odd.""one"; CREATE TABLE "odd.""one"."a.b" (a int);'
        "CREATE VIEW hidden.v1 AS SELECT a FROM hidden.t;"
        'CREATE VIEW v2 AS SELECT a FROM hidden.v1 JOIN "odd.""one"."a.b" USING (a);'
        "CREATE VIEW v3 AS SELECT v2.a FROM v2, t;"
        "CREATE VIEW constant AS SELECT 1 AS a"
    )
    assert found == {
        "t": {"t"},
        "v2": {"hidden.t", 'odd."one.a.b'},
        "v3": {"hidden.t", 'odd."one.a.b', "t"},
        "constant": set(),
    }


async def test_partitions_are_their_root(read: Read) -> None:
    found = await read(
        "CREATE SCHEMA parts; CREATE TABLE parted (a int, b int) PARTITION BY LIST (a);"
        "CREATE TABLE parts.p1 PARTITION OF parted FOR VALUES IN (1) PARTITION BY LIST (b);"
        "CREATE TABLE parts.p1_1 PARTITION OF parts.p1 FOR VALUES IN (1);"
        "CREATE TABLE p2 PARTITION OF parted FOR VALUES IN (2);"
        "CREATE INDEX ON parted (a); CREATE VIEW v AS SELECT * FROM parted;"
        "CREATE VIEW over_middle AS SELECT * FROM parts.p1;"
        "CREATE VIEW over_leaf AS SELECT * FROM parts.p1_1;"
        "CREATE TABLE parts.parted (a int) PARTITION BY LIST (a);"
        "CREATE TABLE parts.p3 PARTITION OF parts.parted FOR VALUES IN (1)"
    )
    parted = ("public", "parted")
    assert found.reads == {
        ("public", name): frozenset({parted})
        for name in ("parted", "v", "over_middle", "over_leaf")
    }
    assert found.roots == {
        ("parts", "p1"): parted,
        ("parts", "p1_1"): parted,
        ("public", "p2"): parted,
    }


async def test_heirs_count_for_their_parents(reads: Reads) -> None:
    assert await reads(
        "CREATE TABLE parent (a int); CREATE TABLE child () INHERITS (parent);"
        "CREATE TABLE grandchild () INHERITS (child); CREATE VIEW v AS SELECT a FROM parent"
    ) == {
        "parent": {"parent", "child", "grandchild"},
        "child": {"child", "grandchild"},
        "grandchild": {"grandchild"},
        "v": {"parent", "child", "grandchild"},
    }


async def test_what_may_change_elsewhere_is_unknown(reads: Reads) -> None:
    found = await reads(
        f"{FOREIGN} CREATE VIEW v AS SELECT a FROM elsewhere; CREATE TABLE parent (a int);"
        "CREATE FOREIGN TABLE heir () INHERITS (parent) SERVER files"
        " OPTIONS (filename '/dev/null');"
        "CREATE TABLE parted (a int, b int) PARTITION BY LIST (a);"
        "CREATE TABLE p1 PARTITION OF parted FOR VALUES IN (1) PARTITION BY LIST (b);"
        "CREATE FOREIGN TABLE p1_1 PARTITION OF p1 FOR VALUES IN (1) SERVER files"
        " OPTIONS (filename '/dev/null');"
        "CREATE TABLE p2 PARTITION OF parted FOR VALUES IN (2);"
        "CREATE VIEW over_p1 AS SELECT * FROM p1; CREATE VIEW over_p2 AS SELECT * FROM p2;"
        "CREATE MATERIALIZED VIEW copied AS SELECT a FROM elsewhere"
    )
    known = {name: tables for name, tables in found.items() if tables is not None}
    assert known == {"over_p2": {"parted"}, "copied": {"copied"}}
    assert found.keys() - known.keys() == {
        *("elsewhere", "v", "parent", "heir", "parted", "over_p1")
    }


async def test_the_system_schemas_themselves_are_unknown(read: Read) -> None:
    found = await read("SELECT 1", "pg_catalog", "information_schema")
    assert ("pg_catalog", "pg_class") in found.reads
    assert ("information_schema", "tables") in found.reads
    assert set(found.reads.values()) == {None}


async def test_tables_read_by_policies_are_included(reads: Reads) -> None:
    found = await reads(
        "CREATE TABLE member (a int); CREATE TABLE team (a int); CREATE TABLE written (a int);"
        "CREATE VIEW teams AS SELECT a FROM team;"
        "CREATE TABLE t (a int, tenant text); ALTER TABLE t ENABLE ROW LEVEL SECURITY;"
        "CREATE POLICY mine ON t USING (tenant = current_setting('prismiq.tenant', true)"
        " AND current_user <> 'x' AND a IN (SELECT a FROM member));"
        "CREATE POLICY theirs ON t AS RESTRICTIVE FOR SELECT USING (a IN (SELECT a FROM teams));"
        "CREATE POLICY writing ON t FOR INSERT WITH CHECK (a IN (SELECT a FROM written));"
        "CREATE VIEW v AS SELECT a FROM t;"
        "CREATE TABLE switched_off (a int); CREATE POLICY p ON switched_off USING (random() > 1);"
        "ALTER TABLE team ENABLE ROW LEVEL SECURITY;"
        "CREATE POLICY round ON team USING (a IN (SELECT a FROM v))"
    )
    circle = {"t", "member", "team"}
    assert found == {
        "member": {"member"},
        "written": {"written"},
        "switched_off": {"switched_off"},
        "t": circle,
        "v": circle,
        "team": circle,
        "teams": circle,
    }


async def test_a_circle_of_views_ends(reads: Reads) -> None:
    found = await reads(
        "CREATE TABLE t (a int); CREATE VIEW v AS SELECT a FROM t;"
        "CREATE VIEW w AS SELECT a FROM v; CREATE OR REPLACE VIEW v AS SELECT a FROM w"
    )
    assert found == {"t": {"t"}, "v": set(), "w": set()}


async def test_rules_for_writing_do_not_count(reads: Reads) -> None:
    found = await reads(
        "CREATE TABLE t (a int); CREATE TABLE log (at timestamptz);"
        "CREATE VIEW v AS SELECT a FROM t;"
        "CREATE RULE r AS ON INSERT TO v DO INSTEAD INSERT INTO log VALUES (now())"
    )
    assert found["v"] == {"t"}


async def test_only_the_named_schemas_are_read(read: Read) -> None:
    found = await read(
        "CREATE SCHEMA sales; CREATE TABLE sales.a (x int); CREATE TABLE a (x int)",
        "sales",
        "absent",
    )
    assert found.reads == {("sales", "a"): frozenset({("sales", "a")})}
    assert found.roots == {}


@pytest.mark.parametrize(
    "change",
    [
        "CREATE OR REPLACE VIEW v AS SELECT a + 1 AS a FROM t",
        "ALTER TABLE t DROP COLUMN b; ALTER TABLE t ADD COLUMN b int",
        "ALTER TABLE t ALTER COLUMN b TYPE bigint",
        "CREATE POLICY none ON guarded USING (false)",
        "ALTER TABLE t ENABLE ROW LEVEL SECURITY",
        "GRANT SELECT ON t TO public",
        "DROP TABLE t CASCADE; CREATE TABLE t (a int, b int)",
    ],
)
async def test_definitions_change_when_something_is_made_anew(read: Read, change: str) -> None:
    made = await read(
        "CREATE TABLE t (a int, b int); CREATE VIEW v AS SELECT a FROM t;"
        "CREATE TABLE guarded (a int); ALTER TABLE guarded ENABLE ROW LEVEL SECURITY"
    )
    assert (await read("INSERT INTO t VALUES (1, 2); ANALYZE t")).definitions == made.definitions
    assert (await read(change)).definitions != made.definitions


async def test_a_role_without_any_right_reads_the_same(
    read: Read, open_pool: OpenPool, database: str, dsn_for: Callable[..., str]
) -> None:
    found = await read(
        "DROP ROLE IF EXISTS uninvited; CREATE ROLE uninvited LOGIN;"
        "REVOKE ALL ON SCHEMA public FROM public; CREATE TABLE t (a int);"
        "ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE TABLE u (a int);"
        "CREATE POLICY p ON t USING (a IN (SELECT a FROM u)); CREATE VIEW v AS SELECT a FROM t"
    )
    source = PostgresDependencySource(await open_pool(dsn_for(database, "uninvited")))
    other = await source.read(["public"])
    assert other.origin != found.origin
    assert replace(other, origin=found.origin) == found
    assert found.reads["public", "v"] == frozenset({("public", "t"), ("public", "u")})


@pytest.mark.parametrize(
    "change", ["ALTER ROLE watched BYPASSRLS", "GRANT pg_read_all_data TO watched"]
)
async def test_the_origin_changes_with_what_policies_make_of_the_role(
    read: Read, open_pool: OpenPool, database: str, dsn_for: Callable[..., str], change: str
) -> None:
    await read("DROP ROLE IF EXISTS watched; CREATE ROLE watched LOGIN")
    source = PostgresDependencySource(await open_pool(dsn_for(database, "watched")))
    before = await source.read(["public"])
    assert (await source.read(["public"])).origin == before.origin
    await read(change)
    assert (await source.read(["public"])).origin != before.origin


async def test_a_role_that_may_not_know_the_server_reads_all_the_same(
    read: Read, open_pool: OpenPool, database: str, dsn_for: Callable[..., str]
) -> None:
    await read(
        "DROP ROLE IF EXISTS uninvited; CREATE ROLE uninvited LOGIN; CREATE TABLE t (a int);"
        "REVOKE EXECUTE ON FUNCTION pg_control_system FROM public"
    )
    source = PostgresDependencySource(await open_pool(dsn_for(database, "uninvited")))
    found = await source.read(["public"])
    assert found.reads == {("public", "t"): frozenset({("public", "t")})}
    assert found.origin


async def test_hundreds_of_views_take_one_statement(read: Read, connection: Any) -> None:
    await connection.execute(
        "CREATE SCHEMA stats; CREATE EXTENSION pg_stat_statements SCHEMA stats;"
        "CREATE TABLE t (a int); CREATE VIEW v0 AS SELECT a FROM t"
    )
    for number in range(1, 201):
        await connection.execute(
            f"CREATE VIEW v{number} AS SELECT a FROM v{number // 2 if number > 1 else 0}"
        )
    found = await read("SELECT stats.pg_stat_statements_reset()")
    executed = await connection.fetchval(
        "SELECT sum(calls) FROM stats.pg_stat_statements AS s"
        " JOIN pg_database AS d ON d.oid = s.dbid"
        " WHERE d.datname = current_database() AND query NOT LIKE '%pg_stat_statements%'"
    )
    assert len(found.reads) == 202
    assert set(found.reads.values()) == {frozenset({("public", "t")})}
    assert executed == 1
