"""The engine: everything Prismiq can do, behind one object."""

import asyncio
from collections.abc import Iterable
from types import TracebackType
from typing import Literal, Self

from pydantic import SecretStr, ValidationError

from prismiq.adapters.prometheus.exposition import MetricsExposition
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
from prismiq.domain.rules.result_encoding import encode_result
from prismiq.domain.rules.schema_lookup import require_table
from prismiq.domain.services.column_sampler import ColumnSampler
from prismiq.domain.services.query_service import QueryService
from prismiq.domain.services.schema_catalog import SchemaCatalog
from prismiq.entrypoints.container import EngineContainer
from prismiq.entrypoints.engine_health import EngineHealth
from prismiq.entrypoints.options import EngineOptions, configuration_error
from prismiq.ports.metrics_sink import MetricsSink
from prismiq.ports.tracer import Tracer


class PrismiqEngine(EngineHealth):
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
        schema_cache_ttl: seconds after which the schema is read anew.
        query_timeout: seconds after which a query is stopped.
        max_rows: the most rows in one answer.
        pool_min_size: connections kept open.
        pool_max_size: connections opened at most.
        pool_acquire_timeout: seconds to wait for a free connection.
        enable_metrics: whether queries and all else are counted in ``prismiq.metrics``.
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
        default_schema: str = "public",
        timezone: str = "UTC",
        schema_cache_ttl: float = 3600.0,
        query_timeout: float = 30.0,
        max_rows: int = 10_000,
        pool_min_size: int = 1,
        pool_max_size: int = 10,
        pool_acquire_timeout: float = 5.0,
        enable_metrics: bool = True,
        tracing: Literal["off", "otel"] = "off",
    ) -> None:
        try:
            options = EngineOptions.model_validate(
                {
                    "database_url": database_url,
                    "exposed_tables": exposed_tables,
                    "schema_config": schema_config,
                    "default_schema": default_schema,
                    "timezone": timezone,
                    "schema_cache_ttl": schema_cache_ttl,
                    "query_timeout": query_timeout,
                    "max_rows": max_rows,
                    "pool_min_size": pool_min_size,
                    "pool_max_size": pool_max_size,
                    "pool_acquire_timeout": pool_acquire_timeout,
                    "enable_metrics": enable_metrics,
                    "tracing": tracing,
                }
            )
        except ValidationError as error:
            raise configuration_error(error) from None
        self._container = EngineContainer(options=options)
        self._catalog: SchemaCatalog = self._container.catalog()
        self._queries: QueryService = self._container.queries()
        self._sampler: ColumnSampler = self._container.sampler()
        super().__init__(self._container.health(), self._container.probe())
        self._default_scope = Scope(timezone=options.timezone)
        self._lifecycle = asyncio.Lock()
        self._is_running = False

    @classmethod
    def from_options(cls, options: EngineOptions) -> Self:
        """Return an engine for checked options, such as ``Settings``."""
        return cls(**options.engine_arguments())

    @property
    def catalog(self) -> SchemaCatalog:
        """What callers may see; for routers."""
        return self._catalog

    @property
    def queries(self) -> QueryService:
        """Answers queries without decoding them; for routers."""
        return self._queries

    @property
    def sampler(self) -> ColumnSampler:
        """Looks into columns; for routers."""
        return self._sampler

    @property
    def tracer(self) -> Tracer:
        """Opens spans; for middleware, logs and metrics."""
        return self._container.tracer()

    @property
    def metrics(self) -> MetricsSink:
        """Counts what happens; for middleware and limiters."""
        return self._container.metrics()

    @property
    def exposition(self) -> MetricsExposition | None:
        """Writes the metrics; for routers. None: nothing is counted."""
        return self._container.exposition()

    @property
    def default_scope(self) -> Scope:
        """The scope of calls that name none."""
        return self._default_scope

    async def startup(self) -> None:
        """Connect, read the schema and check that every exposed table is there.

        Does nothing where the engine is running. An engine that failed to start, or was shut
        down, can be started again.

        Raises:
            ConfigurationError: an exposed table does not exist, or the address is wrong.
            DatabaseUnavailableError: the database cannot be reached.
        """
        async with self._lifecycle:
            if self._is_running:
                return
            try:
                await self._container.pool().open()
                await self._catalog.require_exposed_tables(self._default_scope)
            except BaseException:
                await self._close()
                raise
            if self.exposition is not None:
                self._container.usage().start()
            self._is_running = True
            self._health.mark_started()

    async def shutdown(self) -> None:
        """Disconnect. Does nothing where the engine is not running."""
        async with self._lifecycle:
            self._is_running = False
            await self._close()

    async def __aenter__(self) -> Self:
        await self.startup()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.shutdown()

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
        self, query: QueryDefinition, *, scope: Scope | None = None
    ) -> QueryResult:
        """Return the answer in Python values.

        Raises:
            QueryValidationError: the query does not fit the schema.
            QueryExecutionError: the database could not compute the answer.
        """
        return decode_result(await self._queries.execute(query, scope or self._default_scope))

    async def execute_json(self, query: QueryDefinition, *, scope: Scope | None = None) -> bytes:
        """Return the answer as the HTTP body. Raises as ``execute_query``."""
        return encode_result(await self._queries.execute(query, scope or self._default_scope))

    async def preview_query(
        self, query: QueryDefinition, limit: int = 100, *, scope: Scope | None = None
    ) -> QueryResult:
        """Return at most ``limit`` rows of the answer. Raises as ``execute_query``."""
        result = await self._queries.preview(query, limit, scope or self._default_scope)
        return decode_result(result)

    async def explain_query(
        self, query: QueryDefinition, *, scope: Scope | None = None
    ) -> PlanEstimate:
        """Return what the database's planner expects. Raises as ``execute_query``."""
        return await self._queries.explain(query, scope or self._default_scope)

    async def _close(self) -> None:
        await self._health.stop()
        await self._container.usage().stop()
        await self._container.pool().close()
        await self._catalog.close()
