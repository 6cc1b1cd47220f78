"""Which adapter serves which port. The only file that knows dependency-injector.

Providers are synchronous: the engine opens and closes the pool. Replace a part in a test with
``container.clock.override(providers.Object(my_clock))``.
"""

from importlib.metadata import version

from dependency_injector import containers, providers

from prismiq.adapters.postgres.compiler import PostgresCompiler
from prismiq.adapters.postgres.pool import PoolSettings, PostgresPool
from prismiq.adapters.postgres.probe import PostgresProbe
from prismiq.adapters.postgres.query_runner import PostgresQueryRunner
from prismiq.adapters.postgres.schema_source import PostgresSchemaSource
from prismiq.adapters.system.clock import SystemClock
from prismiq.adapters.system.no_tracing import NoTracing
from prismiq.domain.model.query_limits import QueryLimits
from prismiq.domain.services.column_sampler import ColumnSampler
from prismiq.domain.services.health_service import LONGEST_TIMEOUT, HealthService
from prismiq.domain.services.query_service import QueryService
from prismiq.domain.services.schema_catalog import SchemaCatalog
from prismiq.domain.services.traced_query_runner import TracedQueryRunner
from prismiq.entrypoints.metering import metrics_exposition, metrics_sink, usage_sampler
from prismiq.entrypoints.options import EngineOptions
from prismiq.entrypoints.tracing import make_tracer
from prismiq.ports.clock import Clock
from prismiq.ports.query_runner import QueryRunner
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


def _catalog(options: EngineOptions, source: PostgresSchemaSource, clock: Clock) -> SchemaCatalog:
    return SchemaCatalog(
        source,
        clock,
        exposed_tables=options.exposed_tables,
        config=options.schema_config,
        default_schema=options.default_schema,
        ttl=options.schema_cache_ttl,
    )


def _limits(options: EngineOptions) -> QueryLimits:
    return QueryLimits(max_rows=options.max_rows)


def _health(clock: Clock, probe: PostgresProbe) -> HealthService:
    health = HealthService(clock, version("prismiq"))
    health.add("database", probe.check, critical=True, timeout=LONGEST_TIMEOUT)
    return health


class EngineContainer(containers.DeclarativeContainer):
    """All parts of one engine, each made once, when it is first asked for."""

    options = providers.Dependency(instance_of=EngineOptions)

    clock = providers.Singleton(SystemClock)
    pool = providers.Singleton(_pool, options)
    probe = providers.Singleton(PostgresProbe, pool)
    schema_source = providers.Singleton(PostgresSchemaSource, pool)
    tracer = providers.Singleton(make_tracer, options)
    metrics = providers.Singleton(metrics_sink, options, tracer)
    usage = providers.Singleton(usage_sampler, metrics, pool)
    exposition = providers.Singleton(metrics_exposition, options, usage)
    runner = providers.Singleton(_runner, pool, tracer)
    compiler = providers.Singleton(PostgresCompiler)
    limits = providers.Singleton(_limits, options)

    catalog = providers.Singleton(_catalog, options, schema_source, clock)
    queries = providers.Singleton(QueryService, catalog, compiler, runner, clock, limits)
    sampler = providers.Singleton(ColumnSampler, catalog, compiler, runner, clock)
    health = providers.Singleton(_health, clock, probe)
