"""Reads the schema over a connection pool that belongs to somebody else."""

from collections.abc import Awaitable, Sequence
from typing import Any, TypeAlias

import asyncpg

from prismiq.adapters.postgres.catalog import READ_CATALOG
from prismiq.adapters.postgres.database_origin import ORIGIN, ORIGIN_WITHOUT_SERVER
from prismiq.adapters.postgres.errors import DRIVER_ERRORS, translate
from prismiq.domain.model.schema import DatabaseSchema
from prismiq.ports.schema_source import SchemaSource

BorrowedPool: TypeAlias = "asyncpg.Pool[Any]"


class BorrowedSchemaSource(SchemaSource):
    """As ``PostgresSchemaSource``, on an ``asyncpg`` pool with settings of its own.

    Args:
        pool: stays as it is; the transaction in which the catalog is read has our search path.
        timeout: seconds for connecting and reading.
    """

    def __init__(self, pool: BorrowedPool, *, timeout: float = 30.0) -> None:
        self._pool = pool
        self._timeout = timeout
        self._origin: str | None = None

    async def read(self, schema_names: Sequence[str]) -> DatabaseSchema:
        document = await self._translated(self._fetch(READ_CATALOG, list(schema_names)))
        return DatabaseSchema.model_validate_json(document)

    async def origin(self) -> str:
        """Return a digest of which database this is and of the role that reads it.

        Asked for once. Raises as ``read``.
        """
        if self._origin is None:
            self._origin = await self._translated(self._read_origin())
        return self._origin

    async def _read_origin(self) -> str:
        try:
            return await self._fetch(ORIGIN)
        except asyncpg.InsufficientPrivilegeError:
            return await self._fetch(ORIGIN_WITHOUT_SERVER)

    async def _fetch(self, statement: str, *arguments: Any) -> str:
        async with (
            self._pool.acquire(timeout=self._timeout) as connection,
            connection.transaction(readonly=True),
        ):
            await connection.execute("SELECT set_config('search_path', '', true)")
            text: str = await connection.fetchval(statement, *arguments, timeout=self._timeout)
            return text

    async def _translated(self, work: Awaitable[str]) -> str:
        try:
            return await work
        except DRIVER_ERRORS as error:
            lost = isinstance(error, asyncpg.InterfaceError)  # the pool or a connection is closed
            raise translate(error, timeout=self._timeout, connection_lost=lost) from error
