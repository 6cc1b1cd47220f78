"""Which adapter serves which port. The only file that knows dependency-injector.

Providers are synchronous: the engine opens and closes the pool. Replace a part in a test with
``container.clock.override(providers.Object(my_clock))``.
"""

from functools import partial
from importlib.metadata import version

from dependency_injector import containers, providers

from prismiq.adapters.memory.query_slots import InMemoryQuerySlots
from prismiq.adapters.postgres.compiler import PostgresCompiler
from prismiq.adapters.postgres.dependency_source import PostgresDependencySource
from prismiq.adapters.postgres.pool import PoolSettings, PostgresPool
from prismiq.adapters.postgres.probe import PostgresProbe
from prismiq.adapters.postgres.query_runner import PostgresQueryRunner
from prismiq.adapters.postgres.schema_source import PostgresSchemaSource
from prismiq.adapters.system.clock import SystemClock
from prismiq.adapters.system.no_tracing import NoTracing
from prismiq.domain.model.query_limits import QueryLimits
from prismiq.domain.services.answer_cache import AnswerCache
from prismiq.domain.services.cache_statistics import CacheStatistics
from prismiq.domain.services.column_sampler import ColumnSampler
from prismiq.domain.services.concurrency_limiter import ConcurrencyLimiter
from prismiq.domain.services.current_client import RENEWALS, client_of
from prismiq.domain.services.health_service import LONGEST_TIMEOUT, HealthService
from prismiq.domain.services.limited_query_runner import LimitedQueryRunner
from prismiq.domain.services.query_answers import QueryAnswers
from prismiq.domain.services.query_observer import QueryObserver
from prismiq.domain.services.query_service import QueryService
from prismiq.domain.services.questions import Questions
from prismiq.domain.services.schema_catalog import SchemaCatalog
from prismiq.domain.services.traced_query_runner import TracedQueryRunner
from prismiq.entrypoints.caching import answer_cache, cache_policy
from prismiq.entrypoints.change_feeds import (
    change_feed,
    change_installation,
    change_listener,
)
from prismiq.entrypoints.engine_redis import EngineRedis
from prismiq.entrypoints.metering import (
    metrics_exposition,
    metrics_sink,
    report_outages,
    usage_sampler,
)
from prismiq.entrypoints.options import EngineOptions
from prismiq.entrypoints.redis_extra import shared_stores
from prismiq.entrypoints.tracing import make_tracer
from prismiq.ports.cache_backend import CacheBackend
from prismiq.ports.clock import Clock
from prismiq.ports.metrics_sink import MetricsSink
from prismiq.ports.query_runner import QueryRunner
from prismiq.ports.query_slots import QuerySlots
from prismiq.ports.tracer import Tracer


def _pool(options: EngineOptions) -> PostgresPool:
    return PostgresPool(
        options.database_url.get_secret_value(),
        PoolSettings(
            min_size=options.pool_min_size,
            max_size=options.pool_max_size,
            acquire_timeout=options.pool_acquire_timeout,
            statement_timeout=options.query_timeout,
        ),
    )


def _runner(pool: PostgresPool, tracer: Tracer) -> QueryRunner:
    runner = PostgresQueryRunner(pool)
    return runner if isinstance(tracer, NoTracing) else TracedQueryRunner(runner, tracer)


def _catalog(
    options: EngineOptions,
    source: PostgresSchemaSource,
    dependencies: PostgresDependencySource,
    clock: Clock,
) -> SchemaCatalog:
    return SchemaCatalog(
        source,
        dependencies,
        clock,
        exposed_tables=options.exposed_tables,
        config=options.schema_config,
        default_schema=options.default_schema,
        ttl=options.schema_cache_ttl,
    )


def _limits(options: EngineOptions) -> QueryLimits:
    return QueryLimits(max_rows=options.max_rows)


def _health(clock: Clock, probe: PostgresProbe, cache: CacheBackend | None) -> HealthService:
    health = HealthService(clock, version("prismiq"))
    health.add("database", probe.check, critical=True, timeout=LONGEST_TIMEOUT)
    if cache is not None:  # over the connection that queries use, with its deadline and breaker
        health.add("cache", partial(cache.exists, "health"), critical=False, timeout=0.5)
    return health


def _observer(options: EngineOptions, clock: Clock, metrics: MetricsSink) -> QueryObserver:
    return QueryObserver(clock, metrics, slow_query_ms=options.slow_query_ms)


def _questions(options: EngineOptions, queries: QueryService, clock: Clock) -> Questions:
    return Questions(queries, clock, options.max_rows)


def _answer_cache(
    options: EngineOptions, cache: CacheBackend | None, clock: Clock, metrics: MetricsSink
) -> AnswerCache | None:
    if cache is None:
        return None
    policy, size = cache_policy(options), options.cache_max_bytes
    return answer_cache(cache, policy, clock, metrics, memory_bytes=size)


def _answers(  # noqa: PLR0917 - as the container gives them
    options: EngineOptions,
    catalog: SchemaCatalog,
    queries: QueryService,
    questions: Questions,
    cache: AnswerCache | None,
    statistics: CacheStatistics,
    tracer: Tracer,
) -> QueryAnswers:
    ttl, told = options.cache_ttl, None if isinstance(tracer, NoTracing) else tracer
    return QueryAnswers(catalog, queries, questions, cache, statistics, ttl=ttl, tracer=told)


def _limited(
    runner: QueryRunner,
    options: EngineOptions,
    redis: EngineRedis,
    clock: Clock,
    metrics: MetricsSink,
) -> QueryRunner:
    if options.queries_per_client is None:
        return runner
    own = InMemoryQuerySlots(clock)
    slots: QuerySlots = own
    if redis.connection is not None:
        slots = shared_stores().query_slots(redis.connection)
        report_outages(redis.connection, "query_slots", metrics)
    places = options.queries_per_client
    limiter = ConcurrencyLimiter(slots, own, metrics, places=places)
    renewals = ConcurrencyLimiter(own, own, metrics, places=places, policy=RENEWALS)
    return LimitedQueryRunner(runner, limiter, renewals, client_of)


class EngineContainer(containers.DeclarativeContainer):
    """All parts of one engine, each made once, when it is first asked for."""

    options = providers.Dependency(instance_of=EngineOptions)

    cache: providers.Provider[CacheBackend | None] = providers.Object(None)

    clock = providers.Singleton(SystemClock)
    redis = providers.Singleton(EngineRedis, options, cache)
    pool = providers.Singleton(_pool, options)
    probe = providers.Singleton(PostgresProbe, pool)
    schema_source = providers.Singleton(PostgresSchemaSource, pool)
    dependency_source = providers.Singleton(PostgresDependencySource, pool)
    tracer = providers.Singleton(make_tracer, options)
    metrics = providers.Singleton(metrics_sink, options, tracer)
    database_runner = providers.Singleton(_runner, pool, tracer)
    runner = providers.Singleton(_limited, database_runner, options, redis, clock, metrics)
    compiler = providers.Singleton(PostgresCompiler)
    limits = providers.Singleton(_limits, options)

    observer = providers.Singleton(_observer, options, clock, metrics)
    catalog = providers.Singleton(_catalog, options, schema_source, dependency_source, clock)
    queries = providers.Singleton(
        QueryService, catalog, compiler, runner, clock, limits=limits, observer=observer
    )
    sampler = providers.Singleton(ColumnSampler, catalog, compiler, runner, observer)

    answer_cache = providers.Singleton(_answer_cache, options, cache, clock, metrics)
    usage = providers.Singleton(usage_sampler, metrics, pool, answer_cache)
    exposition = providers.Singleton(metrics_exposition, options, usage)
    statistics = providers.Singleton(CacheStatistics, metrics)
    questions = providers.Singleton(_questions, options, queries, clock)
    answers = providers.Singleton(
        _answers, options, catalog, queries, questions, answer_cache, statistics, tracer
    )
    health = providers.Singleton(_health, clock, probe, cache)

    change_feed = providers.Singleton(change_feed, options, clock)
    change_listener = providers.Singleton(
        change_listener, change_feed, answer_cache, statistics, metrics
    )
    change_installation = providers.Singleton(change_installation, options, dependency_source)
