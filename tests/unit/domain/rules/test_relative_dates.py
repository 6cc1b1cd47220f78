from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prismiq.domain.model.filters import FilterOperator
from prismiq.domain.model.query import QueryDefinition
from prismiq.domain.model.scope import Scope
from prismiq.domain.rules.relative_dates import (
    is_relative,
    local_day,
    next_day_change,
    relative_until,
    resolve_relative,
)

NOON = datetime(2024, 3, 15, 12, tzinfo=UTC)
START = datetime(1995, 1, 1, tzinfo=UTC)
WEEK = (date(2024, 3, 9), date(2024, 3, 16))


def query(condition: dict[str, Any], part: str = "filters") -> QueryDefinition:
    return QueryDefinition.model_validate(
        {
            "tables": [{"id": "t", "name": "t"}],
            "columns": [{"table_id": "t", "column": "*", "aggregation": "count"}],
            part: [condition],
        }
    )


def condition(operator: str, value: Any) -> dict[str, Any]:
    return {"table_id": "t", "column": "day", "operator": operator, "value": value}


@pytest.mark.parametrize(
    ("operator", "value", "days"),
    [
        ("date_relative", 7, WEEK),
        ("not_date_relative", 7, WEEK),
        ("date_window", "last_7_days", WEEK),
        ("date_window", "yesterday", (date(2024, 3, 14), date(2024, 3, 15))),
        ("date_window", {"start": "2024-01-01", "end": "2024-01-02"}, None),
        ("eq", "last_7_days", None),
        ("eq", 7, None),
        ("date_window", "the day after tomorrow", None),
        ("date_relative", True, None),
        ("date_relative", 0, None),
        ("date_relative", 10**9, None),
        ("date_relative", "7", None),
    ],
)
def test_what_a_condition_means_today(operator: FilterOperator, value: Any, days: Any) -> None:
    assert resolve_relative(operator, value, NOON, "UTC") == days


@pytest.mark.parametrize(
    "filter_node",
    [
        condition("date_relative", 7),
        {"or": [condition("eq", 1), {"not": {"and": [condition("not_date_relative", 7)]}}]},
        condition("date_window", "this_year"),
    ],
)
def test_relative_conditions_are_found_at_any_depth(filter_node: dict[str, Any]) -> None:
    assert is_relative(query(filter_node))
    until = relative_until(query(filter_node), Scope(timezone="Asia/Tokyo"), NOON)
    assert until == datetime(2024, 3, 15, 15, tzinfo=UTC)


def test_relative_conditions_on_aggregates_are_found() -> None:
    latest = condition("date_relative", 7) | {"aggregation": "max"}
    assert is_relative(query(latest, "having"))


@pytest.mark.parametrize(
    "value", [{"start": "2024-01-01", "end": "2024-01-02"}, ["2024-01-01", "2024-01-02"]]
)
def test_fixed_conditions_always_mean_the_same(value: Any) -> None:
    fixed = query(condition("date_window" if isinstance(value, dict) else "between", value))
    assert relative_until(fixed, Scope(), NOON) is None


@pytest.mark.parametrize(
    ("zone", "now", "until"),
    [
        ("UTC", "2024-03-15T00:00", "2024-03-16T00:00"),
        ("UTC", "2024-03-15T23:59:59.999999", "2024-03-16T00:00"),
        ("America/New_York", "2024-03-10T06:00", "2024-03-11T04:00"),  # a day of 23 hours
        ("America/New_York", "2024-11-03T12:00", "2024-11-04T05:00"),  # a day of 25 hours
        ("America/Sao_Paulo", "2018-11-04T01:00", "2018-11-04T03:00"),  # no midnight
        ("America/Sao_Paulo", "2018-02-18T01:00", "2018-02-18T03:00"),  # 23:00 comes twice
        ("Pacific/Apia", "2011-12-30T09:00", "2011-12-30T10:00"),  # the 30th is left out
    ],
)
def test_the_day_changes(zone: str, now: str, until: str) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert next_day_change(moment, zone) == datetime.fromisoformat(until).replace(tzinfo=UTC)


def test_a_clock_that_is_set_back_over_midnight_brings_yesterday_back() -> None:
    zone = "America/St_Johns"  # at 00:01 it became 23:01 again
    midnight = datetime(2010, 11, 7, 2, 30, tzinfo=UTC)
    assert next_day_change(midnight - timedelta(minutes=9), zone) == midnight
    assert next_day_change(midnight, zone) == midnight
    back = midnight + timedelta(minutes=1)
    assert local_day(back, zone) == date(2010, 11, 6)
    assert next_day_change(back, zone) == midnight + timedelta(hours=1)


@given(
    st.sampled_from(sorted(available_timezones())),
    st.integers(0, 42 * 366 * 24 * 60).map(lambda minutes: START + timedelta(minutes=minutes)),
    st.floats(0, 0.999),
)
def test_until_then_the_day_is_the_same(zone: str, now: datetime, share: float) -> None:
    until = next_day_change(now, zone)
    today = local_day(now, zone)
    assert local_day(now + (until - now) * share, zone) == today
    if until > now:
        assert local_day(until - timedelta(microseconds=1), zone) == today
        assert until.astimezone(ZoneInfo(zone)).date() > today
