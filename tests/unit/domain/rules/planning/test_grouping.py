from collections.abc import Callable
from typing import Any

import pytest

from prismiq.domain.model.plan import Column, QueryPlan, Truncation

Plan = Callable[..., QueryPlan]
Refuse = Callable[..., list[tuple[str, str | None]]]


COUNT = {"table_id": "f", "column": "*", "aggregation": "count"}


def select(column: str, **more: Any) -> dict[str, Any]:
    return {"table_id": "f", "column": column} | more


def keys(expressions: Any) -> list[str]:
    return [e.name if isinstance(e, Column) else f"{e.column.name}:{e.unit}" for e in expressions]


def test_plain_columns_alone_are_not_grouped(plan: Plan) -> None:
    assert plan(select("carrier")).grouping is None


def test_plain_columns_beside_aggregates_are_keys(plan: Plan) -> None:
    grouping = plan(select("carrier"), COUNT, select("day", date_trunc="month")).grouping

    assert keys(grouping) == ["carrier", "day:month"]
    assert isinstance(grouping, tuple)
    assert isinstance(grouping[1], Truncation)


def test_aggregates_alone_are_one_group(plan: Plan) -> None:
    assert plan(COUNT).grouping == ()


def test_named_groups_are_added_once(plan: Plan) -> None:
    grouping = plan(select("carrier"), COUNT, group_by=[select("carrier"), select("origin")])

    assert keys(grouping.grouping) == ["carrier", "origin"]


def test_a_group_without_aggregates_groups(plan: Plan) -> None:
    assert keys(plan(select("carrier"), group_by=[select("carrier")]).grouping) == ["carrier"]


def test_having_alone_groups(plan: Plan) -> None:
    planned = plan(select("carrier"), having=[COUNT | {"operator": "gt", "value": 1}])

    assert keys(planned.grouping) == ["carrier"]


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ({"columns": [select("note"), COUNT]}, "columns[0]"),
        ({"columns": [select("shape")], "distinct": True}, "columns[0]"),
        ({"columns": [COUNT], "group_by": [select("note")]}, "group_by[0].column"),
    ],
)
def test_what_cannot_be_compared_cannot_be_grouped(
    refuse: Refuse, query: dict[str, Any], place: str
) -> None:
    assert refuse(**query) == [("not_groupable", place)]
