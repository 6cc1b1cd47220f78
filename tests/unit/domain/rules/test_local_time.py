"""Moments of local times around clock changes."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prismiq.domain.rules.local_time import moment_of, start_of_day

TICK = timedelta(microseconds=1)
ZONES = st.sampled_from(sorted(available_timezones()))
LOCAL_TIMES = st.datetimes(
    datetime.fromisoformat("1971-01-01"), datetime.fromisoformat("2037-01-01")
)
DAYS = st.dates(date(1920, 1, 1), date(2037, 12, 31))


@given(DAYS, ZONES)
def test_a_day_starts_when_calendars_turn_to_it(day: date, timezone: str) -> None:
    start, zone = start_of_day(day, timezone), ZoneInfo(timezone)
    assert start.tzinfo is UTC
    assert start.astimezone(zone).date() >= day
    assert (start - TICK).astimezone(zone).date() < day


@pytest.mark.parametrize(
    ("timezone", "day", "start"),
    [
        ("UTC", "2024-01-31", "2024-01-31T00:00"),
        ("America/New_York", "2024-03-10", "2024-03-10T05:00"),
        ("America/New_York", "2024-03-11", "2024-03-11T04:00"),
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00"),  # 00:00 is skipped
        ("America/Havana", "2024-11-03", "2024-11-03T04:00"),  # 00:00 comes twice, an hour apart
        ("America/St_Johns", "2010-11-07", "2010-11-07T03:30"),  # 00:01 goes back to 23:01
        ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00"),  # this day is skipped
        ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00"),
    ],
)
def test_days_of_clock_changes_start_at_their_first_moment(
    timezone: str, day: str, start: str
) -> None:
    expected = datetime.fromisoformat(start).replace(tzinfo=UTC)
    assert start_of_day(date.fromisoformat(day), timezone) == expected


@given(LOCAL_TIMES, ZONES)
def test_a_local_time_that_exists_is_shown_at_its_moment(local: datetime, timezone: str) -> None:
    moment = moment_of(local, timezone).astimezone(ZoneInfo(timezone))
    skipped = moment.replace(tzinfo=None) - local
    assert skipped >= timedelta(0), "a skipped time is read as a later one"
    if not skipped:
        assert moment.fold == 0, "of two moments the first is meant"


def test_a_skipped_local_time_is_read_with_the_offset_before_the_change() -> None:
    skipped = datetime.fromisoformat("2024-03-31T02:30")
    assert moment_of(skipped, "Europe/Berlin") == datetime(2024, 3, 31, 1, 30, tzinfo=UTC)
