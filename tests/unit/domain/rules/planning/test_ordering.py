from collections.abc import Callable
from typing import Any

import pytest

from prismiq.domain.model.plan import Column, Ordering, QueryPlan
from prismiq.domain.model.type_family import TypeFamily

Plan = Callable[..., QueryPlan]
Refuse = Callable[..., list[tuple[str, str | None]]]

COUNT = {"table_id": "f", "column": "*", "aggregation": "count"}
AVERAGE = {"table_id": "f", "column": "dep_delay", "aggregation": "avg"}


def select(column: str, **more: Any) -> dict[str, Any]:
    return {"table_id": "f", "column": column} | more


def test_a_name_of_a_result_column_sorts(plan: Plan) -> None:
    planned = plan(select("carrier"), COUNT, order_by=[{"column": "count", "direction": "DESC"}])

    assert planned.ordering == (Ordering(1, descending=True),)


def test_a_shown_column_sorts_as_shown(plan: Plan) -> None:
    assert plan(select("carrier"), order_by=[select("carrier")]).ordering == (Ordering(0),)


def test_rows_may_be_sorted_by_what_is_not_shown(plan: Plan) -> None:
    planned = plan(select("carrier"), order_by=[select("flight")])

    assert planned.ordering == (Ordering(Column(0, "flight", "integer", TypeFamily.INTEGER)),)


def test_groups_are_sorted_by_the_aggregate_of_the_column(plan: Plan) -> None:
    planned = plan(select("carrier"), AVERAGE, order_by=[select("dep_delay")])

    assert planned.ordering == (Ordering(1),)


def test_groups_are_sorted_by_a_key_that_is_not_shown(plan: Plan) -> None:
    planned = plan(COUNT, group_by=[select("origin")], order_by=[select("origin")])

    assert planned.ordering == (Ordering(Column(0, "origin", "text", TypeFamily.TEXT)),)


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        (
            {"columns": [COUNT], "order_by": [{"column": "cuont"}]},
            ("unknown_alias", "order_by[0].column"),
        ),
        (
            {"columns": [COUNT], "order_by": [select("carier")]},
            ("column_not_found", "order_by[0].column"),
        ),
        (
            {"columns": [COUNT], "order_by": [select("carrier")]},
            ("sort_not_in_result", "order_by[0].column"),
        ),
        (
            {
                "columns": [AVERAGE, AVERAGE | {"aggregation": "max"}],
                "order_by": [select("dep_delay")],
            },
            ("ambiguous_sort", "order_by[0].column"),
        ),
        (
            {"columns": [select("carrier")], "distinct": True, "order_by": [select("flight")]},
            ("sort_not_in_result", "order_by[0].column"),
        ),
        (
            {"columns": [select("note")], "order_by": [{"column": "note"}]},
            ("not_sortable", "order_by[0].column"),
        ),
        (
            {"columns": [select("carrier")], "order_by": [select("shape")]},
            ("not_sortable", "order_by[0].column"),
        ),
    ],
)
def test_a_sort_that_makes_no_sense_is_named(
    refuse: Refuse, query: dict[str, Any], problem: tuple[str, str]
) -> None:
    assert refuse(**query) == [problem]
