"""The pairs whose cache keys the unit tests compare: on PostgreSQL they are equal or not, too."""

import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from prismiq.domain.model.errors import QueryValidationError
from prismiq.domain.model.query import QueryDefinition
from prismiq.domain.model.query_limits import QueryLimits
from prismiq.domain.model.scope import Scope
from prismiq.domain.rules.result_decoding import decode_result
from prismiq.domain.services.query_service import QueryService

PAIRS = runpy.run_path(str(Path(__file__).parents[2] / "query_pairs.py"))


async def outcome(query: dict[str, Any], service: QueryService) -> Any:
    """Return everything an answer shows, or why there is none."""
    definition = QueryDefinition.model_validate(query)
    try:
        answer = decode_result(await service.execute(definition, Scope()))
    except QueryValidationError as error:
        return [problem.code for problem in error.problems]
    rows = [repr(row) for row in answer.rows]
    if not definition.order_by and definition.time_series is None:
        rows.sort()
    return answer.columns, answer.column_types, rows, answer.truncated


@pytest.mark.parametrize("pair", PAIRS["EQUAL"], ids=lambda pair: pair.name)
async def test_equal_queries_have_one_answer(
    pair: Any, service_with: Callable[[QueryLimits], QueryService]
) -> None:
    service = service_with(QueryLimits())
    columns, _, rows, _ = await outcome(pair.one, service)
    assert columns
    assert rows
    assert await outcome(pair.other, service) == await outcome(pair.one, service)


@pytest.mark.parametrize("pair", PAIRS["DIFFERENT"], ids=lambda pair: pair.name)
async def test_different_queries_have_different_answers(
    pair: Any, service_with: Callable[[QueryLimits], QueryService]
) -> None:
    service = service_with(QueryLimits())
    assert await outcome(pair.one, service) != await outcome(pair.other, service)
