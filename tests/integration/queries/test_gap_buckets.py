"""The buckets that gap filling adds are those that rows would fall into, in every zone."""

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, get_args
from zoneinfo import available_timezones

import pytest

from prismiq.domain.model.query import TimeUnit
from prismiq.domain.model.result import QueryResult

Ask = Callable[..., Awaitable[QueryResult]]

# Moments at which clocks were moved, in UTC.
CHANGES = [
    ("America/New_York", "2024-03-10T07:00"),
    ("America/New_York", "2024-11-03T06:00"),
    ("Europe/Berlin", "2024-03-31T01:00"),
    ("Australia/Lord_Howe", "2024-04-06T15:00"),  # by half an hour
    ("Australia/Lord_Howe", "2024-10-05T15:30"),
    ("America/St_Johns", "2006-10-29T02:31"),  # a minute after midnight
    ("Asia/Kathmandu", "1985-12-31T18:30"),  # by a quarter of an hour
    ("Africa/Monrovia", "1972-01-07T00:44"),  # by 44 minutes and 30 seconds
    ("Asia/Pyongyang", "2018-05-04T15:00"),
    ("America/Caracas", "2016-05-01T07:00"),
    ("America/Sao_Paulo", "2018-11-04T03:00"),  # no midnight
    ("America/Sao_Paulo", "2018-02-18T02:00"),  # 23:00 comes twice
    ("Asia/Beirut", "2024-03-30T22:00"),  # no midnight
    ("Africa/Cairo", "2024-04-25T22:00"),  # no midnight
    ("Africa/Cairo", "2024-10-31T21:00"),
    ("America/Havana", "2024-11-03T05:00"),  # midnight comes twice
    ("Pacific/Apia", "2011-12-30T10:00"),  # no 30 December at all
    ("Pacific/Kwajalein", "1993-08-21T12:00"),  # no 21 August
    ("America/Juneau", "1867-10-19T00:30"),  # two Fridays
    ("Asia/Kolkata", "2024-01-01T00:00"),
]
# How long a range to try, and how densely to put rows into it.
RANGES: dict[TimeUnit, tuple[timedelta, str]] = {
    "minute": (timedelta(hours=3), "10 seconds"),
    "hour": (timedelta(days=3), "1 minute"),
    "day": (timedelta(days=12), "5 minutes"),
    "week": (timedelta(days=90), "1 hour"),
    "month": (timedelta(days=400), "6 hours"),
    "quarter": (timedelta(days=1200), "1 day"),
    "year": (timedelta(days=3000), "1 day"),
}


async def assert_same_buckets(
    ask: Ask, by_hand: Any, *, zone: str, unit: TimeUnit, start: datetime, end: datetime
) -> None:
    bounds = {"gte": start, "lt": end}
    query = {
        "tables": [{"id": "n", "name": "nothing"}],
        "columns": [{"table_id": "n", "column": "*", "aggregation": "count"}],
        "filters": [
            {"table_id": "n", "column": "at", "operator": operator, "value": bound.isoformat()}
            for operator, bound in bounds.items()
        ],
        "time_series": {
            "table_id": "n", "date_column": "at", "interval": unit, "timezone": zone,
        },
    }  # fmt: skip
    expected = await by_hand.fetch(
        f"SELECT DISTINCT date_trunc('{unit}', moment, $3) FROM ("
        f" SELECT generate_series($1::timestamptz, $2, '{RANGES[unit][1]}') AS moment"
        " UNION ALL SELECT $2) AS moments ORDER BY 1",
        start,
        end - timedelta(microseconds=1),
        zone,
    )
    answer = await ask(json.dumps(query))
    assert answer.rows == [[bucket, 0] for (bucket,) in expected], (zone, unit, start, end)


@pytest.mark.parametrize(("zone", "change"), CHANGES)
@pytest.mark.parametrize("unit", get_args(TimeUnit))
async def test_around_changes_of_the_clock(
    ask: Ask, by_hand: Any, zone: str, change: str, unit: TimeUnit
) -> None:
    random = Random(f"{zone} {change} {unit}")
    longest = RANGES[unit][0] / timedelta(minutes=1)
    for _ in range(4):
        start = datetime.fromisoformat(change).replace(tzinfo=UTC)
        start -= timedelta(minutes=random.randrange(int(longest)))
        end = start + timedelta(minutes=random.randrange(1, int(longest)))
        await assert_same_buckets(ask, by_hand, zone=zone, unit=unit, start=start, end=end)


async def test_in_any_zone_at_any_time(ask: Ask, by_hand: Any) -> None:
    random = Random(7)
    known = {name for (name,) in await by_hand.fetch("SELECT name FROM pg_timezone_names")}
    zones = sorted(known & available_timezones())
    for _ in range(400):
        unit = random.choice(list(RANGES))
        start = datetime(1950, 1, 1, tzinfo=UTC) + timedelta(minutes=random.randrange(40_000_000))
        end = start + RANGES[unit][0] * random.random() + timedelta(minutes=1)
        zone = random.choice(zones)
        await assert_same_buckets(ask, by_hand, zone=zone, unit=unit, start=start, end=end)


async def test_nothing_is_counted_up_to_infinity(ask: Ask) -> None:
    query = {
        "tables": [{"id": "e", "name": "event"}],
        "columns": [{"table_id": "e", "column": "*", "aggregation": "count"}],
        "time_series": {"table_id": "e", "date_column": "at", "interval": "year"},
    }
    rows = (await ask(json.dumps(query))).rows
    assert [count for _, count in rows] == [1, 3, 0, 0, 0, 0, 0, 12, 1, 1]
    assert [rows[0][0], rows[-2][0], rows[-1][0]] == ["-infinity", "infinity", None]
