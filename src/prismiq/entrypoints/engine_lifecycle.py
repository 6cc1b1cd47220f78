"""The parts of an engine, and when they are opened and closed."""

import asyncio
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, Self

from prismiq.adapters.prometheus.exposition import MetricsExposition
from prismiq.domain.model.scope import Scope
from prismiq.domain.services.column_sampler import ColumnSampler
from prismiq.domain.services.query_answers import QueryAnswers
from prismiq.domain.services.query_cache import QueryCache
from prismiq.domain.services.query_service import QueryService
from prismiq.domain.services.schema_catalog import SchemaCatalog
from prismiq.entrypoints.container import EngineContainer
from prismiq.entrypoints.engine_health import EngineHealth
from prismiq.entrypoints.options import EngineOptions
from prismiq.ports.cache_backend import CacheBackend
from prismiq.ports.clock import Clock
from prismiq.ports.metrics_sink import MetricsSink
from prismiq.ports.tracer import Tracer


class EngineLifecycle(EngineHealth):
    """What routers, middleware and the command line need of an engine.

    Args:
        options: checked.
        cache: where answers are kept; None: nowhere.
    """

    def __init__(self, options: EngineOptions, cache: CacheBackend | None) -> None:
        self._container = EngineContainer(options=options)
        self._container.cache.override(cache)
        super().__init__(self._container.health(), self._container.probe())
        self._cache = cache
        self._catalog: SchemaCatalog = self._container.catalog()
        self._queries: QueryService = self._container.queries()
        self._answers: QueryAnswers = self._container.answers()
        self._sampler: ColumnSampler = self._container.sampler()
        self._default_scope = Scope(timezone=options.timezone)
        self._query_cache = self._make_query_cache()
        self._lifecycle = asyncio.Lock()
        self._listening = AsyncExitStack()
        self._is_running = False

    @property
    def catalog(self) -> SchemaCatalog:
        """What callers may see; for routers."""
        return self._catalog

    @property
    def queries(self) -> QueryService:
        """Answers queries without decoding them; for routers."""
        return self._queries

    @property
    def answers(self) -> QueryAnswers:
        """Answers queries from the cache, without decoding them; for routers."""
        return self._answers

    @property
    def clock(self) -> Clock:
        """The engine's time; for routers."""
        return self._container.clock()

    @property
    def cache(self) -> CacheBackend | None:
        """Where answers are kept."""
        return self._cache

    @property
    def query_cache(self) -> QueryCache | None:
        """The kept answers by query, to look into, warm and invalidate them."""
        return self._query_cache

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
    def redis_connection(self) -> Any:
        """The connection to Redis, for others who share it, such as limiters; None without one.

        It is the cache's where the cache is in the same Redis.
        """
        return self._container.redis().connection

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
            ConfigurationError: an exposed table does not exist, the address is wrong, or the
                database cannot announce changes though a change feed is asked for.
            DatabaseUnavailableError: the database cannot be reached.
        """
        async with self._lifecycle:
            if self._is_running:
                return
            try:
                await self._container.pool().open()
                await self._container.redis().open()
                await self._catalog.require_exposed_tables(self._default_scope)
                if (kept := self._container.answer_cache()) is not None:
                    await kept.start()
                await self._listen()
            except BaseException:
                await self._close()
                raise
            if self.exposition is not None:
                self._container.usage().start()
            self._health.mark_started()
            self._is_running = True

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

    def _make_query_cache(self) -> QueryCache | None:
        kept = self._container.answer_cache()
        if kept is None:
            return None
        return QueryCache(
            kept,
            self._answers,
            self._container.statistics(),
            gauge=kept,
            clock=self._container.clock(),
            scope=self._default_scope,
        )

    async def _listen(self) -> None:
        listener = self._container.change_listener()
        if listener is not None:
            await self._listening.enter_async_context(listener)

    async def _close(self) -> None:
        await self._health.stop()
        await self._listening.aclose()
        await self._container.usage().stop()
        await self._container.pool().close()  # queries that run may end, within bounds
        kept = self._container.answer_cache()
        if kept is not None:
            await kept.close()
        await self._catalog.close()
        await self._container.redis().close()
