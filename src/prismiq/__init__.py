"""Prismiq: embedded analytics over PostgreSQL."""

from prismiq.adapters.http.request_logging_middleware import RequestLoggingMiddleware
from prismiq.adapters.prometheus.metrics import Metrics
from prismiq.adapters.prometheus.recording import (
    metrics,
    record_cache_hit,
    record_query_execution,
)
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
    TableNotFoundError,
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
from prismiq.entrypoints.router import create_health_router, create_router
from prismiq.entrypoints.settings import Settings

__all__ = [
    "AllOf",
    "AnyOf",
    "ColumnConfig",
    "ColumnNotFoundError",
    "ColumnSample",
    "ColumnSchema",
    "ColumnSelection",
    "CompiledSql",
    "ConfigurationError",
    "DatabaseSchema",
    "DatabaseUnavailableError",
    "EngineNotStartedError",
    "FieldProblem",
    "FilterDefinition",
    "GroupByDefinition",
    "HavingDefinition",
    "HealthCheck",
    "HealthStatus",
    "JoinColumns",
    "JoinDefinition",
    "Metrics",
    "Not",
    "PlanEstimate",
    "PoolExhaustedError",
    "PrismiqEngine",
    "PrismiqError",
    "QueryDefinition",
    "QueryExecutionError",
    "QueryResult",
    "QueryTable",
    "QueryTimeoutError",
    "QueryValidationError",
    "Relationship",
    "RequestLoggingMiddleware",
    "SchemaChangedError",
    "SchemaConfig",
    "SchemaNotLoadedError",
    "Scope",
    "Settings",
    "SortDefinition",
    "TableConfig",
    "TableNotFoundError",
    "TableSchema",
    "TimeSeriesConfig",
    "ValidationResult",
    "create_app",
    "create_health_router",
    "create_router",
    "metrics",
    "record_cache_hit",
    "record_query_execution",
]
