from collections.abc import Callable
from typing import Any

import pytest

from prismiq.domain.model.plan import Aggregate, QueryPlan, Truncation

Plan = Callable[..., QueryPlan]
Refuse = Callable[..., list[tuple[str, str | None]]]


def select(column: str, **more: Any) -> dict[str, Any]:
    return {"table_id": "f", "column": column} | more


@pytest.mark.parametrize(
    ("selection", "name", "data_type"),
    [
        (select("carrier"), "carrier", "text"),
        (select("carrier", alias="Airline ✈"), "Airline ✈", "text"),
        (select("*", aggregation="count"), "count", "bigint"),
        (select("dep_delay", aggregation="avg"), "avg_dep_delay", "numeric"),
        (select("dep_delay", aggregation="sum"), "sum_dep_delay", "bigint"),
        (select("tailnum", aggregation="min"), "min_tailnum", "text"),
        (select("time_hour", date_trunc="month"), "time_hour_month", "timestamp with time zone"),
        (select("day", date_trunc="year"), "day_year", "date"),
        (
            select("day", date_trunc="month", aggregation="count_distinct"),
            "count_distinct_day_month",
            "bigint",
        ),
        (
            select("distance", aggregation="percentile", percentile=0.9),
            "percentile_distance",
            "double precision",
        ),
    ],
)
def test_a_result_column_has_a_telling_name_and_a_type(
    plan: Plan, selection: dict[str, Any], name: str, data_type: str
) -> None:
    [output] = plan(selection).outputs

    assert (output.name, output.data_type) == (name, data_type)


def test_count_of_rows_has_no_operand(plan: Plan) -> None:
    assert plan(select("*", aggregation="count")).outputs[0].expression == Aggregate("count", None)


@pytest.mark.parametrize(
    ("column", "timezone"), [("time_hour", "Asia/Tokyo"), ("scheduled", None), ("day", None)]
)
def test_only_moments_are_cut_in_the_zone_of_the_scope(
    plan: Plan, column: str, timezone: str | None
) -> None:
    expression = plan(select(column, date_trunc="day"), zone="Asia/Tokyo").outputs[0].expression

    assert isinstance(expression, Truncation)
    assert expression.timezone == timezone


@pytest.mark.parametrize(
    ("selection", "problem"),
    [
        (select("carier"), ("column_not_found", "columns[0].column")),
        (select("*"), ("column_not_found", "columns[0].column")),
        (
            select("*", aggregation="count", date_trunc="day"),
            ("not_a_date", "columns[0].date_trunc"),
        ),
        (select("carrier", date_trunc="day"), ("cannot_truncate", "columns[0].date_trunc")),
        (select("day", date_trunc="hour"), ("cannot_truncate", "columns[0].date_trunc")),
        (
            select("carrier", aggregation="avg"),
            ("aggregation_not_supported", "columns[0].aggregation"),
        ),
        (
            select("note", aggregation="count_distinct"),
            ("aggregation_not_supported", "columns[0].aggregation"),
        ),
        (
            select("distance", aggregation="percentile"),
            ("percentile_out_of_range", "columns[0].percentile"),
        ),
        (
            select("distance", aggregation="percentile", percentile=float("nan")),
            ("percentile_out_of_range", "columns[0].percentile"),
        ),
        (
            select("distance", aggregation="avg", percentile=0.5),
            ("percentile_not_expected", "columns[0].percentile"),
        ),
        (select("distance", percentile=0.5), ("percentile_not_expected", "columns[0].percentile")),
        (select("carrier", alias=""), ("invalid_alias", "columns[0].alias")),
        (select("carrier", alias="a\x00"), ("invalid_alias", "columns[0].alias")),
        (select("carrier", alias="\ud800"), ("invalid_alias", "columns[0].alias")),
        (select("carrier", alias="a" * 201), ("invalid_alias", "columns[0].alias")),
        (
            {"table_id": "g", "column": "carrier"},
            ("unknown_table_id", "columns[0].table_id"),
        ),
    ],
)
def test_a_selection_that_makes_no_sense_is_named(
    refuse: Refuse, selection: dict[str, Any], problem: tuple[str, str]
) -> None:
    assert refuse(selection) == [problem]


def test_two_result_columns_never_share_a_name(refuse: Refuse) -> None:
    problems = refuse(select("carrier"), select("origin", alias="carrier"))

    assert problems == [("duplicate_alias", "columns[1].alias")]
