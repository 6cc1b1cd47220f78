"""Dates, times and timestamps."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prismiq.domain.model.plan import Constant
from prismiq.domain.model.type_family import TypeFamily
from prismiq.domain.rules.value_binding.problem import ValueProblem

Bind = Callable[..., Constant]
Refuse = Callable[..., ValueProblem]

TIMESTAMP = "timestamp without time zone"
TIMESTAMPTZ = "timestamp with time zone"
TIME = "time without time zone"
TIMETZ = "time with time zone"
NEW_YORK = ZoneInfo("America/New_York")
AWARE = st.datetimes(
    datetime.fromisoformat("0002-01-01"),
    datetime.fromisoformat("9998-12-31"),
    timezones=st.just(UTC),
)


@given(value=st.dates())
def test_a_date_is_a_date_or_its_iso_text(value: date, bind: Bind) -> None:
    expected = Constant(value, "date", TypeFamily.DATE)
    assert bind(value, "date") == bind(value.isoformat(), "date") == expected


@given(value=st.datetimes())
def test_a_timestamp_is_a_datetime_or_its_iso_text(value: datetime, bind: Bind) -> None:
    expected = Constant(value, TIMESTAMP, TypeFamily.TIMESTAMP)
    assert bind(value, TIMESTAMP) == bind(value.isoformat(), TIMESTAMP) == expected
    assert bind(value.isoformat(" "), TIMESTAMP) == expected


@given(value=AWARE, minutes=st.integers(-14 * 60, 14 * 60))
def test_a_moment_is_the_same_in_every_offset(value: datetime, minutes: int, bind: Bind) -> None:
    elsewhere = value.astimezone(timezone(timedelta(minutes=minutes)))
    bound = bind(elsewhere.isoformat(), TIMESTAMPTZ)
    assert bound == Constant(value, TIMESTAMPTZ, TypeFamily.TIMESTAMPTZ)
    assert bound.value.tzinfo is UTC
    assert bind(elsewhere, TIMESTAMPTZ) == bound


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2024-01-31", "2024-01-31T05:00+00:00"),
        (date(2024, 1, 31), "2024-01-31T05:00+00:00"),
        ("2024-07-31T09:30", "2024-07-31T13:30+00:00"),
        (datetime.fromisoformat("2024-07-31T09:30"), "2024-07-31T13:30+00:00"),
        ("2024-03-10T02:30", "2024-03-10T07:30+00:00"),  # the clocks skip this time
        ("2024-07-31T09:30Z", "2024-07-31T09:30+00:00"),
        ("2024-07-31 09:30:00.25+0200", "2024-07-31T07:30:00.25+00:00"),
    ],
)
def test_without_an_offset_a_moment_is_local_to_the_caller(
    value: Any, moment: str, bind: Bind
) -> None:
    assert bind(value, TIMESTAMPTZ).value == datetime.fromisoformat(moment)


def test_a_date_is_midnight_for_a_timestamp(bind: Bind) -> None:
    assert bind("2024-01-31", TIMESTAMP).value.isoformat() == "2024-01-31T00:00:00"
    assert bind(date(2024, 1, 31), TIMESTAMP).value.isoformat() == "2024-01-31T00:00:00"


@given(value=st.times(), minutes=st.integers(-14 * 60, 14 * 60))
def test_times_are_times_or_their_iso_text(value: time, minutes: int, bind: Bind) -> None:
    assert bind(value, TIME) == bind(value.isoformat(), TIME)
    aware = value.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    assert bind(aware, TIMETZ) == bind(aware.isoformat(), TIMETZ)


@pytest.mark.parametrize(
    ("value", "data_type", "code"),
    [
        ("abc", "date", "invalid_date"),
        ("2024-1-31", "date", "invalid_date"),
        ("20240131", "date", "invalid_date"),
        ("2024-W05-3", "date", "invalid_date"),
        ("2024-01-31\n", "date", "invalid_date"),
        ("2024-01-31T00:00", "date", "invalid_date"),
        ("\u0662\u0660\u0662\u0664-01-31", "date", "invalid_date"),
        ("2024-02-30", "date", "no_such_moment"),
        ("0000-01-01", "date", "no_such_moment"),
        ("12024-01-01", "date", "invalid_date"),
        ("infinity", "date", "invalid_date"),
        (20240131, "date", "wrong_type"),
        (datetime(2024, 1, 31, tzinfo=UTC), "date", "wrong_type"),
        ("abc", TIMESTAMP, "invalid_timestamp"),
        ("now", TIMESTAMPTZ, "invalid_timestamp"),
        ("2024-01-31T25:00", TIMESTAMP, "no_such_moment"),
        ("2024-01-31T23:59:60", TIMESTAMP, "no_such_moment"),
        ("2024-01-31T09:30Z", TIMESTAMP, "unexpected_offset"),
        (datetime(2024, 1, 31, tzinfo=UTC), TIMESTAMP, "unexpected_offset"),
        (1706659200, TIMESTAMPTZ, "wrong_type"),
        (True, TIMESTAMPTZ, "wrong_type"),
        ("0001-01-01T00:00+10:00", TIMESTAMPTZ, "value_out_of_range"),
        ("9999-12-31T23:59", TIMESTAMPTZ, "value_out_of_range"),
        ("09.30", TIME, "invalid_time"),
        ("24:00", TIME, "no_such_moment"),
        ("09:30Z", TIME, "unexpected_offset"),
        (930, TIME, "wrong_type"),
        ("09:30", TIMETZ, "missing_offset"),
        (time(9, 30, tzinfo=NEW_YORK), TIMETZ, "missing_offset"),
        (time(9, 30, tzinfo=UTC), TIME, "unexpected_offset"),
    ],
)
def test_what_is_not_meant_beyond_doubt_is_refused(
    value: Any, data_type: str, code: str, refuse: Refuse
) -> None:
    assert refuse(value, data_type).code == code


def test_a_date_with_a_time_of_day_is_answered_with_what_is_wrong(refuse: Refuse) -> None:
    assert refuse("2024-01-31T09:30", "date").message == (
        'Expected a date such as 2024-01-31, without a time of day, got "2024-01-31T09:30".'
    )
