"""Windows of whole days, counted from today in a time zone."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

from prismiq.domain.model.filters import DatePreset
from prismiq.domain.model.plan import Constant
from prismiq.domain.model.type_family import TypeFamily
from prismiq.domain.rules.local_time import start_of_day

Days: TypeAlias = tuple[date, date]
"""The first day of a window and the day after its last one."""

_Period: TypeAlias = Literal["week", "month", "quarter", "year"]

MOST_DAYS = 36_600
"""A hundred years: the longest window that ends with today."""

_DAY = timedelta(days=1)


def last_days(days: int, now: datetime, timezone: str) -> Days:
    """Return the window of ``days`` days (1 to ``MOST_DAYS``) whose last one is today."""
    return _until_today(_today(now, timezone), days)


def resolve_preset(preset: DatePreset, now: datetime, timezone: str) -> Days:
    """Return the window that the preset means at the moment ``now`` in the zone.

    Weeks begin on Monday. "This" week, month, quarter or year is the whole of it, future days
    too; "to date" ends with today.
    """
    return _PRESETS[preset](_today(now, timezone))


def window_bounds(
    start: date, end: date, *, data_type: str, family: TypeFamily, timezone: str
) -> tuple[Constant, Constant]:
    """Return the first moment of ``start`` and of ``end`` as constants of a column's type.

    The window is half-open: its end belongs to the next one. Days begin in ``timezone`` for
    ``timestamp with time zone``; dates and timestamps without a zone are compared as they stand.
    """

    def bound(day: date) -> Constant:
        if family is TypeFamily.DATE:
            return Constant(day, data_type, family)
        if family is TypeFamily.TIMESTAMP:
            return Constant(datetime.combine(day, time()), data_type, family)
        return Constant(start_of_day(day, timezone), data_type, family)

    return bound(start), bound(end)


def _today(now: datetime, timezone: str) -> date:
    return now.astimezone(ZoneInfo(timezone)).date()


def _until_today(today: date, days: int) -> Days:
    end = today + _DAY
    return end - timedelta(days=days), end


def _start(period: _Period, day: date) -> date:
    match period:
        case "week":
            return day - timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)
        case "quarter":
            return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
        case "year":
            return day.replace(month=1, day=1)


def _this(period: _Period, today: date) -> Days:
    start = _start(period, today)
    longest = {"week": 7, "month": 31, "quarter": 92, "year": 366}[period]
    return start, _start(period, start + timedelta(days=longest))


def _last(period: _Period, today: date) -> Days:
    end = _start(period, today)
    return _start(period, end - _DAY), end


def _to_date(period: _Period, today: date) -> Days:
    return _start(period, today), today + _DAY


_PRESETS: Mapping[DatePreset, Callable[[date], Days]] = {
    "today": lambda today: (today, today + _DAY),
    "yesterday": lambda today: (today - _DAY, today),
    "last_7_days": lambda today: _until_today(today, 7),
    "last_14_days": lambda today: _until_today(today, 14),
    "last_30_days": lambda today: _until_today(today, 30),
    "last_90_days": lambda today: _until_today(today, 90),
    "last_365_days": lambda today: _until_today(today, 365),
    "this_week": lambda today: _this("week", today),
    "last_week": lambda today: _last("week", today),
    "this_month": lambda today: _this("month", today),
    "last_month": lambda today: _last("month", today),
    "this_quarter": lambda today: _this("quarter", today),
    "last_quarter": lambda today: _last("quarter", today),
    "this_year": lambda today: _this("year", today),
    "last_year": lambda today: _last("year", today),
    "month_to_date": lambda today: _to_date("month", today),
    "quarter_to_date": lambda today: _to_date("quarter", today),
    "year_to_date": lambda today: _to_date("year", today),
}
