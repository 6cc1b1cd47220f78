from collections.abc import Callable
from typing import Any

import pytest

from prismiq.domain.model.errors import QueryValidationError
from prismiq.domain.model.plan import QueryPlan
from prismiq.domain.model.query_limits import QueryLimits

Plan = Callable[..., QueryPlan]
Refuse = Callable[..., list[tuple[str, str | None]]]

CARRIER = {"table_id": "f", "column": "carrier"}
COUNT = {"table_id": "f", "column": "*", "aggregation": "count"}


@pytest.mark.parametrize(
    ("asked", "planned"),
    [(None, 10_000), (1, 1), (10_000, 10_000), (10_001, 10_000), (2**70, 10_000)],
)
def test_a_limit_is_cut_to_the_most_rows(plan: Plan, asked: int | None, planned: int) -> None:
    assert plan(CARRIER, limit=asked).limit == planned


def test_an_offset_is_kept(plan: Plan) -> None:
    assert plan(CARRIER, offset=7).offset == 7
    assert plan(CARRIER).offset == 0


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ({"limit": 0}, ("limit_out_of_range", "limit")),
        ({"limit": -1}, ("limit_out_of_range", "limit")),
        ({"offset": -1}, ("offset_out_of_range", "offset")),
        ({"offset": 1_000_001}, ("offset_out_of_range", "offset")),
        ({"columns": []}, ("no_columns", "columns")),
        ({"columns": [CARRIER] * 101}, ("too_many_columns", "columns")),
        ({"order_by": [CARRIER] * 21}, ("too_many_sorts", "order_by")),
        ({"group_by": [CARRIER] * 101}, ("too_many_groups", "group_by")),
        (
            {"tables": [{"id": f"f{i}", "name": "flights"} for i in range(12)]},
            ("too_many_tables", "tables"),
        ),
        (
            {
                "joins": [
                    {
                        "from_table_id": "f",
                        "from_column": "carrier",
                        "to_table_id": "g",
                        "to_column": "carrier",
                    }
                ]
                * 11
            },
            ("too_many_joins", "joins"),
        ),
        (
            {"having": [COUNT | {"operator": "gt", "value": 1}] * 101},
            ("too_many_filters", "having"),
        ),
    ],
)
def test_what_is_too_large_is_named(
    refuse: Refuse, query: dict[str, Any], problem: tuple[str, str]
) -> None:
    assert refuse(**({"columns": [CARRIER]} | query)) == [problem]


def test_limits_are_the_operators_to_choose(plan: Plan) -> None:
    assert plan(CARRIER, limit=100, limits=QueryLimits(max_rows=5)).limit == 5


def test_likely_names_are_looked_for_only_as_often_as_answers_list_problems(plan: Plan) -> None:
    typos = [{"table_id": "f", "column": "carier"} for _ in range(30)]
    with pytest.raises(QueryValidationError) as caught:
        plan(*typos)
    helped = [problem.suggestion is not None for problem in caught.value.problems]
    assert helped == [True] * 20 + [False] * 10
