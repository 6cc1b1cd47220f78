from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from prismiq.domain.model.plan import Constant, GapFilling, Ordering, QueryPlan, Truncation
from prismiq.domain.model.type_family import TypeFamily

Plan = Callable[..., QueryPlan]
Refuse = Callable[..., list[tuple[str, str | None]]]

COUNT = {"table_id": "f", "column": "*", "aggregation": "count"}
AVERAGE = {"table_id": "f", "column": "dep_delay", "aggregation": "avg"}
CARRIER = {"table_id": "f", "column": "carrier"}
ZERO = Constant(0, "bigint", TypeFamily.INTEGER)


def series(column: str = "day", interval: str = "day", **more: Any) -> dict[str, Any]:
    return {"table_id": "f", "date_column": column, "interval": interval} | more


def where(operator: str, value: Any, column: str = "day") -> dict[str, Any]:
    return {"table_id": "f", "column": column, "operator": operator, "value": value}


def filling(plan: QueryPlan) -> GapFilling:
    assert plan.gap_filling is not None
    return plan.gap_filling


def bounds(plan: QueryPlan) -> tuple[Any, Any, bool]:
    gaps = filling(plan)
    return (
        gaps.lower and gaps.lower.value,
        gaps.upper and gaps.upper.value,
        gaps.upper_included,
    )


def test_the_bucket_comes_first_is_grouped_by_and_sorts(plan: Plan) -> None:
    planned = plan(CARRIER, COUNT, time_series=series(interval="month"))

    assert [output.name for output in planned.outputs] == ["day_month", "carrier", "count"]
    assert planned.grouping == (planned.outputs[0].expression, planned.outputs[1].expression)
    assert planned.ordering == (Ordering(0),)


def test_the_series_has_a_zone_of_its_own_or_the_one_of_the_scope(plan: Plan) -> None:
    for given, used in ((None, "Asia/Tokyo"), ("Europe/Berlin", "Europe/Berlin")):
        config = series("time_hour", "hour", timezone=given)
        bucket = plan(COUNT, zone="Asia/Tokyo", time_series=config).outputs[0].expression

        assert isinstance(bucket, Truncation)
        assert bucket.timezone == used


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ([], (None, None, False)),
        ([where("gte", "2013-01-01")], (date(2013, 1, 1), None, False)),
        ([where("lte", "2013-02-01")], (None, date(2013, 2, 1), True)),
        (
            [where("gt", "2013-01-01"), where("lt", "2013-02-01")],
            (date(2013, 1, 2), date(2013, 2, 1), False),
        ),
        (
            [where("between", ["2013-01-01", "2013-03-01"]), where("lt", "2013-03-01")],
            (date(2013, 1, 1), date(2013, 3, 1), False),
        ),
        (
            [{"and": [where("between", ["2013-01-01", "2013-03-01"]), where("gte", "2013-02-01")]}],
            (date(2013, 2, 1), date(2013, 3, 1), True),
        ),
        ([where("gt", "9999-12-31")], (date(9999, 12, 31), None, False)),
        ([where("eq", "2013-01-01")], (date(2013, 1, 1), date(2013, 1, 1), True)),
        ([where("date_relative", 3)], (date(2013, 7, 8), date(2013, 7, 11), False)),
        ([{"or": [where("gte", "2013-01-01")]}], (None, None, False)),
        ([{"not": where("gte", "2013-01-01")}], (None, None, False)),
        ([where("neq", "2013-01-01")], (None, None, False)),
        ([where("gte", "2013-01-01T00:00:00Z", "time_hour")], (None, None, False)),
    ],
)
def test_filters_on_the_same_column_say_where_buckets_begin_and_end(
    plan: Plan, filters: list[dict[str, Any]], expected: tuple[Any, Any, bool]
) -> None:
    assert bounds(plan(COUNT, filters=filters, time_series=series())) == expected


def test_moments_bound_buckets_too(plan: Plan) -> None:
    condition = where("gte", "2013-01-01T00:00:00+01:00", "time_hour")
    planned = plan(COUNT, filters=[condition], time_series=series("time_hour"))

    assert bounds(planned)[0] == datetime(2012, 12, 31, 23, tzinfo=UTC)


def test_added_buckets_count_nothing_and_know_no_average(plan: Plan) -> None:
    planned = plan(CARRIER, COUNT, AVERAGE, time_series=series())

    assert filling(planned).fills == (None, None, ZERO, None)


def test_added_buckets_hold_the_fill_value_in_every_number(plan: Plan) -> None:
    planned = plan(
        COUNT,
        AVERAGE,
        {"table_id": "f", "column": "carrier", "aggregation": "max"},
        time_series=series(fill_value=-1),
    )

    values = [fill and (fill.value, fill.data_type) for fill in filling(planned).fills]
    assert values == [None, (-1, "bigint"), (-1, "numeric"), None]


def test_without_filling_there_is_no_filling(plan: Plan) -> None:
    assert plan(COUNT, time_series=series(fill_missing=False)).gap_filling is None


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        (
            {"columns": [COUNT], "time_series": series(timezone="Mars/Base")},
            ("unknown_timezone", "time_series.timezone"),
        ),
        (
            {"columns": [COUNT], "time_series": series(timezone="../../etc/passwd")},
            ("unknown_timezone", "time_series.timezone"),
        ),
        (
            {"columns": [COUNT], "time_series": series("carrier")},
            ("cannot_truncate", "time_series.interval"),
        ),
        (
            {"columns": [COUNT], "time_series": series("dya")},
            ("column_not_found", "time_series.date_column"),
        ),
        (
            {"columns": [COUNT], "time_series": series() | {"table_id": "g"}},
            ("unknown_table_id", "time_series.table_id"),
        ),
        (
            {"columns": [CARRIER], "time_series": series()},
            ("time_series_needs_aggregate", "columns"),
        ),
        (
            {"columns": [COUNT], "time_series": series(fill_value=0.5)},
            ("wrong_type", "time_series.fill_value"),
        ),
        (
            {"columns": [COUNT], "time_series": series(), "group_by": [CARRIER]},
            ("group_not_shown", "group_by[0]"),
        ),
        (
            {
                "columns": [
                    COUNT,
                    {"table_id": "f", "column": "day", "date_trunc": "day", "alias": "again"},
                ],
                "time_series": series(),
            },
            ("bucket_selected_twice", "columns[1]"),
        ),
        (
            {
                "columns": [COUNT],
                "time_series": series("time_hour", "minute"),
                "filters": [
                    where("between", ["2013-01-01T00:00Z", "2013-12-31T00:00Z"], "time_hour")
                ],
            },
            ("too_many_buckets", "time_series.interval"),
        ),
        (
            {
                "columns": [COUNT],
                "time_series": series(),
                "having": [COUNT | {"operator": "gt", "value": 1}],
            },
            ("filling_with_having", "time_series.fill_missing"),
        ),
        (
            {"columns": [COUNT], "time_series": series(), "order_by": [CARRIER]},
            ("sort_not_in_result", "order_by[0].column"),
        ),
    ],
)
def test_a_series_that_makes_no_sense_is_named(
    refuse: Refuse, query: dict[str, Any], problem: tuple[str, str]
) -> None:
    assert refuse(**query) == [problem]
