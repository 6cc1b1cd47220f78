"""Asks PostgreSQL how it is."""

import asyncio

from prismiq.adapters.postgres.pool import PostgresPool
from prismiq.domain.model.errors import PoolExhaustedError, QueryTimeoutError
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


_PATIENCE = 1 / 3
"""The part of the time in which a connection must become free."""


class PostgresProbe(DatabaseProbe):
    """Probes through the pool, so that it sees what queries see.

    A pool may be full because there is much to do, or because the server stands still and nobody
    gets an answer. So when no connection becomes free, the probe tries to make one beside the
    pool: only who succeeds calls the pool exhausted.

    Args:
        pool: of the queries.
        timeout: seconds for a check, waiting and connecting included.
        inspection_timeout: seconds for looking up facts, for which nobody waits in a hurry.
    """

    def __init__(
        self, pool: PostgresPool, *, timeout: float = 0.75, inspection_timeout: float = 5.0
    ) -> None:
        self._pool = pool
        self._timeout = timeout
        self._inspection_timeout = inspection_timeout

    async def check(self) -> None:
        try:
            async with asyncio.timeout(self._timeout):
                await self._select()
        except TimeoutError:
            raise QueryTimeoutError(self._timeout) from None

    async def inspect(self) -> DatabaseFacts:
        async with self._pool.acquire(seconds=self._inspection_timeout) as connection:
            return DatabaseFacts(**await connection.fetchrow(_FACTS))

    async def _select(self) -> None:
        patience = self._timeout * _PATIENCE
        try:
            async with self._pool.acquire(seconds=self._timeout, patience=patience) as connection:
                await connection.execute("SELECT 1")
        except PoolExhaustedError:
            await self._pool.reach()
            raise
