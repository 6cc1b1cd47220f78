"""Schemas without an engine, over a pool that the application has already."""

from collections.abc import Iterable
from uuid import uuid4

from prismiq.adapters.postgres.borrowed_schema_source import BorrowedPool, BorrowedSchemaSource
from prismiq.domain.model.schema import DatabaseSchema, TableSchema
from prismiq.domain.model.schema_config import SchemaConfig
from prismiq.domain.rules.schema_lookup import require_table
from prismiq.domain.rules.schema_view import SchemaView, expose, schemas_to_read
from prismiq.domain.services.cached_schema_source import CachedSchemaSource
from prismiq.ports.cache_backend import CacheBackend


class SchemaIntrospector:
    """Reads which tables there are, and keeps that in a cache.

    Args:
        pool: an ``asyncpg`` pool.
        cache: keeps the schema, for all processes that share it; None: every call reads it.
        cache_ttl: seconds for which it is kept.
        exposed_tables: ``table`` or ``schema.table``; None: every table of the default schema.
        schema_config: names for people, and what is hidden.
        default_schema: the schema of tables that are named without one.
    """

    def __init__(
        self,
        pool: BorrowedPool,
        cache: CacheBackend | None = None,
        cache_ttl: float = 3600,
        *,
        exposed_tables: Iterable[str] | None = None,
        schema_config: SchemaConfig | None = None,
        default_schema: str = "public",
    ) -> None:
        self._source = BorrowedSchemaSource(pool)
        self._cached = None
        if cache is not None:
            self._cached = CachedSchemaSource(
                self._source,
                cache,
                ttl=cache_ttl,
                new_token=lambda: uuid4().hex,
                origin=self._source.origin,
            )
        self._exposed = None if exposed_tables is None else tuple(exposed_tables)
        self._config = schema_config
        self._default_schema = default_schema

    async def get_schema(
        self,
        force_refresh: bool = False,  # noqa: FBT001 - the name is part of the contract
    ) -> DatabaseSchema:
        """Return the schema, read from the database where it must be.

        Args:
            force_refresh: read it now, whatever is kept, and keep that.

        Raises:
            DatabaseUnavailableError: the database cannot be reached.
            QueryTimeoutError: it did not answer in time.
        """
        return (await self._view(force_refresh=force_refresh)).schema

    async def get_table(self, name: str) -> TableSchema:
        """Return one table; ``name`` is ``table`` or ``schema.table``.

        Raises:
            TableNotFoundError: there is none, or it is not exposed. Also as ``get_schema``.
        """
        return require_table(await self._view(force_refresh=False), name).schema

    async def invalidate_cache(self) -> None:
        """Forget the schema that is kept, also one that is being read now.

        Raises:
            StoreUnavailableError: a shared cache does not answer.
        """
        if self._cached is not None:
            await self._cached.invalidate()

    async def _view(self, *, force_refresh: bool) -> SchemaView:
        names = schemas_to_read(self._exposed, self._default_schema)
        if self._cached is None:
            schema = await self._source.read(names)
        else:
            read = self._cached.refresh if force_refresh else self._cached.read
            schema = await read(names)
        return expose(schema, self._exposed, self._config, self._default_schema)
