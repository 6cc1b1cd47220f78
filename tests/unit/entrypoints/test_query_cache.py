"""The cache of query results without an engine."""

from typing import Any

import pytest

from prismiq import InMemoryCache, QueryCache, QueryDefinition, QueryResult, Scope
from prismiq.domain.model.errors import ConfigurationError

QUERY = QueryDefinition.model_validate(
    {
        "tables": [{"id": "o", "name": "orders"}, {"id": "c", "name": "crm.customers"}],
        "joins": [
            {
                "from_table_id": "o",
                "from_column": "customer",
                "to_table_id": "c",
                "to_column": "id",
            }
        ],
        "columns": [{"table_id": "o", "column": "total", "aggregation": "sum"}],
    }
)
RESULT = QueryResult(
    columns=["sum_total"],
    column_types=["bigint"],
    rows=[[7]],
    row_count=1,
    truncated=False,
    execution_time_ms=1.0,
)


@pytest.fixture
def cache(clock: Any) -> QueryCache:
    return QueryCache(InMemoryCache(clock=clock), clock=clock)


async def test_what_is_kept_is_found(cache: QueryCache) -> None:
    assert await cache.get_result(QUERY) is None
    await cache.cache_result(QUERY, RESULT)
    assert await cache.get_result(QUERY) == RESULT
    assert await cache.get_result(QUERY, scope=Scope(tenant="acme")) is None


@pytest.mark.parametrize("table", ["orders", "public.orders", "crm.customers"])
async def test_each_table_of_the_query_invalidates_it(cache: QueryCache, table: str) -> None:
    await cache.cache_result(QUERY, RESULT)
    assert await cache.invalidate_table("customers") == 0
    assert await cache.invalidate_table(table) == 1
    assert await cache.get_result(QUERY) is None


async def test_the_usual_time_is_the_one_it_was_given(clock: Any) -> None:
    cache = QueryCache(InMemoryCache(clock=clock), 10, clock=clock)
    await cache.cache_result(QUERY, RESULT)
    clock.advance(9)
    assert await cache.get_result(QUERY) == RESULT
    clock.advance(2)
    assert await cache.get_result(QUERY) is None
    with pytest.raises(ValueError, match="time to live"):
        QueryCache(InMemoryCache(), -1)


async def test_it_warms_with_whoever_computes(clock: Any) -> None:
    async def execute(query: QueryDefinition) -> QueryResult:
        assert query is QUERY
        return RESULT

    cache = QueryCache(InMemoryCache(clock=clock), clock=clock, execute=execute)
    assert (await cache.warm([QUERY])).computed == 1
    assert await cache.get_result(QUERY) == RESULT


async def test_it_cannot_warm_alone(cache: QueryCache) -> None:
    with pytest.raises(ConfigurationError):
        await cache.warm([QUERY])
