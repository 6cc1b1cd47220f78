"""Prismiq: embedded analytics over PostgreSQL."""

from importlib import import_module
from typing import Any

from prismiq.adapters.http.client_identity import ClientIdentity
from prismiq.adapters.http.current_client import CurrentClientMiddleware
from prismiq.adapters.http.limit_rules import LimitRule
from prismiq.adapters.http.rate_limit_middleware import RateLimitMiddleware
from prismiq.adapters.http.request_logging_middleware import RequestLoggingMiddleware
from prismiq.adapters.memory.cache import InMemoryCache
from prismiq.adapters.prometheus.metrics import Metrics
from prismiq.adapters.prometheus.recording import (
    metrics,
    record_cache_hit,
    record_query_execution,
)
from prismiq.domain.model.cache_report import CacheExplanation, CacheStats, CacheWarmUp
from prismiq.domain.model.errors import (
    ColumnNotFoundError,
    ConfigurationError,
    DatabaseUnavailableError,
    EngineNotStartedError,
    PoolExhaustedError,
    PrismiqError,
    QueryExecutionError,
    QueryTimeoutError,
    QueryValidationError,
    SchemaChangedError,
    SchemaNotLoadedError,
    StoreUnavailableError,
    TableNotFoundError,
    TooManyQueriesError,
)
from prismiq.domain.model.filters import AllOf, AnyOf, FilterDefinition, Not
from prismiq.domain.model.health import HealthCheck, HealthStatus
from prismiq.domain.model.query import (
    ColumnSelection,
    GroupByDefinition,
    HavingDefinition,
    JoinColumns,
    JoinDefinition,
    QueryDefinition,
    QueryTable,
    SortDefinition,
    TimeSeriesConfig,
)
from prismiq.domain.model.rate_limits import RateLimitConfig
from prismiq.domain.model.result import ColumnSample, CompiledSql, PlanEstimate, QueryResult
from prismiq.domain.model.schema import (
    ColumnSchema,
    DatabaseSchema,
    Relationship,
    TableSchema,
)
from prismiq.domain.model.schema_config import ColumnConfig, SchemaConfig, TableConfig
from prismiq.domain.model.scope import Scope
from prismiq.domain.model.validation import FieldProblem, ValidationResult
from prismiq.entrypoints.app import create_app
from prismiq.entrypoints.engine import PrismiqEngine
from prismiq.entrypoints.query_cache import QueryCache
from prismiq.entrypoints.rate_limiter import RateLimiter
from prismiq.entrypoints.router import create_health_router, create_router
from prismiq.entrypoints.schema_introspector import SchemaIntrospector
from prismiq.entrypoints.settings import Settings
from prismiq.entrypoints.shared_rate_limiter import SharedRateLimiter
from prismiq.entrypoints.structured_logging import StructuredFormatter, setup_logging
from prismiq.entrypoints.tiered_cache import TieredCache
from prismiq.ports.cache_backend import CacheBackend

__all__ = [
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


def __getattr__(name: str) -> Any:
    """Import what needs an extra when it is asked for; everything else runs without it."""
    if name != "RedisCache":
        raise AttributeError(f"module 'prismiq' has no attribute {name!r}")
    try:
        return import_module("prismiq.adapters.redis.cache").RedisCache
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "redis":
            raise
        raise ImportError(
            "RedisCache needs the Redis driver: pip install 'prismiq[redis]'"
        ) from None
