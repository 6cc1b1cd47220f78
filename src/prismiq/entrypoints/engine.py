"""The engine: everything Prismiq can do, behind one object."""

from collections.abc import Iterable
from typing import Literal, Self

from pydantic import SecretStr

from prismiq.domain.model.query import QueryDefinition
from prismiq.domain.model.result import (
    ColumnSample,
    CompiledSql,
    PlanEstimate,
    QueryResult,
)
from prismiq.domain.model.schema import DatabaseSchema, TableSchema
from prismiq.domain.model.schema_config import SchemaConfig
from prismiq.domain.model.scope import Scope
from prismiq.domain.model.validation import ValidationResult
from prismiq.domain.rules.result_decoding import decode_result
from prismiq.domain.rules.schema_lookup import require_table
from prismiq.domain.services.answer_forms import body_of, result_in
from prismiq.entrypoints.engine_lifecycle import EngineLifecycle
from prismiq.entrypoints.options import EngineOptions, checked_options
from prismiq.ports.cache_backend import CacheBackend


class PrismiqEngine(EngineLifecycle):
    """Analytics over one PostgreSQL database.

    Enter it with ``async with``, or call ``startup`` and ``shutdown``. Every method that asks the
    database may raise ``DatabaseUnavailableError``, ``QueryTimeoutError`` and, outside of that
    time, ``EngineNotStartedError``. Without a ``scope`` a call is made for the single default
    tenant.

    Args:
        database_url: ``postgresql://user:password@host:5432/database``.
        exposed_tables: what callers may see, as ``table`` or ``schema.table``; None exposes every
            table of the default schema.
        schema_config: names for people, and what is hidden.
        default_schema: where tables live that are named without a schema.
        timezone: the IANA zone in which days begin, where the scope does not say.
        cache: where answers are kept; None: nowhere. A ``RedisCache`` is shared by all
            processes, and gets a cache in memory in front of it.
        cache_ttl: seconds for which answers are kept; None: until they are invalidated.
        cache_max_stale: how many seconds after that an answer may stand in for a database that
            fails.
        cache_max_bytes: of the memory in front of a shared cache.
        schema_cache_ttl: seconds after which the schema is read anew.
        query_timeout: seconds after which a query is stopped.
        slow_query_ms: milliseconds from which a query is logged as slow.
        max_rows: the most rows in one answer.
        pool_min_size: connections kept open.
        pool_max_size: connections opened at most.
        pool_acquire_timeout: seconds to wait for a free connection.
        change_feed: how others' changes of tables reach the cache: ``"notify"`` hears triggers that
            ``prismiq changes install`` puts in place, ``"poll"`` reads the server's counters.
        change_poll_seconds: between two readings of the counters.
        enable_metrics: whether queries and all else are counted in ``prismiq.metrics``.
        redis_url: of the Redis in which processes together count the queries of a client; None:
            each counts for itself. With a ``RedisCache`` of the same URL it is one connection.
        queries_per_client: of how many queries of one client reach the database at once; None: the
            pool alone sets a bound. A client is a tenant, or, where there is only the default one,
            whoever ``CurrentClientMiddleware`` names.
        tracing: ``"otel"`` opens spans of OpenTelemetry, whose SDK the application configures.

    Raises:
        ConfigurationError: an argument is wrong; the message names it. Or OpenTelemetry is wanted
            and not installed.
    """

    def __init__(
        self,
        database_url: str | SecretStr,
        exposed_tables: Iterable[str] | None = None,
        schema_config: SchemaConfig | None = None,
        *,
        cache: CacheBackend | None = None,
        cache_ttl: float | None = 300.0,
        cache_max_stale: float = 3600.0,
        cache_max_bytes: int = 64 * 1024 * 1024,
        default_schema: str = "public",
        timezone: str = "UTC",
        schema_cache_ttl: float = 3600.0,
        query_timeout: float = 30.0,
        slow_query_ms: float = 1000.0,
        max_rows: int = 10_000,
        pool_min_size: int = 1,
        pool_max_size: int = 10,
        pool_acquire_timeout: float = 5.0,
        change_feed: Literal["off", "notify", "poll"] = "off",
        change_poll_seconds: float = 1.0,
        enable_metrics: bool = True,
        redis_url: str | SecretStr | None = None,
        queries_per_client: int | None = None,
        tracing: Literal["off", "otel"] = "off",
    ) -> None:
        super().__init__(
            checked_options(
                database_url=database_url,
                exposed_tables=exposed_tables,
                schema_config=schema_config,
                default_schema=default_schema,
                timezone=timezone,
                schema_cache_ttl=schema_cache_ttl,
                cache_ttl=cache_ttl,
                cache_max_stale=cache_max_stale,
                cache_max_bytes=cache_max_bytes,
                query_timeout=query_timeout,
                slow_query_ms=slow_query_ms,
                max_rows=max_rows,
                pool_min_size=pool_min_size,
                pool_max_size=pool_max_size,
                pool_acquire_timeout=pool_acquire_timeout,
                change_feed=change_feed,
                change_poll_seconds=change_poll_seconds,
                enable_metrics=enable_metrics,
                redis_url=redis_url,
                queries_per_client=queries_per_client,
                tracing=tracing,
            ),
            cache,
        )

    @classmethod
    def from_options(cls, options: EngineOptions, *, cache: CacheBackend | None = None) -> Self:
        """Return an engine for checked options, such as ``Settings``."""
        return cls(cache=cache, **options.engine_arguments())

    async def get_schema(
        self,
        force_refresh: bool = False,  # noqa: FBT001 - the name is part of the contract
        *,
        scope: Scope | None = None,
    ) -> DatabaseSchema:
        """Return everything callers may see, read anew where ``force_refresh`` says so."""
        read = self._catalog.refresh if force_refresh else self._catalog.view
        return (await read(scope or self._default_scope)).schema

    async def get_table(self, name: str, *, scope: Scope | None = None) -> TableSchema:
        """Return one table; ``name`` is ``table`` or ``schema.table``.

        Raises:
            TableNotFoundError: there is none, or it is not exposed.
        """
        return require_table(await self._catalog.view(scope or self._default_scope), name).schema

    async def sample_column(
        self, table: str, column: str, limit: int = 20, *, scope: Scope | None = None
    ) -> ColumnSample:
        """Return some different values of a column, in order.

        Raises:
            TableNotFoundError: there is no such table, or it is not exposed.
            ColumnNotFoundError: there is no such column, or it is hidden.
        """
        sample = await self._sampler.sample(table, column, limit, scope or self._default_scope)
        return ColumnSample(values=[row[0] for row in decode_result(sample).rows])

    def validate_query(
        self, query: QueryDefinition, *, scope: Scope | None = None
    ) -> ValidationResult:
        """Return all problems of a query, against the schema that was read last.

        Raises:
            SchemaNotLoadedError: no schema was read yet for this scope.
        """
        return self._queries.validate_known(query, scope or self._default_scope)

    async def compile_query(
        self, query: QueryDefinition, *, scope: Scope | None = None
    ) -> CompiledSql:
        """Return the statement that a query becomes; it does not run.

        Raises:
            QueryValidationError: the query does not fit the schema.
        """
        return await self._queries.compile(query, scope or self._default_scope)

    async def execute_query(
        self,
        query: QueryDefinition,
        use_cache: bool = True,  # noqa: FBT001 - the name is part of the contract
        *,
        cache_ttl: float | None = None,
        scope: Scope | None = None,
    ) -> QueryResult:
        """Return the answer in Python values.

        Args:
            query: what is asked.
            use_cache: False asks the database itself; the new answer is kept all the same.
            cache_ttl: seconds to keep this answer, instead of the engine's time.
            scope: on whose behalf.

        Raises:
            QueryValidationError: the query does not fit the schema.
            QueryExecutionError: the database could not compute the answer.
        """
        answer = await self._answers.answer(
            query, scope or self._default_scope, fresh=not use_cache, ttl=cache_ttl
        )
        return decode_result(result_in(answer))

    async def execute_json(
        self,
        query: QueryDefinition,
        use_cache: bool = True,  # noqa: FBT001 - as in ``execute_query``
        *,
        scope: Scope | None = None,
    ) -> bytes:
        """Return the answer as the HTTP body. Raises as ``execute_query``."""
        answer = await self._answers.answer(
            query, scope or self._default_scope, fresh=not use_cache
        )
        return bytes(body_of(answer))

    async def preview_query(
        self, query: QueryDefinition, limit: int = 100, *, scope: Scope | None = None
    ) -> QueryResult:
        """Return at most ``limit`` rows of the answer. Raises as ``execute_query``."""
        answer = await self._answers.preview(query, limit, scope or self._default_scope)
        return decode_result(result_in(answer))

    async def invalidate_cache(self, table_name: str | None = None) -> int:
        """Make kept answers unreachable, for every process and tenant.

        Args:
            table_name: ``table`` or ``schema.table``, of which answers depend in whatever way;
                None: all answers.

        Returns:
            How many that were, at most; see ``QueryCache.invalidate_table``.
        """
        if self._query_cache is None:
            return 0
        if table_name is None:
            return await self._query_cache.invalidate_all()
        return await self._query_cache.invalidate_table(table_name)

    async def explain_query(
        self, query: QueryDefinition, *, scope: Scope | None = None
    ) -> PlanEstimate:
        """Return what the database's planner expects. Raises as ``execute_query``."""
        return await self._queries.explain(query, scope or self._default_scope)
