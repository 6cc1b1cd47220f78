from collections.abc import Callable
from typing import Any

import pytest

from prismiq.domain.model.plan import QueryPlan

Plan = Callable[..., QueryPlan]
Refuse = Callable[..., list[tuple[str, str | None]]]


F = {"id": "f", "name": "flights"}
A = {"id": "a", "name": "airlines"}
W = {"id": "w", "name": "weather"}
TO_AIRLINE = {
    "from_table_id": "f",
    "from_column": "carrier",
    "to_table_id": "a",
    "to_column": "carrier",
}
TO_WEATHER_OF_ORIGIN = {
    "from_table_id": "f",
    "from_column": "origin",
    "to_table_id": "w",
    "to_column": "origin",
}
TO_WEATHER_OF_HOUR = TO_WEATHER_OF_ORIGIN | {
    "on": [{"from_column": "time_hour", "to_column": "time_hour"}]
}


def measure(table_id: str, column: str, aggregation: str) -> dict[str, Any]:
    return {"table_id": table_id, "column": column, "aggregation": aggregation}


def test_a_lookup_by_key_repeats_nothing(plan: Plan) -> None:
    plan(measure("f", "distance", "sum"), tables=[F, A], joins=[TO_AIRLINE])


def test_a_join_on_the_whole_key_repeats_nothing(plan: Plan) -> None:
    plan(measure("f", "distance", "sum"), tables=[F, W], joins=[TO_WEATHER_OF_HOUR])


def test_a_join_on_part_of_a_key_repeats_rows(refuse: Refuse) -> None:
    problems = refuse(measure("f", "distance", "sum"), tables=[F, W], joins=[TO_WEATHER_OF_ORIGIN])

    assert problems == [("fan_out", "columns[0]")]


@pytest.mark.parametrize("aggregation", ["sum", "avg", "count", "median", "stddev", "variance"])
def test_the_one_side_cannot_be_measured_through_the_many_side(
    refuse: Refuse, aggregation: str
) -> None:
    airports = {"id": "p", "name": "airports"}
    origin = {
        "from_table_id": "f",
        "from_column": "origin",
        "to_table_id": "p",
        "to_column": "faa",
    }

    problems = refuse(measure("p", "alt", aggregation), tables=[airports, F], joins=[origin])

    assert problems == [("fan_out", "columns[0]")]


def test_counting_rows_of_the_one_side_is_refused_too(refuse: Refuse) -> None:
    problems = refuse(measure("a", "*", "count"), tables=[A, F], joins=[TO_AIRLINE])

    assert problems == [("fan_out", "columns[0]")]


@pytest.mark.parametrize("aggregation", ["count_distinct", "min", "max"])
def test_aggregates_that_repetition_does_not_change_are_allowed(
    plan: Plan, aggregation: str
) -> None:
    plan(measure("a", "name", aggregation), tables=[A, F], joins=[TO_AIRLINE])


def test_repetition_is_seen_two_joins_away(refuse: Refuse) -> None:
    problems = refuse(
        measure("a", "name", "count"),
        tables=[A, F, W],
        joins=[TO_AIRLINE, TO_WEATHER_OF_ORIGIN],
    )

    assert problems == [("fan_out", "columns[0]")]


def test_a_measure_in_having_is_checked_too(refuse: Refuse) -> None:
    problems = refuse(
        {"table_id": "a", "column": "name"},
        tables=[A, F],
        joins=[TO_AIRLINE],
        having=[measure("a", "name", "count") | {"operator": "gt", "value": 1}],
    )

    assert problems == [("fan_out", "having[0]")]


def test_rows_that_are_not_aggregated_may_repeat(plan: Plan) -> None:
    plan({"table_id": "a", "column": "name"}, tables=[A, F], joins=[TO_AIRLINE])
