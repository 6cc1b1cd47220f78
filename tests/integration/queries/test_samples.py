"""Samples of columns of every type, against SQL written by hand."""

from typing import Any

import pytest

from prismiq.adapters.postgres.compiler import PostgresCompiler
from prismiq.adapters.postgres.dependency_source import PostgresDependencySource
from prismiq.adapters.postgres.pool import PostgresPool
from prismiq.adapters.postgres.query_runner import PostgresQueryRunner
from prismiq.adapters.postgres.schema_source import PostgresSchemaSource
from prismiq.adapters.system.clock import SystemClock
from prismiq.adapters.system.no_metrics import NoMetrics
from prismiq.domain.model.scope import Scope
from prismiq.domain.rules.result_decoding import decode_result
from prismiq.domain.services.column_sampler import ColumnSampler
from prismiq.domain.services.query_observer import QueryObserver
from prismiq.domain.services.schema_catalog import SchemaCatalog

SORTABLE = [
    *("id", "name", "nick", "code", "email", "mood", "born", "points", "score", "balance"),
    *("token", "address", "avatar", "wakes", "wakes_there", "shift", "active", "settings", "seen"),
]
UNSORTABLE = ["profile", "tags"]


@pytest.fixture(scope="module")
def sampler(pool: PostgresPool) -> ColumnSampler:
    catalog = SchemaCatalog(
        PostgresSchemaSource(pool), PostgresDependencySource(pool), SystemClock()
    )
    observer = QueryObserver(SystemClock(), NoMetrics())
    return ColumnSampler(catalog, PostgresCompiler(), PostgresQueryRunner(pool), observer)


async def values(sampler: ColumnSampler, table: str, column: str, limit: int) -> list[Any]:
    sample = await sampler.sample(table, column, limit, Scope())
    return [row[0] for row in decode_result(sample).rows]


@pytest.mark.parametrize("column", SORTABLE)
async def test_different_values_in_order(sampler: ColumnSampler, by_hand: Any, column: str) -> None:
    expected = await by_hand.fetch(
        f"SELECT DISTINCT {column} FROM person WHERE {column} IS NOT NULL ORDER BY {column}"
    )
    assert str(await values(sampler, "person", column, 100)) == str([row[0] for row in expected])


@pytest.mark.parametrize("column", UNSORTABLE)
async def test_values_of_a_type_without_order(
    sampler: ColumnSampler, by_hand: Any, column: str
) -> None:
    expected = await by_hand.fetch(f"SELECT {column} FROM person WHERE {column} IS NOT NULL")
    assert await values(sampler, "person", column, 100) == [row[0] for row in expected]


async def test_not_more_than_asked_for(sampler: ColumnSampler) -> None:
    assert await values(sampler, "purchase", "id", 3) == [1, 2, 3]
