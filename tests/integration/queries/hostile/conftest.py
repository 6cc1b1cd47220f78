"""A database whose every name would be SQL if it were not quoted."""

from collections.abc import AsyncIterator, Iterator
from itertools import chain, cycle, islice

import asyncpg
import pytest

SCHEMA = 'we"ird; --'
ENUM = 'en$1"um'
LABELS = ["'; DROP SCHEMA public; --", '"', "$$", "\\", "😀"]
NAMES = [
    *('a"b', '""', '"', "'", "''", "--", "/*", "*/", ";", "; DROP TABLE x; --", "' OR '1'='1"),
    *("$1", "$0", "$$", "$a$", "{0}", "{}", "%s", "%(x)s", ":a", "?", "@x", "[0]", "a.b", "."),
    *("\\", "\\'", "\\n", "E'x'", "U&'x'", "x'00'", "\n", "\r\n", "\t", "\x01", "\x1b[0m", "\x7f"),
    *("select", "FROM", "null", "TRUE", "current_user", "count(*)", "c0", "t0", "data", "moment"),
    *(
        " ",
        "  two  spaces",
        "x" * 63,
        "Ω" * 31,
        "😀",
        "e\u0301",
        "\u202e",
        "\u2028",
        "\ufeff",
        "名",
    ),
]
TYPES = {
    "smallint": "1",
    "integer": "2",
    "bigint": "9007199254740993",
    "numeric(12,3)": "1.500",
    "real": "0.5",
    "double precision": "0.1",
    "text": "'--'",
    "varchar(40)": "'$1'",
    "character(5)": "'ab'",
    "name": "'n'",
    "public.citext": "'CI'",
    "boolean": "true",
    "date": "'2024-03-10'",
    "timestamp": "'2024-03-10 02:30'",
    "timestamptz": "'2024-03-10 07:30+00'",
    "time": "'12:30'",
    "timetz": "'12:30+01'",
    "interval": "'1 day 2 hours'",
    "uuid": "'00000000-0000-0000-0000-000000000001'",
    "inet": "'10.0.0.1'",
    "bytea": "'\\x00'",
    "enum": "'😀'",
    "json": "'{}'",
    "jsonb": "'{}'",
    "text[]": "'{a}'",
    "point": "'(1,2)'",
}
TABLES = ['t"; DROP TABLE y; --', "select * from $1", "\\😀\n'"]


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def table_statements() -> Iterator[str]:
    """Yield the statements that make three tables of all types, with different names each."""
    labels = ", ".join("'" + label.replace("'", "''") + "'" for label in LABELS)
    enum = f"{quoted(SCHEMA)}.{quoted(ENUM)}"
    yield "CREATE EXTENSION citext"
    yield f"CREATE SCHEMA {quoted(SCHEMA)}"
    yield f"CREATE TYPE {enum} AS ENUM ({labels})"
    names = cycle(NAMES)
    for table in TABLES:
        key, *others = islice(names, len(TYPES) + 1)
        types = [enum if name == "enum" else name for name in TYPES]
        columns = [f"{quoted(name)} {kind}" for name, kind in zip(others, types, strict=True)]
        target = f"{quoted(SCHEMA)}.{quoted(table)}"
        yield f"CREATE TABLE {target} ({quoted(key)} integer PRIMARY KEY, {', '.join(columns)})"
        yield f"INSERT INTO {target} VALUES (1, {', '.join(TYPES.values())})"
        yield f"INSERT INTO {target} VALUES (2)"


@pytest.fixture(scope="session")
def known_names() -> set[str]:
    """Every name that a statement over the hostile database may quote."""
    return {*chain(NAMES, TABLES), SCHEMA, ENUM, "public", "citext"}


@pytest.fixture(scope="session")
async def hostile_database(postgres_dsn: str) -> AsyncIterator[tuple[str, str]]:
    """The address of the database, and the schema that the tables are in."""
    administration = await asyncpg.connect(postgres_dsn)
    await administration.execute("CREATE DATABASE hostile STRATEGY file_copy")
    dsn = postgres_dsn.replace("/postgres?", "/hostile?")
    connection = await asyncpg.connect(dsn)
    for statement in table_statements():
        await connection.execute(statement)
    await connection.close()
    yield dsn, SCHEMA
    await administration.execute("DROP DATABASE hostile WITH (FORCE)")
    await administration.close()
