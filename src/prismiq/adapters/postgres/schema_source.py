"""Reads the schema from PostgreSQL's catalog."""

from collections.abc import Sequence

from prismiq.adapters.postgres.catalog import READ_CATALOG
from prismiq.adapters.postgres.pool import PostgresPool
from prismiq.domain.model.schema import DatabaseSchema
from prismiq.ports.schema_source import SchemaSource


class PostgresSchemaSource(SchemaSource):
    """Reads all of it in one statement, as one document.

    Default expressions and type names outside ``pg_catalog`` carry their schema, because the
    session's search path is empty.
    """

    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool

    async def read(self, schema_names: Sequence[str]) -> DatabaseSchema:
        async with self._pool.acquire() as connection:
            document: str = await connection.fetchval(READ_CATALOG, list(schema_names))
        return DatabaseSchema.model_validate_json(document)
