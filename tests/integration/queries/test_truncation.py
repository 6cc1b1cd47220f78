"""``truncated`` says whether more rows follow, whatever limit cut them."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from prismiq.domain.model.query import QueryDefinition
from prismiq.domain.model.query_limits import QueryLimits
from prismiq.domain.model.result import QueryResult
from prismiq.domain.model.scope import Scope
from prismiq.domain.services.query_service import QueryService

Ask = Callable[..., Awaitable[QueryResult]]

ALL_ROWS = 120  # of the table purchase
PURCHASES: dict[str, Any] = {
    "tables": [{"id": "p", "name": "purchase"}],
    "columns": [{"table_id": "p", "column": "id"}],
    "order_by": [{"column": "id"}],
}
DAYS: dict[str, Any] = {
    "tables": [{"id": "n", "name": "nothing"}],
    "columns": [{"table_id": "n", "column": "*", "aggregation": "count"}],
    "filters": [
        {"table_id": "n", "column": "day", "operator": "between", "value": ["2024-01-01"] * 2}
    ],
    "time_series": {"table_id": "n", "date_column": "day", "interval": "day"},
}


@pytest.mark.parametrize(
    ("limit", "offset", "rows", "truncated"),
    [
        (None, None, ALL_ROWS, False),
        (ALL_ROWS - 1, None, ALL_ROWS - 1, True),
        (ALL_ROWS, None, ALL_ROWS, False),
        (ALL_ROWS + 1, None, ALL_ROWS, False),
        (1, ALL_ROWS - 2, 1, True),
        (1, ALL_ROWS - 1, 1, False),
        (1, ALL_ROWS, 0, False),
    ],
)
async def test_rows_of_a_table(
    ask: Ask, *, limit: int | None, offset: int | None, rows: int, truncated: bool
) -> None:
    answer = await ask(json.dumps(PURCHASES | {"limit": limit, "offset": offset}))
    assert (answer.row_count, answer.truncated) == (rows, truncated)
    first = (offset or 0) + 1
    assert answer.rows == [[number] for number in range(first, first + rows)]


@pytest.mark.parametrize(("last", "truncated"), [("2024-01-04", True), ("2024-01-03", False)])
async def test_added_buckets_count(ask: Ask, *, last: str, truncated: bool) -> None:
    days = {**DAYS["filters"][0], "value": ["2024-01-01", last]}
    answer = await ask(json.dumps(DAYS | {"filters": [days], "limit": 3}))
    assert (answer.row_count, answer.truncated) == (3, truncated)


@pytest.mark.parametrize(("most", "truncated"), [(ALL_ROWS - 1, True), (ALL_ROWS, False)])
async def test_the_server_s_own_limit_counts_too(
    service_with: Callable[[QueryLimits], QueryService], *, most: int, truncated: bool
) -> None:
    service = service_with(QueryLimits(max_rows=most))
    query = QueryDefinition.model_validate_json(json.dumps(PURCHASES | {"limit": 5000}))
    batch = (await service.execute(query, Scope())).batch
    assert (batch.row_count, batch.truncated) == (most, truncated)
