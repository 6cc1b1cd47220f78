"""Asks PostgreSQL how it is."""

from prismiq.adapters.postgres.pool import PostgresPool
from prismiq.ports.database_probe import DatabaseFacts, DatabaseProbe

_FACTS = """
SELECT
    current_setting('server_version') AS server_version,
    r.rolname::text AS role,
    r.rolsuper AS is_superuser,
    r.rolsuper OR r.rolbypassrls AS bypasses_row_security,
    (
        SELECT count(*)
        FROM pg_class AS c
        JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'v', 'f')
          AND n.nspname <> 'information_schema'
          AND n.nspname NOT LIKE 'pg\\_%'
          AND has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
    ) AS writable_tables
FROM pg_roles AS r
WHERE r.rolname = current_user
"""


class PostgresProbe(DatabaseProbe):
    """Probes through the pool, so that it sees what queries see. Times are in seconds."""

    def __init__(self, pool: PostgresPool, *, timeout: float = 1.0) -> None:
        self._pool = pool
        self._timeout = timeout

    async def check(self) -> None:
        async with self._pool.acquire(seconds=self._timeout) as connection:
            await connection.execute("SELECT 1")

    async def inspect(self) -> DatabaseFacts:
        async with self._pool.acquire(seconds=self._timeout) as connection:
            return DatabaseFacts(**await connection.fetchrow(_FACTS))
