"""Local times of a zone as moments in UTC, on the days of clock changes too."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_TICK = timedelta(microseconds=1)


def moment_of(local: datetime, timezone: str) -> datetime:
    """Return the moment when clocks in the zone show ``local``, which has no zone itself.

    Of two such moments the first is meant. A time that the clocks skip is read with the offset
    before the change, as RFC 5545 and PostgreSQL do.

    Raises:
        OverflowError: the moment is outside the years 1 to 9999.
    """
    return local.replace(tzinfo=ZoneInfo(timezone), fold=0).astimezone(UTC)


def start_of_day(day: date, timezone: str) -> datetime:
    """Return the moment from which clocks in the zone show ``day``, and not the day before.

    Raises:
        OverflowError: the moment is outside the years 1 to 9999.
    """
    zone = ZoneInfo(timezone)
    midnight = datetime.combine(day, time(), zone)
    first, last = midnight.astimezone(UTC), midnight.replace(fold=1).astimezone(UTC)
    if first < last and (last - _TICK).astimezone(zone).date() < day:
        return last
    return first
