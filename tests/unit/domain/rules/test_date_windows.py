"""Windows of days, at every hour of days with clock changes."""

from datetime import UTC, date, datetime, timedelta
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prismiq.domain.model.filters import DatePreset
from prismiq.domain.model.plan import Constant
from prismiq.domain.model.type_family import TypeFamily
from prismiq.domain.rules.date_windows import Days, last_days, resolve_preset, window_bounds

PRESETS: tuple[DatePreset, ...] = get_args(DatePreset)
CLOCK_CHANGES = [
    ("Europe/Berlin", date(2024, 3, 31)),
    ("Europe/Berlin", date(2024, 10, 27)),
    ("America/New_York", date(2024, 3, 10)),
    ("America/New_York", date(2024, 11, 3)),
    ("America/Sao_Paulo", date(2018, 11, 4)),
    ("America/Havana", date(2024, 11, 3)),
    ("Australia/Lord_Howe", date(2024, 4, 7)),
    ("Asia/Kathmandu", date(2024, 1, 1)),
    ("Pacific/Apia", date(2011, 12, 31)),
]
ZONES = st.sampled_from([zone for zone, _ in CLOCK_CHANGES])
MOMENTS = st.datetimes(
    datetime.fromisoformat("1990-01-01"),
    datetime.fromisoformat("2037-01-01"),
    timezones=st.just(UTC),
)
NOON = datetime(2024, 5, 15, 12, tzinfo=UTC)  # a Wednesday


def span(window: Days) -> tuple[str, str]:
    return window[0].isoformat(), window[1].isoformat()


@pytest.mark.parametrize(
    ("preset", "start", "end"),
    [
        ("today", "2024-05-15", "2024-05-16"),
        ("yesterday", "2024-05-14", "2024-05-15"),
        ("last_7_days", "2024-05-09", "2024-05-16"),
        ("last_14_days", "2024-05-02", "2024-05-16"),
        ("last_30_days", "2024-04-16", "2024-05-16"),
        ("last_90_days", "2024-02-16", "2024-05-16"),
        ("last_365_days", "2023-05-17", "2024-05-16"),
        ("this_week", "2024-05-13", "2024-05-20"),
        ("last_week", "2024-05-06", "2024-05-13"),
        ("this_month", "2024-05-01", "2024-06-01"),
        ("last_month", "2024-04-01", "2024-05-01"),
        ("this_quarter", "2024-04-01", "2024-07-01"),
        ("last_quarter", "2024-01-01", "2024-04-01"),
        ("this_year", "2024-01-01", "2025-01-01"),
        ("last_year", "2023-01-01", "2024-01-01"),
        ("month_to_date", "2024-05-01", "2024-05-16"),
        ("quarter_to_date", "2024-04-01", "2024-05-16"),
        ("year_to_date", "2024-01-01", "2024-05-16"),
    ],
)
def test_presets_mean_these_days(preset: DatePreset, start: str, end: str) -> None:
    assert span(resolve_preset(preset, NOON, "UTC")) == (start, end)


@pytest.mark.parametrize(("timezone", "day"), CLOCK_CHANGES)
def test_today_is_the_date_on_the_wall_at_every_minute_of_a_clock_change(
    timezone: str, day: date
) -> None:
    zone = ZoneInfo(timezone)
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=zone).astimezone(UTC)
    for minutes in range(-24 * 60, 24 * 60, 15):
        now = noon + timedelta(minutes=minutes)
        start, end = bounds(resolve_preset("today", now, timezone), timezone)
        assert start.value <= now < end.value
        assert resolve_preset("today", now, timezone)[0] == now.astimezone(zone).date()


@given(MOMENTS, ZONES, st.sampled_from(PRESETS))
def test_windows_are_never_empty(now: datetime, timezone: str, preset: DatePreset) -> None:
    start, end = resolve_preset(preset, now, timezone)
    assert start < end


@given(MOMENTS, ZONES)
def test_windows_meet_without_gap_or_overlap(now: datetime, timezone: str) -> None:
    def window(preset: DatePreset) -> Days:
        return resolve_preset(preset, now, timezone)

    assert window("yesterday")[1] == window("today")[0]
    assert window("last_week")[1] == window("this_week")[0]
    assert window("last_month")[1] == window("this_month")[0]
    assert window("last_quarter")[1] == window("this_quarter")[0]
    assert window("last_year")[1] == window("this_year")[0]
    assert window("month_to_date")[0] == window("this_month")[0]
    assert window("last_7_days") == last_days(7, now, timezone)


@given(MOMENTS, ZONES)
def test_periods_hold_today_and_nothing_of_the_next_period(now: datetime, timezone: str) -> None:
    today = now.astimezone(ZoneInfo(timezone)).date()
    week = resolve_preset("this_week", now, timezone)
    assert (week[0].isocalendar()[:2], (week[1] - week[0]).days) == (today.isocalendar()[:2], 7)
    assert {(day.year, day.month) for day in days(resolve_preset("this_month", now, timezone))} == {
        (today.year, today.month)
    }
    quarters = {
        (day.year, (day.month - 1) // 3)
        for day in days(resolve_preset("this_quarter", now, timezone))
    }
    assert quarters == {(today.year, (today.month - 1) // 3)}
    year = resolve_preset("this_year", now, timezone)
    assert span(year) == (f"{today.year}-01-01", f"{today.year + 1}-01-01")


@given(MOMENTS, ZONES, st.integers(1, 36_600))
def test_the_last_days_end_with_today(now: datetime, timezone: str, count: int) -> None:
    start, end = last_days(count, now, timezone)
    assert (end - start).days == count
    assert end - timedelta(days=1) == now.astimezone(ZoneInfo(timezone)).date()


def test_bounds_are_constants_of_the_columns_type() -> None:
    window = date(2024, 3, 31), date(2024, 4, 1)
    start, end = window_bounds(
        *window, data_type="date", family=TypeFamily.DATE, timezone="Europe/Berlin"
    )
    assert (start.value, end.value) == window
    start, end = window_bounds(
        *window,
        data_type="timestamp without time zone",
        family=TypeFamily.TIMESTAMP,
        timezone="Europe/Berlin",
    )
    assert start.value.isoformat() == "2024-03-31T00:00:00"
    assert start.data_type == "timestamp without time zone"
    start, end = bounds(window, "Europe/Berlin")
    assert end.value - start.value == timedelta(hours=23)


def days(window: Days) -> list[date]:
    start, end = window
    return [start + timedelta(days=number) for number in range((end - start).days)]


def bounds(window: Days, timezone: str) -> tuple[Constant, Constant]:
    return window_bounds(
        *window,
        data_type="timestamp with time zone",
        family=TypeFamily.TIMESTAMPTZ,
        timezone=timezone,
    )
