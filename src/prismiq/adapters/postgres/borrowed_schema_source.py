"""Reads the schema over a connection pool that belongs to somebody else."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import asyncpg

from prismiq.adapters.postgres.catalog import READ_CATALOG
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

    async def read(self, schema_names: Sequence[str]) -> DatabaseSchema:
        try:
            async with (
                self._pool.acquire(timeout=self._timeout) as connection,
                connection.transaction(readonly=True),
            ):
                await connection.execute("SELECT set_config('search_path', '', true)")
                document: str = await connection.fetchval(
                    READ_CATALOG, list(schema_names), timeout=self._timeout
                )
        except DRIVER_ERRORS as error:
            lost = isinstance(error, asyncpg.InterfaceError)  # the pool or a connection is closed
            raise translate(error, timeout=self._timeout, connection_lost=lost) from error
        return DatabaseSchema.model_validate_json(document)
