"""What a start costs the database where there are many tables, and what each query does."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import asyncpg

from bench.case import Case, Servers
from bench.verdict import Observation, Row
from prismiq.adapters.embedded.server import EmbeddedPostgres
from prismiq.domain.model.query import QueryDefinition
from prismiq.entrypoints.engine import PrismiqEngine

_TABLES = 1_000
_QUERIES = 50
_COUNTED = """
SELECT coalesce(sum(calls), 0)::int
FROM stats.pg_stat_statements AS s JOIN pg_roles AS r ON r.oid = s.userid
WHERE r.rolname = 'asker'
"""


class ColdStart:
    """In a server of its own, which counts statements; the others are not slowed down by that."""

    what = f"cold start, {_TABLES:,} tables"

    async def measure(self, _servers: Servers) -> list[Row]:
        with tempfile.TemporaryDirectory(prefix="prismiq-bench-") as name:
            directory = _open_to_all(Path(name))
            settings = {"shared_preload_libraries": "pg_stat_statements", "fsync": "off"}
            with EmbeddedPostgres(directory / "data", settings=settings) as server:
                owner = await asyncpg.connect(server.dsn)
                await _make_tables(owner)
                started, asked = await _statements(
                    owner, server.dsn.replace("//postgres@", "//asker@")
                )
                await owner.close()
        return [
            Observation(self.what, unit="SQL statements", ours=started, target=3),
            Observation(
                f"{self.what}: more per query",
                unit="SQL statements",
                ours=(asked - _QUERIES) / _QUERIES,
                target=0,
            ),
        ]


def _open_to_all(directory: Path) -> Path:
    """Started by root, the server runs as another account."""
    directory.chmod(0o755)
    return directory


async def _make_tables(owner: Any) -> None:
    await owner.execute("CREATE SCHEMA stats; CREATE EXTENSION pg_stat_statements SCHEMA stats")
    await owner.execute("CREATE TABLE t0 (id int PRIMARY KEY, name text)")
    statements = (
        f"CREATE TABLE t{number} (id int PRIMARY KEY, name text, parent int REFERENCES t0)"
        for number in range(1, _TABLES)
    )
    await owner.execute("; ".join(statements))
    await owner.execute("CREATE ROLE asker LOGIN")
    await owner.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO asker")


async def _statements(owner: Any, dsn: str) -> tuple[int, int]:
    """Return how many statements the start took, and then the first queries."""
    async with PrismiqEngine(dsn) as engine:
        if len((await engine.get_schema()).tables) != _TABLES:
            raise RuntimeError("not all tables are there")
        started = await owner.fetchval(_COUNTED)
        for number in range(_QUERIES):
            await engine.execute_json(_about(f"t{number}"))
        return started, await owner.fetchval(_COUNTED) - started


def _about(table: str) -> QueryDefinition:
    return QueryDefinition.model_validate(
        {"tables": [{"id": "t", "name": table}], "columns": [{"table_id": "t", "column": "id"}]}
    )


CASES: Sequence[Case] = (ColdStart(),)
