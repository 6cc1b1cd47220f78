"""ISO 8601 durations, with a sign on any part as PostgreSQL writes them."""

import re
from datetime import timedelta
from typing import NamedTuple

_NUMBER = "([+-]?[0-9]{1,12})"
_DURATION = re.compile(
    rf"(-?)P(?=[0-9T+-])(?:{_NUMBER}Y)?(?:{_NUMBER}M)?(?:{_NUMBER}W)?(?:{_NUMBER}D)?"
    rf"(?:T(?=[0-9+-])(?:{_NUMBER}H)?(?:{_NUMBER}M)?(?:{_NUMBER}(?:\.([0-9]{{1,6}}))?S)?)?"
)


class Duration(NamedTuple):
    """The three parts that PostgreSQL keeps apart: a month or a day has no fixed length."""

    months: int
    days: int
    microseconds: int

    def __neg__(self) -> "Duration":
        return Duration(-self.months, -self.days, -self.microseconds)

    def canonical(self) -> str:
        """Return the one ISO 8601 text of these three numbers."""
        sign = "-" if self.microseconds < 0 else ""
        seconds, fraction = divmod(abs(self.microseconds), 1_000_000)
        return f"P{self.months}M{self.days}DT{sign}{seconds}.{fraction:06d}S"

    def as_timedelta(self) -> timedelta:
        """Return days and seconds, a year as 365 days and a month as 30.

        Raises:
            OverflowError: it is longer than a timedelta can be.
        """
        sign = -1 if self.months < 0 else 1
        years, months = divmod(abs(self.months), 12)
        days = self.days + sign * (years * 365 + months * 30)
        return timedelta(days=days, microseconds=self.microseconds)


def duration_of(length: timedelta) -> Duration:
    """Return a timedelta's days and microseconds."""
    return Duration(0, length.days, length.seconds * 1_000_000 + length.microseconds)


def parse_duration(text: str) -> Duration:
    """Return what ``text`` says. Only seconds may have a fraction, of six digits at most.

    Raises:
        ValueError: it is no such duration.
    """
    match = _DURATION.fullmatch(text)
    if not match:
        raise ValueError("not an ISO 8601 duration")
    sign, *whole, seconds, fraction = match.groups()
    years, months, weeks, days, hours, minutes = (int(part or 0) for part in whole)
    microseconds = (hours * 3600 + minutes * 60 + int(seconds or 0)) * 1_000_000
    beyond_point = int((fraction or "0").ljust(6, "0"))
    microseconds += -beyond_point if (seconds or "").startswith("-") else beyond_point
    duration = Duration(years * 12 + months, weeks * 7 + days, microseconds)
    return -duration if sign else duration
