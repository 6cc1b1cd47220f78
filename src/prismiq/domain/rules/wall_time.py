"""Moments as numbers."""

from datetime import UTC, datetime, timedelta

_UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def unix_microseconds(moment: datetime) -> int:
    """Return whole microseconds since 1970 in UTC, exactly."""
    return (moment - _UNIX_EPOCH) // _MICROSECOND
