"""Queries over a small schema whose database answers from memory, with a cache in front."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.unit.conftest import kept_in_memory

from prismiq.adapters.system.no_metrics import NoMetrics
from prismiq.domain.model.query import QueryDefinition
from prismiq.domain.model.query_limits import QueryLimits
from prismiq.domain.model.schema import DatabaseSchema
from prismiq.domain.model.scope import Scope
from prismiq.domain.services.answer_cache import AnswerCache
from prismiq.domain.services.cache_statistics import CacheStatistics
from prismiq.domain.services.query_answers import QueryAnswers
from prismiq.domain.services.query_cache import QueryCache
from prismiq.domain.services.query_service import QueryService
from prismiq.domain.services.questions import Questions
from prismiq.domain.services.schema_catalog import SchemaCatalog

MakeQuery = Callable[..., QueryDefinition]


@pytest.fixture
def make_query() -> MakeQuery:
    def make(column: str = "carrier", table: str = "flights", **parts: Any) -> QueryDefinition:
        return QueryDefinition.model_validate(
            {
                "tables": [{"id": "f", "name": table}],
                "columns": [{"table_id": "f", "column": column}],
                **parts,
            }
        )

    return make


@pytest.fixture
def schema_catalog(source: Any, clock: Any, flights_schema: DatabaseSchema) -> SchemaCatalog:
    source.schema = flights_schema
    return SchemaCatalog(source, source.dependencies, clock, ttl=60.0)


@pytest.fixture
def kept(clock: Any) -> AnswerCache:
    return kept_in_memory(clock)


@pytest.fixture
def statistics() -> CacheStatistics:
    return CacheStatistics(NoMetrics())


@pytest.fixture
def answers(
    schema_catalog: SchemaCatalog,
    compiler: Any,
    runner: Any,
    clock: Any,
    observer: Any,
    kept: AnswerCache,
    statistics: CacheStatistics,
) -> QueryAnswers:
    limits = QueryLimits(max_rows=500)
    queries = QueryService(
        schema_catalog, compiler, runner, clock, limits=limits, observer=observer
    )
    questions = Questions(queries, clock, limits.max_rows)
    return QueryAnswers(schema_catalog, queries, questions, kept, statistics, ttl=300.0)


@pytest.fixture
def query_cache(
    answers: QueryAnswers, kept: AnswerCache, statistics: CacheStatistics, clock: Any
) -> QueryCache:
    return QueryCache(kept, answers, statistics, gauge=kept, clock=clock, scope=Scope())
