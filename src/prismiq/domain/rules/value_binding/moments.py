"""Dates, times and timestamps, from ISO 8601 text and from Python's own values."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Any, TypeVar

from prismiq.domain.rules.displayed_text import shown
from prismiq.domain.rules.local_time import moment_of, start_of_day
from prismiq.domain.rules.value_binding.problem import ValueProblem, out_of_range, wrong_type
from prismiq.domain.rules.value_binding.target import Target

Moment = TypeVar("Moment")

_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = r"[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
_OFFSET = r"(Z|[+-][0-9]{2}(:?[0-9]{2})?)"
_DATE_TEXT = re.compile(_DATE)
_TIMESTAMP_TEXT = re.compile(rf"{_DATE}([T ]{_TIME}{_OFFSET}?)?")
_TIME_TEXT = re.compile(rf"{_TIME}{_OFFSET}?")

_A_DATE = "a date such as 2024-01-31"
_A_TIMESTAMP = "a date and time such as 2024-01-31T09:30:00"
_A_TIME = "a time such as 09:30:00"


def day(value: Any, _target: Target) -> date:
    """Return a date. A timestamp is refused: its time of day would be lost silently."""
    if isinstance(value, datetime) or not isinstance(value, (date, str)):
        raise wrong_type(_A_DATE, value)
    if isinstance(value, date):
        return value
    if _DATE_TEXT.fullmatch(value):
        return _parsed(date.fromisoformat, value)
    if _TIMESTAMP_TEXT.fullmatch(value):
        raise ValueProblem(
            "invalid_date", f"Expected {_A_DATE}, without a time of day, got {shown(value)}."
        )
    raise ValueProblem("invalid_date", f"Expected {_A_DATE}, got {shown(value)}.")


def timestamp(value: Any, _target: Target) -> datetime:
    """Return a timestamp without a zone; a date is its midnight."""
    moment = _date_or_datetime(value)
    if not isinstance(moment, datetime):
        return datetime.combine(moment, time())
    if moment.tzinfo is not None:
        raise ValueProblem(
            "unexpected_offset",
            "The column holds local times: expected a date and time without an offset.",
            "Leave out the offset or the 'Z' at the end.",
        )
    return moment


def timestamptz(value: Any, target: Target) -> datetime:
    """Return a moment in UTC. Without an offset, it is local to the caller's zone."""
    moment = _date_or_datetime(value)
    try:
        if not isinstance(moment, datetime):
            return start_of_day(moment, target.timezone)
        if moment.tzinfo is None:
            return moment_of(moment, target.timezone)
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise out_of_range("The moment is outside the years 1 to 9999.") from error


def time_of_day(value: Any, _target: Target) -> time:
    """Return a time without a zone."""
    moment = _time(value)
    if moment.tzinfo is not None:
        raise ValueProblem(
            "unexpected_offset", "The column holds local times: expected a time without an offset."
        )
    return moment


def time_with_offset(value: Any, _target: Target) -> time:
    """Return a time with an offset. Without a date, a zone alone would not tell the offset."""
    moment = _time(value)
    if moment.utcoffset() is None:
        raise ValueProblem(
            "missing_offset", "Expected a time with an offset such as 09:30:00+02:00."
        )
    return moment


def _date_or_datetime(value: Any) -> date | datetime:
    if isinstance(value, date):
        return value
    if not isinstance(value, str):
        raise wrong_type(_A_TIMESTAMP, value)
    if not _TIMESTAMP_TEXT.fullmatch(value):
        raise ValueProblem("invalid_timestamp", f"Expected {_A_TIMESTAMP}, got {shown(value)}.")
    if _DATE_TEXT.fullmatch(value):
        return _parsed(date.fromisoformat, value)
    return _parsed(datetime.fromisoformat, value)


def _time(value: Any) -> time:
    if isinstance(value, time):
        return value
    if not isinstance(value, str):
        raise wrong_type(_A_TIME, value)
    if not _TIME_TEXT.fullmatch(value):
        raise ValueProblem("invalid_time", f"Expected {_A_TIME}, got {shown(value)}.")
    return _parsed(time.fromisoformat, value)


def _parsed(parse: Callable[[str], Moment], written: str) -> Moment:
    try:
        return parse(written)
    except ValueError as error:
        raise ValueProblem(
            "no_such_moment", f"{shown(written)} is not in the calendar or on the clock."
        ) from error
